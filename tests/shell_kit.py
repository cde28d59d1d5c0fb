"""An ASGI server played by hand, and a core made for the test, for tests of the shell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from typing import Any

from safelight.app import Shell
from safelight.arriving import Limits
from safelight.messages import Reply, Request, Work

Walk = Generator[Work, object, Reply]
OK = Reply(200, (("content-type", "application/json"),), b"{}")


class Canned:
    """A core that walks as the test says and remembers what it was asked."""

    clock_moves = 0

    def __init__(self, walk: Callable[[Request], Walk] | Reply = OK) -> None:
        self.asked: list[Request] = []
        self._walk = walk

    def walk(self, request: Request) -> Walk:
        self.asked.append(request)
        if isinstance(self._walk, Reply):
            return self._walk
        return (yield from self._walk(request))


class Client:
    """The server's side of ASGI: what the client sends, and what it gets."""

    def __init__(self, pieces: Iterable[bytes] = (b"",), *, leaves: bool = False) -> None:
        sent = list(pieces)
        ends = [not leaves and n == len(sent) - 1 for n in range(len(sent))]
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for piece, end in zip(sent, ends, strict=True):
            self.inbox.put_nowait({"type": "http.request", "body": piece, "more_body": not end})
        if leaves:
            self.hang_up()
        self.got: list[dict[str, Any]] = []

    def hang_up(self) -> None:
        self.inbox.put_nowait({"type": "http.disconnect"})

    async def send(self, message: Any) -> None:
        self.got.append(message)

    async def ask(self, app: Any, **scope: Any) -> None:
        plain = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/v1/models",
            "query_string": b"",
            "headers": [(b"host", b"localhost:4010")],
            "server": ("127.0.0.1", 4010),
        }
        await app(plain | scope, self.inbox.get, self.send)

    @property
    def status(self) -> int:
        return int(self.got[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.got[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got[1:])


def shell(walk: Any = OK, **limits: Any) -> tuple[Shell, Canned]:
    core = Canned(walk)
    return Shell(core, Limits(**limits)), core  # type: ignore[arg-type]  # a core of the test's own
