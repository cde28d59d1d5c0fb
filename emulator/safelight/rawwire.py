"""The connection beneath an ASGI server, for faults that no server would send by itself.

A reply with `wire` is written to the transport as it stands, past the server's own framing, and
then closed or reset. ASGI offers no way to that: the transport is looked for behind `send`, where
hypercorn and uvicorn keep it. Where it cannot be found the server is made to close the connection,
by an exception. What must not enter: faults, HTTP.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

from safelight.messages import Reply

_DEEP = 9
_WAYS = ("__self__", "send", "transport", "writer", "protocol")
_HIGH = 256 * 1024
"""Bytes that may wait unsent before a raw reply waits for the client to read."""


@runtime_checkable
class _Connection(Protocol):
    """A transport, asyncio's or another loop's."""

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool: ...
    def get_write_buffer_size(self) -> int: ...
    def get_extra_info(self, name: str) -> Any: ...  # noqa: ANN401 - asyncio's own signature


class Cut(ConnectionError):  # noqa: N818 - an order to the server, not a mistake
    """Nothing is known of the connection: the server closes it when this is raised."""


def transport_of(send: object) -> _Connection | None:
    """Return the transport behind an ASGI `send`, or None."""
    seen: list[object] = [send]
    for _ in range(_DEEP):
        found: list[object] = []
        for thing in seen:
            if isinstance(thing, _Connection):
                return thing
            found += [getattr(thing, way) for way in _WAYS if getattr(thing, way, None) is not None]
        seen = found
    return None


async def put(reply: Reply, send: object, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Write a reply's `wire` and end the connection as it says. Raises Cut where that cannot be."""
    transport = transport_of(send)
    if transport is None:
        raise Cut
    for chunk in reply.wire or ():
        if chunk.wait > 0:
            await sleep(chunk.wait)
        for at in range(0, len(chunk.data), _HIGH):
            while transport.get_write_buffer_size() > _HIGH:
                await sleep(0.005)
            transport.write(chunk.data[at : at + _HIGH])
    if reply.end == "reset":
        while transport.get_write_buffer_size() and not transport.is_closing():
            await sleep(0.005)  # a reset throws away what waits
        _reset(transport)
    else:
        transport.close()


def _reset(transport: _Connection) -> None:
    """Close so that the peer sees a reset: no lingering, and no polite end."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
