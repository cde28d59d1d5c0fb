"""Changes uploaded pictures: under a mask, around drawn marks, or as a whole.

The rule of a mask: alpha 255 keeps the base's pixel as it is, alpha 0 replaces it, between blends.
A base of another shape is scaled to lie inside the canvas, and the rest is filled with a blurred,
darkened enlargement of itself. What must not enter: encodings, wire rules about masks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat

from safelight.pixels.caption import board, draw_chip
from safelight.pixels.decode import decode
from safelight.pixels.paint import grained
from safelight.pixels.palettes import Look, alternatives, look
from safelight.pixels.prints import print_patch, put_board

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safelight.pixels.values import Brief, Source

_MARKED = 16
"""A drawn mark counts from this alpha on; below it is an eraser's dust."""
_ROUGH = 96
"""Longer side of the small canvas on which the surroundings of marks are found."""
_GLANCE = 48
"""Longer side of the small canvas on which a patch is compared with what it replaces."""
_PLAIN = 48
"""A mean change per channel, of 255, that nobody overlooks."""
_ANY = [0] + [255] * 255
_LANCZOS = Image.Resampling.LANCZOS


@dataclass(frozen=True, slots=True)
class _Laid:
    """Where the base lies on the canvas, so that its mask lies alike."""

    size: tuple[int, int]
    box: tuple[int, int, int, int]

    def place(self, image: Image.Image, around: Image.Image) -> Image.Image:
        """Return `around` with the image scaled into the box."""
        left, top, right, bottom = self.box
        if image.size != (right - left, bottom - top):
            image = image.resize((right - left, bottom - top), _LANCZOS)
        if image.size == self.size:
            return image
        around.paste(image, (left, top))
        return around


def edited(
    brief: Brief, inputs: Sequence[Source], mask: Source | None, markup: Source | None
) -> Image.Image:
    """Return the changed picture as pixels: RGBA when the brief is transparent, else RGB.

    Raises UnreadablePicture for a damaged upload, ValueError without any input.
    """
    if not inputs:
        msg = "an edit needs at least one input picture; got none"
        raise ValueError(msg)
    base = decode(inputs[0])
    laid = _lay(base.size, (brief.width, brief.height))
    area = _masked(mask, base.size, laid) if mask else None
    if area is None and markup is not None:
        area = _marked(markup, base.size, laid)
    canvas = _on_ground(brief, laid.place(base, _extension(base, laid.size)))
    if area is None:
        return _whole(brief, canvas, [decode(source) for source in inputs[1:]])
    return _patched(brief, canvas, area)


def _lay(size: tuple[int, int], canvas: tuple[int, int]) -> _Laid:
    """Return the largest place inside the canvas that has the base's proportions."""
    scale = min(canvas[0] / size[0], canvas[1] / size[1])
    wide = min(canvas[0], max(1, round(size[0] * scale)))
    tall = min(canvas[1], max(1, round(size[1] * scale)))
    left, top = (canvas[0] - wide) // 2, (canvas[1] - tall) // 2
    return _Laid(canvas, (left, top, left + wide, top + tall))


