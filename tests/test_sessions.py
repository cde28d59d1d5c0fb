"""Sessions: worlds of their own, bounded, with a clock that can be moved."""

from __future__ import annotations

import asyncio
import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import kit
import pytest
from rawclient import ask, events
from safelight import naming
from safelight.datafiles import data_dir
from safelight.latency import Range, fitting, load_latency
from safelight.plugin_room import session_name
from safelight.refusals import DataError
from safelight.store import Bounds, MemoryStore

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/openai/v1/chat/completions"
DRAW = {"model": "acme/any", "prompt": "A kite", "size": "64x64"}
SLOW = load_latency()


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


def span(operation: str, model: str, quality: str) -> Any:
    """Return the range of such a request."""
    return fitting(SLOW, operation, model, quality)


def test_answers_take_as_long_as_the_data_say() -> None:
    emu = kit.emulator(latency=SLOW)
    high = {"model": "gpt-image-2", "prompt": "A kite", "quality": "high"}
    reply = kit.post(emu, "/openai/v1/images/generations", high)
    assert 33 <= reply.delay <= 180
    assert kit.get(emu, "/openai/v1/models").delay == 0


def test_a_stream_is_paced_in_previews_and_tokens() -> None:
    emu = kit.emulator(latency=SLOW, speed=10)
    ask = {"model": "gpt-image-2", "prompt": "A kite", "quality": "low", "stream": True}
    pictures = kit.post(emu, "/openai/v1/images/generations", {**ask, "partial_images": 2}).chunks
    words = kit.post(emu, PATH, {**CHAT, "stream": True}).chunks
    low, high = span("images.generate", "gpt-image-2", "low").seconds
    assert low <= 10 * sum(c.wait for c in pictures or ()) <= high
    assert len({round(c.wait, 6) for c in pictures or ()}) == 1
    low, high = span("chat.create", "gpt-4o", "").token
    assert all(low <= 10 * c.wait <= high for c in (words or ())[1:])


def test_what_is_ours_says_so_and_what_is_not_names_its_source() -> None:
    rows = tomllib.loads((data_dir("schemas") / "latency.toml").read_text())["range"]
    assert all(row["source"].startswith("safelight:") == ("unverified" in row) for row in rows)
    sourced = [row for row in rows if "unverified" not in row]
    assert all(re.search(r"\w\.\w+/|#\d|guide", row["source"]) for row in sourced)
    assert len(sourced) > len(rows) / 2


@pytest.mark.parametrize(
    ("model", "slow", "quick"), [("gpt-image-2", "high", "low"), ("dall-e-3", "hd", "standard")]
)
def test_better_pictures_take_longer(model: str, slow: str, quick: str) -> None:
    longer, shorter = (span("images.generate", model, quality) for quality in (slow, quick))
    assert longer.seconds[0] > shorter.seconds[1]


def test_the_same_seed_takes_the_same_time() -> None:
    first, again = (kit.post(kit.emulator(latency=SLOW), PATH, CHAT).delay for _ in range(2))
    assert first == again > 0


def test_without_a_wish_nothing_waits() -> None:
    assert kit.post(kit.emulator(), PATH, CHAT).delay == 0


@pytest.mark.parametrize(
    "text",
    [
        "[[range]]\nseconds = [3, 1]\nsource = 'x'\nchecked = 2026-11-20",
        "[[range]]\nfirst = [1, 2]\nsource = 'x'\nchecked = 2026-11-20",
        "[[range]]\nslow = 1\nsource = 'x'\nchecked = 2026-11-20",
    ],
)
def test_wrong_ranges_are_refused_at_load(tmp_path: Any, text: str) -> None:
    path = tmp_path / "latency.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"latency\.toml"):
        load_latency(path)


def test_every_operation_that_makes_something_has_a_range() -> None:
    assert all(isinstance(span, Range) for span in SLOW)
    for operation in ("images.generate", "images.edit", "images.variation", "chat.create"):
        assert any(span.fits(operation, "any", "") for span in SLOW)


def test_the_session_of_any_test_has_a_good_name() -> None:
    for nodeid in ("tests/test_a.py::test_größe[日本 1/2]", "test_a.py::test_x[..]", "::"):
        assert naming.checked(session_name(nodeid))


# Over a real socket


@pytest.fixture(scope="module")
def port(serve: Callable[..., Any]) -> int:
    return int(serve("--as-of", "2026-11-20", "--latency", "realistic").port)


