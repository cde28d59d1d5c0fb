"""Single things that scenes are made of: a sun, stars, a tower, a plant, a fir, a veil of light.

What must not enter: Pillow, whole scenes.
"""

from __future__ import annotations

from math import pi, sin
from typing import TYPE_CHECKING

from safelight.pixels.marks import Glow, Mark, Path, Shape, Stage, box, disc
from safelight.pixels.palettes import mix

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from safelight.pixels.palettes import Color


def sun(stage: Stage, x: float, y: float, radius: float) -> list[Mark]:
    """Return a disc of light with its halo."""
    p = stage.palette
    return [
        Glow(x, y, radius * 7.5, p.light, 0.5),
        Glow(x, y, radius * 2.9, p.light, 0.5),
        Shape((disc(x, y, radius),), p.light, mix(p.light, p.accent, 0.45)),
    ]


def stars(stage: Stage, low: float, count: int) -> Mark:
    """Return small lights above the height `low`, the more the richer the detail."""
    dice = stage.dice
    spots = tuple(
        disc(
            dice.uniform(0, stage.width),
            dice.random() ** 1.15 * low,
            0.0011 + 0.0022 * dice.random() ** 3,
            8,
        )
        for _ in range(int(count * (1 + stage.detail / 2) * stage.width))
    )
    return Shape(spots, stage.palette.light, stage.palette.light, 0.85)


def glint(x: float, y: float, half: float, thick: float) -> Path:
    """Return a thin horizontal sliver, pointed at both ends."""
    top = tuple((x + half * (t / 6 - 1), y - thick * sin(pi * t / 12)) for t in range(13))
    foot = tuple((x + half * (1 - t / 6), y + thick * sin(pi * t / 12)) for t in range(13))
    return top + foot


def boat(x: float, y: float, size: float) -> tuple[Path, ...]:
    """Return a small sailing boat whose waterline is at `y`."""
    hull = ((-0.5, -0.12), (0.55, -0.12), (0.36, 0.05), (-0.34, 0.05))
    main = ((0.02, -1.3), (0.06, -0.2), (-0.44, -0.2))
    jib = ((0.08, -1.1), (0.5, -0.2), (0.1, -0.2))
    return tuple(tuple((x + dx * size, y + dy * size) for dx, dy in p) for p in (hull, main, jib))


