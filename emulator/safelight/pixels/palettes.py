"""Colours, and which scene in which colours a brief asks for.

A prompt's words lean the choice ("sunset" warm, "snow" cold); the hash of prompt, model, seed
and style settles it; `index` walks on, so that no two pictures of a request look alike. The
number of pairs is small on purpose: their backgrounds are kept ready. What must not enter: Pillow.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from safelight.pixels.values import Brief

Color: TypeAlias = tuple[int, int, int]


def _hex(text: str) -> tuple[Color, ...]:
    """Read "#rrggbb #rrggbb ..." into colours."""
    return tuple((v >> 16, v >> 8 & 255, v & 255) for v in (int(w[1:], 16) for w in text.split()))


@dataclass(frozen=True, slots=True)
class Palette:
    """One mood: a sky from top to horizon, a light, far-to-near grounds, an accent, caption inks."""

    name: str
    sky: tuple[Color, ...]
    light: Color
    far: Color
    near: Color
    accent: Color
    board: Color
    ink: Color

    def ground(self, part: float) -> Color:
        """Return the colour `part` of the way from far (0) to near (1)."""
        return mix(self.far, self.near, part)


def mix(one: Color, two: Color, part: float) -> Color:
    """Return the colour `part` of the way from `one` to `two`."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, two, strict=True))
    return red, green, blue


def toned(color: Color, saturation: float) -> Color:
    """Return the colour with its distance from its own grey scaled by `saturation`."""
    grey = round(0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2])
    red, green, blue = (min(255, max(0, round(grey + (c - grey) * saturation))) for c in color)
    return red, green, blue


def _palette(name: str, sky: str, rest: str) -> Palette:
    return Palette(name, _hex(sky), *_hex(rest))


#                 sky, top to horizon                   light   far     near    accent  board   ink
PALETTES = (
    _palette("ember", "#1d0710 #5a0f1a #b8321f #f08a3c",
             "#ffd9a0 #a8352a #16060c #ff6a3d #14080a #f7e6d6"),
    _palette("dusk", "#2a2350 #6b3a78 #d9627a #ffc08f",
             "#fff0cf #a8587f #1c1636 #ff8f70 #17132a #f6ebf0"),
    _palette("tide", "#0b2a45 #16607a #5fb0a8 #f2e3bd",
             "#fff6da #4f97a0 #06202f #f2b65a #081b27 #e9f4f1"),
    _palette("moss", "#18332b #3f6b4a #a9b86a #f4e6ae",
             "#fff3c4 #7c9a63 #0d1f19 #e9b44c #0d1a15 #f1f2e2"),
    _palette("frost", "#2d4a6b #6f9bbd #bcd6e4 #f6f3ee",
             "#ffffff #9dbbd0 #20364f #5aa5d6 #14222f #eef5fa"),
    _palette("night", "#070b22 #16205a #4a3a92 #a06bb4",
             "#f4ecff #4a4590 #05081a #7de0c8 #080b1c #e8ebfa"),
)  # fmt: skip

SCENES = ("hills", "sea", "city", "aurora", "garden", "orbs", "dunes", "forest")
"""Names of what `scenes` can draw, in a fixed order: the choice depends on it."""

_LEANINGS: tuple[tuple[str, str, str], ...] = (
    # words (a plural s is taken off), scenes they suggest, palettes they suggest
    ("sunset sunrise dawn dusk evening golden", "hills sea dunes", "dusk ember"),
    ("red fire lava volcan flame autumn darkroom rust rose", "", "ember dusk"),
    ("desert dune sand sahara camel canyon", "dunes hills", "ember dusk"),
    ("snow snowy ice icy winter frost arctic polar glacier penguin", "forest hills", "frost night"),
    (
        "aurora northern star starry galaxy space cosmic cosmos planet moon astronaut",
        "aurora orbs",
        "night tide",
    ),
    ("night midnight dark neon cyber", "city aurora", "night ember"),
    ("city street skyline tower building urban tokyo york london paris", "city orbs", "night dusk"),
    ("sea ocean wave beach ship boat fish water lake otter whale", "sea hills", "tide dusk"),
    ("blue teal rain river", "", "tide frost"),
    ("mountain hill valley alp alpine landscape", "hills forest", "dusk frost moss"),
    ("forest tree wood jungle bear fox deer owl", "forest hills", "moss frost"),
    (
        "flower garden leaf leaves plant botanical bloom bird butterfly fruit",
        "garden orbs",
        "moss dusk",
    ),
    ("green grass spring meadow frog", "", "moss tide"),
    ("abstract geometric pattern logo icon gradient bokeh", "orbs garden", ""),
    ("purple violet pink lilac", "", "dusk night"),
    ("white pale silver", "", "frost tide"),
)

_TONES = {"vivid": 1.3, "natural": 0.62}


@dataclass(frozen=True, slots=True)
class Look:
    """The settled choice: which scene, in which palette, how saturated."""

    scene: str
    palette: Palette
    seed: int

    @property
    def key(self) -> tuple[str, Palette]:
        """What a kept background depends on; the seed is not part of it."""
        return self.scene, self.palette


def digest(*parts: object) -> int:
    """Return 64 bits that depend on the parts alone, not on the process."""
    text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def look(brief: Brief) -> Look:
    """Choose scene and colours: the prompt's words first, then the hash, then the index."""
    seed = digest(brief.prompt, brief.model, brief.seed, brief.style)
    scenes, palettes = _leaning(brief.prompt)
    wanted = _pairs(scenes or SCENES, palettes or PALETTES)
    others = tuple(name for name in SCENES if scenes and name not in scenes)
    start = seed % len(wanted)
    pairs = [*wanted[start:], *wanted[:start], *_pairs(others, palettes or PALETTES)]
    scene, palette = pairs[brief.index % len(pairs)]
    return Look(scene, _styled(palette, brief.style), digest(seed, brief.index))


def _pairs(scenes: tuple[str, ...], palettes: tuple[Palette, ...]) -> list[tuple[str, Palette]]:
    """List every pair once, neighbours differing in scene and, if they can, in palette."""
    if not scenes:
        return []
    lap = lcm(len(scenes), len(palettes))
    return [
        (scenes[k % len(scenes)], palettes[(k + k // lap) % len(palettes)])
        for k in range(len(scenes) * len(palettes))
    ]


def _leaning(prompt: str) -> tuple[tuple[str, ...], tuple[Palette, ...]]:
    """Collect what the first thousand characters of a prompt suggest; empty when nothing."""
    words = re.findall(r"[a-z]+", prompt[:1000].lower())
    said = {form for word in words for form in (word, word.removesuffix("s"))}
    hits = [row for row in _LEANINGS if not said.isdisjoint(row[0].split())]
    scenes = dict.fromkeys(name for row in hits for name in row[1].split())
    names = {name for row in hits for name in row[2].split()}
    return tuple(scenes), tuple(p for p in PALETTES if p.name in names)


def _styled(palette: Palette, style: str) -> Palette:
    """Return the palette more or less saturated, as the style says; other styles only re-roll."""
    amount = _TONES.get(style)
    if amount is None:
        return palette
    sky = tuple(toned(color, amount) for color in palette.sky)
    rest = (palette.light, palette.far, palette.near, palette.accent)
    return Palette(palette.name + style, sky, *(toned(c, amount) for c in rest),
                   palette.board, palette.ink)  # fmt: skip
