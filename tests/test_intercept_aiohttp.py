"""In process, behind aiohttp: the client's own machinery meets the emulator's bytes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
import safelight
from aiohttp.connector import BaseConnector
from kit import png
from safelight.background import serving
from safelight.inprocess import shared
from safelight.world import World

OPENAI = "https://api.openai.com/v1"
KEY = {"authorization": "Bearer sk-mine"}
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
PNG = png()
SOON = aiohttp.ClientTimeout(total=None, sock_read=20)


@pytest.fixture
def emulator() -> Iterator[World]:
    with safelight.Emulator() as emulator:
        yield emulator


def run(
    job: Callable[[aiohttp.ClientSession], Awaitable[Any]],
    timeout: aiohttp.ClientTimeout = SOON,
    **kind: Any,
) -> Any:
    """Do something with a session of aiohttp."""

    async def main() -> Any:
        async with aiohttp.ClientSession(timeout=timeout, headers=KEY, **kind) as client:
            return await job(client)

    return asyncio.run(main())


async def models(client: aiohttp.ClientSession, url: str = f"{OPENAI}/models") -> Any:
    async with client.get(url) as reply:
        return reply.status, await reply.json()


def test_a_call_is_answered_and_told(emulator: World) -> None:
    status, body = run(models)
    assert (status, body["object"]) == (200, "list")
    (asked,) = emulator.requests
    assert (asked.operation, asked.path) == ("models.list", f"{OPENAI}/models")


@pytest.mark.parametrize("kind", [{"base_url": OPENAI + "/"}, {"connector": None}])
def test_sessions_of_every_kind(emulator: World, kind: dict[str, Any]) -> None:
    url = "models?limit=3" if kind.get("base_url") else f"{OPENAI}/models?limit=3#a"
    assert run(lambda client: models(client, url), **kind)[0] == 200
    assert emulator.requests[0].path == f"{OPENAI}/models"


def test_a_form_in_chunks_is_read(emulator: World) -> None:
    async def upload(client: aiohttp.ClientSession) -> int:
        form = aiohttp.FormData()
        form.add_field("model", "gpt-image-2")
        form.add_field("prompt", "a lamp")
        form.add_field("image", PNG, filename="a.png", content_type="image/png")
        url = f"{OPENAI}/images/edits"
        async with client.post(url, data=form, chunked=True, expect100=True) as reply:
            assert (await reply.json())["data"][0]["b64_json"]
            return reply.status

    assert run(upload) == 200
    assert emulator.requests[0].image == PNG


def test_a_stream_arrives_in_pieces_and_is_told_delivered(emulator: World) -> None:
    async def stream(client: aiohttp.ClientSession) -> int:
        url = f"{OPENAI}/chat/completions"
        async with client.post(url, json={**CHAT, "stream": True}) as reply:
            assert reply.headers["content-type"].startswith("text/event-stream")
            return len([line async for line in reply.content if line.startswith(b"data: ")])

    assert run(stream) > 3
    assert emulator.requests[0].fate == "delivered"


def test_a_stream_that_is_left_early_is_told_so(emulator: World) -> None:
    async def leave(client: aiohttp.ClientSession) -> None:
        reply = await client.post(f"{OPENAI}/chat/completions", json={**CHAT, "stream": True})
        await reply.content.readline()
        reply.close()
        await asyncio.sleep(0.01)

    run(leave)
    assert emulator.requests[0].fate == "abandoned"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("connection_refused", aiohttp.ClientConnectorError),
        ("reset_before_headers", aiohttp.ClientOSError),
        ("reset_mid_body", aiohttp.ClientPayloadError),
        ("wrong_content_length", aiohttp.ClientPayloadError),
        ("stall_before_headers", aiohttp.ServerTimeoutError),
        ("stall_mid_body", aiohttp.ServerTimeoutError),
    ],
)
def test_a_broken_connection_is_the_clients_own_exception(
    emulator: World, fault: str, error: type[Exception]
) -> None:
    emulator.fail_next(fault, times=None)
    began = time.monotonic()
    with pytest.raises(error):
        run(models)
    assert time.monotonic() - began < 5, "nobody waits for a pause that is only told"


def test_the_limit_on_the_whole_counts_too(emulator: World) -> None:
    emulator.fail_next("stall_before_headers", seconds=30)
    with pytest.raises(TimeoutError):
        run(models, aiohttp.ClientTimeout(total=29))
    emulator.fail_next("stall_before_headers", seconds=30)
    assert run(models, aiohttp.ClientTimeout(total=31))[0] == 200


@pytest.mark.parametrize("fault", ["truncated_json", "drip", "html_200", "empty_body", "sse_crlf"])
def test_a_fault_is_the_same_in_process_and_on_a_real_connection(
    emulator: World, fault: str
) -> None:
    async def body(client: aiohttp.ClientSession, base: str) -> tuple[int, bytes]:
        async with client.post(f"{base}/chat/completions", json={**CHAT, "stream": True}) as reply:
            return reply.status, await reply.read()

    def told(base: str) -> tuple[int, int]:
        emulator.fail_next(fault, **({"seconds": 0.00001} if fault == "drip" else {}))
        status, text = run(lambda client: body(client, base))
        return status, len(text)

    here = told(OPENAI)
    with serving(shared()) as origin:
        assert told(f"{origin}/s/{emulator.name}/openai/v1") == here


def test_nothing_of_the_emulator_stays_in_a_pool(emulator: World) -> None:
    async def twice(client: aiohttp.ClientSession) -> int:
        await models(client)
        await models(client)
        assert isinstance(client.connector, BaseConnector)
        return len(client.connector._conns)

    assert run(twice) == 0
    assert len(emulator.requests) == 2


def test_a_stranger_is_stopped_and_named(emulator: World) -> None:
    with pytest.raises(safelight.Escaped, match=r"https://example\.com/a"):
        run(lambda client: client.get("https://example.com/a"))
    assert emulator.escapes == ["https://example.com/a"]
    emulator.escapes.clear()


def test_a_server_on_this_machine_is_really_reached(emulator: World) -> None:
    with serving(shared()) as origin:
        url = f"{origin}/_safelight/health"
        assert run(lambda client: models(client, url))[1]["status"] == "ok"
    assert emulator.requests == ()


def test_everything_is_as_before_when_it_ends() -> None:
    before = BaseConnector.connect
    with safelight.Emulator(), safelight.Emulator():
        assert BaseConnector.connect is not before
    assert BaseConnector.connect is before


def test_a_bug_of_ours_is_raised_in_the_client(
    emulator: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(shared()), "respond", broken)
    with pytest.raises(ZeroDivisionError):
        run(models)
    assert emulator.requests == ()


LATE = f"""
import asyncio, sys, safelight

assert "aiohttp" not in sys.modules
with safelight.Emulator() as emulator:
    assert "aiohttp" not in sys.modules
    import aiohttp

    async def main():
        async with aiohttp.ClientSession(headers={KEY}) as client:
            async with client.get("{OPENAI}/models") as reply:
                print(reply.status)

    asyncio.run(main())
real = aiohttp.connector.BaseConnector.connect
assert real.__module__ == "aiohttp.connector" and not hasattr(real, "__wrapped__")
assert not [finder for finder in sys.meta_path if "safelight" in type(finder).__module__]
"""


def test_a_client_that_is_imported_in_the_middle_is_answered_too() -> None:
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("200\n", "")
