"""What a shell knows of the client while it serves it: is it still there, and how late is it.

What must not enter: HTTP, replies.
"""

from __future__ import annotations

import asyncio
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, MutableSet

    from starlette.types import Receive


class Gone(Exception):  # noqa: N818 - not an error: the client left, and nobody needs an answer
    """The client hung up, or the server stops."""


class Watch:
    """Tells when the client is gone or the server stops. Costs nothing until it is asked.

    `clock` is what a reply's waits are meant on: it may be moved, and then `wake` tells so.
    """

    __slots__ = ("_ahead", "_began", "_open", "_receive", "_task", "_woken", "clock")

    def __init__(self, receive: Receive, watches: MutableSet[Watch]) -> None:
        self._receive = receive
        self._open = watches
        self._task: asyncio.Task[None] | None = None
        self._woken: asyncio.Future[None] | None = None
        self._ahead = 0.0
        self._began = time()
        self.clock: Callable[[], float] = time

    def follow(self, clock: Callable[[], float]) -> None:
        """Mean waits on this clock, which began with the request and may have been moved since."""
        self.clock = clock
        self._ahead = max(0.0, clock() - self.since)

    @property
    def since(self) -> float:
        """Return the real seconds since the request came."""
        return time() - self._began

    def start(self) -> asyncio.Task[None]:
        """Return the task that ends when the client is gone. It throws away what still arrives."""
        if self._task is None:
            self._task = asyncio.create_task(_until_gone(self._receive))
            self._open.add(self)
        return self._task

    @property
    def gone(self) -> bool:
        """Tell whether the client has left, as far as anybody has looked."""
        return self._task is not None and self._task.done()

    async def sleep(self, seconds: float) -> None:
        """Wait that long on the clock. Raises Gone as soon as the client is gone.

        When the clock is moved further than that, the next waits are shorter by the rest.
        """
        gone = self.start()
        passed = max(0.0, min(self._ahead, seconds))
        self._ahead -= passed
        left = seconds - passed
        due = self.clock() + left
        while left > 0 and not gone.done():
            self._woken = asyncio.get_running_loop().create_future()
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait((gone, self._woken), timeout=left, return_when=first)
            woken, self._woken = self._woken.done(), None
            left = min(seconds, due - self.clock()) if woken else 0.0
        self._ahead += max(0.0, -left)
        if gone.done():
            raise Gone

    async def parting(self, seconds: float) -> None:
        """Wait until the connection is over, but not longer than that."""
        await asyncio.wait((self.start(),), timeout=seconds)

    def wake(self) -> None:
        """Look at the clock again: it was moved."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def stop(self) -> None:
        """Behave as if the client had left."""
        if self._task is not None:
            self._task.cancel()

    def end(self) -> None:
        """Stop watching."""
        self._open.discard(self)
        self.stop()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
