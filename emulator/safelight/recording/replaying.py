"""A recording becomes the reply it was: bytes, chunks, and as much of its pace as is wanted.

What must not enter: matching, sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from safelight.fixtures import bodies
from safelight.fixtures.model import Exact, Fixture, Piece
from safelight.messages import Chunk, Headers, Reply

_APART = 1e-6
"""Seconds between two chunks that come at once: a shell joins what is due at the same moment."""


def reply_of(fixture: Fixture, link: Callable[[str], str], *, speed: float = 1.0) -> Reply:
    """Return the reply of an exact fixture. `link` gives a file's URL, `speed` divides waits."""
    exact = fixture.reply
    assert isinstance(exact, Exact)
    read = lru_cache(maxsize=8)(lambda name: fixture.file(name).read_bytes())
    restore = partial(bodies.restore, read=read, link=link)
    if exact.chunks is None:
        body = restore(exact.body, layout=exact.layout)
        return Reply(exact.status, _with_length(exact.headers, body), body)
    chunks = tuple(
        Chunk(restore(piece.data), _wait(piece, number, exact, speed))
        for number, piece in enumerate(exact.chunks)
    )
    return Reply(exact.status, exact.headers, chunks=chunks)


def _wait(piece: Piece, number: int, exact: Exact, speed: float) -> float:
    if exact.paced and piece.wait:
        return piece.wait / speed
    return _APART if number else 0.0


def _with_length(headers: Headers, body: bytes) -> Headers:
    if not body or any(name == "content-length" for name, _ in headers):
        return headers
    return (*headers, ("content-length", str(len(body))))
