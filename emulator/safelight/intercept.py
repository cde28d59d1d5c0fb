"""The respx shell: the emulator's core behind httpx and httpx2, without a socket.

respx patches the transport that each of the two is built on; one router for each hands what is
meant for an emulated host to `answer` and turns the reply into that library's own responses,
streams and exceptions. All else goes to other respx routers, to hosts that are allowed, or nowhere.
What must not enter: meaning (the core's), test frameworks.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import httpx
import respx
from respx.mocks import HTTPCoreMocker, Mocker
from respx.models import AllMockedAssertionError, PassThrough

from safelight.guard import PORTS, Guard
from safelight.messages import Chunk, Reply, Request

HERE = "https://safelight.test"
"""Where links to pictures point: a host that exists in this process only (.test: RFC 6761)."""

_TARGETS = (
    "connection.{}HTTPConnection",
    "connection_pool.{}ConnectionPool",
    "http_proxy.{}HTTPProxy",
)


class Clock(Protocol):
    """How the time that replies take is spent."""

    def spend(self, seconds: float) -> None:
        """Let so much time pass, in the calling thread."""

    async def spend_async(self, seconds: float) -> None:
        """Let so much time pass, without blocking a loop."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers. `find` maps a URL to a path of the emulator's, or None for a stranger's."""

    find: Callable[[str], str | None]
    answer: Callable[[Request], Reply]
    clock: Clock
    guard: Guard


class _Pace:
    """Waits for one exchange: in the session's time, and never longer than the client would."""

    def __init__(self, clock: Clock, library: Any) -> None:  # noqa: ANN401 - httpcore or httpcore2
        self._clock = clock
        self._library = library

    def wait(self, seconds: float, limit: float | None) -> None:
        if seconds <= 0:
            return
        self._clock.spend(min(seconds, limit) if limit is not None else seconds)
        self._judge(seconds, limit)

    async def asleep(self, seconds: float, limit: float | None) -> None:
        if seconds <= 0:
            return
        await self._clock.spend_async(min(seconds, limit) if limit is not None else seconds)
        self._judge(seconds, limit)

    def _judge(self, seconds: float, limit: float | None) -> None:
        if limit is not None and seconds > limit:
            raise self._library.ReadTimeout("timed out")


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A reply's body, piece by piece as it is due; a stream's fate is told to its receipt."""

    def __init__(self, reply: Reply, pace: _Pace, limit: float | None) -> None:
        self._chunks = (Chunk(reply.body),) if reply.chunks is None else reply.chunks
        self._tell = (reply.receipt if reply.chunks is not None else None) or (lambda _: None)
        self._pace = pace
        self._limit = limit

    def __iter__(self) -> Iterator[bytes]:
        fate = "abandoned"
        try:
            for chunk in self._chunks:
                self._pace.wait(chunk.wait, self._limit)
                yield chunk.data
            fate = "delivered"
        finally:
            self._tell(fate)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        fate = "abandoned"
        try:
            for chunk in self._chunks:
                await self._pace.asleep(chunk.wait, self._limit)
                yield chunk.data
            fate = "delivered"
        finally:
            self._tell(fate)


class Router(respx.MockRouter):
    """A respx router whose one route is the emulator. `library` is httpcore or httpcore2."""

    def __init__(self, desk: Desk, mocker: str, library: Any) -> None:  # noqa: ANN401 - either
        super().__init__(assert_all_called=False, using=mocker)
        self._desk = desk
        self._library = library

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer a blocking client."""
        __tracebackhide__ = True
        url = str(request.url)
        path = self._desk.find(url)
        for other in self._later(path):
            try:
                return other.handler(request)
            except AllMockedAssertionError:
                continue
        if path is None:
            raise self._stranger(request, url)
        reply = self._desk.answer(as_request(request, path))
        pace, limit = self._patience(request)
        pace.wait(reply.delay, limit)
        if reply.wire is None:
            return _response(reply, pace, limit)
        self._connected(reply)
        from safelight.wires import sync_connection

        script = (reply.wire, reply.end)
        return _raw(sync_connection(self._raw_request(request), script, pace, self._library))

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """Answer a client on an event loop."""
        __tracebackhide__ = True
        url = str(request.url)
        path = self._desk.find(url)
        for other in self._later(path):
            try:
                return await other.async_handler(request)
            except AllMockedAssertionError:
                continue
        if path is None:
            raise self._stranger(request, url)
        reply = self._desk.answer(as_request(request, path))
        pace, limit = self._patience(request)
        await pace.asleep(reply.delay, limit)
        if reply.wire is None:
            return _response(reply, pace, limit)
        self._connected(reply)
        from safelight.wires import async_connection

        script = (reply.wire, reply.end)
        return _raw(await async_connection(self._raw_request(request), script, pace, self._library))

    def _later(self, path: str | None) -> Iterator[respx.Router]:
        """Yield routers that were started after this one: the newest are asked first.

        A stranger's URL may be any of theirs; the emulated hosts only an inner emulator's.
        """
        routers = self.Mocker.routers if self.Mocker else []
        for other in reversed(routers[routers.index(self) + 1 :] if self in routers else []):
            if path is None or isinstance(other, Router):
                yield other

    def _stranger(self, request: httpx.Request, url: str) -> BaseException:
        port = request.url.port or PORTS.get(request.url.scheme)
        if self._desk.guard.allows(request.url.host, port):
            return PassThrough("allowed", request=request, origin=None)  # type: ignore[arg-type]  # nobody reads it
        return self._desk.guard.refuse(url)

    def _patience(self, request: httpx.Request) -> tuple[_Pace, float | None]:
        timeouts = request.extensions.get("timeout") or {}
        return _Pace(self._desk.clock, self._library), timeouts.get("read")

    def _connected(self, reply: Reply) -> None:
        if not reply.status and reply.end == "close":  # nobody there: how a refused one looks
            raise self._library.ConnectError("[Errno 111] Connection refused")

    def _raw_request(self, request: httpx.Request) -> Any:  # noqa: ANN401 - either library's
        return self._library.Request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=request.content,
            extensions=request.extensions,
        )


