"""The pictures that an answer holds or links to, and those that its request gave, opened.

What must not enter: verdicts on them.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image
from safelight.messages import Json, Upload

from safelight_contracts.checks.looking import Look
from safelight_contracts.unfolding import items, table

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"<svg", "svg"),
    (b"<?xml", "svg"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture: where it stood, its bytes' format, and the image if it can be decoded.

    `label`, `told` and `background` are what the answer says of its format, size and background;
    `problem` is why it is no picture.
    """

    at: str
    form: str
    image: Image.Image | None
    problem: str = ""
    label: str = ""
    told: tuple[int, int] | None = None
    background: str = ""


def pictures(look: Look) -> list[Shown]:
    """Return the pictures of an accepted answer, previews among them; worked out once."""
    if not look.accepted:
        return []
    kept: list[Shown] | None = look.__dict__.get("_shown")
    if kept is None:
        kept = look.__dict__["_shown"] = list(_streamed(look) if look.streamed else _whole(look))
    return kept


def _whole(look: Look) -> Iterator[Shown]:
    for number, item in enumerate(items(look.told.get("data"))):
        if not isinstance(item, dict):
            continue
        for name in ("b64_json", "url"):
            data = _data(look, item.get(name), link=name == "url")
            if data is not None:
                yield _opened(f"data[{number}].{name}", data, look.told)
    for number, text in enumerate(items(look.told.get("images"))):
        data = _data(look, text, link=False)
        if data is not None:
            yield _opened(f"images[{number}]", data, {})

    yield from _said(look.told, "message", "")


def _streamed(look: Look) -> Iterator[Shown]:
    for number, part in enumerate(look.parts):
        at = f"events[{number}]"
        data = _data(look, part.get("b64_json"), link=False)
        if data is not None:
            yield _opened(f"{at}.b64_json", data, part)
        yield from _said({"content": [part], **part}, "delta", f"{at}.")


def _said(told: dict[str, Json], voice: str, at: str) -> Iterator[Shown]:
    """Yield the pictures in a chat's answer: beside its text, or as parts of their own."""
    for place, choice in enumerate(items(told.get("choices"))):
        spoken = table(table(choice).get(voice))
        for number, item in enumerate(items(spoken.get("images"))):
            link = str(table(table(item).get("image_url")).get("url"))
            here = f"{at}choices[{place}].{voice}.images[{number}]"
            kind = link.partition(";")[0].removeprefix("data:")
            yield _of_type(here, kind, _decoded(link, link=True))
    for number, part in enumerate(items(told.get("content"))):
        if not isinstance(part, dict) or part.get("type") != "file":
            continue
        data = part.get("data")
        text = data.get("data") if isinstance(data, dict) else data
        if isinstance(text, str):
            kind = str(part.get("mediaType"))
            yield _of_type(f"{at}content[{number}]", kind, _decoded(text, link=False))


def _of_type(at: str, kind: str, data: bytes | str) -> Shown:
    """Return a picture that is called by a media type."""
    return _opened(at, data, {"output_format": kind.removeprefix("image/")})


def _data(look: Look, text: Json, *, link: bool) -> bytes | str | None:
    """Return a picture's bytes, a sentence on why there are none, or None where none is meant."""
    if not isinstance(text, str):
        return None
    if link and not text.startswith("data:"):
        return next((got.body for got in look.seen.fetched if got.url == text and got.body), None)
    return _decoded(text, link=link)


def _decoded(text: str, *, link: bool) -> bytes | str:
    """Return the bytes of base64, or of a `data:` URL, or a sentence on why there are none."""
    try:
        return base64.b64decode(text.partition(",")[2] if link else text, validate=True)
    except (binascii.Error, ValueError) as error:
        return f"no base64: {error}"


def _opened(at: str, data: bytes | str, told: dict[str, Json]) -> Shown:
    about = {
        "label": str(told.get("output_format") or ""),
        "told": size_of(told.get("size")),
        "background": str(told.get("background") or ""),
    }
    if isinstance(data, str):
        return Shown(at, "", None, data)
    form = _form(data)
    if form == "svg":
        return Shown(at, form, None, **about)  # type: ignore[arg-type]  # three fields of their types
    image, problem = decoded(data)
    if image is None:
        problem = f"{problem}; it begins with {data[:12]!r}"
    return Shown(at, form, image, problem, **about)  # type: ignore[arg-type]  # the same


def _form(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((name for magic, name in _MAGIC if data.startswith(magic)), "unknown")


@lru_cache(maxsize=4)  # few: opened, a picture of 3840x2160 with alpha takes 33 MB
def decoded(data: bytes) -> tuple[Image.Image | None, str]:
    """Return the image in a file, or None and why there is none."""
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        return None, str(error)
    return image, ""


def size_of(text: Json) -> tuple[int, int] | None:
    """Return (width, height) in pixels for `WIDTHxHEIGHT`, else None."""
    width, cross, height = text.partition("x") if isinstance(text, str) else ("", "", "")
    return (int(width), int(height)) if cross and width.isdigit() and height.isdigit() else None


def sides(look: Look) -> tuple[int, int] | None:
    """Return the size in pixels that a request asks for, if it asks for one."""
    fields = look.row.size if look.row else ()
    if look.model is not None and look.model.traits.get("no_size"):
        return None
    params = look.case.params
    if len(fields) == 2:
        width, height = (params.get(name) for name in fields)
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None
    return size_of(params.get(fields[0])) if fields else None


def given(look: Look) -> tuple[Image.Image | None, Image.Image | None]:
    """Return the first picture that a request gives, and its mask."""
    params = look.case.params
    first = params.get("image") or params.get("images")
    first = first[0] if isinstance(first, list) and first else first
    return _sent(first), _sent(params.get("mask"))


def _sent(item: Json) -> Image.Image | None:
    if isinstance(item, Upload):
        return decoded(item.data)[0]
    link = item.get("image_url") if isinstance(item, dict) else None
    if not isinstance(link, str) or not link.startswith("data:"):
        return None
    return decoded(base64.b64decode(link.partition(",")[2]))[0]
