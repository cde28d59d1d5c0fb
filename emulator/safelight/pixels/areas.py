"""Finds where on a canvas a base lies, and what of it a mask or drawn marks give up.

The rule of a mask: where its alpha is 0 the base's pixel is replaced, anywhere else it stays as it
is (openai-python 3.52.0: "fully transparent areas").
A base of other proportions is scaled to lie inside the canvas; around it goes a blurred, darkened
enlargement of itself. What must not enter: what an area is filled with.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from safelight.pixels.decode import decode
from safelight.pixels.values import Source

_MARKED = 16
"""A drawn mark counts from this alpha on; below it is an eraser's dust."""
_ROUGH = 96
"""Longer side of the small canvas on which the surroundings of marks are found."""
_ANY = [0] + [255] * 255
_NONE = [255] + [0] * 255


@dataclass(frozen=True, slots=True)
class Laid:
    """Where the base lies on the canvas, so that its mask lies alike."""

    size: tuple[int, int]
    box: tuple[int, int, int, int]

    def place(self, image: Image.Image, around: Image.Image) -> Image.Image:
        """Return `around` with the image scaled into the box."""
        left, top, right, bottom = self.box
        if image.size != (right - left, bottom - top):
            image = image.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        if image.size == self.size:
            return image
        around.paste(image, (left, top))
        return around


def lay(size: tuple[int, int], canvas: tuple[int, int]) -> Laid:
    """Return the largest place inside the canvas that has the base's proportions."""
    scale = min(canvas[0] / size[0], canvas[1] / size[1])
    wide = min(canvas[0], max(1, round(size[0] * scale)))
    tall = min(canvas[1], max(1, round(size[1] * scale)))
    left, top = (canvas[0] - wide) // 2, (canvas[1] - tall) // 2
    return Laid(canvas, (left, top, left + wide, top + tall))


def extension(base: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the base enlarged beyond the canvas, blurred and darkened, to lie behind it."""
    if base.size == size:
        return base
    small = (max(1, size[0] // 16), max(1, size[1] // 16))
    rough = ImageOps.fit(base, small, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(2))
    shade = [round(v * 0.62) for v in range(256)]
    keep = [list(range(256))] if base.mode == "RGBA" else []
    dark = rough.point([v for table in [shade] * 3 + keep for v in table])
    return dark.resize(size, Image.Resampling.BICUBIC)


def masked(mask: Source, size: tuple[int, int], laid: Laid) -> Image.Image:
    """Return what is edited as 255: where the mask has alpha 0. Nothing without an alpha.

    Between 0 and 255 lie only the bounds of an area that is scaled with its base.
    """
    image = decode(mask)
    if image.mode != "RGBA":
        return Image.new("L", laid.size)
    clear = image.getchannel("A").point(_NONE)
    if clear.size != size:
        clear = clear.resize(size, Image.Resampling.BILINEAR)
    return laid.place(clear, Image.new("L", laid.size))


def marked(markup: Source, size: tuple[int, int], laid: Laid) -> Image.Image | None:
    """Return the surroundings of the drawn marks, softly bounded; None when nothing is drawn.

    What a mark goes round counts as marked: people circle things.
    """
    image = decode(markup)
    if image.mode != "RGBA":
        return None
    drawn = image.getchannel("A").point([0] * _MARKED + [255] * (256 - _MARKED))
    if not drawn.getbbox() or drawn.getextrema()[0]:
        return None
    if drawn.size != size:
        drawn = drawn.resize(size, Image.Resampling.BOX)
    placed = laid.place(drawn, Image.new("L", laid.size)).point(_ANY)
    rough = placed.resize(scaled(laid.size, _ROUGH), Image.Resampling.BOX).point(_ANY)
    grown = _filled(rough.filter(ImageFilter.MaxFilter(3)))
    soft = grown.filter(ImageFilter.GaussianBlur(0.8)).resize(laid.size, Image.Resampling.BICUBIC)
    return ImageChops.lighter(soft, placed)


def _filled(marks: Image.Image) -> Image.Image:
    """Return the marks with what they enclose: all that a flood from outside does not reach."""
    sea = ImageOps.expand(marks, 1, fill=0)
    ImageDraw.floodfill(sea, (0, 0), 128)
    return ImageOps.crop(sea.point([0 if v == 128 else 255 for v in range(256)]), 1)


def scaled(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the size brought down so that its longer side is at most `longest`."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
