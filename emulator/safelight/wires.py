"""Raw bytes to a client without a socket, for replies that no server would frame by itself.

The client's own HTTP/1.1 machinery reads the bytes from a stream that is scripted: what it makes of
a cut body, a wrong length or a reset is the client's own doing, and so are the exceptions. Serves
httpcore and httpcore2, which are alike. What must not enter: faults, pauses (a `Pace` has them).
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from types import ModuleType
from typing import Any, Protocol

from safelight.messages import Chunk


class Pace(Protocol):
    """How a wait is spent; both raise the client's ReadTimeout for one that is too long for it."""

    def wait(self, seconds: float, limit: float | None) -> None:
        """Wait in a blocking client."""

    def asleep(self, seconds: float, limit: float | None) -> Awaitable[None]:
        """Wait in a client that must not block."""


class _Script:
    """The bytes of one connection, and how it ends."""

    def __init__(self, chunks: Iterable[Chunk], end: str, library: ModuleType) -> None:
        self._chunks = list(chunks)
        self._end = end
        self._library = library

    def due(self) -> float:
        """Return the seconds until the next bytes."""
        return self._chunks[0].wait if self._chunks else 0.0

    def take(self, amount: int) -> bytes:
        """Return the next bytes, or b"" at an orderly end. Raises ReadError for a reset."""
        while self._chunks:
            data = self._chunks.pop(0).data
            if len(data) > amount:
                self._chunks.insert(0, Chunk(data[amount:]))
            if data:
                return data[:amount]
        if self._end == "reset":
            raise self._library.ReadError("[Errno 104] Connection reset by peer")
        return b""


def sync_connection(
    request: Any,  # noqa: ANN401 - httpcore's or httpcore2's
    script: tuple[Iterable[Chunk], str],
    pace: Pace,
    library: Any,  # noqa: ANN401 - the module of either
) -> Any:  # noqa: ANN401 - its Response
    """Return what a blocking client makes of (chunks, end)."""
    lines = _Script(*script, library)

    class Stream(library.NetworkStream):  # type: ignore[misc]  # either library's
        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            pace.wait(lines.due(), timeout)
            return lines.take(max_bytes)

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            """Take what the client sends: it has been read already."""

        def close(self) -> None:
            """End."""

    connection = library.HTTP11Connection(origin=request.url.origin, stream=Stream())
    return connection.handle_request(request)


async def async_connection(
    request: Any,  # noqa: ANN401 - as above
    script: tuple[Iterable[Chunk], str],
    pace: Pace,
    library: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Return what a client on an event loop makes of (chunks, end)."""
    lines = _Script(*script, library)

    class Stream(library.AsyncNetworkStream):  # type: ignore[misc]  # either library's
        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - theirs
            await pace.asleep(lines.due(), timeout)
            return lines.take(max_bytes)

        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
            """Take what the client sends: it has been read already."""

        async def aclose(self) -> None:
            """End."""

    connection = library.AsyncHTTP11Connection(origin=request.url.origin, stream=Stream())
    return await connection.handle_async_request(request)
