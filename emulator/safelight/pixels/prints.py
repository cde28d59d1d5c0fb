"""Makes a picture out of nothing: background, board, and the two ways to a file.

A background (scene, palette, size, detail, see-through or not) is drawn and deflated once and
kept; a new picture on it costs its board's rows. What must not enter: uploads, formats but PNG.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from safelight.bounded import Bounded
from safelight.pixels import png
from safelight.pixels.caption import blank_board, board, cut, written_rows
from safelight.pixels.paint import grained, paint
from safelight.pixels.palettes import look
from safelight.pixels.scenes import scene

if TYPE_CHECKING:
    from safelight.pixels.palettes import Look, Palette
    from safelight.pixels.values import Brief

BUDGET = 64 * 2**20
"""Bytes of backgrounds kept: all 48 pairs of scene and palette at 1024x1024, medium detail."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a background depends on: everything that the words of a brief do not change."""

    scene: str
    palette: Palette
    size: tuple[int, int]
    detail: int
    transparent: bool

    @property
    def mode(self) -> str:
        """Pillow's name for the pixels."""
        return "RGBA" if self.transparent else "RGB"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A background as ready rows above and below a board's middle, both without a gap."""

    above: tuple[png.Strip, ...]
    below: tuple[png.Strip, ...]

    def weight(self) -> int:
        """Bytes of memory."""
        return sum(len(strip.chunk) for strip in self.above + self.below)


def _weight(image: Image.Image) -> int:
    return image.width * image.height * len(image.getbands())


_strips: Bounded[_Kept] = Bounded(BUDGET, _Kept.weight)
_canvases: Bounded[Image.Image] = Bounded(BUDGET // 4, _weight)


def print_png(brief: Brief) -> bytes:
    """Return the picture as a PNG file; only its board is drawn when its background is kept."""
    settled = look(brief)
    ground = _ground(brief, settled)
    kept = _strips.made(ground, lambda: _prepared(ground, brief))
    rows = kept.above
    if kept.below:
        rows += (png.strip(written_rows(brief, settled, ground.mode)), *kept.below)
    return png.join(brief.width, brief.height, ground.mode, rows)


def print_canvas(brief: Brief, *, moment: float | None = None) -> Image.Image:
    """Return the same picture as pixels, RGB or RGBA; or as it is at a `moment` of its loop."""
    ground = _ground(brief, look(brief))
    if moment is None:
        top = _canvases.made(ground, lambda: draw_ground(ground))
    else:
        top = draw_ground(ground, moment=moment)
    whole = Image.new(ground.mode, (brief.width, brief.height))
    whole.paste(top)
    put_board(whole, brief, moment=moment)
    return whole


def put_board(canvas: Image.Image, brief: Brief, *, moment: float | None = None) -> None:
    """Lay the brief's board over the foot of a canvas of the brief's size.

    In a loop a light runs along its edge, so that no two frames in a row are ever equal.
    """
    plan, settled = board(brief.width, brief.height), look(brief)
    foot = brief.height - plan.height
    if plan.height:
        blank = blank_board(plan, settled.palette, brief.width, canvas.mode)
        blank.paste(written_rows(brief, settled, canvas.mode), (0, plan.middle[0]))
        canvas.paste(blank, (0, foot))
    if moment is not None:
        foot, left = min(foot, brief.height - 1), int(moment * brief.width)
        long = max(1, brief.width // 24)
        canvas.paste(settled.palette.ink, (left, foot, left + long, foot + max(1, plan.pad // 8)))


def print_patch(
    brief: Brief, settled: Look | None = None, *, moment: float | None = None
) -> Image.Image:
    """Return the scene alone over the brief's size, without a board, in its own look or another."""
    ground = replace(_ground(brief, settled or look(brief)), size=(brief.width, brief.height))
    return draw_ground(ground, moment=moment or 0.0)


def draw_ground(ground: _Ground, *, moment: float = 0.0) -> Image.Image:
    """Return a background: the scene at a `moment` of its loop, with grain."""
    marks = scene(ground.scene, ground.palette, ground.size,
                  detail=ground.detail, moment=moment)  # fmt: skip
    canvas = paint(marks, ground.size)
    canvas = grained(canvas, ground.detail)
    return _cut_out(canvas, ground.palette) if ground.transparent else canvas


def cut_shape(width: int, height: int) -> tuple[tuple[int, int, int, int], int]:
    """Return the box and corner radius of the subject on a see-through background."""
    edge = max(1, min(width, height) // 24)
    return (edge, edge, width - edge, height - edge), (min(width, height) - 2 * edge) // 2


def _cut_out(canvas: Image.Image, palette: Palette) -> Image.Image:
    """Return the scene as a lens with a rim, opaque in the middle, nothing around it."""
    (left, top, right, bottom), radius = cut_shape(*canvas.size)
    mask = Image.new("L", (canvas.width * 2, canvas.height * 2))
    pen = ImageDraw.Draw(mask)
    rim = max(1, min(canvas.size) // 90)
    pen.rounded_rectangle((left * 2, top * 2, right * 2 - 1, bottom * 2 - 1), radius * 2, fill=255)
    outer = mask.reduce(2)
    pen.rectangle((0, 0, *mask.size), fill=0)
    inset = (
        left * 2 + 2 * rim,
        top * 2 + 2 * rim,
        right * 2 - 2 * rim - 1,
        bottom * 2 - 2 * rim - 1,
    )
    if inset[2] > inset[0] and inset[3] > inset[1]:
        pen.rounded_rectangle(inset, max(0, radius * 2 - 2 * rim), fill=255)
    lens = Image.new("RGB", canvas.size, palette.light)
    lens.paste(canvas, (0, 0), mask.reduce(2))
    return cut(lens, outer)


def _ground(brief: Brief, settled: Look) -> _Ground:
    tall = brief.height - board(brief.width, brief.height).height
    return _Ground(settled.scene, settled.palette, (brief.width, tall),
                   brief.detail, brief.transparent)  # fmt: skip


def _prepared(ground: _Ground, brief: Brief) -> _Kept:
    """Draw and deflate everything but the board's middle rows."""
    noisy = ground.detail > 0 and not ground.transparent
    scene_rows = png.strip(draw_ground(ground), noisy=noisy, first=True)
    plan = board(brief.width, brief.height)
    if not plan.height:
        return _Kept((scene_rows,), ())
    blank = blank_board(plan, ground.palette, brief.width, ground.mode)
    head = png.strip(blank.crop((0, 0, brief.width, plan.middle[0])))
    foot = png.strip(blank.crop((0, plan.middle[1], brief.width, plan.height)))
    return _Kept((scene_rows, head), (foot,))