def block(stage: Stage, part: float, *, lit: bool) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return a row of towers and their lit windows; a few windows blink with the loop."""
    dice, foot = stage.dice, stage.height
    towers: list[Path] = []
    windows: list[Path] = []
    x = -0.05
    while x < stage.width + 0.05:
        wide = dice.uniform(0.06, 0.13) * (0.75 + 0.45 * part)
        top = foot - foot * (0.50 - 0.22 * part) * dice.uniform(0.55, 1.0)
        towers += _tower(dice, x, top, wide, foot)
        if lit:
            windows += _windows(stage, (x, top, wide), 0.016 + 0.007 * part)
        x += wide + dice.choice((0.0, 0.004, 0.02))
    return tuple(towers), tuple(windows)


def _windows(stage: Stage, tower: tuple[float, float, float], cell: float) -> list[Path]:
    """Return the lit windows of the tower at (left, top, width)."""
    x, top, wide = tower
    share = 0.30 + 0.03 * stage.detail
    lit = []
    for column in range(int((wide - cell) / cell)):
        for row in range(int((stage.height - top) / (cell * 1.5)) - 1):
            shown, blinks = stage.dice.random(), stage.dice.random() < 0.12
            if shown < share + 0.2 * blinks * stage.swing():
                left, y = x + cell * (column + 0.75), top + cell * (1.5 * row + 1.2)
                lit.append(box(left, y, left + cell * 0.5, y + cell * 0.72))
    return lit


def _tower(dice: Random, x: float, top: float, wide: float, foot: float) -> list[Path]:
    """Return one building: a box, and by chance a step, a spire or a slope on its roof."""
    mid = x + wide / 2
    roofs: tuple[list[Path], ...] = (
        [box(x + wide * 0.2, top - 0.02, x + wide * 0.8, top + 0.01)],
        [((mid - 0.004, top), (mid, top - 0.07), (mid + 0.004, top))],
        [((x, top + 0.001), (x + wide, top - 0.035), (x + wide, top + 0.001))],
        [],
        [],
    )
    return [box(x, top, x + wide, foot + 0.1), *dice.choice(roofs)]


def curtain(stage: Stage, line: Callable[[float], float], tall: float, tint: Color) -> list[Mark]:
    """Return a hanging veil of light: soft, brightest along its lower edge."""
    veil: list[Mark] = []
    faint = mix(tint, stage.palette.sky[1], 0.4)
    for lift, opacity, soft in ((1.0, 0.22, 0.05), (0.55, 0.3, 0.03), (0.16, 0.5, 0.014)):
        xs = [stage.width * (k / 40 * 1.2 - 0.1) for k in range(41)]
        foot = [(x, line(x)) for x in xs]
        head = [(x, line(x) - tall * lift) for x in reversed(xs)]
        veil.append(Shape((tuple(foot + head),), faint, tint, opacity, soft))
    return veil


def plant(dice: Random, x: float, foot: float, lean: float, tall: float) -> tuple[Path, ...]:
    """Return a stem with pairs of leaves that get smaller upwards, and one at its tip."""

    def at(t: float) -> tuple[float, float]:
        return x + lean * t * t, foot - tall * t

    steps = [t / 16 for t in range(17)]
    left = [(at(t)[0] - 0.006 * (1 - t), at(t)[1]) for t in steps]
    right = [(at(t)[0] + 0.006 * (1 - t), at(t)[1]) for t in reversed(steps)]
    leaves: list[Path] = [(*left, *right)]
    slim, pairs = dice.uniform(0.14, 0.26), dice.randrange(5, 9)
    for k in range(pairs):
        t = 0.26 + 0.68 * k / pairs
        size = (0.15 - 0.085 * t) * dice.uniform(0.8, 1.15) * min(1.0, tall / 0.5)
        leaves += [
            _leaf(at(t + 0.02 * side), side * dice.uniform(0.75, 1.2), size, slim)
            for side in (-1, 1)
        ]
    return (*leaves, _leaf(at(0.98), lean, 0.07, slim))


def _leaf(root: tuple[float, float], angle: float, size: float, slim: float) -> Path:
    """Return a pointed leaf that grows from `root`; angle 0 is upwards, positive to the right."""
    ux, uy = sin(angle), -sin(angle + pi / 2)
    half = [(t / 8, slim * sin(pi * (t / 8) ** 0.8)) for t in range(9)]
    outline = half + [(along, -out) for along, out in reversed(half[1:-1])]
    return tuple(
        (root[0] + size * (along * ux - out * uy), root[1] + size * (along * uy + out * ux))
        for along, out in outline
    )


def shade(line: Callable[[float], float], peak: float, side: int) -> Path:
    """Return a dune's dark flank: along the crest to one side, back in a slack curve below."""
    xs = [peak + side * 0.8 * t / 32 for t in range(33)]
    crest = [(x, line(x)) for x in xs]
    back = [
        (x + side * 0.16 * sin(pi * t / 32), line(x) + 0.17 * sin(pi * t / 32) ** 1.3)
        for t, x in reversed(list(enumerate(xs)))
    ]
    return (*crest, *back)


def fir(dice: Random, x: float, foot: float, tall: float, sway: float) -> Path:
    """Return a conifer: a saw-toothed triangle whose tip is moved by `sway`."""
    tiers, wide = dice.randrange(5, 8), tall * dice.uniform(0.17, 0.23)
    left: list[tuple[float, float]] = []
    for k in range(1, tiers + 1):
        part = k / tiers
        y = foot - tall * (1 - part)
        left += [(-wide * part, y), (-wide * part * 0.55, y - tall * 0.02)]
    right = [(-dx, y) for dx, y in reversed(left)]
    body = [(x + dx + sway * (foot - y) / tall, y) for dx, y in left + right]
    return ((x + sway, foot - tall), *body)
