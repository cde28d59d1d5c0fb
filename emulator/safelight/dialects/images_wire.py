"""How the plain OpenAI surface writes pictures: one JSON body, or an event stream.

The base64 of a picture is joined into the bytes and never goes through a JSON encoder. Shapes: wire
facts 3.7, 3.8, 4. What must not enter: a provider's name.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from safelight.bounded import Bounded
from safelight.dialects.base import Artwork
from safelight.messages import Chunk, Json
from safelight.operations.image_usage import ImageUsage
from safelight.operations.images import ImagesResult

_EVENT = {"images.generate": "image_generation", "images.edit": "image_edit"}


def usage_json(usage: ImageUsage, *, output_details: bool = True) -> dict[str, Json]:
    """Return the usage object of a whole reply, in the recorded key order."""
    out: dict[str, Json] = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "image_tokens": usage.image_tokens,
            "text_tokens": usage.text_tokens,
        },
        "output_tokens": usage.output_tokens,
    }
    if output_details:
        details = {"image_tokens": usage.output_tokens, "text_tokens": 0}
        out["output_tokens_details"] = details
    out["total_tokens"] = usage.total_tokens
    return out


def join(document: Json, pictures: Sequence[bytes], *, mark: str, indent: bool = True) -> bytes:
    """Return JSON in which the string `<mark><i>` is replaced by the i-th picture's base64.

    `mark` must be a text that nothing else in the document holds, such as a fresh request id.
    """
    return _joined(_dumped(document, indent=indent), pictures, mark)


def _dumped(document: Json, *, indent: bool) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 if indent else None)


def _joined(rest: bytes, pictures: Sequence[bytes], mark: str) -> bytes:
    pieces: list[bytes] = []
    for index, picture in enumerate(pictures):
        before, _, rest = rest.partition(f"{mark}{index}@".encode())
        pieces += (before, picture)
    return b"".join((*pieces, rest))


class Bodies:
    """Joined bodies, kept while they are asked for again, at most `limit` bytes of them.

    The same pictures in the same words are one object, however many clients are being sent it.
    """

    def __init__(self, limit: int) -> None:
        self._kept: Bounded[tuple[bytes, tuple[Artwork, ...]]] = Bounded(limit, _size)

    def join(
        self, document: Json, pictures: tuple[Artwork, ...], *, mark: str, indent: bool
    ) -> bytes:
        """Return what `join` returns."""
        text = _dumped(document, indent=indent)
        key = text.replace(mark.encode(), b"")
        found = self._kept.get(key)
        if found is not None and all(a is b for a, b in zip(found[1], pictures, strict=False)):
            return found[0]
        body = _joined(text, [art.picture for art in pictures], mark)
        if pictures:
            self._kept.put(key, (body, pictures))
        return body


def _size(kept: tuple[bytes, tuple[Artwork, ...]]) -> int:
    return len(kept[0])


def placeholder(mark: str, index: int) -> str:
    """Return the text that `join` replaces by picture `index`."""
    return f"{mark}{index}@"


def events(
    result: ImagesResult, pictures: Sequence[Artwork], *, created: int, mark: str
) -> tuple[Chunk, ...]:
    """Return the event stream of a request: previews, then one completed event for each picture."""
    return tuple(
        chunk
        for art in pictures
        for chunk in _picture_events(result, art, created=created, mark=mark)
    )


def _picture_events(result: ImagesResult, art: Artwork, *, created: int, mark: str) -> list[Chunk]:
    name = _EVENT[result.operation]
    hole = placeholder(mark, 0)
    about = {
        "size": result.size,
        "quality": result.quality,
        "background": result.background,
        "output_format": result.output_format,
    }
    chunks = []
    for number, preview in enumerate(art.previews):
        kind = f"{name}.partial_image"
        event = {
            "type": kind,
            "partial_image_index": number,
            "b64_json": hole,
            "created_at": created,
            **about,
        }
        chunks.append(_frame(kind, join(event, [preview], mark=mark, indent=False)))
    kind = f"{name}.completed"
    share = _share(result)
    event = {"type": kind, "b64_json": hole, "created_at": created, "usage": share, **about}
    if result.safety_identifier is not None:
        event["safety_identifier"] = result.safety_identifier
    chunks.append(_frame(kind, join(event, [art.picture], mark=mark, indent=False)))
    return chunks


def _share(result: ImagesResult) -> dict[str, Json]:
    """Return one picture's part of the usage; the events' usage has no output details."""
    amount = len(result.jobs)
    whole = result.usage
    part = ImageUsage(
        whole.text_tokens // amount, whole.image_tokens // amount, whole.output_tokens // amount
    )
    return {
        "input_tokens": part.input_tokens,
        "output_tokens": part.output_tokens,
        "total_tokens": part.total_tokens,
        "input_tokens_details": {
            "text_tokens": part.text_tokens,
            "image_tokens": part.image_tokens,
        },
    }


def _frame(name: str, data: bytes) -> Chunk:
    return Chunk(b"event: " + name.encode() + b"\ndata: " + data + b"\n\n")
