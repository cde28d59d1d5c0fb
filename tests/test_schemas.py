"""Schemas are loaded strictly, narrowed only downwards, and say exactly what is wrong."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.datafiles import data_dir
from safelight.narrowing import narrow, read_narrowing
from safelight.refusals import DataError
from safelight.schemas import KEYWORDS, Schema, check_keywords, load

DAY = datetime.date(2026, 11, 20)
FILES = sorted(data_dir("schemas").glob("*/*.json"))


def first(schema: dict[str, Any], value: Any) -> tuple[Any, str] | None:
    found = Schema(schema, "test").check(value)
    return (found.at, found.keyword) if found else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_schema_file_loads(path: Path) -> None:
    load(path.parent.name, path.stem).compile()


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_schema_file_names_its_source(path: Path) -> None:
    document = json.loads(path.read_text())
    assert document["x-source"]
    assert datetime.date.fromisoformat(document["x-checked"]) <= DAY


def test_an_unknown_keyword_stops_the_load_with_file_and_key(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "s.json").write_text('{"properties": {"a": {"minimun": 1}}}')
    with pytest.raises(DataError, match=r"s\.json: #/properties/a/minimun: unknown keyword"):
        load("p", "s", root=tmp_path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"$ref": "#/$defs/gone"}', "points at nothing"),
        ('{"$ref": "other.json#/x"}', "is missing"),
        ('{"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}', "leads back to itself"),
        ('{"allOf": [{"required": ["a"]}]}', "each rule needs a title"),
        ('{"items": 3}', "expected a schema"),
        ('{"properties": {"a": false}}', 'write {"not": {}}'),
        ("{", "syntax"),
    ],
)
def test_a_schema_that_cannot_be_right_stops_the_load(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "s.json").write_text(text)
    with pytest.raises(DataError, match=problem) as caught:
        load("p", "s", root=tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_and_an_unknown_key_are_named() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {}},
        "additionalProperties": False,
    }
    assert first(schema, {}) == (("a",), "required")
    assert first(schema, {"a": 1, "b": 2}) == (("b",), "additionalProperties")


def test_the_order_of_faults_is_data() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer", "maximum": 5}},
        "additionalProperties": False,
        "x-order": ["b:type", "unknown", "a", "b"],
    }
    assert first(schema, {"a": 1, "b": "x", "c": 1}) == (("b",), "type")
    assert first(schema, {"a": 1, "b": 9, "c": 1}) == (("c",), "additionalProperties")
    assert first(schema, {"a": 1, "b": 9}) == (("a",), "type")


UNION = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "required": ["kind", "x"],
         "properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}},
        {"type": "object", "required": ["kind"],
         "properties": {"kind": {"const": "b"}, "y": {"enum": [1, 2]}}},
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "at", "keyword"),
    [
        (7, (), "type"),
        ({}, ("kind",), "required"),
        ({"kind": 3}, ("kind",), "type"),
        ({"kind": "c"}, ("kind",), "enum"),
        ({"kind": "a"}, ("x",), "required"),
        ({"kind": "a", "x": "1"}, ("x",), "type"),
        ({"kind": "b", "y": 3}, ("y",), "enum"),
    ],
)
def test_a_fault_in_a_union_is_found_in_the_branch_that_was_meant(
    value: Any, at: Any, keyword: str
) -> None:
    assert first(UNION, value) == (at, keyword)


def test_a_broken_rule_between_fields_is_known_by_its_title() -> None:
    rule = {"title": "b needs a", "if": {"required": ["b"]}, "then": {"required": ["a"]}}
    found = Schema({"type": "object", "allOf": [rule]}, "t").check({"b": 1})
    assert found is not None
    assert (found.rule, found.at) == ("b needs a", ("a",))


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "x", "y", "model", "prompt", "n"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(VALUES)
def test_the_quick_yes_agrees_with_the_authority(value: Any) -> None:
    for schema in (Schema(UNION, "u"), load("openai", "images.generate.request")):
        assert schema.accepts(value) == (not list(schema._validator.iter_errors(value)))


@given(VALUES)
def test_whatever_is_invalid_has_a_violation_to_report(value: Any) -> None:
    schema = load("openai", "images.generate.request")
    assert schema.accepts(value) == (schema.check(value) is None)


def narrowing(**table: Any) -> Any:
    origin = {"source": "test", "checked": DAY}
    return read_narrowing("t", {**table, **origin}, Path("models.toml"))


@pytest.mark.parametrize(
    ("prop", "limits"),
    [
        ({"enum": ["a"]}, {"enum": ["a", "b"]}),
        ({"maximum": 5}, {"maximum": 6}),
        ({"minimum": 5}, {"minimum": 4}),
        ({"maxLength": 5}, {"maxLength": 6}),
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"pattern": "a"}, {"pattern": "b"}),
    ],
)
def test_a_narrowing_that_widens_stops_the_start(prop: Any, limits: Any) -> None:
    base = Schema({"properties": {"a": prop}}, "t")
    with pytest.raises(DataError, match=r"models\.toml: narrowing\.t\.properties\.a.*would widen"):
        narrow(base, [narrowing(properties={"a": limits})])


@pytest.mark.parametrize(
    ("table", "value", "keyword"),
    [
        ({"remove": ["a"]}, {"a": 1}, "additionalProperties"),
        ({"forbid": ["a"]}, {"a": 1}, "forbidden"),
        ({"require": ["a"]}, {}, "required"),
        ({"properties": {"a": {"maximum": 3}}}, {"a": 4}, "maximum"),
        ({"rules": [{"title": "r", "not": {"required": ["a"]}}]}, {"a": 1}, "not"),
    ],
)
def test_each_way_to_narrow_refuses_what_the_schema_took(
    table: Any, value: Any, keyword: str
) -> None:
    base = Schema({"properties": {"a": {"type": "integer"}}, "additionalProperties": False}, "t")
    found = narrow(base, [narrowing(**table)]).check(value)
    assert base.check(value) is None
    assert found is not None
    assert found.keyword == keyword


def test_a_narrowing_holds_between_its_dates_only() -> None:
    limits = narrowing(operations=["images.*"], since=DAY, until=DAY + datetime.timedelta(days=1))
    assert limits.applies("images.edit", DAY)
    assert not limits.applies("chat.create", DAY)
    assert not limits.applies("images.edit", DAY + datetime.timedelta(days=1))


def test_every_keyword_of_the_closed_set_is_allowed_and_no_other() -> None:
    for keyword in KEYWORDS - {"allOf"}:
        node: Any = {} if keyword in {"properties", "$defs"} else True
        check_keywords({keyword: [] if keyword == "anyOf" else node}, Path("x"))
    with pytest.raises(DataError, match="unknown keyword"):
        check_keywords({"oneOf": []}, Path("x"))


def test_the_schema_of_a_property_is_made_once() -> None:
    whole = Schema({"properties": {"model": {"type": "string"}}}, "whole")
    assert whole.part("model") is whole.part("model")
    assert whole.part("model").accepts("a")
    assert not whole.part("model").accepts(1)
