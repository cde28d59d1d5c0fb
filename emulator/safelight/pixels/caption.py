"""The dark board under a picture: prompt, model, size, which of how many, seed, a test strip.

Like the rebate of a film: it says what was exposed, and stays free of grain, so its rows deflate
in no time. Rows are a pure function of brief and look. What must not enter: scenes, files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from safelight.pixels.palettes import mix
from safelight.pixels.text import fit, font, showable, width, wrap

if TYPE_CHECKING:
    from safelight.pixels.palettes import Look
    from safelight.pixels.values import Brief

_LEAST_SIDE = 40
"""Below this side there is no board: a word would not fit."""
_LEAST_TEXT = 10


@dataclass(frozen=True, slots=True)
class Board:
    """The measures of a board, in pixels; `height` 0 means none."""

    height: int
    pad: int
    prompt_size: int
    meta_size: int
    lines: int


def board(width_: int, height_: int) -> Board:
    """Return the board for a canvas: about a seventh of it, less when the canvas is low."""
    if min(width_, height_) < _LEAST_SIDE:
        return Board(0, 0, 0, 0, 0)
    size = max(_LEAST_TEXT + 1, round((width_ * height_) ** 0.5 / 36))
    meta = max(_LEAST_TEXT, round(size * 0.6))
    pad = max(4, round(size * 0.8))
    lines = 3 if width_ < height_ * 0.6 else 2
    tall = 2 * pad + round(lines * size * 1.3) + round(meta * 1.7)
    if tall > height_ * 0.3:
        lines, tall = 1, 2 * pad + round(size * 1.3) + round(meta * 1.5)
    if tall > height_ * 0.36:
        return Board(max(16, round(_LEAST_TEXT * 1.7)), 4, _LEAST_TEXT, 0, 1)
    return Board(tall, pad, size, meta, lines)


def draw_board(brief: Brief, look: Look, mode: str) -> Image.Image:
    """Return the board's rows as a canvas of `mode`; see-through around it when that is RGBA."""
    plan = board(brief.width, brief.height)
    p = look.palette
    canvas = Image.new("RGB", (brief.width, plan.height), p.board)
    pen = ImageDraw.Draw(canvas)
    pen.rectangle((0, 0, brief.width, max(0, plan.pad // 10)), fill=p.accent)
    if plan.meta_size:
        _draw_full(pen, brief, look, plan)
    else:
        line = f"{showable(brief.prompt)} \u00b7 {_sized(brief)}"
        pen.text((plan.pad, plan.height // 2 + 1), fit(line, plan.prompt_size, brief.width - 2 * plan.pad),
                 fill=p.ink, font=font(plan.prompt_size), anchor="lm")  # fmt: skip
    if mode == "RGBA":
        canvas.putalpha(_rounded(canvas.size, plan.pad))
        canvas.paste((0, 0, 0, 0), (0, 0), canvas.getchannel("A").point(_only_clear))
    return canvas


def facts(brief: Brief) -> list[str]:
    """Return what the small line says, the most wanted first."""
    parts = [showable(brief.model) or "no model", _sized(brief), f"{brief.index + 1}/{brief.of}"]
    parts.append(f"seed {brief.seed}")
    return parts + ([showable(brief.note)] if brief.note else [])


def _draw_full(pen: ImageDraw.ImageDraw, brief: Brief, look: Look, plan: Board) -> None:
    p, room = look.palette, brief.width - 2 * plan.pad
    size, step = plan.prompt_size, round(plan.prompt_size * 1.3)
    lines = wrap(showable(brief.prompt), size, room, plan.lines) or ["(no prompt)"]
    top = plan.pad + (plan.lines - len(lines)) * step // 2
    for k, line in enumerate(lines):
        pen.text((plan.pad, top + k * step), line, fill=p.ink, font=font(size))
    foot = plan.height - plan.pad
    strip_left = _draw_test_strip(pen, look, plan, brief.width)
    said = _fitting(facts(brief), plan.meta_size, strip_left - 2 * plan.pad)
    pen.text((plan.pad, foot), said, fill=mix(p.ink, p.accent, 0.55),
             font=font(plan.meta_size), anchor="lb")  # fmt: skip


def _draw_test_strip(pen: ImageDraw.ImageDraw, look: Look, plan: Board, right: int) -> int:
    """Draw the seed as a row of exposures, like a darkroom's test strip; return its left edge."""
    cell = max(4, plan.meta_size)
    steps = min(8, right // (cell * 6))
    left = right - plan.pad - steps * cell
    foot = plan.height - plan.pad
    for k in range(steps):
        part = (look.seed >> (4 * k) & 15) / 15
        box = (left + k * cell, foot - plan.meta_size, left + (k + 1) * cell - 2, foot - 1)
        pen.rectangle(box, fill=mix(look.palette.board, look.palette.accent, 0.15 + 0.85 * part))
    return left


def _fitting(parts: list[str], size: int, room: float) -> str:
    """Join as many of the parts as fit; the first gives way to the second when room is scarce."""
    while len(parts) > 2 and width("  \u00b7  ".join(parts), size) > room:
        parts = parts[:-1]
    rest = "".join("  \u00b7  " + part for part in parts[1:])
    return fit(parts[0], size, room - width(rest, size)) + rest


def _sized(brief: Brief) -> str:
    return f"{brief.width}x{brief.height}"


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    box = (0, 0, size[0] * 2 - 1, size[1] * 2 - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius * 2, fill=255)
    return mask.reduce(2)


_only_clear = [255, *([0] * 255)]


def draw_chip(patch: Image.Image, brief: Brief, look: Look) -> None:
    """Write the prompt on a small dark plate low on an edited patch, if there is room for one."""
    size = max(_LEAST_TEXT, round((patch.width * patch.height) ** 0.5 / 24))
    pad = size // 2 + 1
    lines = wrap(showable(brief.prompt), size, patch.width * 0.8 - 2 * pad, 2)
    tall = round(len(lines) * size * 1.3) + 2 * pad
    if not lines or tall > patch.height * 0.5 or patch.width < 6 * size:
        return
    wide = min(patch.width, round(max(width(line, size) for line in lines)) + 2 * pad)
    left, top = (patch.width - wide) // 2, round((patch.height - tall) * 0.72)
    plate = Image.new("RGB", (wide, tall), look.palette.board)
    pen = ImageDraw.Draw(plate)
    for k, line in enumerate(lines):
        pen.text((pad, pad + round(k * size * 1.3)), line, fill=look.palette.ink, font=font(size))
    patch.paste(plate, (left, top), _rounded(plate.size, pad))
