"""Clients' connections to hypercorn, watched closer than hypercorn does by itself.

Hypercorn 0.18 starts and cancels a task for every request, to know when a connection is idle, and
lets a client that left, or never ends the head of its request, stay until that idle time is over
(benchmarks/soak.py counts such connections). Here one task looks after all idle connections of a
server. What must not enter: HTTP, the emulator.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypercorn.asyncio import run, tcp_server
from hypercorn.events import Closed, RawData

_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b"
)


class Idles:
    """The idle connections of one server, longest idle first; one task looks after all of them.

    A connection ends when it has been idle for so many seconds, or when the server stops.
    """

    def __init__(self, terminated: Any, seconds: float) -> None:  # noqa: ANN401 - hypercorn's event
        self._terminated = terminated
        self._seconds = seconds
        self._since: dict[Connection, float] = {}
        self._now = asyncio.get_running_loop().time
        self._task = asyncio.create_task(self._watch())

    def add(self, connection: Connection) -> None:
        """Begin to count."""
        self._since.pop(connection, None)
        self._since[connection] = self._now()

    def drop(self, connection: Connection) -> None:
        """Count no more."""
        self._since.pop(connection, None)

    def __contains__(self, connection: Connection) -> bool:
        """Tell whether a connection is idle."""
        return connection in self._since

    async def _watch(self) -> None:
        stopped = False
        while not stopped:
            oldest = next(iter(self._since.values()), self._now())
            try:
                async with asyncio.timeout_at(oldest + self._seconds):
                    await self._terminated.wait()
                stopped = True
            except TimeoutError:
                pass
            due = self._now() - self._seconds
            for connection in [c for c, at in self._since.items() if stopped or at <= due]:
                self.drop(connection)
                connection.close_soon()


class _Turn:
    """One connection's place among the idle ones, asked as hypercorn asks its `SingleTask`."""

    def __init__(self, idles: Idles, connection: Connection) -> None:
        self._idles = idles
        self._connection = connection

    async def restart(self, *_hypercorns_own_way: object) -> None:
        """Note that the connection gets idle."""
        self._idles.add(self._connection)

    async def stop(self) -> None:
        """Note that a request begins, or that the connection is over."""
        self._idles.drop(self._connection)


class Connection(tcp_server.TCPServer):
    """A connection; `config.read_timeout` is how many seconds the head of a request may take."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - hypercorn's seven
        super().__init__(*given)
        kept: dict[str, Any] = vars(self.context)  # one for each server, and it has room
        if "idles" not in kept:
            kept["idles"] = Idles(self.context.terminated, self.config.keep_alive_timeout)
        self._idles: Idles = kept["idles"]
        self.idle_task: Any = _Turn(self._idles, self)  # hypercorn wants a class of its own
        self._late: asyncio.TimerHandle | None = None

    async def _read_data(self) -> None:
        """Read until the client has closed its side; then there is nothing to wait for."""
        try:
            while not self.reader.at_eof():
                data = await self.reader.read(tcp_server.MAX_RECV)
                await self.protocol.handle(RawData(data))
                self._look_at_head()
        except OSError:
            pass
        finally:
            if self._late is not None:
                self._late.cancel()
            self._idles.drop(self)
        await self.protocol.handle(Closed())

    async def _close(self) -> None:
        """Close; from here on nothing can be begun on the connection."""
        self._idles.drop(self)
        await super()._close()

    def _look_at_head(self) -> None:
        """Start the clock of a head that has begun, stop that of one which is whole."""
        connection = getattr(self.protocol.protocol, "connection", None)
        begun = self in self._idles and bool(getattr(connection, "trailing_data", (b"",))[0])
        if not begun and self._late is not None:
            self._late.cancel()
            self._late = None
        elif begun and self._late is None and self.config.read_timeout:
            self._late = self.loop.call_later(self.config.read_timeout, self._give_up)

    def _give_up(self) -> None:
        """Say what was waited for, and close."""
        text = (
            f"The head of a request did not end within {self.config.read_timeout:g} s; "
            "--read-timeout sets that time."
        ).encode()
        self.writer.write(_LATE % (len(text), text))
        self.close_soon()

    def close_soon(self) -> None:
        """End the connection; nothing is under way on it."""
        self._task_group.spawn(self._initiate_server_close)


def install() -> None:
    """Make hypercorn, in this whole process, serve its connections this way."""
    run.TCPServer = Connection  # type: ignore[attr-defined,assignment]  # it offers no other way in
