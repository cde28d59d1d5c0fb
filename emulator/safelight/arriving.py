"""What arrives at the Starlette shell: the events of ASGI become the core's `Request`.

How large a body may grow and how long a silent client is borne are judged here. What must not
enter: meaning, replies.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from safelight.messages import Request
from safelight.watch import Gone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope

_DRAIN = 256 * 2**20
"""Bytes thrown away of a body over the limit, so that clients which write first see the answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one exchange may take: `max_body` in bytes, `read_timeout` in seconds of silence."""

    max_body: int = 64 * 2**20
    read_timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it came. `data` is empty once `size` is over the limit; `ended`: all of it came."""

    data: bytes
    size: int
    ended: bool


async def read_body(receive: Receive, limits: Limits) -> Body:
    """Return the request's body; once it is over the limit its bytes are counted, not kept.

    Raises Gone when the client hangs up, TimeoutError after `limits.read_timeout` of silence.
    """
    kept = BytesIO()  # gives what it holds without a copy, which a list of pieces cannot
    size = 0
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(limits.read_timeout) as silence:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            size += len(piece)
            if size > limits.max_body:
                kept = BytesIO()
            elif piece:
                kept.write(piece)
            ended = not message.get("more_body", False)
            if ended or size > limits.max_body + _DRAIN:
                return Body(kept.getvalue(), size, ended)
            silence.reschedule(now() + limits.read_timeout)


def as_request(scope: Scope, body: Body, max_body: int) -> Request:
    """Return what arrived as the core's `Request`."""
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    )
    over = body.size > max_body
    return Request(
        method=scope["method"],
        path=path_of(scope),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body.data,
        base_url=_base_url(scope, headers),
        body_limit=max_body if over else None,
        body_read=body.size if over else 0,
    )


def path_of(scope: Scope) -> str:
    """Return the path as on the wire; of an absolute form (RFC 9112, 3.2.2) only the path."""
    raw: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    if raw.startswith("/") or "://" not in raw:
        return raw
    _, slash, path = raw.partition("://")[2].partition("/")
    return slash + path or "/"


def _base_url(scope: Scope, headers: Iterable[tuple[str, str]]) -> str:
    host = next((value for name, value in headers if name == "host"), "")
    if not host:
        address, port = scope.get("server") or ("127.0.0.1", 80)
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"{scope['scheme']}://{host}"
