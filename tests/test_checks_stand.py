"""A judge stands whatever an endpoint answers: wild values end in findings, not in errors."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from checks_kit import DAY, ask
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import emulator
from safelight_contracts.cases import Case, Piece, Seen
from safelight_contracts.checks import judge
from safelight_contracts.endpoint_outcomes import outcome
from safelight_contracts.money_reported import reported
from safelight_contracts.promises import Promises
from safelight_contracts.requests import case_of, least
from safelight_contracts.unfolding import DEEPEST, items, read_json, table

QUESTIONS = {
    "a picture": ("openai", "images.generate", {}),
    "a stream of pictures": ("openai", "images.generate", {"stream": True, "partial_images": 1}),
    "a chat": ("compatible", "chat.create", {}),
    "a stream of a chat": ("compatible", "chat.create", {"stream": True}),
    "a chat that draws": ("vercel", "chat.create", {}),
    "vectors": ("vercel", "embeddings.create", {}),
    "a link": ("together", "images.generate", {}),
    "models": ("edenai", "models.list", {}),
}
DEEP: Any = json.loads("[" * 900 + "]" * 900)
WILD = st.sampled_from(
    [None, True, -1, 2**63, 1e308, "", "\ud83d\ude00", "http://[::1", [], {}, [None], [[]], [1, ""],
     {"": None}, {"url": 5}, {"index": []}, {"message": None}, {"images": 1}, DEEP, {"a": DEEP}]
)  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [at] if at else []
    for key, one in inner if isinstance(value, (dict, list)) else ():
        found += places(one, (*at, key)) if isinstance(one, (dict, list)) else [(*at, key)]
    return found


def bent(text: bytes, data: st.DataObject) -> bytes:
    """Return JSON with a wild value somewhere."""
    whole = json.loads(text)
    at = data.draw(st.sampled_from(places(whole)))
    node = whole
    for key in at[:-1]:
        node = node[key]
    node[at[-1]] = data.draw(WILD)
    return json.dumps(whole).encode()


def bent_answer(seen: Seen, data: st.DataObject) -> bytes:
    if seen.header("content-type") == "application/json":
        return bent(seen.body, data)
    events = seen.body.split(b"\n\n")
    number = data.draw(st.integers(0, len(events) - 1))
    head, mark, told = events[number].partition(b"data: ")
    if told.startswith(b"{"):
        wild = json.dumps(data.draw(WILD)).encode()
        events[number] = head + mark + (bent(told, data) if data.draw(st.booleans()) else wild)
    else:
        events[number] = data.draw(st.binary(max_size=20))
    return b"\n\n".join(events)


@pytest.fixture(scope="module", params=QUESTIONS)
def asked(request: pytest.FixtureRequest) -> tuple[Case, Seen, Promises]:
    provider, operation, more = QUESTIONS[request.param]
    promises = Promises(provider, DAY)
    row = promises.of(operation)
    model = next((one.id for one in promises.models(operation)), "")
    params = {**least(promises, row, model), **more} if row.bodies else {}
    case = case_of(promises, row, params, purpose="a test")
    return case, ask(emulator(), case, promises), promises


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_wild_value_anywhere_ends_in_findings(
    asked: tuple[Case, Seen, Promises], data: st.DataObject
) -> None:
    case, seen, promises = asked
    pieces = (Piece(0.1, bent_answer(seen, data)),)
    status = data.draw(st.sampled_from([seen.status, 400, 204, 302, 500]))
    wild = dataclasses.replace(seen, status=status, pieces=pieces)
    findings = judge(case, wild, promises)
    json.dumps([finding.says for finding in findings])
    outcome(case, wild, tuple(findings), promises.provider)
    reported(wild, promises.provider.catalog.known(case.model))
    assert findings or status == seen.status, "another status is always a finding"


def test_no_contract_is_as_deep_as_what_is_not_read() -> None:
    assert read_json("[" * DEEPEST + "]" * DEEPEST)
    with pytest.raises(ValueError, match="nests more than"):
        read_json('{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1))
    assert items({"a": 1}) == items(None) == []
    assert table([1]) == table("x") == {}
