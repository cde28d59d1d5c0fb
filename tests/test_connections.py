"""Idle connections end in time, busy ones never, and all idle ones when the server stops."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypercorn.asyncio import run, serve, tcp_server
from safelight import connections, server
from safelight.app import Shell, application
from safelight.connections import Idles
from safelight.core import Emulator

MODELS = b"GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-x\r\n\r\n"


class Named:
    """A connection as far as `Idles` knows one."""

    def __init__(self, closed: asyncio.Queue[str], name: str) -> None:
        self.name = name
        self._closed = closed

    def close_soon(self) -> None:
        self._closed.put_nowait(self.name)


async def test_who_is_idle_too_long_is_closed_and_who_is_busy_is_not() -> None:
    closed = asyncio.Queue[str]()
    idles = Idles(asyncio.Event(), 0.05)
    first, second, busy, gone = (Named(closed, name) for name in ("1", "2", "busy", "gone"))
    for one in (first, second, busy, gone):
        idles.add(one)  # type: ignore[arg-type]  # all of a connection that matters here
    idles.drop(busy)  # type: ignore[arg-type]
    idles.drop(gone)  # type: ignore[arg-type]
    await asyncio.sleep(0.03)
    idles.add(first)  # type: ignore[arg-type]
    assert [await closed.get(), await closed.get()] == ["2", "1"]
    assert not any(one in idles for one in (first, second, busy))


async def test_a_stop_closes_all_that_are_idle_at_once() -> None:
    closed = asyncio.Queue[str]()
    stop = asyncio.Event()
    idles = Idles(stop, 60)
    for name in "abc":
        idles.add(Named(closed, name))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    stop.set()
    assert [await closed.get() for _ in range(3)] == ["a", "b", "c"]


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[int]:
    """Serve with settings of hypercorn's until the end of the block; gives the port."""
    sock = server.listen("127.0.0.1", 0)
    port = int(sock.getsockname()[1])
    config = server.hypercorn_config(sock)
    for name, value in settings.items():
        setattr(config, name, value)
    app: Any = application(Shell(Emulator(clock=time.time)))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait, mode="asgi"))
    try:
        yield port
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "TCPServer", tcp_server.TCPServer)
    connections.install()


async def test_a_kept_connection_ends_when_nothing_comes_on_it() -> None:
    async with serving(keep_alive_timeout=0.2) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(MODELS)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
            await asyncio.sleep(0.1)
        await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_a_client_that_leaves_is_forgotten_and_a_stop_waits_for_nobody() -> None:
    async with serving(keep_alive_timeout=60) as port:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.setblocking(False)  # noqa: FBT003 - its only parameter
                await asyncio.get_running_loop().sock_sendall(sock, MODELS)
                await asyncio.get_running_loop().sock_recv(sock, 64)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = time.monotonic()
    assert await reader.read() == b""
    assert time.monotonic() - began < 2
    writer.close()