def _extension(base: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the base enlarged beyond the canvas, blurred and darkened, to lie behind it."""
    if base.size == size:
        return base
    small = (max(1, size[0] // 16), max(1, size[1] // 16))
    rough = ImageOps.fit(base, small, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(2))
    shade = [round(v * 0.62) for v in range(256)]
    keep = [list(range(256))] if base.mode == "RGBA" else []
    dark = rough.point([v for table in [shade] * 3 + keep for v in table])
    return dark.resize(size, Image.Resampling.BICUBIC)


def _masked(mask: Source, size: tuple[int, int], laid: _Laid) -> Image.Image:
    """Return what is edited, 255 for all of it: the mask's alpha turned round; nothing without."""
    image = decode(mask)
    if image.mode != "RGBA":
        return Image.new("L", laid.size)
    keep = image.getchannel("A")
    if keep.size != size:
        keep = keep.resize(size, Image.Resampling.BILINEAR)
    return ImageChops.invert(laid.place(keep, Image.new("L", laid.size, 255)))


def _marked(markup: Source, size: tuple[int, int], laid: _Laid) -> Image.Image | None:
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
    rough = placed.resize(_scaled(laid.size, _ROUGH), Image.Resampling.BOX).point(_ANY)
    grown = _filled(rough.filter(ImageFilter.MaxFilter(3)))
    soft = grown.filter(ImageFilter.GaussianBlur(0.8)).resize(laid.size, Image.Resampling.BICUBIC)
    return ImageChops.lighter(soft, placed)


def _filled(marks: Image.Image) -> Image.Image:
    """Return the marks with what they enclose: all that a flood from outside does not reach."""
    sea = ImageOps.expand(marks, 1, fill=0)
    ImageDraw.floodfill(sea, (0, 0), 128)
    return ImageOps.crop(sea.point([0 if v == 128 else 255 for v in range(256)]), 1)


def _scaled(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the size brought down so that its longer side is at most `longest`."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _on_ground(brief: Brief, canvas: Image.Image) -> Image.Image:
    """Return the canvas with the alpha that the brief asks for; opaque pixels keep their values."""
    if brief.transparent:
        return canvas.convert("RGBA")
    if canvas.mode == "RGB":
        return canvas
    alpha = canvas.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return canvas.convert("RGB")
    ground = print_patch(replace(brief, transparent=False))
    return Image.composite(canvas.convert("RGB"), ground, alpha)


def _patched(brief: Brief, canvas: Image.Image, area: Image.Image) -> Image.Image:
    """Return the canvas with a new scene where the area says so."""
    box = area.getbbox()
    if box is None:
        return canvas
    region, inside = canvas.crop(box), area.crop(box)
    part = replace(brief, width=region.width, height=region.height)
    settled = _contrasting(part, region)
    patch = print_patch(part, settled).convert(canvas.mode)
    draw_chip(patch, brief, settled, inside)
    canvas = canvas.copy()
    canvas.paste(Image.composite(patch, region, inside), box)
    return canvas


def _contrasting(part: Brief, region: Image.Image) -> Look:
    """Return the look for a patch, in other colours if it would look like what it replaces."""
    size = _scaled(region.size, _GLANCE)
    before = region.convert("RGB").resize(size, Image.Resampling.BOX)
    small = replace(part, width=size[0], height=size[1], transparent=False)
    best, gap = look(part), -1.0
    for settled in alternatives(look(part)):
        change = ImageChops.difference(before, print_patch(small, settled))
        apart = sum(ImageStat.Stat(change).mean) / 3
        if apart >= _PLAIN:
            return settled
        if apart > gap:
            best, gap = settled, apart
    return best


def _whole(brief: Brief, canvas: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    """Return the base in new light with the other inputs as framed prints, and a board."""
    settled = look(brief)
    regraded = grained(_regraded(canvas.convert("RGB"), settled), brief.detail)
    plan = board(brief.width, brief.height)
    _lay_prints(regraded, others, brief.height - plan.height)
    if brief.transparent:
        regraded.putalpha(_trimmed(canvas))
    put_board(regraded, brief)
    return regraded


def _regraded(image: Image.Image, settled: Look) -> Image.Image:
    """Return the picture toned towards the palette, with a light leak from one corner."""
    p = settled.palette
    tone = ImageOps.colorize(image.convert("L"), p.near, p.light, mid=p.accent)
    toned = Image.blend(image, tone, 0.42)
    radius = max(image.size)
    fade = [round(175 * max(0.0, 1 - v / 179) ** 1.5) for v in range(256)]
    leak = Image.radial_gradient("L").point(fade).resize((2 * radius, 2 * radius))
    corner = (-radius if settled.seed & 1 else image.width - radius, -radius)
    toned.paste(p.accent, corner, leak)
    return toned


def _lay_prints(canvas: Image.Image, others: Sequence[Image.Image], floor: int) -> None:
    """Lay the other inputs, framed, in rows from the lower right upwards, on the canvas."""
    if not others:
        return
    columns = min(len(others), 5 if canvas.width >= canvas.height else 3)
    rows = -(-len(others) // columns)
    gap = max(1, min(canvas.size) // 60)
    side = max(
        4, min((canvas.width - gap) // max(columns, 3) - gap, (floor * 2 // 3) // rows - gap)
    )
    for k, other in enumerate(others):
        row, column = divmod(k, columns)
        right = canvas.width - gap - column * (side + gap)
        bottom = floor - gap - row * (side + gap)
        _lay_print(canvas, other, (right - side, bottom - side, right, bottom))


def _lay_print(canvas: Image.Image, image: Image.Image, box: tuple[int, int, int, int]) -> None:
    rim = max(1, (box[2] - box[0]) // 24)
    side = max(1, box[2] - box[0] - 2 * rim)
    pen = ImageDraw.Draw(canvas)
    pen.rectangle(
        (box[0] + rim, box[1] + rim, box[2] + rim // 2, box[3] + rim // 2), fill=(24, 20, 20)
    )
    pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=(246, 242, 234))
    inner = ImageOps.fit(image, (side, side), _LANCZOS)
    canvas.paste(inner, (box[0] + rim, box[1] + rim), inner if inner.mode == "RGBA" else None)


def _trimmed(canvas: Image.Image) -> Image.Image:
    """Return the canvas's alpha with its corners cut round: the see-through part of the edit."""
    mask = Image.new("L", canvas.size)
    radius = max(2, min(canvas.size) // 8)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, canvas.width - 1, canvas.height - 1), radius, fill=255
    )
    return ImageChops.darker(mask, canvas.getchannel("A"))
