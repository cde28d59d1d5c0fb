"""The emulator behind httpx and httpx2 without a socket: answers, streams, faults, neighbours."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpcore
import httpx
import httpx2
import pytest
import respx
import safelight
from safelight.background import serving
from safelight.faults import FAULTS
from safelight.inprocess import shared
from safelight.world import World

LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda m: m.__name__)
KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
OPENAI = "https://api.openai.com/v1"
KEY = {"authorization": "Bearer sk-test"}
CHAT = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Say seven words, please."}],
}
WIRE = [name for name, fault in FAULTS.items() if fault.kind in ("wire", "cut")]


@pytest.fixture
def emulator() -> Iterator[World]:
    with safelight.Emulator(strict=False) as world:
        yield world


def fetch(library: ModuleType, kind: str, url: str, **options: Any) -> Any:
    """Return the answer to a GET of a blocking or an asyncio client."""
    if kind == "sync":
        return library.get(url, headers=KEY, **options)

    async def go() -> Any:
        async with library.AsyncClient() as client:
            return await client.get(url, headers=KEY, **options)

    return asyncio.run(go())


@LIBRARIES
@KINDS
def test_a_live_host_is_answered(emulator: World, library: ModuleType, kind: str) -> None:
    reply = fetch(library, kind, f"{OPENAI}/models")
    assert reply.status_code == 200
    assert int(reply.headers["content-length"]) == len(reply.content)
    assert [r.operation for r in emulator.requests] == ["models.list"]


@pytest.mark.parametrize("info", shared().providers(), ids=lambda info: info.name)
def test_every_host_of_every_provider_is_answered_by_its_provider(
    emulator: World, info: Any
) -> None:
    for host in info.hosts:
        base = emulator.base_url(info.name).replace(info.hosts[0], host)
        assert httpx.get(f"{base}/models", headers=KEY).status_code == 200
    assert {r.provider for r in emulator.requests} <= {info.name}
    assert len(emulator.requests) == len(info.hosts)


@LIBRARIES
def test_an_upload_arrives_whole(emulator: World, library: ModuleType, picture: bytes) -> None:
    form = {"model": "gpt-image-2", "prompt": "more light"}
    reply = library.post(
        f"{OPENAI}/images/edits", headers=KEY, data=form, files={"image": ("a.png", picture)}
    )
    assert reply.status_code == 200, reply.text
    assert emulator.requests[0].image == picture


@pytest.fixture
def picture() -> bytes:
    with safelight.Emulator() as world:
        body = {"model": "gpt-image-2", "prompt": "a lamp", "size": "1024x1024"}
        reply = httpx.post(f"{OPENAI}/images/generations", headers=KEY, json=body)
        assert world.requests[0].prompt == "a lamp"
    return b64decode(reply.json()["data"][0]["b64_json"])


@LIBRARIES
def test_a_stream_comes_piece_by_piece(emulator: World, library: ModuleType) -> None:
    emulator.fail_next("stall_mid_stream", seconds=300)
    before = emulator.clock.now
    with library.stream(
        "POST",
        f"{OPENAI}/chat/completions",
        headers=KEY,
        json={**CHAT, "stream": True},
        timeout=None,
    ) as reply:
        pieces = reply.iter_raw()
        assert next(pieces).startswith(b"data: ")
        assert (emulator.clock.now - before).total_seconds() < 60, "the pause comes later"
        assert b"".join(pieces).endswith(b"data: [DONE]\n\n")
    assert (emulator.clock.now - before).total_seconds() > 300


@LIBRARIES
def test_an_asynchronous_stream_comes_piece_by_piece(emulator: World, library: ModuleType) -> None:
    async def go() -> list[bytes]:
        client = library.AsyncClient(headers=KEY)
        body = {**CHAT, "stream": True}
        async with client, client.stream("POST", f"{OPENAI}/chat/completions", json=body) as reply:
            return [piece async for piece in reply.aiter_raw()]

    assert len(asyncio.run(go())) > 5
    assert emulator.requests[0].fate == "delivered"


def test_a_stream_that_is_left_early_is_journalled_so(emulator: World) -> None:
    with httpx.stream(
        "POST", f"{OPENAI}/chat/completions", headers=KEY, json={**CHAT, "stream": True}
    ) as reply:
        next(reply.iter_raw())
    del reply
    assert emulator.requests[0].fate == "abandoned"


@LIBRARIES
@KINDS
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("connection_refused", "ConnectError"),
        ("reset_before_headers", "ReadError"),
        ("reset_mid_body", "ReadError"),
        ("stall_before_headers", "ReadTimeout"),
        ("stall_mid_body", "ReadTimeout"),
        ("wrong_content_length", "RemoteProtocolError"),
    ],
)
def test_a_broken_connection_is_the_clients_own_exception(
    emulator: World, library: ModuleType, kind: str, fault: str, error: str
) -> None:
    emulator.fail_next(fault)
    began = time.monotonic()
    with pytest.raises(getattr(library, error)):
        fetch(library, kind, f"{OPENAI}/models", timeout=20)
    assert time.monotonic() - began < 5, "nobody waits for a pause that is only told"


def outcome(url: str) -> tuple[str, object]:
    """Return what a client makes of an address: its answer, or the name of its exception."""
    try:
        reply = httpx.get(url, headers=KEY, timeout=0.3)
    except httpx.HTTPError as error:
        return type(error).__name__, None
    return str(reply.status_code), reply.content


@pytest.mark.parametrize("fault", [name for name in WIRE if name != "connection_refused"])
def test_a_fault_is_the_same_in_process_and_on_a_real_connection(
    emulator: World, fault: str
) -> None:
    """But for a refused connection: a server that listens can only hang up."""
    options = {"seconds": 1} if "stall" in fault else {}
    emulator.fail_next(fault, **options)
    here = outcome(f"{OPENAI}/models")
    with serving(shared()) as origin:
        emulator.fail_next(fault, **options)
        there = outcome(f"{origin}/s/{emulator.name}/openai/v1/models")
    assert here == there


def test_waits_can_be_waited_out(emulator: World) -> None:
    emulator.clock.real = True
    emulator.fail_next("stall_before_headers", seconds=0.2)
    began = time.monotonic()
    assert httpx.get(f"{OPENAI}/models", headers=KEY).status_code == 200
    assert time.monotonic() - began > 0.19


def test_the_link_of_a_picture_works_until_it_expires() -> None:
    with safelight.Emulator(as_of="2026-05-11") as emulator:
        body = {"model": "dall-e-3", "prompt": "a lamp"}
        reply = httpx.post(f"{OPENAI}/images/generations", headers=KEY, json=body)
        url = reply.json()["data"][0]["url"]
        assert httpx2.get(url).headers["content-type"] == "image/png"
        emulator.clock.advance(minutes=61)
        assert httpx2.get(url).status_code == 403
        assert [r.status for r in emulator.downloads] == [200, 403]


def test_any_base_url_can_be_answered_for() -> None:
    with safelight.Emulator(base_urls=["https://llm.corp.example:8443/api/v1"]) as emulator:
        url = "https://llm.corp.example:8443/api/v1/chat/completions"
        reply = httpx2.post(url, headers=KEY, json={**CHAT, "model": "our-own"})
        assert reply.json()["model"] == "our-own"
        assert emulator.requests[0].provider == "compatible"


# Neighbours


@pytest.mark.parametrize("using", ["httpcore", "httpcore2"])
@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_other_respx_routes_work_beside_it(using: str, first: str) -> None:
    library = {"httpcore": httpx, "httpcore2": httpx2}[using]
    theirs, ours = respx.mock(using=using), safelight.Emulator()
    outer, inner = (theirs, ours) if first == "theirs" else (ours, theirs)
    with outer, inner:
        theirs.get("https://weather.example/today").respond(json={"sun": True})
        assert library.get("https://weather.example/today").json() == {"sun": True}
        assert library.get(f"{OPENAI}/models", headers=KEY).status_code == 200


def test_of_two_emulators_the_inner_one_answers() -> None:
    with safelight.Emulator() as outer, safelight.Emulator() as inner:
        httpx.get(f"{OPENAI}/models", headers=KEY)
        assert (len(outer.requests), len(inner.requests)) == (0, 1)


@LIBRARIES
@KINDS
def test_a_server_on_this_machine_is_really_reached(
    emulator: World, library: ModuleType, kind: str
) -> None:
    with serving(shared()) as origin:
        assert fetch(library, kind, f"{origin}/_safelight/health").json()["status"] == "ok"
    assert emulator.requests == ()


@LIBRARIES
@KINDS
def test_a_stranger_is_not_reached_and_is_named(library: ModuleType, kind: str) -> None:
    block = safelight.Emulator()
    emulator = block.__enter__()
    with pytest.raises(safelight.Escaped, match=r"https://example\.com/a\?b=1"):
        fetch(library, kind, "https://example.com/a?b=1")
    assert emulator.escapes == ["https://example.com/a?b=1"]
    with pytest.raises(AssertionError, match="wanted to leave"):
        block.__exit__(None, None, None)


def test_everything_is_as_before_when_it_ends() -> None:
    places = [(socket, "getaddrinfo"), (socket.socket, "connect"), (socket.socket, "sendto")]
    places += [(httpcore.ConnectionPool, "handle_request")]
    before = [getattr(*place) for place in places]
    with safelight.Emulator():
        assert all(getattr(*p) is not b for p, b in zip(places, before, strict=True))
    assert [getattr(*place) for place in places] == before
    assert "connect" not in vars(socket.socket) or before[1] is vars(socket.socket)["connect"]


def test_a_mocker_of_our_own_serves_httpx2_where_its_plugin_is_absent() -> None:
    code = (
        "import sys, safelight, httpx2\n"
        "with safelight.Emulator():\n"
        f"    print(httpx2.get('{OPENAI}/models', headers={KEY}).status_code)\n"
        "assert 'pytest_httpx2' not in sys.modules\n"
        "import pytest_httpx2\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("200\n", "")
