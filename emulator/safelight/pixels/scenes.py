"""Eight scenes, each a function from a stage to marks, back to front.

Dice are thrown in the same order at every `stage.moment`, so a loop's frames share one layout.
What must not enter: Pillow, canvases, captions.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from safelight.pixels import motifs
from safelight.pixels.marks import (
    Glow,
    Mark,
    Path,
    Shape,
    Stage,
    Wash,
    box,
    disc,
    land,
    ring,
    ripple,
)
from safelight.pixels.palettes import digest, mix

if TYPE_CHECKING:
    from collections.abc import Callable

    from safelight.pixels.palettes import Palette


def scene(
    name: str, palette: Palette, size: tuple[int, int], *, detail: int, moment: float = 0.0
) -> list[Mark]:
    """Return the marks of a named scene on `size` pixels, `moment` (0..1) in its loop."""
    short = min(size)
    dice = Random(digest(name, palette.name))  # noqa: S311 - a picture, not a secret
    stage = Stage(size[0] / short, size[1] / short, palette, dice, detail, moment)
    return _SCENES[name](stage)


def _hills(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    x, y = w * dice.uniform(0.3, 0.7), h * dice.uniform(0.34, 0.44)
    marks: list[Mark] = [Wash(p.sky), *motifs.sun(stage, x, y + 0.01 * stage.swing(), 0.105)]
    ridges = 5 + stage.detail // 2
    for k in range(ridges):
        part = k / (ridges - 1)
        line = ripple(
            dice, h * (0.52 + 0.40 * part**1.15),
            (1.1, 0.055), (0.43, 0.025 + 0.02 * part), (0.16, 0.008), (0.05, 0.0025),
            shift=0.012 * part * stage.swing(offset=part / 2),
        )  # fmt: skip
        top = p.ground(part**0.8)
        foot = mix(top, p.sky[-1], 0.34 * (1 - part))
        marks.append(Shape((land(stage, line, steps=180),), top, foot))
    return marks


def _sea(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    shore, x = h * 0.5, w * dice.uniform(0.35, 0.65)
    marks: list[Mark] = [Wash(p.sky), *motifs.sun(stage, x, shore - 0.085, 0.125)]
    water = box(-0.1, shore, w + 0.1, h + 0.1)
    marks.append(Shape((water,), mix(p.far, p.sky[-1], 0.35), p.near))
    marks.append(Glow(x, shore + 0.02, 0.5, p.light, 0.35))
    marks.append(Shape(_reflection(stage, x, shore), p.light, mix(p.light, p.accent, 0.6), 0.75))
    sail = w * dice.choice((0.2, 0.8)) + 0.02 * stage.swing()
    marks.append(Shape(motifs.boat(sail, shore + 0.05, 0.075), p.near, mix(p.near, p.far, 0.3)))
    for k in range(5):
        part = k / 4
        line = ripple(
            dice, h - (h - shore) * (0.62 - 0.52 * part),
            (0.62, 0.012 + 0.014 * part), (0.21, 0.004 + 0.006 * part),
            shift=0.05 * part * stage.swing(offset=k / 5) + 0.01 * stage.swing(offset=k / 3),
        )  # fmt: skip
        top = mix(p.ground(0.2 + 0.6 * part), p.accent, 0.22 * (1 - part))
        marks.append(Shape((land(stage, line),), top, p.near, 0.62 + 0.3 * part))
    return marks


def _reflection(stage: Stage, x: float, shore: float) -> tuple[Path, ...]:
    """Return the light's broken path on the water."""
    glints = []
    for k in range(26):
        part = k / 25
        y = shore + 0.008 + (stage.height - shore) * 0.62 * part**1.3
        half = (0.11 + 0.09 * part) * stage.dice.uniform(0.35, 1.0)
        drift = stage.dice.uniform(-0.05, 0.05) * (0.4 + part)
        drift += 0.012 * stage.swing(offset=part * 3)
        glints.append(motifs.glint(x + drift, y, half, 0.0022 + 0.0055 * part))
    return tuple(glints)


