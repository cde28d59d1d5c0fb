"""Sessions: worlds of their own, bounded, with a clock that can be moved."""

from __future__ import annotations

from typing import Any

import kit
import pytest
from safelight import naming
from safelight.plugin_room import session_name
from safelight.store import Bounds, MemoryStore

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/openai/v1/chat/completions"
DRAW = {"model": "acme/any", "prompt": "A kite", "size": "64x64"}


def test_a_session_is_made_on_first_use_and_listed() -> None:
    emu = kit.emulator()
    kit.post(emu, f"/s/mine{PATH}", CHAT)
    listed = {s["name"]: s["requests"] for s in kit.control(emu, "GET", "sessions")["sessions"]}
    assert listed == {"": 0, "mine": 1}


@pytest.mark.parametrize("page", ["session/reset", "session"])
def test_reset_and_delete_forget_all(page: str) -> None:
    emu = kit.emulator()
    kit.steps(emu, "overloaded", session="mine")
    kit.control(emu, "POST", "clock", {"advance": 60}, session="mine")
    kit.post(emu, f"/s/mine{PATH}", CHAT)
    kit.control(emu, "POST" if "reset" in page else "DELETE", page, session="mine")
    assert kit.control(emu, "GET", "journal", session="mine")["total"] == 0
    assert kit.control(emu, "GET", "clock", session="mine")["offset"] == 0
    assert kit.post(emu, f"/s/mine{PATH}", CHAT).status == 200


def test_a_reset_keeps_what_was_settled() -> None:
    emu = kit.emulator()
    settled = {"seed": 5, "as_of": "2026-05-11", "lenient": True}
    kit.control(emu, "POST", "session", {"name": "mine", **settled})
    kit.post(emu, f"/s/mine{PATH}", CHAT)
    told = kit.control(emu, "POST", "session/reset", session="mine")
    assert {key: told[key] for key in settled} == settled
    assert told["requests"] == 0
    assert kit.control(emu, "GET", "scenario", session="mine")["seed"] == 5


def test_a_new_seed_keeps_the_steps_and_starts_their_chances_anew() -> None:
    emu = kit.emulator()
    kit.steps(emu, {"fault": "overloaded", "probability": 0.5})
    runs = []
    for _ in range(2):
        kit.control(emu, "POST", "session", {"seed": 11})
        runs.append([kit.post(emu, PATH, CHAT).status for _ in range(20)])
    assert runs[0] == runs[1]
    assert {*runs[0]} == {200, 503}


def test_uploads_scenarios_and_spending_stay_in_their_session() -> None:
    emu = kit.emulator()
    shot = [("file", ("a.png", kit.png(), "image/png"))]
    kit.form(emu, "/s/one/edenai/v3/upload", shot)
    kit.post(
        emu, "/s/one/together/v1/chat/completions", {**CHAT, "model": "deepseek-ai/DeepSeek-V3"}
    )
    listed = kit.parsed(kit.get(emu, "/s/two/edenai/v3/upload"))
    assert kit.parsed(kit.get(emu, "/s/one/edenai/v3/upload"))["items"]
    assert not listed["items"]
    kit.steps(emu, "overloaded", session="one")
    assert kit.control(emu, "GET", "scenario", session="two")["steps"] == []
    assert kit.control(emu, "GET", "spend", session="two")["models"] == []


def test_the_least_used_session_is_forgotten_first() -> None:
    store = MemoryStore(0, Bounds(sessions=3))
    for name in ("a", "b", "a", "c", "d"):
        store.session(name, 0)
    assert {session.name for session in store.sessions()} == {"a", "c", "d"}


def test_an_idle_session_is_forgotten_and_the_nameless_one_is_not() -> None:
    store = MemoryStore(0, Bounds(idle=60))
    store.session("", 0)
    store.session("old", 0)
    store.session("new", 59)
    store.session("new", 100)
    assert {session.name for session in store.sessions()} == {"", "new"}


def test_sessions_together_stay_within_their_room() -> None:
    emu = kit.emulator(bounds=Bounds(room=600_000, bytes=400_000))
    shot = ("a.png", bytes(kit.png()) + bytes(120_000), "image/png")
    parts = [("model", "x"), ("prompt", "x"), ("size", "64x64"), ("image", shot)]
    for number in range(300):
        kit.form(emu, f"/s/n{number % 20}/compatible/v1/images/edits", parts)
    held = sum(session.weight for session in emu._store.sessions())
    assert held < 600_000 + 400_000


def test_urls_expire_when_the_clock_says_so() -> None:
    emu = kit.emulator()
    reply = kit.post(emu, "/compatible/v1/images/generations", {**DRAW, "response_format": "url"})
    path = "/" + kit.parsed(reply)["data"][0]["url"].split("/", 3)[3].partition("?")[0]
    assert kit.get(emu, path).status == 200
    kit.control(emu, "POST", "clock", {"advance": 3601})
    assert kit.get(emu, path).status == 403


def test_a_clock_is_moved_to_a_moment() -> None:
    emu = kit.emulator()
    kit.control(emu, "POST", "clock", {"now": 2_000_000_000})
    assert kit.parsed(kit.post(emu, PATH, CHAT))["created"] == 2_000_000_000


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"advance": "1"}, "advance is a number of seconds, got '1'"),
        ({"advance": True}, "advance is a number of seconds, got True"),
        ({"advance": -5}, "advance is 0 or more, got -5; `now` sets any moment"),
        ({"now": -1}, "now is in seconds since 1970, 0 or more, got -1"),
        ({"now": 1e300}, "now is a number of seconds, got 1e+300"),
        ({"advance": 99_999_999_999}, "no clock goes beyond 100000000000, the year 5138"),
        ({"advanced": 1}, "unknown key 'advanced'; known are advance, now, waits"),
        ({"waits": "no", "advance": 5}, """waits is "real" or "skip", got 'no'"""),
        ({"waits": "skip", "advance": -5}, "advance is 0 or more"),
    ],
)
def test_a_wrong_move_is_refused_and_moves_nothing(body: Any, problem: str) -> None:
    emu = kit.emulator()
    assert problem in kit.control(emu, "POST", "clock", body)["error"]["message"]
    assert kit.control(emu, "GET", "clock")["waits"] == "real"
    assert kit.control(emu, "GET", "clock")["offset"] == 0


def test_skipped_waits_move_the_clock_instead() -> None:
    emu = kit.emulator()
    kit.control(emu, "POST", "clock", {"waits": "skip"})
    slow = ("x-safelight-fault", "gateway_timeout")
    reply = kit.post(emu, PATH, CHAT, slow)
    assert (reply.status, reply.delay) == (504, 0)
    assert kit.control(emu, "GET", "clock")["offset"] == 60


def test_the_session_of_any_test_has_a_good_name() -> None:
    for nodeid in ("tests/test_a.py::test_größe[日本 1/2]", "test_a.py::test_x[..]", "::"):
        assert naming.checked(session_name(nodeid))