def as_request(request: httpx.Request, path: str) -> Request:
    """Return what a client sent as the core's `Request`. respx has read the body."""
    path, _, query = path.partition("?")
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in request.headers.raw
    )
    url = request.url
    called = f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode().partition('?')[0]}"
    return Request(request.method, path, query, headers, request.content, HERE, called=called)


def _response(reply: Reply, pace: _Pace, limit: float | None) -> httpx.Response:
    headers = list(reply.headers)
    if reply.chunks is None and not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(("content-length", str(len(reply.body))))
    return httpx.Response(reply.status, headers=headers, stream=_Body(reply, pace, limit))


def _raw(response: Any) -> httpx.Response:  # noqa: ANN401 - either library's
    return httpx.Response(response.status, headers=response.headers, stream=response.stream)


@contextmanager
def answering(desk: Desk) -> Iterator[None]:
    """Answer for the emulated hosts in this process until the end of the block."""
    with ExitStack() as stack:
        for mocker, library in _mockers():
            stack.enter_context(Router(desk, mocker, library))
        yield


def _mockers() -> Iterator[tuple[str, Any]]:
    """Yield the name of respx's mocker for each transport that is installed, and its module."""
    import httpcore

    yield HTTPCoreMocker.name, httpcore
    if "httpcore2" in sys.modules or find_spec("httpcore2"):
        library = import_module("httpcore2")
        if library is not httpcore:  # which httpx2's own alias may make of it
            yield _second(), library


def _second() -> str:
    """Return the mocker of httpcore2: pytest-httpx2's, where routers meet, or one of our own."""
    for name in ("httpcore2", "safelight.httpcore2"):
        if name in Mocker.registry:
            return name
    ways = (("_sync", ""), ("_async", "Async"))

    class Second(HTTPCoreMocker):
        name = "safelight.httpcore2"
        targets = [  # noqa: RUF012 - respx declares it
            f"httpcore2.{room}.{target.format(kind)}" for room, kind in ways for target in _TARGETS
        ]

    return Second.name
