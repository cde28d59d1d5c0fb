"""One client's connection to hypercorn, watched closer than hypercorn does by itself.

Hypercorn 0.18 starts and cancels a task for every request, to know when a connection is idle, and
lets a client that left, or never ends the head of its request, stay until that idle time is over
(benchmarks/soak.py counts such connections). Here one task for each connection looks after all
three. What must not enter: HTTP, the emulator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.asyncio import run, tcp_server
from hypercorn.events import Closed, RawData

_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b"
)


class Idle:
    """Ends a connection that is idle for too long, or until the server stops.

    Speaks as hypercorn's own `SingleTask` does: `restart` when a connection gets idle, `stop` when
    a request begins.
    """

    def __init__(
        self,
        terminated: Any,  # noqa: ANN401 - hypercorn's event
        seconds: float,
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self.on = False
        self._end = end
        self._terminated = terminated
        self._seconds = seconds
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None

    async def restart(self, *_hypercorns_own_way: object) -> None:
        """Begin to count."""
        self.on, self._since = True, asyncio.get_running_loop().time()
        if self._task is None:
            self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Count no more."""
        self.on = False

    def over(self) -> None:
        """Watch no more: the connection is over."""
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def _watch(self) -> None:
        now = asyncio.get_running_loop().time
        left = self._seconds
        while left > 0:
            try:
                async with asyncio.timeout(left):
                    await self._terminated.wait()
                break
            except TimeoutError:
                left = self._since + self._seconds - now() if self.on else self._seconds
        if self.on:
            await asyncio.shield(self._end())


class Connection(tcp_server.TCPServer):
    """A connection; `config.read_timeout` is how many seconds the head of a request may take."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - hypercorn's seven
        super().__init__(*given)
        seconds = self.config.keep_alive_timeout
        self._idle = Idle(self.context.terminated, seconds, self._initiate_server_close)
        self.idle_task: Any = self._idle  # hypercorn wants its own class, and asks for two methods
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
            self._idle.over()
        await self.protocol.handle(Closed())

    def _look_at_head(self) -> None:
        """Start the clock of a head that has begun, stop that of one which is whole."""
        connection = getattr(self.protocol.protocol, "connection", None)
        begun = self._idle.on and bool(getattr(connection, "trailing_data", (b"",))[0])
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
        self._task_group.spawn(self._initiate_server_close)


def install() -> None:
    """Make hypercorn, in this whole process, serve its connections this way."""
    run.TCPServer = Connection  # type: ignore[attr-defined,assignment]  # it offers no other way in