def _city(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    x, y = w * dice.uniform(0.2, 0.8), h * dice.uniform(0.2, 0.3)
    marks: list[Mark] = [Wash(p.sky), Glow(w / 2, h * 0.86, 1.2 * w, p.accent, 0.3)]
    marks += [*motifs.sun(stage, x, y, 0.075), motifs.stars(stage, h * 0.45, 40)]
    for k in range(3):
        part = k / 2
        towers, windows = motifs.block(stage, part, lit=k > 0)
        top = p.ground(0.25 + 0.75 * part)
        marks.append(Shape(towers, top, mix(top, p.sky[-1], 0.35 * (1 - part))))
        lamp = mix(p.light, p.accent, 0.7)
        marks.append(Shape(windows, p.light, lamp, 0.55 + 0.35 * part))
    return marks


def _aurora(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    deep = tuple(mix(color, p.near, 0.55) for color in p.sky)
    marks: list[Mark] = [Wash(deep), Glow(w * 0.5, h * 0.75, 1.1 * w, p.sky[-1], 0.4)]
    marks.append(motifs.stars(stage, h * 0.8, 120))
    tints = (p.accent, mix(p.accent, p.sky[-1], 0.5), p.sky[-2])
    for k, tint in enumerate(tints):
        line = ripple(
            dice, h * (0.36 + 0.12 * k), (1.3, 0.09), (0.5, 0.035), (0.19, 0.012),
            shift=0.06 * stage.swing(offset=k / 3),
        )  # fmt: skip
        marks += motifs.curtain(stage, line, h * dice.uniform(0.22, 0.32), tint)
    for k in range(2):
        waves = ((0.9, 0.05), (0.31, 0.035), (0.1, 0.014), (0.04, 0.005))
        line = ripple(dice, h * (0.80 + 0.08 * k), *waves)
        top = mix(p.near, p.far, 0.3 - 0.3 * k)
        marks.append(Shape((land(stage, line, steps=160),), top, p.near))
    return marks


def _garden(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    paper = mix(p.sky[-1], p.light, 0.55)
    marks: list[Mark] = [Wash((mix(p.sky[-1], p.light, 0.25), paper, p.sky[-1]))]
    ball = disc(w * dice.uniform(0.4, 0.6), h * 0.42, 0.3)
    marks.append(Shape((ball,), p.accent, mix(p.accent, p.sky[-2], 0.6)))
    stems = int(7 * w) + stage.detail
    for k in range(stems):
        part = k / (stems - 1)
        x = w * ((k * 0.618 + 0.3) % 1 * 0.94 + 0.03) + dice.uniform(-0.04, 0.04)
        lean = dice.uniform(-0.14, 0.14) + 0.018 * stage.swing(offset=dice.random())
        tall = h * dice.uniform(0.42, 0.8) * (1.1 - 0.45 * part)
        tint = p.ground(0.2 + 0.8 * part)
        leaves = motifs.plant(dice, x, h + 0.02, lean, tall)
        marks.append(Shape(leaves, mix(tint, p.far, 0.35), tint, 0.85 + 0.15 * part))
    return marks


def _orbs(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    deep = tuple(mix(color, p.near, 0.25) for color in p.sky)
    marks: list[Mark] = [Wash(deep)]
    marks += [
        Glow(dice.uniform(0, w), dice.uniform(0.1, h), dice.uniform(0.5, 1.0), tint, 0.5)
        for tint in (p.accent, p.light, p.sky[-1], p.accent)
    ]
    for k in range(int(22 * w * h) + 3 * stage.detail):
        radius = 0.015 + 0.15 * dice.random() ** 2
        x, y = dice.uniform(-0.05, w + 0.05), h * (1 - dice.random() ** 1.4)
        y += 0.02 * stage.swing(offset=dice.random())
        tint, opacity = dice.choice((p.light, p.accent, p.sky[-1])), dice.uniform(0.18, 0.5)
        soft = 0.0 if k % 3 else 0.018
        marks.append(Shape((disc(x, y, radius),), tint, mix(tint, deep[1], 0.5), opacity, soft))
        if not soft:
            rim = ring(x, y, radius, radius * 0.035)
            marks.append(Shape((rim,), p.light, tint, opacity))
    return marks


def _dunes(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    x, y = w * dice.uniform(0.22, 0.78), h * 0.3 + 0.008 * stage.swing()
    marks: list[Mark] = [Wash(p.sky), *motifs.sun(stage, x, y, 0.085)]
    for k in range(5):
        part = k / 4
        line = ripple(
            dice, h * (0.46 + 0.42 * part), (1.5, 0.06 + 0.03 * part), (0.7, 0.02),
            shift=0.02 * stage.swing(offset=k / 5),
        )  # fmt: skip
        lit = mix(p.sky[-1], p.ground(part), 0.30 + 0.5 * part)
        dark = mix(p.ground(part), p.near, 0.4)
        marks.append(Shape((land(stage, line),), lit, mix(lit, dark, 0.55)))
        peak = min((w * t / 60 for t in range(61)), key=line)
        flank = motifs.shade(line, peak, dice.choice((-1, 1)))
        marks.append(Shape((flank,), dark, mix(lit, dark, 0.6), 0.7))
    return marks


def _forest(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    x = w * dice.uniform(0.3, 0.7)
    marks: list[Mark] = [Wash(p.sky), *motifs.sun(stage, x, h * 0.3, 0.09)]
    for k in range(4):
        part = k / 3
        base = h * (0.56 + 0.36 * part)
        line = ripple(dice, base, (1.2, 0.04), (0.4, 0.015))
        sway = 0.004 * (0.3 + part) * stage.swing(offset=k / 4)
        trees: list[Path] = [land(stage, line)]
        x = -0.02
        while x < w + 0.02:
            tall = (0.10 + 0.20 * part) * dice.uniform(0.6, 1.15)
            trees.append(motifs.fir(dice, x, line(x) + 0.02, tall, sway))
            x += tall * dice.uniform(0.22, 0.5)
        top = p.ground(0.12 + 0.88 * part)
        marks.append(Shape(tuple(trees), top, mix(top, p.sky[-1], 0.55 * (1 - part))))
        if part < 1:
            marks.append(Glow(w * dice.random(), base + 0.13, 0.75, p.sky[-1], 0.30))
    return marks


_SCENES: dict[str, Callable[[Stage], list[Mark]]] = {
    "hills": _hills,
    "sea": _sea,
    "city": _city,
    "aurora": _aurora,
    "garden": _garden,
    "orbs": _orbs,
    "dunes": _dunes,
    "forest": _forest,
}
