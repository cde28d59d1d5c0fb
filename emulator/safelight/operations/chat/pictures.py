"""Looks at pictures that a message carries: their format and size, and what they cost in tokens.

A `data:` URL is decoded. An http URL is never fetched: Safelight works offline, so such a picture
is a stand-in of ordinary size, and answers say so.

What must not enter: drawing, the network.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from safelight.messages import Json
from safelight.refusals import Refusal

_SEEN_FORMATS = frozenset({"png", "jpeg", "gif", "webp"})
_STAND_IN_SIDE = 1024
_TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of one picture. `url` is set when it lies elsewhere and was not fetched."""

    format: str
    width: int
    height: int
    has_alpha: bool = False
    detail: str = "auto"
    url: str | None = None


def look(source: Mapping[str, Json], *, lenient: bool = False) -> Picture:
    """Return what is known of an `image_url` object. Raises Refusal when it cannot be a picture."""
    url = source.get("url")
    detail = str(source.get("detail") or "auto")
    text = url if isinstance(url, str) else ""
    scheme = text[:8].lower()
    if scheme.startswith("data:"):
        try:
            return _decoded(text, detail)
        except Refusal:
            if not lenient:
                raise
    elif not scheme.startswith(("http://", "https://")) and not lenient:
        raise Refusal("invalid_image_url", url=text[:200])
    return Picture("picture", _STAND_IN_SIDE, _STAND_IN_SIDE, detail=detail, url=text[:200])


def _decoded(url: str, detail: str) -> Picture:
    from safelight.pixels import UnreadablePicture, inspect

    head, _, payload = url.partition(",")
    if not head.lower().endswith(";base64"):
        raise Refusal("invalid_base64_image")
    try:
        data = binascii.a2b_base64(payload.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refusal("invalid_base64_image") from None
    try:
        found = inspect(data)
    except UnreadablePicture:
        raise Refusal("invalid_image_format") from None
    if found.format.lower() not in _SEEN_FORMATS:
        raise Refusal("invalid_image_format")
    return Picture(found.format.lower(), *found.shown, found.has_alpha, detail)


def described(picture: Picture) -> str:
    """Return a phrase such as `a 640x480 PNG with transparency`."""
    if picture.url is not None:
        return f"a picture at {picture.url}, not fetched because this server works offline"
    alpha = " with transparency" if picture.has_alpha else ""
    return f"a {picture.width}{_TIMES}{picture.height} {picture.format.upper()}{alpha}"


def picture_tokens(picture: Picture, prices: Mapping[str, Json]) -> int:
    """Return what a picture adds to the prompt, by the model's table.

    `{base, tile}`: a base and so much for each 512-pixel tile after fitting the picture into
    2048x2048 and its short side into 768; low detail costs the base. `{patch}`: a factor on the
    number of 32-pixel patches, of which 1536 count at most.
    """
    if "patch" in prices:
        patches = ceil(picture.width / 32) * ceil(picture.height / 32)
        return ceil(min(patches, 1536) * float(prices["patch"]))
    base, tile = int(prices.get("base", 85)), int(prices.get("tile", 170))
    if picture.detail == "low":
        return base
    scale = min(1.0, 2048 / max(picture.width, picture.height, 1))
    width, height = picture.width * scale, picture.height * scale
    scale = min(1.0, 768 / max(min(width, height), 1))
    return base + tile * ceil(width * scale / 512) * ceil(height * scale / 512)
