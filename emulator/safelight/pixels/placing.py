"""Puts a picture that somebody gave in place of one that would be drawn: format and size as asked.

What must not enter: where the picture comes from.
"""

from __future__ import annotations

from PIL import Image, ImageOps

from safelight.pixels import png
from safelight.pixels.decode import decode
from safelight.pixels.document import wrap_pixels
from safelight.pixels.encode import developed, pack
from safelight.pixels.values import Brief, Encoding, Rendered, Source


def place(source: Source, brief: Brief, encoding: Encoding, *, previews: int) -> Rendered:
    """Return the picture in the brief's size and the encoding's format, or as it is if it fits.

    It fills the whole size: what other proportions have too much is cut off at both sides alike.
    Alpha stays where transparency was asked for and the format has it; else white lies beneath.
    Raises UnreadablePicture for a damaged file.
    """
    clear = brief.transparent and encoding.format != "jpeg"
    image = decode(source)
    data = source.data if _fits(source, brief, encoding, clear=clear) else None
    if image.size != (brief.width, brief.height):
        image = ImageOps.fit(image, (brief.width, brief.height), Image.Resampling.LANCZOS)
    if image.mode == "RGBA" and not clear:
        image = _on_white(image)
    if data is None:
        svg = encoding.format == "svg"
        data = wrap_pixels(brief, png.whole(image)) if svg else pack(image, encoding)
    early = tuple(pack(state, encoding) for state in developed(image, previews))
    alpha = image.mode == "RGBA"
    return Rendered(data, encoding.format, brief.width, brief.height, alpha, early)


def _fits(source: Source, brief: Brief, encoding: Encoding, *, clear: bool) -> bool:
    """Tell whether the file may go out as it is."""
    right = source.format == encoding.format and not source.sideways
    size = (source.width, source.height) == (brief.width, brief.height)
    return right and size and (clear or not source.has_alpha)


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, (0, 0), image)
    return white
