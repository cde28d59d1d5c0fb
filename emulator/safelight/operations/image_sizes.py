"""Which size a picture gets: what was asked, or what `auto` means for a model and its input.

What must not enter: pixels, wording of errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from safelight.messages import Json
from safelight.operations.image_inputs import Inputs
from safelight.refusals import Refusal

Size = tuple[int, int]

DEFAULT: Size = (1024, 1024)
LONGEST = 2048
"""Longer side, in pixels, of what a model with the trait `keeps_shape` makes of an input."""


def parse(text: str) -> Size | None:
    """Return (width, height) in pixels for `WIDTHxHEIGHT`, else None."""
    width, _, height = text.partition("x")
    if width.isascii() and width.isdigit() and height.isascii() and height.isdigit():
        return (int(width), int(height)) if int(width) and int(height) else None
    return None


def resolve_size(
    asked: str | None, traits: Mapping[str, Json], inputs: Inputs, *, lenient: bool = False
) -> Size:
    """Return the size in pixels. Raises Refusal when it is not on the model's grid."""
    size = parse(asked) if asked else None
    if size is None:
        return automatic(traits, inputs)
    grid = traits.get("size_grid")
    if grid and not lenient:
        _on_grid(str(asked), size, grid)
    return size


def automatic(traits: Mapping[str, Json], inputs: Inputs) -> Size:
    """Return what `auto` gives: the model's first size, or for an edit the nearest shape.

    A model with the trait `keeps_shape` gives an edit the size of its input.
    """
    sizes = [parse(text) or DEFAULT for text in traits.get("sizes", ())] or [DEFAULT]
    if not inputs.pictures:
        return sizes[0]
    first = inputs.pictures[0]
    if traits.get("keeps_shape"):
        return _within(*first.shown)
    if first.shown in sizes:
        return first.shown
    shape = first.shown[0] / first.shown[1]
    return min(sizes, key=lambda s: max(shape / (s[0] / s[1]), (s[0] / s[1]) / shape))


def _within(width: int, height: int) -> Size:
    """Return the size itself, or scaled down until its longer side is `LONGEST` pixels."""
    scale = min(1.0, LONGEST / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _on_grid(text: str, size: Size, grid: Mapping[str, int]) -> None:
    """Hold the flexible grid: multiples, longest edge, ratio, and number of pixels."""
    width, height = size
    if width % grid["multiple"] or height % grid["multiple"]:
        raise Refusal("size_not_on_grid", "size", value=text)
    long, short = max(size), min(size)
    reason = ""
    if long > grid["max_edge"]:
        reason = f"The longest edge must be at most {grid['max_edge']} pixels."
    elif long > short * grid["ratio"]:
        reason = f"The ratio of the edges must be between 1:{grid['ratio']} and {grid['ratio']}:1."
    elif not grid["min_pixels"] <= width * height <= grid["max_pixels"]:
        bounds = f"between {grid['min_pixels']} and {grid['max_pixels']}"
        reason = f"The number of pixels must be {bounds}."
    if reason:
        raise Refusal("size_out_of_bounds", "size", value=text, reason=reason)
