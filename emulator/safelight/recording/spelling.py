"""Pieces of a body become what a fixture says of it: JSON people can read, or texts and files.

What is written here is restored by `fixtures.bodies`, byte for byte. What must not enter: HTTP,
files, secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pybase64

from safelight.fixtures import bodies
from safelight.fixtures.model import Piece as Chunk
from safelight.messages import Json
from safelight.recording.blobs import FOLDER

_READABLE = 2 * 2**20
"""Bytes of JSON, without its pictures, that are still written as JSON."""


_LEVELS = 60
"""Levels of JSON that are written as JSON: what is deeper nobody reads."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of the store: `name` is its hash and extension, `form` how the body has it.

    `form` is "base64" or "bytes"; `size` is how many bytes of the body it stands for.
    """

    name: str
    form: str
    size: int


Piece = bytes | Blob


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a stream was cut: a chunk of so many bytes, `wait` seconds after the one before."""

    size: int
    wait: float


def body(pieces: Sequence[Piece], links: Mapping[str, str]) -> tuple[Json, str]:
    """Return (body, layout) of a fixture. `links` maps a link in the body to the file behind it."""
    if not pieces:
        return None, "compact"
    found = _as_json(pieces, links)
    if found is not None:
        return found
    return _join(_specs(pieces, links)), "compact"


def chunks(
    pieces: Sequence[Piece], cuts: Iterable[Cut], links: Mapping[str, str]
) -> tuple[Chunk, ...]:
    """Return the chunks of a fixture: the pieces, cut where the stream was."""
    out: list[Chunk] = []
    rest: list[Piece | _Part] = [*reversed(pieces)]
    for cut in cuts:
        own, need = list[Piece | _Part](), cut.size
        while need and rest:
            own.append(_head(rest, need))
            need -= _size(own[-1])
        out.append(Chunk(_join(_specs(own, links)), cut.wait))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a blob: `start` counts in what the body has of it."""

    blob: Blob
    start: int
    size: int


def _size(piece: Piece | _Part) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.size


def _head(rest: list[Piece | _Part], need: int) -> Piece | _Part:
    """Take at most so many bytes off the first piece; `rest` is in reverse."""
    piece = rest.pop()
    if _size(piece) <= need:
        return piece
    if isinstance(piece, bytes):
        rest.append(piece[need:])
        return piece[:need]
    blob, start = (piece, 0) if isinstance(piece, Blob) else (piece.blob, piece.start)
    rest.append(_Part(blob, start + need, piece.size - need))
    return _Part(blob, start, need)


def _specs(pieces: Iterable[Piece | _Part], links: Mapping[str, str]) -> Iterator[Json]:
    """Yield each piece as a fixture writes it."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield from _texts(piece, links)
        elif isinstance(piece, Blob):
            yield _file(piece)
        else:
            yield _file(piece.blob, piece.start, piece.start + piece.size)


def _texts(text: bytes, links: Mapping[str, str]) -> Iterator[Json]:
    """Yield a text; a link whose file was kept is one of ours."""
    for link, name in links.items():
        before, found, after = text.partition(link.encode())
        if found:
            yield from _texts(before, links)
            yield {"$url": f"{FOLDER}/{name}"}
            yield from _texts(after, links)
            return
    if text:
        try:
            yield text.decode()
        except UnicodeDecodeError:
            yield {"$base64": pybase64.b64encode(text).decode()}


def _file(blob: Blob, start: int = 0, end: int | None = None) -> dict[str, Json]:
    """Return a reference to a blob, or to a part of what the body has of it."""
    spec: dict[str, Json] = {"$file": f"{FOLDER}/{blob.name}"}
    if blob.form == "base64":
        spec["as"] = "base64"
    if end is not None:
        spec |= {"from": start, "to": end}
    return spec


def _join(specs: Iterable[Json]) -> Json:
    found = list(specs)
    if not found:
        return ""
    return found[0] if len(found) == 1 else {"$join": found}


def _as_json(pieces: Sequence[Piece], links: Mapping[str, str]) -> tuple[Json, str] | None:
    """Return a JSON body and its layout; None where it is none, or would not come back the same."""
    texts = [piece for piece in pieces if isinstance(piece, bytes)]
    blobs = [piece for piece in pieces if isinstance(piece, Blob)]
    if sum(map(len, texts)) > _READABLE or any(blob.form != "base64" for blob in blobs):
        return None
    mark = _mark(texts)
    count = iter(range(len(blobs)))
    told = b"".join(
        piece if isinstance(piece, bytes) else f"{mark}{next(count)}@".encode() for piece in pieces
    )
    value, layout = bodies.spell(told)
    if not isinstance(value, (dict, list)) or bodies.form_of(value) or _deep(value):
        return None
    try:
        return _filled(value, mark, blobs, links), layout
    except ValueError:
        return None


def _deep(value: Json, left: int = _LEVELS) -> bool:
    """Tell whether JSON nests deeper than a fixture may."""
    if left == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_deep(item, left - 1) for item in inner)


def _mark(texts: Iterable[bytes]) -> str:
    mark = "@blob"
    while any(mark.encode() in text for text in texts):
        mark += "@"
    return mark


def _filled(value: Json, mark: str, blobs: Sequence[Blob], links: Mapping[str, str]) -> Json:
    """Return JSON whose marks are references. Raises ValueError where text follows a mark."""
    if isinstance(value, dict):
        return {key: _filled(item, mark, blobs, links) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, mark, blobs, links) for item in value]
    if not isinstance(value, str):
        return value
    if value in links:
        return {"$url": f"{FOLDER}/{links[value]}"}
    before, found, rest = value.partition(mark)
    if not found:
        return value
    number, _, after = rest.partition("@")
    if after:
        raise ValueError(after)
    spec = _file(blobs[int(number)])
    return {**spec, "before": before} if before else spec
