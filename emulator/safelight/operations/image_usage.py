"""Tokens of an image request, as the documented tables count them.

The published table (low 272/400/408, medium 1056/1568/1584, high 4160/6208/6240 for square,
landscape and portrait) is exactly rows x (columns + 1) of cells of 64, 32 and 16 pixels, so one
formula serves every size; for sizes outside the table it is an extrapolation. Source: wire facts
3.8, 2026-08-31.

What must not enter: prices (`costs.py`), how a reply words its usage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from safelight.operations.image_inputs import Inputs
from safelight.pixels import Source
from safelight.tokens import count_text

_CELL = {"low": 64, "standard": 32, "medium": 32, "high": 16, "hd": 16, "xhigh": 12, "max": 8}
PREVIEW_TOKENS = 100
"""Output tokens of each streamed partial image (facts 3.8)."""


@dataclass(frozen=True, slots=True)
class ImageUsage:
    """Token counts of one reply, all its pictures together."""

    text_tokens: int
    image_tokens: int
    output_tokens: int

    @property
    def input_tokens(self) -> int:
        """Text and image tokens of the input."""
        return self.text_tokens + self.image_tokens

    @property
    def total_tokens(self) -> int:
        """Input and output tokens."""
        return self.input_tokens + self.output_tokens


def count(prompt: str, inputs: Inputs, each: int, *, amount: int, previews: int) -> ImageUsage:
    """Return the usage of a request: everything is multiplied by the number of pictures.

    `each` is the output tokens of one picture, without its previews.
    """
    images = sum(input_tokens(picture, high=inputs.high_fidelity) for picture in inputs.pictures)
    output = each + PREVIEW_TOKENS * previews
    return ImageUsage(count_text(prompt) * amount, images * amount, output * amount)


def output_tokens(size: tuple[int, int], quality: str) -> int:
    """Return the output tokens of one picture of (width, height) pixels."""
    cell = _CELL.get(quality, 32)
    return math.ceil(size[1] / cell) * (math.ceil(size[0] / cell) + 1)


def input_tokens(picture: Source, *, high: bool = False) -> int:
    """Return the input tokens of one picture: 65, and 129 for each 512 px tile of it scaled to 512.

    A square picture costs 194 (facts 3.8, recorded). High fidelity adds the documented 4160 for a
    square and 6240 for an oblong picture (not in recordings).
    """
    short, long = sorted((picture.width, picture.height))
    tiles = math.ceil(long * min(1.0, 512 / short) / 512)
    extra = (4160 if picture.width == picture.height else 6240) if high else 0
    return 65 + 129 * max(1, tiles) + extra
