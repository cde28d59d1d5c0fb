"""The aiohttp shell: the emulator's core behind aiohttp, without a socket.

aiohttp asks its connector for a connection; one to an emulated host is made of memory. What the
client writes to it is read as HTTP/1.1, answered, and written back as bytes, so all that the client
makes of a reply is its own doing: streams, cut bodies, time-outs. What must not enter: meaning (the
core's), other libraries' clients.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
import h11
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector, Connection
from yarl import URL

from safelight.intercept import HERE, Desk
from safelight.messages import Chunk, Reply, Request

_REFUSED = ConnectionRefusedError(111, "Connection refused")
_RESET = ConnectionResetError(104, "Connection reset by peer")


class _Wire(asyncio.Transport):
    """One connection, for one exchange, to whatever `path` is of the emulator's."""

    def __init__(self, desk: Desk, path: str, asked: aiohttp.ClientRequest, limit: _Limit) -> None:
        super().__init__()
        self._desk, self._path, self._asked, self._limit = desk, path, asked, limit
        self._read = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
        self._head: h11.Request | None = None
        self._body: list[bytes] = []
        self._flows = asyncio.Event()
        self._flows.set()
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self.protocol = ResponseHandler(asyncio.get_running_loop())
        self.protocol.connection_made(self)
        self.protocol.force_close()  # it must not be pooled: the emulator behind it ends

    # What aiohttp asks of a transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take what the client sends; at the end of its request, answer."""
        self._read.receive_data(bytes(data))
        while (event := self._read.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._task = asyncio.get_running_loop().create_task(self._answer())
            else:
                break
        if self._read.they_are_waiting_for_100_continue:
            go = h11.InformationalResponse(status_code=100, headers=[])
            self.protocol.data_received(self._read.send(go) or b"")

    def writelines(self, list_of_data: Any) -> None:  # noqa: ANN401 - any pieces
        """Take several pieces."""
        self.write(b"".join(bytes(piece) for piece in list_of_data))

    def get_write_buffer_size(self) -> int:
        """Return 0: all that was written has been read."""
        return 0

    def is_closing(self) -> bool:
        """Tell whether the connection is over."""
        return self._over

    def pause_reading(self) -> None:
        """Hold back what comes next."""
        self._flows.clear()

    def resume_reading(self) -> None:
        """Go on."""
        self._flows.set()

    def close(self) -> None:
        """End, by the client."""
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._end(None)

    abort = close

    def _end(self, error: OSError | None) -> None:
        if not self._over:
            self._over = True
            self._asked.loop.call_soon(self.protocol.connection_lost, error)

    # The answer

    async def _answer(self) -> None:
        try:
            reply = self._desk.answer(self._request())
            if await self._wait(reply.delay):
                await (self._send(reply) if reply.wire is None else self._send_raw(reply))
        except Exception as error:  # noqa: BLE001 - told to the client that waits for an answer
            self.protocol.set_exception(error)

    async def _send(self, reply: Reply) -> None:
        """Send a reply, framed as a server would; a stream's fate is told to its receipt."""
        pieces = [Chunk(reply.body)] if reply.chunks is None else reply.chunks
        tell = (reply.receipt if reply.chunks is not None else None) or (lambda _: None)
        fate = "abandoned"
        try:
            chunked, head = _head(reply)
            self.protocol.data_received(head)
            quiet = self._asked.method == "HEAD"
            for chunk in () if quiet else pieces:
                if not await self._wait(chunk.wait):
                    return
                self.protocol.data_received(_framed(chunk.data) if chunked else chunk.data)
                await asyncio.sleep(0)  # the client may read, and leave
            if chunked and not quiet:
                self.protocol.data_received(b"0\r\n\r\n")
            fate = "delivered"
        finally:
            tell(fate)

    async def _send_raw(self, reply: Reply) -> None:
        """Send the very bytes of a fault, and end as it does."""
        if not reply.status and reply.end == "close":  # nobody there: how a refused one looks
            key: Any = self._asked.connection_key
            self.protocol.set_exception(aiohttp.ClientConnectorError(key, _REFUSED))
            return
        for chunk in reply.wire or ():
            if not await self._wait(chunk.wait):
                return
            self.protocol.data_received(chunk.data)
            await asyncio.sleep(0)
        self._end(_RESET if reply.end == "reset" else None)

    async def _wait(self, seconds: float) -> bool:
        """Wait in the session's time; False where the client's own patience ends before."""
        if seconds > 0:
            patience, error = self._limit.of(seconds)
            await self._desk.clock.spend_async(patience)
            if error is not None:
                self.protocol.set_exception(error)
                if (body := getattr(self.protocol, "_payload", None)) is not None:
                    body.set_exception(error)
                return False
        await self._flows.wait()
        return True

    def _request(self) -> Request:
        assert self._head is not None, "a message begins with its head"
        fields = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in self._head.headers]
        path, _, query = self._path.partition("?")
        called = str(self._asked.url.with_query(None).with_fragment(None))
        method, body = self._asked.method, b"".join(self._body)
        return Request(method, path, query, tuple(fields), body, HERE, called=called)


class _Limit:
    """How long a client waits: for a piece (`sock_read`), and for all of it (`total`)."""

    def __init__(self, timeout: aiohttp.ClientTimeout) -> None:
        self._piece = timeout.sock_read or float("inf")
        self._left = timeout.total or float("inf")

    def of(self, seconds: float) -> tuple[float, Exception | None]:
        """Return how much of a wait is waited, and what the client raises when that is not all."""
        limit = min(self._piece, self._left)
        if seconds <= limit:
            self._left -= seconds
            return seconds, None
        if self._piece <= self._left:
            return limit, aiohttp.ServerTimeoutError("Timeout on reading data from socket")
        return limit, TimeoutError()


def _head(reply: Reply) -> tuple[bool, bytes]:
    """Return whether a reply goes in chunks, and the bytes of its status line and headers."""
    fields = list(reply.headers)
    named = {name.lower() for name, _ in fields}
    chunked = reply.chunks is not None and "content-length" not in named
    if chunked and "transfer-encoding" not in named:
        fields.append(("transfer-encoding", "chunked"))
    elif not chunked and "content-length" not in named:
        fields.append(("content-length", str(len(reply.body))))
    lines = [f"HTTP/1.1 {reply.status} ", *(f"{name}: {value}" for name, value in fields), "", ""]
    return chunked, "\r\n".join(lines).encode("latin-1")


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


@contextmanager
def answering(desk: Desk) -> Iterator[None]:
    """Answer aiohttp's clients for the emulated hosts until the end of the block."""
    real: Callable[..., Any] = BaseConnector.connect

    @functools.wraps(real)
    async def connect(
        connector: BaseConnector,
        req: aiohttp.ClientRequest,
        traces: Sequence[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - theirs
    ) -> Connection:
        path = desk.find(_text(req.url))
        if path is None:
            found: Connection = await real(connector, req, traces, timeout)
            return found
        protocol = _Wire(desk, path, req, _Limit(timeout)).protocol
        return Connection(connector, req.connection_key, protocol, asyncio.get_running_loop())

    BaseConnector.connect = connect  # type: ignore[assignment,method-assign]
    before, desk.guard.answers = desk.guard.answers, lambda url: desk.find(url) is not None
    try:
        yield
    finally:
        desk.guard.answers = before
        if BaseConnector.connect is connect:  # else somebody patched over it
            BaseConnector.connect = real  # type: ignore[method-assign]


def _text(url: URL) -> str:
    return str(url.with_fragment(None))
