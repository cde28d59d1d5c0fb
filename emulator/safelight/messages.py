"""The values that every room passes on: plain, frozen, without I/O.

What must not enter: sockets, files, clocks, providers, and anything that has a life of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A JSON value as Python's parsers give it. The one place where `Any` is the truth."""

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Header fields in order; names are lower-case on requests."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart form, or a picture that a JSON body carried in a `data:` URL."""

    filename: str | None
    content_type: str | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived, before anybody has understood it.

    `path` is as on the wire (percent-encoded, without the query). `body_limit` is set, in bytes,
    when the shell stopped reading because the body was larger; `body_read` is how much it had read.
    `base_url` is the scheme and authority that the client used, so that replies can link back.
    `called` is the URL that the client itself called, without its query, where that is another: a
    live service's, answered in process.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    base_url: str = "http://127.0.0.1:4010"
    body_limit: int | None = None
    body_read: int = 0
    called: str = ""

    def header(self, name: str) -> str | None:
        """Return the first field of that lower-case name, or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a streamed body, to be sent `wait` seconds after the piece before it."""

    data: bytes = field(repr=False)
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a whole `body`, or `chunks` of a stream (then `body` is empty).

    `delay` is how many seconds to wait before the first byte. A fault on the wire sets `wire`: the
    bytes that a connection really carries, status line and framing included, in place of headers
    and body; after them it is closed, or, where `end` is "reset", reset. Waits are meant on
    `clock`, seconds since the request came, which may be moved. Who sends a reply may tell its fate
    to `receipt`: "open" while a stream goes out, then "delivered", or "abandoned" when the client
    has left before the end.
    """

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    chunks: tuple[Chunk, ...] | None = None
    delay: float = 0.0
    wire: tuple[Chunk, ...] | None = None
    end: str = "close"
    clock: Callable[[], float] | None = field(default=None, compare=False, repr=False)
    receipt: Callable[[str], None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was understood and found good: what an operation is asked to do.

    `params` holds the request's fields under their wire names; files are `Upload`s. `seed` already
    mixes the server's seed with the session, so an operation derives everything from it and from
    `params`. `traits` are the catalogue's facts about the model, `now` is in epoch seconds.
    """

    operation: str
    model: str
    params: Mapping[str, Json]
    seed: int
    now: float
    traits: Mapping[str, Json] = field(default_factory=dict)
    lenient: bool = False
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Something slow that the walk needs done: the driver runs it, in place or in a thread."""

    run: Callable[[], object]
