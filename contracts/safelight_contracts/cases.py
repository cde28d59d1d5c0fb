"""One question to an endpoint, what the contract says of its answer, and the answer as it came.

A `Case` is planned, priced, sent, judged, shrunk, replayed and reported; so it is a plain frozen
value that names everything the wire will carry. What must not enter: sending, judging, money.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import orjson
from safelight.messages import Headers, Json, Upload

Body = Literal["none", "json", "form", "raw"]
"""How a case's body is written. `raw`: the bytes of `Case.raw`, for bodies that no JSON makes."""

Key = Literal["good", "none", "wrong"]
"""Which credentials a case carries."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the contract says of the answer to one case.

    An accepted request has `row` None. A refusal names the row of the provider's `errors*.toml`,
    the HTTP `status`, and the error object's fields as far as the row tells them (`error`: None
    where a row answers with text). An `unverified` row tells only that the request is refused: its
    wording is nobody's promise. `source` is where the promise comes from.
    """

    status: int = 200
    row: str | None = None
    error: dict[str, Json] | None = None
    unverified: bool = False
    source: str = ""

    @property
    def refuses(self) -> bool:
        """Tell whether the contract says no."""
        return self.row is not None


@dataclass(frozen=True, slots=True)
class Case:
    """One request to make.

    `path` is below the provider's base, percent-encoded, its query included. `params` are the
    body's fields under their wire names, files as `Upload`. `broken` names the one violation that
    was made on purpose (`size:enum`, `prompt:required`), `family` what is stopped together when
    something is accepted that should not be (`images.generate:refusals`). `purpose` is said in a
    plan: why this is asked. `schema` is the request schema's name.
    """

    provider: str
    operation: str
    method: str
    path: str
    purpose: str
    expects: Expectation = field(default_factory=Expectation)
    model: str = ""
    body: Body = "none"
    params: dict[str, Json] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False)
    content_type: str | None = None
    headers: Headers = ()
    key: Key = "good"
    broken: str = ""
    family: str = ""
    schema: str = ""

    @property
    def streams(self) -> bool:
        """Tell whether the answer is asked for as a stream."""
        return self.params.get("stream") in (True, "true")

    @property
    def id(self) -> str:
        """Return what names this question: the same request has the same id in every run."""
        told: list[Json] = [self.provider, self.operation, self.method, self.path, self.body]
        told += [self.key, self.content_type or "", *map(list, self.headers), plain(self.params)]
        return blake2b(_dumped(told) + self.raw, digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a body, `at` seconds after the request was sent, as the network gave them."""

    at: float
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a link in an answer led to; `status` is 0 where nothing came, and `why` says why."""

    url: str
    status: int
    content_type: str | None = None
    body: bytes = field(default=b"", repr=False)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer to a case, as it came.

    `status` is 0 where none came; then `failure` says why: "refused", "timeout", "cut" (the
    connection ended early; what came before is in `pieces`), "garbage" (no HTTP). `began` is the
    epoch second of sending, by our clock; `took` is in seconds. Header names are lower-case.
    `fetched` is what the links in the answer led to, where somebody followed them.
    """

    status: int
    headers: Headers = ()
    pieces: tuple[Piece, ...] = ()
    began: float = 0.0
    took: float = 0.0
    failure: str | None = None
    fetched: tuple[Fetched, ...] = ()

    @property
    def body(self) -> bytes:
        """Return the whole body."""
        return b"".join(piece.data for piece in self.pieces)

    def header(self, name: str) -> str | None:
        """Return the first field of that lower-case name, or None."""
        return next((value for key, value in self.headers if key == name), None)


def _dumped(value: Json) -> bytes:
    """Return a value as JSON, integers of any length included."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def plain(value: Json) -> Json:
    """Return parameters as JSON: a file becomes its name, type and the digest of its bytes."""
    if isinstance(value, Upload):
        digest = blake2b(value.data, digest_size=8).hexdigest()
        return {"file": value.filename, "type": value.content_type, "blake2b": digest}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
