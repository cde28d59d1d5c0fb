"""Colours, and which scene in which colours a brief asks for.

A prompt's words lean the choice ("sunset" warm, "snow" cold); the hash of prompt, model, seed
and style settles it; `index` walks on, so that no two pictures of a request look alike. The
number of pairs is small on purpose: their backgrounds are kept ready. What must not enter: Pillow.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
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
    """One mood: a sky from top to horizon, a light, far-to-near grounds, an accent, inks."""

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

_Rows = tuple[tuple[str, str, str], ...]

_PLACES: _Rows = (
    # words (a plural s is taken off), scenes they ask for, palettes when nothing else asks
    ("city street skyline tower building urban tokyo york london paris", "city", ""),
    ("sea ocean wave beach ship boat fish water lake otter whale pool", "sea", "tide dusk"),
    ("desert dune sand sahara camel canyon", "dunes", "ember dusk"),
    ("forest tree wood jungle bear fox deer owl", "forest", "moss frost"),
    ("flower garden leaf leaves plant botanical bird butterfly fruit", "garden", "moss dusk"),
    ("aurora star starry galaxy space cosmic planet moon astronaut", "aurora", "night tide"),
    ("mountain hill valley alp alpine landscape volcano glacier", "hills", "dusk frost moss"),
    ("abstract geometric pattern logo icon gradient bokeh", "orbs", ""),
)
_MOODS: _Rows = (
    # words, scenes when nothing else asks, palettes they ask for
    ("sunset sunrise dawn dusk evening golden", "hills sea dunes", "dusk ember"),
    ("snow snowy ice icy winter frost arctic polar penguin", "forest hills", "frost"),
    ("night midnight dark neon cyber", "city aurora", "night"),
    ("red fire lava flame autumn darkroom rust rose", "", "ember"),
    ("blue teal rain river", "", "tide frost"),
    ("green grass spring meadow frog", "hills garden", "moss"),
    ("purple violet pink lilac", "", "dusk night"),
    ("white pale silver", "", "frost"),
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
    places, moods = _hits(_PLACES, said), _hits(_MOODS, said)
    scenes = tuple(dict.fromkeys(" ".join(row[1] for row in places or moods).split()))
    asked = " ".join(row[2] for row in moods or places).split()
    return scenes, tuple(p for p in PALETTES if p.name in asked)


def _hits(rows: _Rows, said: set[str]) -> _Rows:
    return tuple(row for row in rows if not said.isdisjoint(row[0].split()))


def _styled(palette: Palette, style: str) -> Palette:
    """Return the palette more or less saturated, as the style says; other styles only re-roll."""
    amount = _TONES.get(style)
    if amount is None:
        return palette
    return replace(
        palette,
        name=palette.name + style,
        sky=tuple(toned(color, amount) for color in palette.sky),
        light=toned(palette.light, amount),
        far=toned(palette.far, amount),
        near=toned(palette.near, amount),
        accent=toned(palette.accent, amount),
    )


def alternatives(settled: Look) -> list[Look]:
    """Return the look itself, then the same scene in every other palette, in a fixed order."""
    at = next((k for k, p in enumerate(PALETTES) if p.name == settled.palette.name), 0)
    others = (*PALETTES[at + 1 :], *PALETTES[:at])
    return [settled, *(replace(settled, palette=palette) for palette in others)]
