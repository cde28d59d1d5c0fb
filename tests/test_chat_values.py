"""Values for a user's schema: always valid, bounded, filled from the message; or a plain no."""

from __future__ import annotations

import random
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.operations.chat.hints import read_hints
from safelight.operations.chat.making import Source, Unmakeable, make
from safelight.operations.chat.patterns import UnsampledPattern, sample

TEXT = "Plan 3 days in Lisbon for Ada Lovelace, ada@example.com, see https://example.org/x."


def value(schema: Any, text: str = TEXT, seed: int = 1) -> Any:
    return make(schema, Source(read_hints(text), seed, 1.7e9))


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


numbers = st.integers(-1000, 1000)
scalars = st.one_of(
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        numbers, st.integers(0, 50),
    ),
    st.builds(
        lambda low, more: {"type": "number", "exclusiveMinimum": low, "maximum": low + more},
        numbers, st.integers(1, 50),
    ),
    st.builds(lambda step: {"type": "integer", "multipleOf": step}, st.integers(1, 9)),
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 30), st.integers(0, 30),
    ),
    st.sampled_from(["date", "date-time", "email", "uuid", "uri", "ipv4", "time", "hostname"]).map(
        lambda form: {"type": "string", "format": form}
    ),
    st.sampled_from([r"^[a-z]{2,5}-\d+$", r"^(foo|bar)?x*$", r"^\w+@\w+\.com$"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    ),
    st.lists(st.text(max_size=5) | numbers, min_size=1).map(lambda values: {"enum": values}),
    st.just({"type": ["string", "null"]}) | st.just({"type": "boolean"}) | st.just({"const": 7}),
)  # fmt: skip
schemas = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.dictionaries(st.from_regex("[a-z]{1,6}", fullmatch=True), inner, max_size=4).map(
            lambda properties: closed(**properties)
        ),
        st.builds(
            lambda items, low, more: {
                "type": "array", "items": items, "minItems": low, "maxItems": low + more,
            },
            inner, st.integers(0, 3), st.integers(0, 3),
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300)
@given(schemas, st.integers(0, 1 << 64), st.text(max_size=40))
def test_every_value_is_valid_by_its_schema(schema: Any, seed: int, text: str) -> None:
    found = value(schema, text, seed)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(found)


@given(schemas)
def test_same_seed_same_value(schema: Any) -> None:
    assert value(schema) == value(schema)


def test_recursion_ends() -> None:
    tree = closed(name={"type": "string"}, children={"type": "array", "items": {"$ref": "#"}})
    chain = closed(next={"anyOf": [{"$ref": "#/$defs/link"}, {"type": "null"}]})
    chain["$defs"] = {"link": closed(next={"anyOf": [{"$ref": "#/$defs/link"}, {"type": "null"}]})}
    for schema in (tree, chain):
        jsonschema.validate(value(schema), schema)


def test_recursion_that_cannot_end_is_said_so() -> None:
    with pytest.raises(Unmakeable, match="never ends"):
        value(closed(next={"$ref": "#"}))


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 4}]},
        {
            "properties": {"a": {"type": "string", "minLength": 3}},
            "required": ["a"],
            "allOf": [
                {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
                {"allOf": [{"type": "object"}], "minProperties": 2},
            ],
        },
        {"anyOf": [{"minLength": 9}, {"minLength": 7}], "type": "string", "maxLength": 8},
        {
            "type": "integer",
            "exclusiveMinimum": 3,
            "minimum": 1,
            "exclusiveMaximum": 6,
            "maximum": 9,
        },
        {"type": "array", "prefixItems": [{"const": 1}], "items": False, "maxItems": 1},
        {"enum": ["x", "y"], "default": "y"},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}], "minItems": 2},
        {"type": "array", "contains": {"const": 5}},
        {"type": "object", "required": ["a", "b"], "additionalProperties": {"type": "integer"}},
        {"type": "object", "minProperties": 2},
        {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"$defs": {"a/b": {"type": "integer"}}, "$ref": "#/$defs/a~1b"},
        {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]},
        {"type": "number", "multipleOf": 0.25, "minimum": 0.3, "maximum": 0.6},
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}]},
        {"type": ["null", "object"], "properties": {"x": {"type": "string"}}},
        {"type": "string", "pattern": "^[0-9a-f]+$", "minLength": 20, "maxLength": 40},
        True,
        {},
    ],
    ids=str,
)
def test_usual_extras_are_understood(schema: Any) -> None:
    jsonschema.validate(value(schema), schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"enum": []},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "objekt"},
        {"$ref": "#/$defs/gone"},
        {"$ref": "#"},
        {"$ref": "https://example.com/schema.json"},
        {"type": "array", "minItems": 10_000_000},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 4000, "items": {"type": "array", "minItems": 4000}},
        {"type": "string", "pattern": r"^a\b\B$"},
    ],
    ids=str,
)
def test_what_cannot_be_made_is_said(schema: Any) -> None:
    with pytest.raises(Unmakeable):
        value(schema)


def test_what_came_nearest_is_kept() -> None:
    with pytest.raises(Unmakeable) as caught:
        value(closed(a={"type": "string", "pattern": r"^a\b\B$"}))
    assert list(caught.value.best) == ["a"]


def test_a_pattern_that_would_take_for_ever_does_not() -> None:
    with pytest.raises(Unmakeable):
        value({"type": "string", "pattern": r"^(a+)+$(b|a)*c{30}"})


@pytest.mark.parametrize(
    "pattern", [r"^(?=.*[A-Z])(?=.*\d).{8,}$", r"^(?!foo)[a-z]+$", r"^a(?=b)b$", r"\bword\b"]
)
def test_look_arounds_are_met(pattern: str) -> None:
    assert re.search(pattern, value({"type": "string", "pattern": pattern}))


def test_fields_are_filled_from_the_message() -> None:
    found = value(
        closed(
            destination={"type": "string"}, email={"type": "string"}, link={"type": "string"},
            days={"type": "integer", "minimum": 1, "maximum": 9},
        )
    )  # fmt: skip
    assert found == {
        "destination": "Lisbon",
        "email": "ada@example.com",
        "link": "https://example.org/x",
        "days": 3,
    }


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{3}-\d{4}$",
        r"[A-Za-z_][A-Za-z0-9_]*",
        r"^(?:red|green|blue)$",
        r"^(\w)-\1$",
        r"^[^a-z]{4}$",
        r"^#(?:[0-9a-fA-F]{3}){1,2}$",
        r"^v\d+(\.\d+)*(-[a-z]+)?$",
        r"\S+\s\S+",
        r"^.{5,}?$",
    ],
)
def test_samples_match_their_pattern(pattern: str) -> None:
    for seed in range(50):
        assert re.search(pattern, sample(pattern, random.Random(seed)))


@pytest.mark.parametrize("pattern", ["(", r"\p{L}+", "a{100000}", "(a{1000}){1000}", "a" * 9000])
def test_what_cannot_be_sampled_is_said(pattern: str) -> None:
    with pytest.raises(UnsampledPattern):
        sample(pattern, random.Random(1))
