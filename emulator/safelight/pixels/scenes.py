"""Eight scenes, each a function from a stage to marks, back to front.

All dice are thrown before anything depends on `stage.moment`, so a loop's frames share one
layout. What must not enter: Pillow, canvases, captions.
"""

from __future__ import annotations

from math import pi, sin
from random import Random
from typing import TYPE_CHECKING

from safelight.pixels.marks import Glow, Mark, Path, Shape, Stage, Wash, box, disc, land, ripple
from safelight.pixels.palettes import digest, mix

if TYPE_CHECKING:
    from collections.abc import Callable

    from safelight.pixels.palettes import Palette


def scene(
    name: str, palette: Palette, size: tuple[int, int], *, detail: int, moment: float = 0.0
) -> list[Mark]:
    """Return the marks of a named scene for a canvas of `size` pixels."""
    short = min(size)
    dice = Random(digest(name, palette.name))  # noqa: S311 - a picture, not a secret
    stage = Stage(size[0] / short, size[1] / short, palette, dice, detail, moment)
    return _SCENES[name](stage)


def _sun(stage: Stage, x: float, y: float, radius: float) -> list[Mark]:
    """Return a disc of light with its halo."""
    p = stage.palette
    return [
        Glow(x, y, radius * 5.2, p.light, 0.55),
        Glow(x, y, radius * 2.0, p.light, 0.5),
        Shape((disc(x, y, radius),), p.light, mix(p.light, p.accent, 0.45)),
    ]


def _stars(stage: Stage, low: float, count: int) -> Mark:
    """Return small lights above the height `low`."""
    dice = stage.dice
    spots = tuple(
        disc(dice.uniform(0, stage.width), dice.uniform(0, low) ** 1.15,
             0.0011 + 0.0022 * dice.random() ** 3, 8)
        for _ in range(int(count * (1 + stage.detail / 2) * stage.width))
    )  # fmt: skip
    return Shape(spots, stage.palette.light, stage.palette.light, 0.85)


