"""The client at the recorder's door: what is passed on to it, and what we say in our own name.

What must not enter: the service, what is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from safelight.app import send_reply
from safelight.messages import Reply
from safelight.recording.upstream import Head, UpstreamError
from safelight.watch import Watch

if TYPE_CHECKING:
    from starlette.types import Scope, Send

_ASTRAY = frozenset(("alt-svc", "strict-transport-security"))
"""Headers that would send the client past this proxy the next time."""


def own(status: int, code: str, text: str) -> Reply:
    """Return an answer of the recorder's own, which no client can take for the service's."""
    error = {"message": f"safelight record: {text}", "type": "safelight_record", "code": code}
    headers = (("content-type", "application/json"), ("x-safelight-record", code))
    return Reply(status, (*headers, ("x-should-retry", "false")), orjson.dumps({"error": error}))


class Client:
    """The client of one exchange. Once it has left, what is sent to it is forgotten."""

    def __init__(self, scope: Scope, send: Send, watch: Watch) -> None:
        self._scope = scope
        self._send = send
        self.watch = watch
        self._begun = False

    async def begin(self, head: Head) -> None:
        """Send status and headers."""
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in head.headers
            if name not in _ASTRAY
        ]
        self._begun = True
        await self._say({"type": "http.response.start", "status": head.status, "headers": headers})

    async def send(self, data: bytes) -> None:
        """Send a part of the body."""
        await self._say({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """Send the end."""
        await self._say({"type": "http.response.body", "body": b""})

    async def reply(self, reply: Reply) -> None:
        """Send a whole answer, at its own pace."""
        await send_reply(reply, self._send, self.watch)

    async def fail(self, error: UpstreamError) -> None:
        """Tell that the service failed; once its answer has begun, break off as it did."""
        if not self._begun:
            await self.reply(own(502, "upstream_failed", str(error)))
            return
        if not self.watch.gone:
            await self.reply(Reply(0, wire=(), end="close"))

    async def _say(self, message: dict[str, object]) -> None:
        if not self.watch.gone:
            await self._send(message)