BAD_NAMES = [
    "%2e%2e", "..", ".", "-", "x" * 101, "x" * 300, "a%00b", "a%20b", "%C3%A9", "a:b", "a@b", "",
]  # fmt: skip


@pytest.mark.parametrize("page", [PATH, "/_safelight/scenario"])
def test_what_is_no_name_is_refused_in_words_of_ours_and_makes_no_session(
    port: int, page: str
) -> None:
    async def run() -> Any:
        replies = [await send(port, name, page, CHAT) for name in BAD_NAMES]
        told = await ask(port, "GET", "/_safelight/sessions")
        return replies, [session["name"] for session in told.json()["sessions"]]

    replies, names = asyncio.run(run())
    for reply in replies:
        error = reply.json()["error"]
        assert (reply.status, error["type"]) == (400, "safelight_usage_error")
        assert (
            "is no session's name; it is 1 to 100 letters from A to Z, digits" in (error["message"])
        )
        assert len(error["message"]) < 250
    assert not {*names} & {*BAD_NAMES[:-1]}


@pytest.mark.parametrize("name", ["a", "x" * 100, "Test_1.two~three-4", "0"])
def test_what_is_a_name_makes_a_session(port: int, name: str) -> None:
    async def run() -> Any:
        status = (await send(port, name, PATH, CHAT)).status
        told = await ask(port, "GET", "/_safelight/sessions")
        return status, [session["name"] for session in told.json()["sessions"]]

    status, names = asyncio.run(run())
    assert status == 200
    assert name in names


def test_a_skipped_wait_wakes_who_waits_already(port: int) -> None:
    async def run() -> Any:
        fault = "stall_before_headers; seconds=100"
        body = json.dumps(CHAT).encode()
        headers = (("content-type", "application/json"), ("x-safelight-fault", fault))
        waiting = asyncio.create_task(ask(port, "POST", f"/s/wake{PATH}", headers, body))
        await asyncio.sleep(0.3)
        await send(port, "wake", "/_safelight/clock", {"waits": "skip"})
        early = waiting.done()
        await ask(port, "POST", f"/s/wake{PATH}", headers, body)
        return early, await asyncio.wait_for(waiting, 10)

    early, reply = asyncio.run(run())
    assert not early
    assert (reply.status, reply.took < 10) == (200, True)


def send(port: int, session: str, path: str, body: Any) -> Any:
    data = json.dumps(body).encode()
    kind = (("content-type", "application/json"),)
    return ask(port, "POST", f"/s/{session}{path}", kind, data)


def test_moving_the_clock_ends_the_wait_for_a_pending_answer(port: int) -> None:
    async def run() -> Any:
        draw = {"model": "gpt-image-2", "prompt": "A kite", "quality": "high"}
        path = "/openai/v1/images/generations"
        pending = asyncio.create_task(send(port, "hasty", path, draw))
        other = asyncio.create_task(send(port, "patient", path, draw))
        await asyncio.sleep(0.3)
        early = pending.done()
        await send(port, "hasty", "/_safelight/clock", {"advance": 200})
        reply = await asyncio.wait_for(pending, 10)
        still = not other.done()
        other.cancel()
        return early, reply, still

    early, reply, still = asyncio.run(run())
    assert not early
    assert (reply.status, len(reply.json()["data"])) == (200, 1)
    assert still  # the other session's clock stands


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.5])
def test_moving_the_clock_far_ends_all_the_waits_of_a_stream(port: int, pause: float) -> None:
    async def run() -> Any:
        draw = {"model": "gpt-image-2", "prompt": "A kite", "quality": "high"}
        body = {**draw, "stream": True, "partial_images": 3}
        path = "/openai/v1/images/generations"
        name = f"leap-{pause}"
        pending = asyncio.create_task(send(port, name, path, body))
        listed = "/_safelight/sessions"
        while name.encode() not in (await ask(port, "GET", listed)).body:  # noqa: ASYNC110 - no event comes from another process
            await asyncio.sleep(0.01)
        await asyncio.sleep(pause)
        await send(port, name, "/_safelight/clock", {"advance": 200})
        return await asyncio.wait_for(pending, 20)

    assert len(events(asyncio.run(run()).body)) == 4


def test_skipping_waits_streams_minutes_at_once(port: int) -> None:
    async def run() -> Any:
        await send(port, "skipping", "/_safelight/clock", {"waits": "skip"})
        body = {**CHAT, "stream": True}
        return await send(port, "skipping", PATH, body)

    reply = asyncio.run(run())
    assert events(reply.body)[-1] == ("", "[DONE]")
    assert reply.took < 1
