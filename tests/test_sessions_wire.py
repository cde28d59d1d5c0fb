"""Sessions over a real socket: their names, and who waits while a clock is moved."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from rawclient import ask, events

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/openai/v1/chat/completions"


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
