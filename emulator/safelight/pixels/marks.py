"""A scene as a list of marks, before anybody has chosen pixels or XML.

A stage's shorter side is 1.0, so circles stay round on every canvas; y grows downwards. What must
not enter: Pillow, text, canvases.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from safelight.pixels.palettes import Color, Palette

Point: TypeAlias = tuple[float, float]
Path: TypeAlias = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Wash:
    """The whole stage, in colours from top to bottom at equal distances."""

    colors: tuple[Color, ...]


@dataclass(frozen=True, slots=True)
class Glow:
    """Light that fades from a centre to nothing at `radius`; `strength` is its opacity there."""

    x: float
    y: float
    radius: float
    color: Color
    strength: float


@dataclass(frozen=True, slots=True)
class Shape:
    """Closed paths filled from `top` to `bottom` colour over their common box.

    `soft` blurs the edge by that many stage units.
    """

    paths: tuple[Path, ...]
    top: Color
    bottom: Color
    opacity: float = 1.0
    soft: float = 0.0


Mark: TypeAlias = Wash | Glow | Shape


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scene is given: room, colours, dice, how rich, and the moment of the loop (0..1)."""

    width: float
    height: float
    palette: Palette
    dice: Random
    detail: int
    moment: float

    def swing(self, turns: int = 1, offset: float = 0.0) -> float:
        """Return -1..1, coming back to its start when the loop does."""
        return sin(2 * pi * (self.moment * turns + offset))


def disc(x: float, y: float, radius: float, sides: int = 64) -> Path:
    """Return a circle as a path."""
    return tuple(
        (x + radius * cos(2 * pi * k / sides), y + radius * sin(2 * pi * k / sides))
        for k in range(sides)
    )


def ring(x: float, y: float, radius: float, thick: float) -> Path:
    """Return a circle's outline as one closed path."""
    outer, inner = disc(x, y, radius), disc(x, y, radius - thick)
    return (*outer, outer[0], inner[0], *reversed(inner))


def box(left: float, top: float, right: float, bottom: float) -> Path:
    """Return an upright rectangle as a path."""
    return (left, top), (right, top), (right, bottom), (left, bottom)


def land(stage: Stage, line: Callable[[float], float], *, steps: int = 96) -> Path:
    """Return everything under `line` (x to y), down to the stage's foot."""
    crest = tuple(
        (x, line(x)) for x in (stage.width * (k - 1) / (steps - 2) for k in range(steps + 1))
    )
    return (*crest, (crest[-1][0], stage.height + 0.1), (crest[0][0], stage.height + 0.1))


def ripple(
    dice: Random, base: float, *waves: tuple[float, float], shift: float = 0.0
) -> Callable[[float], float]:
    """Return a smooth random line around `base`, moved left by `shift`.

    Each wave is (length, height) in stage units.
    """
    parts = [
        (2 * pi / length * dice.uniform(0.8, 1.25), height, dice.uniform(0, 2 * pi))
        for length, height in waves
    ]
    return lambda x: (
        base + sum(height * sin((x + shift) * turn + start) for turn, height, start in parts)
    )
