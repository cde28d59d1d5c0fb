"""Whatever an exchange is and however a secret is written in it, no file of the folder holds it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import kit
import pytest
from fixtures_kit import library
from hypothesis import HealthCheck, given, settings
from recording_kit import whole_body
from safelight.core import Emulator, Settings
from safelight.dialects import load_dialects
from safelight.fixtures.checking import Checker
from safelight.fixtures.folder import Folders
from safelight.recording import unfolding
from safelight.recording.known import Known
from safelight.recording.mending import Mender
from secrets_kit import DAY, PATH, exchanges, found, record, replay

DIALECTS = load_dialects(())


@settings(max_examples=250, suppress_health_check=list(HealthCheck), deadline=None)
@given(ex=exchanges())
def test_no_file_holds_a_secret_however_it_is_written(ex: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        _, body = record(out, ex)
        assert found(out, ex["secret"]) == []
        (path,) = out.glob("*.yaml")
        assert len(b"".join(whole_body(replay(path)))) == len(body)
        folders = Folders((out,), Checker(DIALECTS, DAY).check)
        folders.load()
        assert folders.state.problems == ()


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(ex=exchanges())
def test_no_file_holds_a_secret_that_is_learned_after_it_was_written(ex: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        _, body = record(out, {**ex, "named": "nobody"})
        known = Known()
        known.add([ex["secret"]])
        Mender(out, known, nullcontext()).mend()
        assert found(out, ex["secret"]) == []
        (path,) = out.glob("*.yaml")
        assert len(b"".join(whole_body(replay(path)))) == len(body)


# Each rule is needed: without it the same search finds what it is there for


def flat(text: bytes) -> Iterator[unfolding.Layer]:
    """Yield a text as it is: no escapes are undone."""
    yield from islice(unfolding.layers(text), 1)


def exchange(named: str, inside: str = "json", **places: str) -> dict[str, Any]:
    shape = {"form": False, "chunked": inside == "stream", "step": 9, "inside": inside}
    return {"secret": "Zq7-longEnough8", "named": named, "places": places, **shape}


TAKEN_OUT = [
    ("secrets.layers", flat, exchange("bearer", text="escaped")),
    ("secrets.layers", flat, exchange("bearer", prompt="percent")),
    ("secrets.layers", flat, exchange("bearer", "html", html="entities")),
    ("known._coded", lambda _: (), exchange("cookie", text="base64")),
    ("learning._login", lambda _: set(), exchange("basic", text="plain")),
    ("events.told", lambda _: (), exchange("bearer", "stream", event="plain")),
    ("events.told", lambda _: (), exchange("events", "stream", prompt="plain")),
    ("looks.parameters", lambda *_: (), exchange("location", prompt="plain")),
    ("fields.values", lambda *_: (), exchange("reply", prompt="plain")),
    ("fields.values", lambda *_: (), exchange("json", picture="plain")),
    ("learning.header", lambda *_: set(), exchange("set-cookie", user="plain")),
]


@pytest.mark.parametrize(("rule", "without", "ex"), TAKEN_OUT, ids=[rule for rule, *_ in TAKEN_OUT])
def test_a_secret_is_found_on_the_disk_once_a_rule_is_taken_out(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    rule: str,
    without: Callable[..., Any],
    ex: dict[str, Any],
) -> None:
    record(tmp_path / "with", ex)
    assert found(tmp_path / "with", ex["secret"]) == []
    monkeypatch.setattr(f"safelight.recording.{rule}", without)
    record(tmp_path / "without", ex)
    assert found(tmp_path / "without", ex["secret"]) != []


# What was asked is still known by its digest


def test_a_request_is_answered_again_with_another_key_and_a_secret_in_its_prompt(
    tmp_path: Path,
) -> None:
    ex = exchange("bearer", prompt="plain", user="plain", text="plain")
    request, body = record(tmp_path, ex)
    text = next(tmp_path.glob("*.yaml")).read_text()
    assert f"a fox {'*' * 15}" in text  # hidden where people read it
    emu = Emulator(Settings(), clock=kit.Clock(), library=library(tmp_path, DAY))
    other = tuple(pair for pair in request.headers if pair[0] != "authorization")
    again = replace(request, path=f"/openai{PATH}", headers=(*other, kit.KEY))
    reply = emu.respond(again)
    assert reply.status == 200
    assert len(reply.body) == len(body)
    assert reply.body.count(b"*" * 15) == body.count(ex["secret"].encode())
