"""The Starlette shell: the emulator's core behind a socket.

A `Request` (`arriving.py`) is answered, its `Reply` becomes bytes; between them stands what happens
when a client hangs up or the server stops. What must not enter: meaning (the core's), the choice of
a server (`server.py`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, time
from typing import TYPE_CHECKING

from starlette.routing import Router

from safelight import hints, rawwire
from safelight.arriving import Limits, as_request, path_of, read_body
from safelight.masks import Masks
from safelight.messages import Reply, Request
from safelight.watch import Gone, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from safelight.core import Emulator
    from safelight.messages import Chunk

LOG = logging.getLogger("safelight")

_LOGGED = 500
"""Letters of a path that a log line shows."""

_PARTING = 5.0
"""Seconds that a connection which was written to past its server may take to be over."""

_UNSENT = 64 * 1024
"""Bytes that asyncio takes before anybody is made to wait for a client that does not read."""


class Shell:
    """The ASGI endpoint that hands every exchange to the emulator. One per server."""

    def __init__(self, emulator: Emulator, limits: Limits | None = None) -> None:
        self._emulator = emulator
        self._limits = limits or Limits()
        self._watches: set[Watch] = set()
        self._moves = 0
        workers = min(4, max(2, os.cpu_count() or 2))
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="safelight-work")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange, as ASGI asks."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        began = perf_counter()
        watch = Watch(receive, self._watches)
        reply: Reply | None = None
        try:
            reply = await self._exchange(scope, receive, watch)
            await send_reply(reply, send, watch)
        except Gone:
            _tell(reply, "abandoned")
            reply = None
        finally:
            watch.end()
        if LOG.isEnabledFor(logging.INFO):
            LOG.info("%s", _line(scope, reply, perf_counter() - began))

    def stop(self) -> None:
        """Let go of every client that is being kept waiting. Call it in the loop's own thread."""
        for watch in tuple(self._watches):
            watch.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _exchange(self, scope: Scope, receive: Receive, watch: Watch) -> Reply:
        try:
            body = await read_body(receive, self._limits)
        except TimeoutError:
            return _too_slow(self._limits.read_timeout)
        if not body.ended:
            watch.start()
        request = as_request(scope, body, self._limits.max_body)
        try:
            return await self._walk(request, watch)
        except (Gone, asyncio.CancelledError):
            raise
        except Exception as error:
            LOG.exception("A bug of Safelight at %s %s", request.method, request.path)
            return _bug(error)

    async def _walk(self, request: Request, watch: Watch) -> Reply:
        """Drive the core's walk; what it calls slow runs in a thread. Raises Gone."""
        walk = self._emulator.walk(request)
        loop = asyncio.get_running_loop()
        try:
            work = next(walk)
            while True:
                job = loop.run_in_executor(self._pool, work.run)
                gone = watch.start()
                await asyncio.wait((job, gone), return_when=asyncio.FIRST_COMPLETED)
                if not job.done():
                    job.cancel()
                    raise Gone
                error = job.exception()
                work = walk.send(job.result()) if error is None else walk.throw(error)
        except StopIteration as end:
            reply: Reply = end.value
            return reply
        finally:
            walk.close()
            self.look_at_clocks()

    def look_at_clocks(self) -> None:
        """Wake who waits by a session's clock, if one was moved. Call it in the loop's thread."""
        moves = self._emulator.clock_moves
        if moves != self._moves:
            self._moves = moves
            for watch in tuple(self._watches):
                watch.wake()


def application(shell: ASGIApp) -> ASGIApp:
    """Return the whole app: Starlette's router, in which `shell` answers everything.

    A whole Starlette application would catch errors twice: the shell tells of its own.
    """
    return Router(default=shell, redirect_slashes=False)


def create() -> ASGIApp:
    """Return an app with default settings: `uvicorn --factory safelight.app:create` runs it."""
    from safelight.core import Emulator, Settings  # the shell alone stays light

    return application(Shell(Emulator(Settings(), clock=time)))


async def send_reply(reply: Reply, send: Send, watch: Watch) -> None:
    """Send a reply; pieces of a stream leave when they are due. Raises Gone between two of them."""
    if reply.clock is not None:
        watch.follow(reply.clock)
    if reply.delay > 0:
        await watch.sleep(reply.delay - watch.since)
    if reply.wire is not None:
        await rawwire.put(reply, send, watch.sleep)
        await watch.parting(_PARTING)  # the server must not take the silence for a mistake
        return
    await send(_start(reply))
    if reply.chunks is None:
        await send({"type": "http.response.body", "body": reply.body})
        return
    await _stream(reply, reply.chunks, send, watch)


async def _stream(reply: Reply, chunks: Iterable[Chunk], send: Send, watch: Watch) -> None:
    """Send a stream, and tell what becomes of it."""
    watch.start()
    _tell(reply, "open")
    size = 0
    for wait, data in due_together(chunks):
        if wait > 0:
            await watch.sleep(wait)
        await send({"type": "http.response.body", "body": data, "more_body": True})
        size += len(data)
    if size > _UNSENT:  # uvicorn waits for its client before a piece, so: before nothing
        await send({"type": "http.response.body", "body": b"", "more_body": True})
    await asyncio.sleep(0)  # leaving ends the last send first; only then is the watch told
    _tell(reply, "abandoned" if watch.gone else "delivered")
    await send({"type": "http.response.body", "body": b""})


def _tell(reply: Reply | None, fate: str) -> None:
    if reply is not None and reply.receipt is not None:
        reply.receipt(fate)


def due_together(chunks: Iterable[Chunk]) -> Iterator[tuple[float, bytes]]:
    """Yield (seconds to wait, bytes): chunks that are due at the same moment are joined.

    One message of 50 events costs a server a quarter of 50 messages of one.
    """
    wait, pieces = 0.0, list[bytes]()
    for chunk in chunks:
        if chunk.wait > 0:
            if pieces:
                yield wait, b"".join(pieces)
            wait, pieces = chunk.wait, []
        pieces.append(chunk.data)
    if pieces:
        yield wait, b"".join(pieces)


def _start(reply: Reply) -> Message:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    whole = reply.chunks is None and reply.status not in {204, 304}
    if whole and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(reply.body)).encode()))
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


def _too_slow(seconds: float) -> Reply:
    text = f"No byte of the request's body came for {seconds:g} s; --read-timeout sets that time."
    return Reply(408, (("content-type", "text/plain"), ("connection", "close")), text.encode())


def _bug(error: Exception) -> Reply:
    name = type(error).__name__
    text = (
        "This is a bug of Safelight, not an answer of the provider. "
        f"The server's log has the traceback of {name}: {error}"
    )
    body = json.dumps({"error": {"message": text, "type": "safelight_bug"}}).encode()
    return Reply(500, (("content-type", "application/json"), ("x-safelight-bug", name)), body)


def _line(scope: Scope, reply: Reply | None, seconds: float) -> str:
    status = "gone" if reply is None else str(reply.status)
    size = 0 if reply is None else len(reply.body) + sum(len(c.data) for c in reply.chunks or ())
    return (
        f"method={scope['method']} path={Masks().path(path_of(scope), _LOGGED)} status={status} "
        f"ms={seconds * 1000:.1f} bytes={size}{hints.logged(reply)}"
    )
