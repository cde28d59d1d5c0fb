"""Changes uploaded pictures: under a mask, around drawn marks, or as a whole.

What must not enter: where areas lie (`areas`), encodings, wire rules about masks.
"""

from __future__ import annotations

from dataclasses import replace
from math import pi, sin
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat

from safelight.pixels.areas import extension, lay, marked, masked, scaled
from safelight.pixels.caption import board, draw_chip
from safelight.pixels.decode import decode
from safelight.pixels.paint import grained
from safelight.pixels.palettes import Color, Look, alternatives, look
from safelight.pixels.prints import print_patch, put_board

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safelight.pixels.values import Brief, Source

_GLANCE = 48
"""Longer side of the small canvas on which a patch is compared with what it replaces."""
_PLAIN = 48
"""A mean change per channel, of 255, that nobody overlooks."""


def edited(
    brief: Brief,
    inputs: Sequence[Source],
    mask: Source | None,
    markup: Source | None,
    moments: Sequence[float | None] = (None,),
) -> list[Image.Image]:
    """Return the changed picture as pixels, RGBA if the brief is transparent, else RGB.

    One for each of the `moments` of a loop; None stands for a picture that does not move.
    Raises UnreadablePicture for a damaged upload, ValueError without any input.
    """
    if not inputs:
        msg = "an edit needs at least one input picture; got none"
        raise ValueError(msg)
    base = decode(inputs[0])
    laid = lay(base.size, (brief.width, brief.height))
    area = masked(mask, base.size, laid) if mask else None
    if area is None and markup is not None:
        area = marked(markup, base.size, laid)
    canvas = _on_ground(brief, laid.place(base, extension(base, laid.size)))
    if area is not None:
        return _patched(brief, canvas, area, moments)
    others = [decode(source) for source in inputs[1:]]
    return [_whole(brief, canvas, others, moment) for moment in moments]


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


def _patched(
    brief: Brief, canvas: Image.Image, area: Image.Image, moments: Sequence[float | None]
) -> list[Image.Image]:
    """Return the canvas with a new scene where the area says so."""
    box = area.getbbox()
    if box is None:
        return [canvas] * len(moments)
    region, inside = canvas.crop(box), area.crop(box)
    part = replace(brief, width=region.width, height=region.height)
    settled = _contrasting(part, region)
    frames = []
    for k, moment in enumerate(moments):
        patch = print_patch(part, settled, moment=moment).convert(canvas.mode)
        draw_chip(patch, brief, settled, inside)
        if moment is not None:
            _tick(patch, inside, settled.palette.ink if k % 2 else settled.palette.board)
        frame = canvas.copy()
        frame.paste(Image.composite(patch, region, inside), box)
        frames.append(frame)
    return frames


def _tick(patch: Image.Image, inside: Image.Image, color: Color) -> None:
    """Set one wholly edited pixel, so that no two frames in a row are equal, however small."""
    full = inside.point([0] * 255 + [255])
    box = full.getbbox()
    if box:
        row = full.crop((0, box[1], full.width, box[1] + 1)).getbbox()
        patch.putpixel((row[0] if row else 0, box[1]), (*color, 255)[: len(patch.getbands())])


def _contrasting(part: Brief, region: Image.Image) -> Look:
    """Return the look for a patch, in other colours if it would look like what it replaces."""
    size = scaled(region.size, _GLANCE)
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


def _whole(
    brief: Brief, canvas: Image.Image, others: Sequence[Image.Image], moment: float | None
) -> Image.Image:
    """Return the base in new light with the other inputs as framed prints, and a board."""
    sheet = grained(_regraded(canvas.convert("RGB"), look(brief), moment or 0.0), brief.detail)
    _lay_prints(sheet, others, brief.height - board(brief.width, brief.height).height)
    if brief.transparent:
        sheet.putalpha(_trimmed(canvas))
    put_board(sheet, brief, moment=moment)
    return sheet


def _regraded(image: Image.Image, settled: Look, moment: float) -> Image.Image:
    """Return the picture toned towards the palette, with a light leak from one corner."""
    p = settled.palette
    tone = ImageOps.colorize(image.convert("L"), p.near, p.light, mid=p.accent)
    toned = Image.blend(image, tone, 0.42)
    radius, strength = max(image.size), 175 + 30 * sin(2 * pi * moment)
    fade = [round(strength * max(0.0, 1 - v / 179) ** 1.5) for v in range(256)]
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
    inner = ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)
    canvas.paste(inner, (box[0] + rim, box[1] + rim), inner if inner.mode == "RGBA" else None)


def _trimmed(canvas: Image.Image) -> Image.Image:
    """Return the canvas's alpha with its corners cut round: the see-through part of the edit."""
    mask = Image.new("L", canvas.size)
    radius = max(2, min(canvas.size) // 8)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, canvas.width - 1, canvas.height - 1), radius, fill=255
    )
    return ImageChops.darker(mask, canvas.getchannel("A"))
