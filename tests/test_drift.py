"""Drift: shapes of schemas, counts of replies, and who moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from drift_kit import GOOD, REPLY, changed
from hypothesis import given
from hypothesis import strategies as st
from safelight.schemas import load
from safelight_contracts.drift.comparing import Move, Sides, of_headers, of_reply
from safelight_contracts.drift.shapes import Stance, by_tag, either, of_schema, stance
from safelight_contracts.drift.tallies import Tally, count, merge, of_tallies


def shape(*replies: Any) -> Any:
    tallies: dict[str, Tally] = {}
    for reply in replies:
        count(reply, tallies)
    return of_tallies(tallies)


def moves(*replies: Any, before: tuple[Any, ...] = (), sdk: Any = None) -> list[Move]:
    history = shape(*before) if before else None
    sides = Sides(of_schema(REPLY.document), history, shape(*replies), sdk)
    return list(of_reply("images.generate", "", sides))


def test_a_schema_says_what_is_always_there_and_what_may_be_null() -> None:
    told = of_schema(load("openai", "images.generate.request").document)
    assert told["prompt"].presence == "always"
    assert told["n"].presence == "sometimes"
    assert told["n"].nullable is True
    assert told["moderation"].values == {"low", "auto"}
    assert stance(told, "surprise").presence == "never"


def test_branches_of_a_union_count_together() -> None:
    one = {"properties": {"a": {"type": "string"}, "b": {"type": "null"}}, "required": ["a", "b"]}
    two = {"properties": {"a": {"type": "integer"}}, "required": ["a"]}
    closed = [{**branch, "type": "object", "additionalProperties": False} for branch in (one, two)]
    told = of_schema({"anyOf": closed})
    assert told["a"] == Stance("always", frozenset({"string", "integer"}), nullable=False)
    assert told["b"].presence == "sometimes"
    assert either([told, told]) == told


def test_events_are_told_apart_by_their_type() -> None:
    tags = by_tag(load("openai", "images.generate.event").document)
    assert set(tags) == {"image_generation.partial_image", "image_generation.completed", "error"}
    assert by_tag(REPLY.document) == {"": REPLY.document}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def objects(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of a value with the path of the place it stands at."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item, f"{path}[]")
    elif isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from objects(item, f"{path}.{name}" if path else name)


def naive(replies: list[Any]) -> dict[str, tuple[int, int]]:
    """Return of how many objects each field could have been, and in how many it was."""
    found = [place for reply in replies for place in objects(reply)]
    names = {f"{path}.{name}" if path else name for path, one in found for name in one}
    out = {}
    for name in names:
        above, _, leaf = name.rpartition(".")
        homes = [one for path, one in found if path == above]
        out[name] = (len(homes), sum(leaf in one for one in homes))
    return out


@given(st.lists(st.dictionaries(st.sampled_from("ab"), values, max_size=2), max_size=5))
def test_counts_are_those_of_a_naive_count(replies: list[Any]) -> None:
    tallies: dict[str, Tally] = {}
    for reply in replies:
        count(reply, tallies)
    got = {path: (tally.of, tally.seen) for path, tally in tallies.items() if path[-1] not in "]}"}
    assert got == naive(replies)


@given(
    st.lists(st.dictionaries(st.sampled_from("ab"), values, max_size=2), max_size=4),
    st.integers(0, 4),
)
def test_runs_merged_count_like_one_run(replies: list[Any], cut: int) -> None:
    whole: dict[str, Tally] = {}
    for reply in replies:
        count(reply, whole)
    parts: list[dict[str, Tally]] = [{}, {}]
    for index, reply in enumerate(replies):
        count(reply, parts[index >= cut])
    merge(parts[0], parts[1])
    assert {k: (t.of, t.seen, t.nulls) for k, t in parts[0].items()} == {
        k: (t.of, t.seen, t.nulls) for k, t in whole.items()
    }


def test_replies_as_promised_move_nothing() -> None:
    assert moves(GOOD, GOOD, GOOD, before=(GOOD,) * 3) == []


@pytest.mark.parametrize(
    ("change", "path", "kind", "what"),
    [
        (lambda r: r.update(score=1), "score", "adds", "new field"),
        (lambda r: r["data"][0].update(score=1), "data[].score", "adds", "new field"),
        (lambda r: r.pop("created"), "created", "breaks", "missing field"),
        (lambda r: r.update(size=None), "size", "breaks", "null"),
        (lambda r: r.update(created="now"), "created", "breaks", "type"),
        (lambda r: r.update(quality="ultra"), "quality", "adds", "value"),
        (lambda r: r.pop("size"), "size", "deprecates", "gone field"),
    ],
)
def test_each_move_is_named_for_what_it_is(
    change: Callable[[Any], object], path: str, kind: str, what: str
) -> None:
    (move,) = moves(*(changed(change),) * 3, before=(GOOD,) * 3)
    assert (move.path, move.kind, move.change, move.side) == (path, kind, what, "live")


def test_a_field_seen_in_one_of_three_is_optional_and_not_gone() -> None:
    without = changed(lambda r: r["usage"].pop("total_tokens"))
    (move,) = moves(GOOD, without, without, before=(GOOD,) * 3)
    assert (move.path, move.kind) == ("usage.total_tokens", "flaps")
    assert "optional, not gone" in move.says


def test_two_replies_are_too_few_to_call_a_field_gone() -> None:
    without = changed(lambda r: r.pop("created"))
    assert moves(without, without, before=(GOOD,) * 3) == []


def test_a_new_object_is_told_once_and_not_field_by_field() -> None:
    (move,) = moves(*(changed(lambda r: r.update(extra={"a": {"b": 1}})),) * 3)
    assert move.path == "extra"


def test_what_the_sdk_knows_too_makes_our_schema_the_late_one() -> None:
    sdk = {**of_schema(REPLY.document), "score": Stance("sometimes", frozenset({"integer"}))}
    (move,) = moves(*(changed(lambda r: r.update(score=1)),) * 3, sdk=sdk)
    assert move.side == "ours"
    (move,) = moves(GOOD, GOOD, GOOD, sdk=sdk)
    assert (move.side, move.path) == ("sdk", "score")


def test_headers_come_go_and_flap() -> None:
    from collections import Counter

    before = (4, Counter({"x-request-id": 4, "x-old": 4}))
    now = (4, Counter({"x-request-id": 2, "x-new": 4}))
    told = {m.path: m.kind for m in of_headers("images.generate", before, now, enough=3)}
    assert told == {"x-old": "breaks", "x-new": "adds", "x-request-id": "flaps"}
