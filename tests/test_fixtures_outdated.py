"""Recordings that could not happen any more: told when it is so, and at no other time."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

import kit
import pytest
from fixtures_kit import DAY
from golden import HOME
from safelight.dialects import REGISTRY, load_dialects
from safelight.fixtures.checking import Checker
from safelight.fixtures.folder import Folders
from safelight.fixtures.model import Exact, Fixture, Match
from safelight.messages import Json, Request
from safelight.recording.keeping import Keeper, Manner
from safelight.recording.secrets import Secrets
from safelight.recording.understanding import Understanding
from safelight.recording.upstream import Head, Origin
from safelight_contracts.cases import Case
from safelight_contracts.endpoint_wish import Wish
from safelight_contracts.planning import make_plan
from safelight_contracts.promises import Promises
from safelight_contracts.sending import written

CASES = 70
NAME = "sha256:" + "0" * 64
EARLY, LATER = datetime.date(2026, 5, 1), datetime.date(2027, 1, 1)


def alarms(folder: Path, day: datetime.date) -> list[str]:
    """Return why recordings of a folder are out of date on a day; they are all good fixtures."""
    checker = Checker(load_dialects(), day)
    folders = Folders((folder,), checker.check)
    folders.load()
    assert folders.state.problems == ()
    return [found.reason for one in folders.state.fixtures for found in checker.outdated(one)]


def record(provider: str, day: datetime.date, out: Path) -> int:
    """Record a sample of what the judge asks an endpoint, as an emulator of the day answers it."""
    emulator, reading = kit.emulator(as_of=day), Understanding(provider, day)
    keeper = Keeper(
        provider, Origin("https://api.example.com/v1"), out, Secrets(),
        Manner(today=lambda: day, fetch=lambda _: b"a picture"),
    )  # fmt: skip
    plan = make_plan(Wish(provider, "http://localhost"), Promises(provider, day))
    steps = random.Random(7).sample(plan.steps, min(CASES, len(plan.steps)))
    for step in steps:
        request = asked_by(step.case, reading.provider.bases[0])
        reply = emulator.respond(request)
        asked = reading.read(request, step.case.path.partition("?")[0], kit.Clock()())
        head = Head(reply.status, reply.headers, reply.chunks is not None)
        taking = keeper.begin(head, request.method)
        for data in [c.data for c in reply.chunks] if reply.chunks is not None else [reply.body]:
            taking.part(data, 0.0, ends=True)
        keeper.keep(request, asked, keeper.digest(request, asked), taking, 0.0)
    return len(steps)


def asked_by(case: Case, base: str) -> Request:
    body, kind = written(case)
    key = [("authorization", "Bearer sk-x")] if case.key == "good" else []
    kinds = [] if kind is None else [("content-type", kind)]
    own = [(name.lower(), value) for name, value in case.headers]
    path, _, query = case.path.partition("?")
    return Request(case.method, base + path, query, (*key, *kinds, *own), body or b"")


@pytest.mark.parametrize("provider", [name for name in REGISTRY if name != "safelight"])
def test_what_happened_yesterday_is_not_out_of_date_today(provider: str, tmp_path: Path) -> None:
    assert record(provider, DAY - datetime.timedelta(days=1), tmp_path) > 20
    assert alarms(tmp_path, DAY) == []


def test_only_models_that_are_gone_make_recordings_out_of_date(tmp_path: Path) -> None:
    record("openai", EARLY, tmp_path)
    assert alarms(tmp_path, EARLY) == []
    catalog = load_dialects()["openai"].provider.catalog
    gone = {f"{m.id!r} is gone since {m.until}" for m in catalog.models if m.until}
    told = alarms(tmp_path, LATER)
    assert told
    assert {one.rpartition(": ")[2] for one in told} <= gone


@pytest.mark.parametrize("day", [DAY, LATER])
def test_of_our_own_exchanges_those_of_a_retired_operation_are_told(day: datetime.date) -> None:
    why = "match.operation: no model does images.variation: 'dall-e-2' is gone since 2026-05-12"
    assert alarms(HOME, day) == [why, why]


def recording(status: int, body: Json, **match: Json) -> Fixture:
    reply = Exact(status, body=body)
    wanted = Match(provider="openai", digest=NAME, **match)
    return Fixture(wanted, reply, "one.yaml", recorded=EARLY)


ERROR = {"error": {"message": "no", "type": "x", "param": None, "code": None}}


@pytest.mark.parametrize(
    ("status", "match", "stale"),
    [
        (404, {"operation": "models.delete", "model": "ft:gone"}, False),
        (404, {"operation": "models.get", "model": "none"}, False),
        (401, {"operation": "images.generate", "model": "dall-e-3"}, False),
        (429, {"operation": "images.generate", "model": "dall-e-3"}, False),
        (500, {"operation": "images.generate", "fields": {"size": "1x1"}}, False),
        (400, {"operation": "images.generate", "fields": {"sise": "1x1"}}, False),
        (400, {"operation": "images.generate", "model": "of-mine"}, False),
        (400, {"operation": "images.generate", "model": "dall-e-3"}, True),
        (401, {"operation": "images.variation"}, True),
    ],
)
def test_an_error_is_what_the_provider_said(
    status: int, match: dict[str, Json], *, stale: bool
) -> None:
    checker = Checker(load_dialects(), DAY)
    fixture = recording(status, ERROR, **match)
    assert checker.check(fixture) == []
    assert bool(checker.outdated(fixture)) is stale


def test_what_the_contract_never_knew_is_no_change() -> None:
    checker = Checker(load_dialects(), DAY)
    body = {"created": 1, "data": [{"b64_json": "aGk="}], "house": 3}
    for match in ({"model": "gpt-image-1.5"}, {"fields": {"mood": "good"}}):
        assert checker.outdated(recording(200, body, operation="images.generate", **match)) == []
