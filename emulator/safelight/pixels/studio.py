"""Brings the room's parts together, format by format, behind the functions of the package.

What must not enter: drawing and packing themselves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safelight.pixels import png
from safelight.pixels.document import draw_document, wrap_pixels
from safelight.pixels.editing import edited
from safelight.pixels.encode import developed, pack, pack_loop
from safelight.pixels.headers import inspect
from safelight.pixels.prints import print_canvas, print_patch, print_png
from safelight.pixels.values import Brief, Encoding, Rendered, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


def create(brief: Brief, encoding: Encoding, *, previews: int) -> Rendered:
    """See the package."""
    _refuse_svg_previews(encoding, previews)
    if encoding.format == "jpeg":
        brief = replace(brief, transparent=False)
    early = _previews(print_canvas(brief), encoding, previews) if previews else ()
    if encoding.format == "svg":
        data = draw_document(brief)
    elif encoding.format == "png":
        data = print_png(brief)
    elif encoding.format == "gif":
        frames = [print_canvas(brief, moment=moment) for moment in _moments(encoding)]
        data = pack_loop(frames, encoding)
    else:
        data = pack(print_canvas(brief), encoding)
    return _rendered(brief, encoding, data, early)


def edit(  # noqa: PLR0913 - as in the package
    brief: Brief,
    encoding: Encoding,
    inputs: Sequence[Source],
    *,
    mask: Source | None,
    markup: Source | None,
    previews: int,
) -> Rendered:
    """See the package."""
    _refuse_svg_previews(encoding, previews)
    if encoding.format == "jpeg":
        brief = replace(brief, transparent=False)
    images = edited(brief, inputs, mask, markup, _moments(encoding))
    early = _previews(images[0], encoding, previews)
    if encoding.format == "svg":
        data = wrap_pixels(brief, png.whole(images[0]))
    elif encoding.format == "gif":
        data = pack_loop(images, encoding)
    else:
        data = pack(images[0], encoding)
    return _rendered(brief, encoding, data, early)


def stand_in(key: str, width: int, height: int) -> Source:
    """See the package."""
    brief = Brief(prompt=key, model="", width=width, height=height)
    return inspect(pack(print_patch(brief), Encoding("jpeg", compression=95)))


def _moments(encoding: Encoding) -> list[float | None]:
    """Return the moments of a loop, one per frame; a single None for what does not move."""
    if encoding.format != "gif" or encoding.frames <= 1:
        return [None]
    return [k / encoding.frames for k in range(encoding.frames)]


def _previews(image: Image.Image, encoding: Encoding, count: int) -> tuple[bytes, ...]:
    still = replace(encoding, frames=1)
    return tuple(pack(state, still) for state in developed(image, count))


def _refuse_svg_previews(encoding: Encoding, previews: int) -> None:
    if previews and encoding.format == "svg":
        msg = f"an svg has no previews, {previews} asked for; use png, jpeg, webp or gif, or 0"
        raise ValueError(msg)


def _rendered(brief: Brief, encoding: Encoding, data: bytes, early: tuple[bytes, ...]) -> Rendered:
    alpha = brief.transparent and encoding.format != "jpeg"
    return Rendered(data, encoding.format, brief.width, brief.height, alpha, early)
