"""The verdict on a client: each bad habit is found, with evidence, and good manners are not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from rawclient import ask

PATH = "/openai/v1/chat/completions"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
DRAW = {"model": "bfl/flux-2-pro", "prompt": "A kite"}
GATEWAY = "/vercel/v1/images/generations"


def judged(emu: Any) -> list[Any]:
    found: list[Any] = kit.control(emu, "GET", "verdict")["findings"]
    return found


def codes(emu: Any) -> list[str]:
    return [finding["code"] for finding in judged(emu)]


def say(emu: Any, fault: str = "", body: Any = CHAT, path: str = PATH, retry: int = 0) -> Any:
    headers = [("x-safelight-fault", fault)] if fault else []
    headers += [("x-stainless-retry-count", str(retry))] if retry else []
    return kit.post(emu, path, body, *headers)


def wait(emu: Any, seconds: float) -> None:
    kit.control(emu, "POST", "clock", {"advance": seconds})


def test_a_client_that_behaves_has_nothing_to_fear() -> None:
    emu = kit.emulator()
    say(emu, "rate_limited; retry_after=5")
    wait(emu, 5)
    say(emu, retry=1)
    say(emu, body={**CHAT, "user": "another"})
    say(emu)
    assert kit.control(emu, "GET", "verdict") == {
        "ok": True,
        "findings": [],
        "unused": [],
    }


@pytest.mark.parametrize("fault", ["moderation_blocked", "permission_denied", "quota_exceeded"])
def test_retrying_what_cannot_get_better_is_found(fault: str) -> None:
    emu = kit.emulator()
    say(emu, fault)
    say(emu, fault, retry=1)
    (finding,) = [f for f in judged(emu) if f["code"] == "retried-final"]
    assert finding["evidence"] == [1, 2]
    assert "was retried with the same body" in finding["says"]


def test_a_misspelt_fault_is_no_habit_of_the_client() -> None:
    emu = kit.emulator()
    for _ in range(6):
        assert say(emu, "rate_limit").status == 400
    say(emu)
    assert codes(emu) == []


@pytest.mark.parametrize("fault", ["server_error", "overloaded", "bad_gateway"])
def test_retrying_what_may_get_better_is_not(fault: str) -> None:
    emu = kit.emulator()
    say(emu, fault)
    say(emu, retry=1)
    assert codes(emu) == []


def test_a_retry_before_its_time_is_found() -> None:
    emu = kit.emulator()
    say(emu, "rate_limited; retry_after=20")
    wait(emu, 7)
    say(emu, retry=1)
    (finding,) = judged(emu)
    assert finding["code"] == "ignored-retry-after"
    assert finding["says"] == "retry-after asked for 20 s, the retry came after 7.00 s"


def test_who_obeys_the_milliseconds_has_waited_enough() -> None:
    emu = kit.emulator()
    say(emu, "rate_limited; retry_after_ms=200")
    wait(emu, 0.2)
    say(emu, retry=1)
    assert codes(emu) == []
    say(emu, "rate_limited; retry_after_ms=2000", retry=2)
    wait(emu, 1)
    say(emu, retry=3)
    assert "ignored-retry-after" in codes(emu)


def test_a_storm_is_found_once() -> None:
    emu = kit.emulator()
    for number in range(6):
        say(emu, "server_error", retry=number)
    (finding,) = judged(emu)
    assert (finding["code"], finding["evidence"]) == ("retry-storm", [1, 2, 3, 4, 5, 6])


def test_a_blind_retry_after_a_lost_answer_is_paid_twice_and_says_how_much() -> None:
    emu = kit.emulator()
    say(emu, "accepted_then_lost", DRAW, GATEWAY)
    say(emu, "", DRAW, GATEWAY, retry=1)
    (finding,) = judged(emu)
    first = kit.control(emu, "GET", "journal")["exchanges"][0]
    assert (finding["code"], finding["evidence"]) == ("paid-twice", [1, 2])
    assert finding["cost"] == first["cost"] != "0"
    spent = kit.control(emu, "GET", "spend")
    assert float(spent["usd"]) == pytest.approx(2 * float(first["cost"]))


@pytest.mark.parametrize("fault", ["truncated_json", "html_200", "empty_body", "reset_mid_body"])
def test_a_spoilt_answer_that_is_asked_for_again_is_paid_twice(fault: str) -> None:
    emu = kit.emulator()
    say(emu, fault, DRAW, GATEWAY)
    say(emu, "", DRAW, GATEWAY)
    assert codes(emu) == ["paid-twice"]


def test_asking_the_same_again_on_purpose_is_not_paid_twice() -> None:
    emu = kit.emulator()
    say(emu, "", DRAW, GATEWAY)
    say(emu, "", DRAW, GATEWAY)
    assert codes(emu) == []


def test_a_retry_after_a_cut_that_cost_nothing_is_not_paid_twice() -> None:
    emu = kit.emulator()
    say(emu, "connection_refused", DRAW, GATEWAY)
    say(emu, "", DRAW, GATEWAY, retry=1)
    assert codes(emu) == []


def test_refused_parameters_are_found_once_for_each_kind() -> None:
    emu = kit.emulator()
    body = {"model": "gpt-image-2", "prompt": "x", "style": "vivid"}
    for prompt in ("x", "y"):
        say(emu, "", {**body, "prompt": prompt}, "/openai/v1/images/generations")
    (finding,) = judged(emu)
    assert (finding["code"], finding["evidence"]) == ("refused-parameter", [1, 2])
    assert "style" in finding["says"]


def test_a_url_that_nobody_downloads_in_time_is_found() -> None:
    emu = kit.emulator()
    body = {"model": "a", "prompt": "x", "n": 2, "size": "64x64", "response_format": "url"}
    reply = say(emu, "", body, "/compatible/v1/images/generations")
    first = kit.parsed(reply)["data"][0]["url"]
    assert codes(emu) == []
    kit.get(emu, "/" + first.split("/", 3)[3].partition("?")[0])
    wait(emu, 3601)
    (finding,) = judged(emu)
    assert finding["says"] == "1 picture URL(s) expired before they were downloaded"


def test_a_download_that_came_too_late_is_none() -> None:
    emu = kit.emulator()
    body = {"model": "a", "prompt": "x", "size": "64x64", "response_format": "url"}
    url = kit.parsed(say(emu, "", body, "/compatible/v1/images/generations"))["data"][0]["url"]
    wait(emu, 3601)
    kit.get(emu, "/" + url.split("/", 3)[3].partition("?")[0])
    assert codes(emu) == ["url-not-fetched"]


def unused(emu: Any) -> list[str]:
    found: list[str] = kit.control(emu, "GET", "verdict")["unused"]
    return found


def test_what_was_called_for_and_never_struck_is_told() -> None:
    emu = kit.emulator()
    chats = {"match": {"operation": "chat.*"}}
    kit.steps(
        emu,
        {**chats, "fault": "overloaded", "times": 2},
        {"match": {"prompt": "cat"}, "fault": "drip"},
        {"fault": "bad_gateway", "probability": 0.0},
    )
    say(emu)
    assert unused(emu) == [
        "steps[0] overloaded for operation='chat.*': struck 1 of 2 times",
        "steps[1] drip for prompt='cat': never struck",
    ]
    say(emu)
    say(emu, body={**CHAT, "messages": [{"role": "user", "content": "a cat"}]})
    assert unused(emu) == []


def test_a_reply_that_nobody_asked_for_is_told() -> None:
    emu = kit.emulator()
    wanted = {"answers": [{"operation": "images.*", "row": "E-500", "times": 2}]}
    kit.control(emu, "POST", "answers", wanted)
    assert unused(emu) == ["2 replies for images.*: no request came"]


# Over a real socket: what becomes of replies


@pytest.fixture(scope="module", params=["hypercorn", "uvicorn"])
def port(serve: Callable[..., Any], request: pytest.FixtureRequest) -> int:
    return int(serve("--as-of", "2026-11-20", "--server", request.param).port)


async def control(port: int, session: str, method: str, page: str, body: Any = None) -> Any:
    data = b"" if body is None else json.dumps(body).encode()
    return (await ask(port, method, f"/s/{session}/_safelight/{page}", (), data)).json()


async def opened(port: int, session: str, body: Any, fault: str, path: str = PATH) -> Any:
    """Send a request and return its connection without reading a byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    data = json.dumps(body).encode()
    head = (
        f"POST /s/{session}{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-test\r\n"
        f"x-safelight-fault: {fault}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    await writer.drain()
    return reader, writer


STREAM = {**CHAT, "stream": True}


def test_a_stream_that_is_neither_read_nor_closed_is_found(port: int) -> None:
    async def run() -> Any:
        _, writer = await opened(port, "deaf", STREAM, "sse_long_line; bytes=30000000")
        await asyncio.sleep(0.5)
        await control(port, "deaf", "POST", "clock", {"advance": 60})
        found = (await control(port, "deaf", "GET", "verdict"))["findings"]
        writer.transport.abort()
        return found

    (finding,) = asyncio.run(run())
    assert finding["code"] == "stream-not-closed"
    assert "neither read to its end nor closed" in finding["says"]


def fate(port: int, session: str) -> str:
    async def run() -> str:
        for _ in range(100):
            entries = (await control(port, session, "GET", "journal"))["exchanges"]
            if entries and entries[0]["fate"] != "open":
                break
            await asyncio.sleep(0.05)
        return str(entries[0]["fate"])

    return asyncio.run(run())


def test_a_stream_that_is_closed_early_is_abandoned(port: int) -> None:
    async def run() -> None:
        reader, writer = await opened(port, "early", STREAM, "stall_mid_stream; seconds=30")
        await reader.read(100)
        writer.close()

    asyncio.run(run())
    assert fate(port, "early") == "abandoned"


def test_a_stream_whose_rest_is_never_read_is_abandoned(port: int) -> None:
    async def run() -> None:
        _, writer = await opened(port, "unread", STREAM, "sse_long_line; bytes=30000000")
        await asyncio.sleep(0.5)
        writer.transport.abort()

    asyncio.run(run())
    assert fate(port, "unread") == "abandoned"


def test_an_answer_that_the_client_does_not_wait_for_is_abandoned_and_paid(port: int) -> None:
    async def run() -> Any:
        for retry in range(2):
            fault = "stall_before_headers; seconds=30" if retry == 0 else "sse_joined"
            _, writer = await opened(port, "hasty", CHAT, fault)
            await asyncio.sleep(0.3)
            writer.close()
        await asyncio.sleep(0.2)
        return (await control(port, "hasty", "GET", "verdict"))["findings"]

    (finding,) = asyncio.run(run())
    assert finding["code"] == "paid-twice"
    assert finding["says"].startswith("the client left before the answer came")


def test_a_stream_that_is_read_is_delivered(port: int) -> None:
    async def run() -> None:
        kind = (("content-type", "application/json"),)
        await ask(port, "POST", f"/s/good{PATH}", kind, json.dumps(STREAM).encode())

    asyncio.run(run())
    assert fate(port, "good") == "delivered"
