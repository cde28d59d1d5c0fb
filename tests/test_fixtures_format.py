"""The file format: what is written reads back as the same fixture, whatever it holds."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import kit
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.datafiles import data_dir
from safelight.faults import parse
from safelight.fixtures import bodies
from safelight.fixtures.digest import digest
from safelight.fixtures.document import read, write
from safelight.fixtures.model import Error, Exact, Fixture, Match, Partial, Piece, Text
from safelight.fixtures.reading import build
from safelight.fixtures.writing import dump

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
WORDS = TEXTS.filter(bool)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PLAIN = JSON.filter(lambda value: b'"$' not in orjson.dumps(value))
SOME_TEXT = st.builds(Text, st.sampled_from(["equal", "contains"]), WORDS)
MATCHES = st.builds(
    Match,
    provider=st.none() | WORDS,
    operation=st.none() | WORDS,
    model=st.none() | WORDS,
    prompt=st.none() | SOME_TEXT,
    fields=st.dictionaries(WORDS, NUMBERS | TEXTS | st.none(), max_size=3),
    mask=st.none() | st.booleans(),
    picture_size=st.none() | st.just("64x32"),
    turn=st.none() | st.integers(1, 9),
    nth=st.none() | st.integers(1, 9),
    digest=st.none() | st.just("sha256:" + "0" * 64),
)
PARTIALS = st.builds(
    Partial,
    text=WORDS,
    refusal=st.none() | WORDS,
    tool_calls=st.lists(st.tuples(WORDS, st.dictionaries(TEXTS, PLAIN)), max_size=2).map(tuple),
    finish_reason=st.none() | WORDS,
    usage=st.dictionaries(WORDS, st.integers(0), max_size=2),
    fields=st.dictionaries(WORDS, PLAIN, max_size=2),
    first=st.floats(0, 99),
    each=st.floats(0, 99),
)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)
"""What a header can say."""

HEADERS = st.lists(st.tuples(st.sampled_from(["x-a", "x-b"]), VALUES), max_size=3).map(tuple)
WHOLE = st.builds(
    Exact,
    status=st.integers(200, 599),
    headers=HEADERS,
    body=st.lists(PLAIN) | st.dictionaries(TEXTS, PLAIN) | WORDS,
    delay=st.floats(0, 99),
    paced=st.booleans(),
)
PIECES = st.builds(Piece, TEXTS, st.floats(0, 9))
STREAMS = st.builds(Exact, headers=HEADERS, chunks=st.lists(PIECES).map(tuple), paced=st.booleans())
REPLIES = PARTIALS | WHOLE | STREAMS | st.builds(Error, WORDS, st.dictionaries(WORDS, PLAIN))
FIXTURES = st.builds(
    Fixture,
    MATCHES,
    REPLIES,
    source=TEXTS,
    recorded=st.none() | st.dates(datetime.date(2020, 1, 1)),
    note=TEXTS,
)


@given(FIXTURES)
def test_a_fixture_survives_its_file(fixture: Fixture) -> None:
    raw, lines = read(dump(fixture), as_json=False)
    assert build(raw) == fixture
    assert lines[("match",)] >= 1


def test_a_fault_survives_its_file() -> None:
    text = "rate_limited; times=2; retry_after=3"
    fixture = Fixture(Match(), Partial(fault=parse(text), fault_text=text))
    assert build(read(dump(fixture), as_json=False)[0]) == fixture


@given(JSON)
def test_a_document_survives_yaml_and_json(value: Any) -> None:
    assert read(write(value), as_json=False)[0] == value
    text = json.dumps(value, indent="\t")
    assert read(text, as_json=True)[0] == value


@given(JSON, st.sampled_from(sorted(bodies.LAYOUTS)))
def test_json_bodies_are_spelt_so_that_their_bytes_come_back(value: Any, layout: str) -> None:
    body = bodies.LAYOUTS[layout](value)
    spec, name = bodies.spell(body)
    assert list(bodies.flaws(spec)) == []
    assert bodies.restore(spec, nowhere, str, name) == body


@given(st.binary())
def test_any_bytes_are_spelt_so_that_they_come_back(body: bytes) -> None:
    spec, name = bodies.spell(body)
    again = read(write(spec), as_json=False)[0]
    assert bodies.restore(again, nowhere, str, name) == body


def nowhere(name: str) -> bytes:
    raise AssertionError(name)


def test_plain_scalars_mean_what_yaml_1_2_says() -> None:
    text = "[16:9, no, on, 2026-11-20, 1_000, 0x1f, 010, ~, true, 1e3, -1, .5, 1.]"
    assert read(text, as_json=False)[0] == [
        "16:9", "no", "on", "2026-11-20", "1_000", "0x1f", 10, None, True, 1000.0, -1, 0.5, 1.0,
    ]  # fmt: skip


def test_every_value_knows_its_line() -> None:
    _, lines = read("a:\n  b: 1\n  c:\n    - x\n    - {d: 2}\n", as_json=False)
    assert lines == {
        (): 1, ("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", 0): 4,
        ("a", "c", 1): 5, ("a", "c", 1, "d"): 5,
    }  # fmt: skip


@pytest.mark.parametrize("deep", [200, 20_000])
def test_a_file_that_nests_without_end_is_refused(deep: int, tmp_path: Path) -> None:
    from safelight.fixtures.reading import read_file

    (tmp_path / "a.json").write_text("[" * deep + "]" * deep)
    fixture, problems = read_file(tmp_path, "a.json")
    assert (fixture, len(problems)) == (None, 1)


def test_joined_pieces_and_what_stands_before_a_file() -> None:
    spec = {
        "$join": [
            "{",
            {"$file": "a", "as": "base64", "before": "x,", "from": 1},
            {"$base64": "fQ=="},
        ]
    }
    assert list(bodies.flaws(spec)) == []
    assert bodies.restore(spec, lambda _: b"abc", str) == b"{x,WJj}"
    inner = {"url": {"$file": "a", "as": "base64", "before": 'data:"'}, "u": {"$url": "b"}}
    document = json.loads(bodies.restore(inner, lambda _: b"abc", lambda name: f"http://h/{name}"))
    assert document == {"url": 'data:"YWJj', "u": "http://h/b"}


def test_a_document_that_speaks_of_files_itself_is_kept_as_text() -> None:
    body = b'{"$file":"x"}'
    assert bodies.spell(body) == (body.decode(), "compact")


def test_a_request_has_one_digest_however_it_is_carried() -> None:
    kind = (("content-type", "application/json"),)
    same = [b'{"a": 1, "b": [2]}', b'{"b":[2],"a":1}']
    assert len({digest("POST", "/x", "", kind, body) for body in same}) == 1
    assert digest("POST", "/x", "", kind, b'{"a": 2, "b": [2]}') != digest(
        "POST", "/x", "", kind, same[0]
    )
    parts: list[Any] = [("a", "1"), ("image", ("f.png", b"bytes", "image/png"))]
    body, form = kit.encode_form(parts)
    other, _ = kit.encode_form(reversed(parts))
    cut = other.replace(b"--cut", b"--seam")
    one = digest("POST", "/x", "", (("content-type", form),), body)
    assert one == digest("POST", "/x", "", (("content-type", form.replace("cut", "seam")),), cut)
    assert digest("GET", "/x", "b=2&a=1", (), b"") == digest("GET", "/x", "a=1&b=2", (), b"")


def test_the_published_schema_is_one() -> None:
    from jsonschema import Draft202012Validator

    document = json.loads((data_dir("schemas") / "fixture.schema.json").read_text())
    Draft202012Validator.check_schema(document)
