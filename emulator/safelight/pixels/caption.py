"""The dark board under a picture: prompt, model, size, which of how many, seed, a test strip.

Like the rebate of a film it says what was exposed. It stays free of grain, and all that differs
between pictures lies in its middle rows, so that only those are deflated anew. What must not
enter: scenes, files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from safelight.pixels.palettes import mix
from safelight.pixels.text import fit, showable, width, wrap, write

if TYPE_CHECKING:
    from safelight.pixels.palettes import Color, Look, Palette
    from safelight.pixels.values import Brief

_LEAST_SIDE = 40
"""Below this side there is no board: a word would not fit."""
_LEAST_TEXT = 10
_DOT = "  \u00b7  "


@dataclass(frozen=True, slots=True)
class Board:
    """The measures of a board, in pixels; `height` 0 means none, `meta_size` 0 a single line."""

    height: int
    pad: int
    prompt_size: int
    meta_size: int
    lines: int

    @property
    def middle(self) -> tuple[int, int]:
        """The rows between which everything is written; those around are the same every time."""
        return self.pad, self.height - self.pad


def board(across: int, down: int) -> Board:
    """Return the board for a canvas: about a seventh of it, simpler when the canvas is low."""
    if min(across, down) < _LEAST_SIDE:
        return Board(0, 0, 0, 0, 0)
    size = max(_LEAST_TEXT + 1, round((across * down) ** 0.5 / 36))
    meta = max(_LEAST_TEXT, round(size * 0.62))
    pad = max(4, round(size * 0.75))
    for lines in (3, 2, 1) if across < down * 0.6 else (2, 1):
        tall = 2 * pad + round(lines * size * 1.3) + round(meta * 1.7)
        if tall <= down * 0.3:
            return Board(tall, pad, size, meta, lines)
    return Board(_LEAST_TEXT + 7, 3, _LEAST_TEXT, 0, 1)


def blank_board(plan: Board, palette: Palette, across: int, mode: str) -> Image.Image:
    """Return the board with nothing on it; its corners are see-through when mode is RGBA."""
    canvas = Image.new("RGB", (across, plan.height), palette.board)
    canvas.paste(palette.accent, (0, 0, across, max(1, plan.pad // 8)))
    if mode == "RGBA":
        return cut(canvas, rounded(canvas.size, plan.pad))
    return canvas


def written_rows(brief: Brief, look: Look, mode: str) -> Image.Image:
    """Return the board's middle rows, as wide as the picture."""
    plan, p = board(brief.width, brief.height), look.palette
    canvas = Image.new(mode, (brief.width, plan.middle[1] - plan.middle[0]), p.board)
    if not plan.meta_size:
        line = fit(_DOT.join([showable(brief.prompt), *facts(brief)]), _LEAST_TEXT,
                   brief.width - 4 * plan.pad)  # fmt: skip
        write(canvas, (2 * plan.pad, canvas.height - 2), line, size=_LEAST_TEXT, color=p.ink)
        return canvas
    foot = canvas.height - round(plan.meta_size * 0.28)
    strip_left = _draw_test_strip(canvas, look, plan, foot)
    said = fitting(facts(brief), plan.meta_size, strip_left - 2 * plan.pad)
    write(canvas, (plan.pad, foot), said, size=plan.meta_size, color=mix(p.ink, p.accent, 0.5))
    _write_prompt(canvas, brief.prompt, plan, p.ink)
    return canvas


def draw_chip(patch: Image.Image, brief: Brief, look: Look, free: Image.Image) -> None:
    """Write the prompt on a small dark plate on an edited patch, where `free` is 255 all over.

    Tried are places from low to high; where the area is too small or too ragged, none is used.
    """
    size = max(_LEAST_TEXT, round((patch.width * patch.height) ** 0.5 / 24))
    pad = size // 2 + 1
    for share in (0.8, 0.6, 0.45):
        lines = wrap(showable(brief.prompt), size, patch.width * share - 2 * pad, 2)
        tall = round(len(lines) * size * 1.3) + 2 * pad
        wide = round(max((width(line, size) for line in lines), default=0)) + 2 * pad
        for level in (0.75, 0.5, 0.25):
            left, top = (patch.width - wide) // 2, round(patch.height * level - tall / 2)
            box = (left, top, left + wide, top + tall)
            if lines and min(left, top) >= 0 and free.crop(box).getextrema()[0] == 255:
                return _put_chip(patch, box, lines, (size, pad), look)
    return None


def facts(brief: Brief) -> list[str]:
    """Return what the small line says, the most wanted first."""
    parts = [showable(brief.model) or "no model", f"{brief.width}x{brief.height}"]
    parts += [f"{brief.index + 1}/{brief.of}", f"seed {brief.seed}"]
    return parts + ([showable(brief.note)] if brief.note else [])


def fitting(parts: list[str], size: int, room: float) -> str:
    """Join as many of the parts as fit; the first is shortened to keep the second."""
    while len(parts) > 2 and width(_DOT.join(parts), size) > room:
        parts = parts[:-1]
    rest = "".join(_DOT + part for part in parts[1:])
    return fit(parts[0], size, room - width(rest, size)) + rest


def rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Return coverage 0..255 of a rectangle with round corners."""
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    box = (0, 0, size[0] * 2 - 1, size[1] * 2 - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius * 2, fill=255)
    return mask.reduce(2)


def cut(canvas: Image.Image, mask: Image.Image) -> Image.Image:
    """Return RGBA: the canvas with the mask as alpha, and nothing at all where that is 0."""
    bare = Image.new("RGBA", canvas.size)
    bare.paste(canvas, (0, 0), mask.point([0] + [255] * 255))
    bare.putalpha(mask)
    return bare


def _put_chip(
    patch: Image.Image,
    box: tuple[int, int, int, int],
    lines: list[str],
    measures: tuple[int, int],
    look: Look,
) -> None:
    size, pad = measures
    plate = Image.new("RGB", (box[2] - box[0], box[3] - box[1]), look.palette.board)
    for k, line in enumerate(lines):
        at = (pad, pad + round(size * (0.95 + 1.3 * k)))
        write(plate, at, line, size=size, color=look.palette.ink)
    patch.paste(plate, box, rounded(plate.size, pad))


def _write_prompt(canvas: Image.Image, prompt: str, plan: Board, ink: Color) -> None:
    """Write the prompt above the small line: bigger when it is short, in more lines when long."""
    room = canvas.width - 2 * plan.pad
    text = showable(prompt) or "(no prompt)"
    size, lines = round(plan.prompt_size * 1.25), [text]
    if plan.lines == 1 or width(text, size) > room:
        size, lines = plan.prompt_size, wrap(text, plan.prompt_size, room, plan.lines)
    step = round(size * 1.3)
    free = canvas.height - round(plan.meta_size * 1.7) - len(lines) * step
    for k, line in enumerate(lines):
        at = (plan.pad, max(0, free // 2) + k * step + round(size * 0.95))
        write(canvas, at, line, size=size, color=ink)


def _draw_test_strip(canvas: Image.Image, look: Look, plan: Board, foot: int) -> int:
    """Draw the seed as a row of exposures, as on a darkroom's test strip; return its left edge."""
    cell, p = max(4, plan.meta_size), look.palette
    steps = min(8, canvas.width // (cell * 6))
    left = canvas.width - plan.pad - steps * cell
    for k in range(steps):
        x, part = left + k * cell, (look.seed >> (4 * k) & 15) / 15
        box = (x, foot - round(plan.meta_size * 0.8), x + cell - 2, foot + 1)
        canvas.paste(mix(p.board, p.accent, 0.15 + 0.85 * part), box)
    return left