def _hills(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    sun_x, sun_y = w * dice.uniform(0.3, 0.7), h * dice.uniform(0.34, 0.44)
    marks: list[Mark] = [Wash(p.sky)]
    marks += _sun(stage, sun_x, sun_y + 0.01 * stage.swing(), 0.105)
    ridges = 5 + stage.detail // 2
    for k in range(ridges):
        part = k / (ridges - 1)
        rough = ripple(
            dice, (1.1, 0.055), (0.43, 0.025 + 0.02 * part), (0.16, 0.008), (0.05, 0.0025)
        )
        base = h * (0.52 + 0.40 * part**1.15)
        drift = 0.012 * part * stage.swing(offset=part / 2)
        top = p.ground(part**0.8)
        marks.append(Shape((land(stage, lambda x, r=rough, b=base, d=drift: b + r(x + d), steps=180),),
                           top, mix(top, p.sky[-1], 0.34 * (1 - part)), 1.0))  # fmt: skip
    return marks


def _sea(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    shore = h * 0.5
    sun_x = w * dice.uniform(0.35, 0.65)
    marks: list[Mark] = [Wash((*p.sky, p.sky[-1], p.far, p.near)[: len(p.sky) + 2])]
    marks[0] = Wash(p.sky)
    marks += _sun(stage, sun_x, shore - 0.085, 0.125)
    sea_top = mix(p.far, p.sky[-1], 0.35)
    marks.append(Shape((box(-0.1, shore, w + 0.1, h + 0.1),), sea_top, p.near))
    marks.append(Glow(sun_x, shore + 0.02, 0.42, p.light, 0.35))
    glints = []
    for k in range(26):
        part = k / 25
        y = shore + 0.008 + (h - shore) * 0.62 * part**1.3
        half = (0.11 + 0.09 * part) * dice.uniform(0.35, 1.0)
        x = sun_x + dice.uniform(-0.05, 0.05) * (0.4 + part) + 0.012 * stage.swing(offset=part * 3)
        thick = 0.0022 + 0.0055 * part
        glints.append(_lens(x, y, half, thick))
    marks.append(Shape(tuple(glints), p.light, mix(p.light, p.accent, 0.6), 0.75))
    for k in range(5):
        part = k / 4
        roll = ripple(dice, (0.62, 0.012 + 0.014 * part), (0.21, 0.004 + 0.006 * part))
        base = h - (h - shore) * (0.62 - 0.52 * part)
        shift = 0.05 * part * stage.swing(offset=k / 5) + 0.01 * stage.swing(offset=k / 3)
        top = mix(p.ground(0.3 + 0.6 * part), p.accent, 0.12 * (1 - part))
        marks.append(Shape((land(stage, lambda x, r=roll, b=base, s=shift: b + r(x + s)),),
                           top, p.near, 0.62 + 0.3 * part))  # fmt: skip
    return marks


def _lens(x: float, y: float, half: float, thick: float) -> Path:
    """Return a thin horizontal sliver, pointed at both ends."""
    top = tuple((x + half * (t / 6 - 1), y - thick * sin(pi * t / 12)) for t in range(13))
    foot = tuple((x + half * (1 - t / 6), y + thick * sin(pi * t / 12)) for t in range(13))
    return top + foot


def _city(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    marks: list[Mark] = [Wash(p.sky), _stars(stage, h * 0.45, 40)]
    marks += _sun(stage, w * dice.uniform(0.2, 0.8), h * dice.uniform(0.2, 0.3), 0.075)
    marks.append(Glow(w / 2, h * 0.86, 0.9 * max(w, 1), p.accent, 0.28))
    for k in range(3):
        part = k / 2
        towers, windows = _block(stage, part, lit=k > 0)
        top = p.ground(0.25 + 0.75 * part)
        marks.append(Shape(towers, top, mix(top, p.sky[-1], 0.35 * (1 - part))))
        if windows:
            marks.append(Shape(windows, p.light, mix(p.light, p.accent, 0.7), 0.55 + 0.35 * part))
    return marks


def _block(stage: Stage, part: float, *, lit: bool) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return a row of towers and their lit windows; some windows blink with the loop."""
    dice, h = stage.dice, stage.height
    towers: list[Path] = []
    windows: list[Path] = []
    x = -0.05
    while x < stage.width + 0.05:
        wide = dice.uniform(0.06, 0.13) * (0.75 + 0.45 * part)
        tall = h * (0.50 - 0.22 * part) * dice.uniform(0.55, 1.0)
        towers += _tower(dice, x, h - tall, wide, h)
        cell = 0.016 + 0.007 * part
        for column in range(int((wide - cell) / cell)):
            for row in range(int(tall / (cell * 1.5)) - 1):
                blink, shown = dice.random(), dice.random()
                if lit and shown < 0.30 + 0.2 * stage.swing() * (blink < 0.12):
                    left, top = x + cell * (column + 0.75), h - tall + cell * 1.5 * (row + 0.8)
                    windows.append(box(left, top, left + cell * 0.5, top + cell * 0.72))
        x += wide + dice.choice((0.0, 0.004, 0.02))
    return tuple(towers), tuple(windows)


def _tower(dice: Random, x: float, top: float, wide: float, foot: float) -> list[Path]:
    """Return one building: a box, and by chance a step, a spire or a slope on its roof."""
    body = box(x, top, x + wide, foot + 0.1)
    kind = dice.randrange(5)
    if kind == 0:
        return [body, box(x + wide * 0.2, top - 0.02, x + wide * 0.8, top + 0.01)]
    if kind == 1:
        mid = x + wide / 2
        return [body, ((mid - 0.004, top), (mid, top - 0.07), (mid + 0.004, top))]
    if kind == 2:
        return [body, ((x, top + 0.001), (x + wide, top - 0.035), (x + wide, top + 0.001))]
    return [body]


def _aurora(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    deep = tuple(mix(color, p.near, 0.55) for color in p.sky)
    marks: list[Mark] = [Wash(deep), Glow(w * 0.5, h * 0.75, 0.8 * max(w, 1), p.sky[-1], 0.4)]
    marks.append(_stars(stage, h * 0.8, 120))
    for k in range(3):
        wave = ripple(dice, (1.3, 0.09), (0.5, 0.035), (0.19, 0.012))
        base, tall = h * (0.36 + 0.11 * k), h * dice.uniform(0.22, 0.32)
        tint = (p.accent, mix(p.accent, p.sky[-1], 0.5), p.sky[-2])[k]
        marks += _curtain(stage, lambda x, r=wave, b=base, k=k: b + r(x + 0.06 * stage.swing(offset=k / 3)),
                          tall, tint)  # fmt: skip
    for k in range(2):
        rough = ripple(dice, (0.9, 0.05), (0.31, 0.035), (0.1, 0.014), (0.04, 0.005))
        base = h * (0.80 + 0.08 * k)
        marks.append(Shape((land(stage, lambda x, r=rough, b=base: b + r(x), steps=160),),
                           mix(p.near, p.far, 0.3 - 0.3 * k), p.near))  # fmt: skip
    return marks


def _curtain(
    stage: Stage, line: Callable[[float], float], tall: float, tint: tuple[int, int, int]
) -> list[Mark]:
    """Return a hanging veil of light: soft, brighter at its lower edge."""
    veil: list[Mark] = []
    for lift, opacity, soft in ((1.0, 0.20, 0.05), (0.55, 0.26, 0.03), (0.2, 0.38, 0.014)):
        xs = [stage.width * (k / 40 * 1.2 - 0.1) for k in range(41)]
        foot = [(x, line(x)) for x in xs]
        head = [(x, line(x) - tall * lift) for x in reversed(xs)]
        veil.append(Shape((tuple(foot + head),), mix(tint, stage.palette.sky[1], 0.4), tint,
                          opacity, soft))  # fmt: skip
    return veil


def _garden(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    paper = mix(p.sky[-1], p.light, 0.55)
    marks: list[Mark] = [Wash((mix(p.sky[-1], p.light, 0.25), paper, p.sky[-1]))]
    marks.append(Shape((disc(w * dice.uniform(0.4, 0.6), h * 0.42, 0.3),), p.accent,
                       mix(p.accent, p.sky[-2], 0.6)))  # fmt: skip
    stems = int(7 * w) + stage.detail
    for k in range(stems):
        part = k / max(1, stems - 1)
        x = w * (dice.random() * 0.96 + 0.02)
        lean = dice.uniform(-0.14, 0.14) + 0.018 * stage.swing(offset=dice.random())
        tall = h * dice.uniform(0.42, 0.8) * (1.1 - 0.45 * part)
        tint = mix(p.ground(0.25 + 0.75 * part), p.accent, 0.1 * (k % 3 == 0))
        leaves = _plant(dice, x, h + 0.02, lean, tall)
        marks.append(Shape(leaves, mix(tint, p.far, 0.35), tint, 0.82 + 0.18 * part))
    return marks


def _plant(dice: Random, x: float, foot: float, lean: float, tall: float) -> tuple[Path, ...]:
    """Return a stem with pairs of leaves that get smaller upwards, and one at its tip."""

    def at(t: float) -> tuple[float, float]:
        return x + lean * t * t, foot - tall * t

    thick = 0.006
    steps = [t / 16 for t in range(17)]
    stem = tuple((at(t)[0] - thick * (1 - t), at(t)[1]) for t in steps) + tuple(
        (at(t)[0] + thick * (1 - t), at(t)[1]) for t in reversed(steps)
    )
    leaves: list[Path] = [stem]
    slim, pairs = dice.uniform(0.16, 0.34), dice.randrange(5, 9)
    for k in range(pairs):
        t = 0.22 + 0.72 * k / pairs
        size = (0.17 - 0.1 * t) * dice.uniform(0.8, 1.15) * min(1.0, tall / 0.5)
        for side in (-1, 1):
            leaves.append(_leaf(at(t + 0.02 * side), side * dice.uniform(0.7, 1.1), size, slim))
    leaves.append(_leaf(at(0.98), lean, 0.07, slim))
    return tuple(leaves)


def _leaf(root: tuple[float, float], angle: float, size: float, slim: float) -> Path:
    """Return a pointed leaf that grows from `root`; angle 0 is upwards, positive to the right."""
    ux, uy = sin(angle), -sin(angle + pi / 2)
    half = [(t / 8, slim * sin(pi * (t / 8) ** 0.8)) for t in range(9)]
    outline = half + [(along, -out) for along, out in reversed(half[1:-1])]
    return tuple(
        (root[0] + size * (along * ux - out * uy), root[1] + size * (along * uy + out * ux))
        for along, out in outline
    )


def _orbs(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    marks: list[Mark] = [Wash(p.sky)]
    for _ in range(4):
        marks.append(Glow(dice.uniform(0, w), dice.uniform(0, h), dice.uniform(0.4, 0.8),
                          dice.choice((p.accent, p.light, p.sky[-1])), 0.4))  # fmt: skip
    for k in range(int(13 * w * h) + 2 * stage.detail):
        radius = 0.02 + 0.15 * dice.random() ** 1.6
        x, y = dice.uniform(-0.05, w + 0.05), dice.uniform(0, h)
        y += 0.02 * stage.swing(offset=dice.random())
        tint = dice.choice((p.light, p.accent, p.sky[-1], p.sky[-2]))
        soft = 0.0 if k % 3 else 0.02
        opacity = dice.uniform(0.14, 0.42)
        marks.append(Shape((disc(x, y, radius),), tint, mix(tint, p.sky[1], 0.5), opacity, soft))
        if not soft:
            ring = disc(x, y, radius) + tuple(reversed(disc(x, y, radius * 0.965)))
            marks.append(Shape((ring,), p.light, tint, opacity * 0.9))
    return marks


def _dunes(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    marks: list[Mark] = [Wash(p.sky)]
    marks += _sun(stage, w * dice.uniform(0.22, 0.78), h * 0.3 + 0.008 * stage.swing(), 0.085)
    for k in range(5):
        part = k / 4
        wave = ripple(dice, (1.5, 0.06 + 0.03 * part), (0.7, 0.02))
        base = h * (0.46 + 0.42 * part)
        lit = mix(p.sky[-1], p.ground(part), 0.30 + 0.5 * part)
        dark = mix(p.ground(part), p.near, 0.4)
        line = lambda x, r=wave, b=base, s=0.02 * stage.swing(offset=k / 5): b + r(x + s)
        marks.append(Shape((land(stage, line),), lit, mix(lit, dark, 0.55)))
        peak = min((w * t / 60 for t in range(61)), key=line)
        marks.append(Shape((_shade(stage, line, peak, dice.choice((-1, 1))),), dark,
                           mix(lit, dark, 0.5), 0.7))  # fmt: skip
    return marks


def _shade(stage: Stage, line: Callable[[float], float], peak: float, side: int) -> Path:
    """Return a dune's dark flank: down the crest on one side, back along a soft curve."""
    reach = 0.75 * side
    crest = [(peak + reach * t / 24, line(peak + reach * t / 24)) for t in range(25)]
    drop = crest[-1][1] - crest[0][1] + 0.22
    back = [
        (peak + reach * t / 24 + 0.10 * sin(pi * t / 24) - 0.05 * side * (1 - t / 24),
         crest[0][1] + drop * (1 - (1 - t / 24)) + 0.12 * sin(pi * t / 24))
        for t in reversed(range(25))
    ]  # fmt: skip
    return tuple(crest + back)


def _forest(stage: Stage) -> list[Mark]:
    p, dice, w, h = stage.palette, stage.dice, stage.width, stage.height
    marks: list[Mark] = [Wash(p.sky)]
    marks += _sun(stage, w * dice.uniform(0.3, 0.7), h * 0.3, 0.09)
    rows = 4
    for k in range(rows):
        part = k / (rows - 1)
        rough = ripple(dice, (1.2, 0.04), (0.4, 0.015))
        base = h * (0.60 + 0.34 * part)
        sway = 0.004 * (0.3 + part) * stage.swing(offset=k / rows)
        trees: list[Path] = [land(stage, lambda x, r=rough, b=base: b + r(x))]
        x = -0.02
        while x < w + 0.02:
            tall = (0.10 + 0.20 * part) * dice.uniform(0.6, 1.15)
            trees.append(_fir(dice, x, base + rough(x) + 0.02, tall, sway))
            x += tall * dice.uniform(0.22, 0.5)
        top = p.ground(0.12 + 0.88 * part)
        marks.append(Shape(tuple(trees), top, mix(top, p.sky[-1], 0.55 * (1 - part))))
        if k < rows - 1:
            marks.append(Glow(w * dice.random(), base + 0.13, 0.55, p.sky[-1], 0.30))
    return marks


def _fir(dice: Random, x: float, foot: float, tall: float, sway: float) -> Path:
    """Return a conifer: a saw-toothed triangle, its tip moved by `sway`."""
    tiers, wide = dice.randrange(5, 8), tall * dice.uniform(0.17, 0.23)
    left: list[tuple[float, float]] = []
    for k in range(tiers):
        part = (k + 1) / tiers
        y = foot - tall * (1 - part)
        left += [(-wide * part, y), (-wide * part * 0.55, y - tall * 0.02)]
    right = [(-dx, y) for dx, y in reversed(left)]
    tip = (x + sway, foot - tall)
    body = [(x + dx + sway * (foot - y) / tall, y) for dx, y in left + right]
    return (tip, *body)


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
