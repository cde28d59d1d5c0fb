"""The pictures in a run's answers, small enough that a report can carry them.

What must not enter: what is right or wrong about a picture; going to fetch one.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from safelight.messages import Json

from safelight_contracts.results import Result, Run

_EDGE = 320
"""Longest edge of a shown picture, in pixels."""
_MOST = 200
"""Pictures that a report shows: one file has to stay one that a browser opens."""
_LONG = 60
"""Characters from which a text is looked at as a picture."""
_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of an answer: what it is, and a small copy as a `data:` URL."""

    result: Result
    says: str
    url: str


def shown(run: Run) -> list[Shown]:
    """Return the pictures of a run's answers, those of failed cases first."""
    ordered = sorted(run.results, key=lambda result: result.outcome.value != "failed")
    found: list[Shown] = []
    for result in ordered:
        if result.seen is None or result.seen.status != 200:
            continue
        linked = [got.body for got in result.seen.fetched if got.status == 200]
        for data in [*pictures(result.seen.body), *linked]:
            small = _small(data)
            if small:
                found.append(Shown(result, small[0], small[1]))
            if len(found) == _MOST:
                return found
    return found


def pictures(body: bytes) -> Iterator[bytes]:
    """Yield the picture files in a body: base64 in JSON or in the events of a stream."""
    if body.startswith(_STARTS):
        yield body
        return
    texts = [body] if body[:1] in b"{[" else _events(body)
    for text in texts:
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        for value in _texts(document):
            if data := _decoded(value):
                yield data


def _events(body: bytes) -> list[bytes]:
    lines = body.splitlines()
    return [line[5:].strip() for line in lines if line.startswith(b"data:")]


def _texts(node: Json) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str) and len(node) >= _LONG:
        yield node


def _decoded(text: str) -> bytes | None:
    """Return a text's bytes if it is base64 of a picture, with or without a `data:` head."""
    packed = text.partition(",")[2] if text.startswith("data:") else text
    try:
        start = base64.b64decode(packed[:16])
        if not start.startswith(_STARTS):
            return None
        return base64.b64decode(packed)
    except (binascii.Error, ValueError):
        return None


def _small(data: bytes) -> tuple[str, str] | None:
    """Return what a picture is, and a small copy of it; None for one that no decoder takes."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            says = f"{image.format} {image.width}x{image.height}, {len(data) / 1024:.0f} KiB"
            image.draft("RGB", (_EDGE, _EDGE))
            image.thumbnail((_EDGE, _EDGE))
            alpha = "A" in image.getbands() or "transparency" in image.info
            out = io.BytesIO()
            image.convert("RGBA" if alpha else "RGB").save(out, "WEBP", quality=75)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    return says, f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
