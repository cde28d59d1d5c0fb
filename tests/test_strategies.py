"""What the judge draws: everything fits, every keyword and every schema file, limits included."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from PIL import Image
from safelight.catalog import load_catalog
from safelight.datafiles import data_dir
from safelight.dialects import REGISTRY
from safelight.messages import Upload
from safelight.read import as_json
from safelight.schemas import ASSERTIONS, Schema, load
from safelight_contracts.strategies import Unmakable, plainest, valid
from safelight_contracts.strategies.choosing import Plainest
from safelight_contracts.strategies.merging import merged
from safelight_contracts.strategies.patterns import Unreadable, read_pattern

FILES = sorted(
    (path.parent.name, path.stem)
    for path in data_dir("schemas").glob("*/*.json")
    if not path.name.endswith("defs.json")
)
QUIET = settings(
    max_examples=25,
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)

KEYWORDS: dict[str, Any] = {
    "type": {"type": ["integer", "boolean"]},
    "enum": {"type": ["string", "null"], "enum": ["a", 1, None]},
    "const": {"const": {"kind": "a"}},
    "anyOf": {"minLength": 2, "anyOf": [{"type": "string"}, {"type": "integer"}]},
    "allOf": {"type": "integer", "allOf": [{"title": "low", "maximum": 3}]},
    "if": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "allOf": [{"title": "a needs b", "if": {"required": ["a"]}, "then": {"required": ["b"]}}],
    },
    "then": {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "integer"}, "b": {"enum": [1, 2, 3]}},
        "if": {"properties": {"a": {"minimum": 0}}},
        "then": {"properties": {"b": {"maximum": 1}}},
    },
    "not": {"type": ["string", "null"], "not": {"type": "null"}},
    "properties": {"type": "object", "properties": {"a": {"type": "null"}, "b": {"not": {}}}},
    "required": {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}},
    "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}},
    "propertyNames": {
        "type": "object",
        "propertyNames": {"maxLength": 3},
        "additionalProperties": {"type": "integer"},
    },
    "maxProperties": {
        "type": "object",
        "maxProperties": 1,
        "additionalProperties": {"type": "integer"},
    },
    "items": {"type": "array", "items": {"type": "integer", "minimum": 5}},
    "minItems": {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
    "maxItems": {"type": "array", "maxItems": 1, "items": {"type": "boolean"}},
    "contains": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 9}},
    "minimum": {"type": "number", "minimum": 0.5},
    "maximum": {"type": "integer", "maximum": -3},
    "minLength": {"type": "string", "minLength": 3},
    "maxLength": {"type": "string", "maxLength": 2},
    "pattern": {"type": "string", "pattern": "^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$"},
}
"""A small schema for each keyword that a schema may assert."""


def patterns(file: Path) -> set[str]:
    """Return the patterns that a schema file names."""
    return set(map(json.loads, re.findall(r'"pattern":\s*("(?:[^"\\]|\\.)*")', file.read_text())))


def holds(schema: Schema) -> None:
    @QUIET
    @given(valid(schema))
    def drawn(value: Any) -> None:
        assert schema.accepts(as_json(value)), schema.violations(as_json(value))

    drawn()


def found(schema: Any, wanted: Any) -> Any:
    return find(valid(schema), wanted, settings=settings(QUIET, max_examples=2000))


@pytest.mark.parametrize(("provider", "name"), FILES)
def test_what_is_drawn_fits_its_schema(provider: str, name: str) -> None:
    schema = load(provider, name)
    holds(schema)
    assert schema.accepts(as_json(plainest(schema)))


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_every_keyword_is_obeyed(keyword: str) -> None:
    holds(Schema(KEYWORDS[keyword], keyword))


def test_no_keyword_is_left_out() -> None:
    assert set(KEYWORDS) == ASSERTIONS


@pytest.mark.parametrize("provider", REGISTRY)
def test_what_a_model_narrows_is_obeyed(provider: str) -> None:
    catalog = load_catalog(provider)
    asked: set[tuple[str, tuple[str, ...]]] = set()
    for name in (name for owner, name in FILES if owner == provider and ".request" in name):
        for model in catalog.models:
            operation = name.partition(".request")[0]
            if operation in model.operations and (name, model.narrow) not in asked:
                asked.add((name, model.narrow))
                day = model.since or model.checked
                holds(catalog.narrowed(name, operation, model, day))


def test_texts_of_the_shortest_and_the_longest_length_are_drawn() -> None:
    texts: set[str] = set()

    @settings(QUIET, max_examples=400)
    @given(valid({"type": "string", "minLength": 1, "maxLength": 32_000}))
    def drawn(text: str) -> None:
        texts.add(text)

    drawn()
    assert {1, 32_000} <= set(map(len, texts))
    longest = max(texts, key=len)
    assert len(longest.encode("utf-16-le")) == 4 * 32_000, "each is two units in other languages"


PATTERNS = sorted(
    {pattern for file in data_dir("schemas").glob("*/*.json") for pattern in patterns(file)}
)


@pytest.mark.parametrize("pattern", [*PATTERNS, "^a{2,3}(b|cd)?[^x-z]\\.$", "x+y*"])
def test_patterns_are_read_and_not_guessed(pattern: str) -> None:
    assert re.search(pattern, read_pattern(pattern).make(Plainest()))
    holds(Schema({"type": "string", "pattern": pattern}, pattern))


@pytest.mark.parametrize("pattern", ["(?=a)b", "(a)\\1", "a**", "[a", "\\bword"])
def test_a_pattern_beyond_what_is_known_is_left_to_hypothesis(pattern: str) -> None:
    with pytest.raises(Unreadable):
        read_pattern(pattern)


@pytest.mark.parametrize("bound", [1, 10])
def test_numbers_at_their_bounds_are_drawn(bound: int) -> None:
    assert found({"type": "integer", "minimum": 1, "maximum": 10}, lambda n: n == bound) == bound


def test_a_list_as_long_as_it_may_be_is_drawn() -> None:
    many = {"type": "array", "minItems": 1, "maxItems": 16, "items": {"type": "boolean"}}
    assert len(found(many, lambda items: len(items) == 16)) == 16


def test_an_object_as_full_as_it_may_be_is_drawn() -> None:
    metadata = load("openai", "chat.create.request").document["properties"]["metadata"]
    full = found(metadata, lambda value: isinstance(value, dict) and len(value) == 16)
    assert Schema(metadata, "metadata").accepts(full)


def test_integers_stay_where_every_parser_reads_them_alike() -> None:
    @QUIET
    @given(valid({"type": "integer"}))
    def drawn(value: int) -> None:
        assert float(value) == value
        assert type(value) is int

    drawn()


def test_files_are_pictures_of_their_type() -> None:
    @QUIET
    @given(valid(load("openai", "images.edit.request.form")))
    def drawn(params: Any) -> None:
        files = params["image"] if isinstance(params["image"], list) else [params["image"]]
        for file in files:
            assert isinstance(file, Upload)
            assert f"image/{Image.open(io.BytesIO(file.data)).format}".lower() == file.content_type

    drawn()


def test_a_failure_shrinks_to_the_smallest_request() -> None:
    schema = load("openai", "images.generate.request")
    least = found(schema, lambda params: params.get("n") == 10)
    assert least == {"prompt": "0", "n": 10}


def test_nothing_is_drawn_of_a_schema_that_nothing_fits() -> None:
    with pytest.raises(Unmakable):
        plainest({"type": "object", "required": ["a"], "properties": {"a": {"not": {}}}})


@pytest.mark.parametrize("one", sorted(KEYWORDS))
def test_two_schemas_merged_accept_what_both_accept(one: str) -> None:
    first = Schema(KEYWORDS[one], one)
    for two, schema in KEYWORDS.items():
        second = Schema(schema, two)
        both = Schema(merged(first.document, schema), f"{one} and {two}")
        for value in (*samples(first), *samples(second)):
            each = first.accepts(value) and second.accepts(value)
            assert both.accepts(value) == each, (value, both.document)


def samples(schema: Any) -> list[Any]:
    values: list[Any] = []

    @settings(QUIET, max_examples=6)
    @given(valid(schema))
    def drawn(value: Any) -> None:
        values.append(value)

    drawn()
    return values
