"""Together.ai's image parameters, said as the shared operation understands them (facts 2.1-2.3).

What must not enter: replies, models' names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import product

from safelight.messages import Call, Json
from safelight.operations.chat.moderation import FLAG_MARK
from safelight.phrases import listing
from safelight.refusals import Refusal

_SIDE = 1024
_STEP = 8
"""Pixels: width and height are multiples of it (facts 2.1)."""

_USUAL_STEPS = 28
_GUIDING = (
    "negative_prompt", "guidance_scale", "guidance", "image_loras", "prompt_upsampling", "steps",
)  # fmt: skip
"""What leads to another picture of the same prompt and seed."""


def canonical(call: Call, ratios: Mapping[str, Sequence[int]]) -> Call:
    """Return the call under the shared names. `ratios` gives (width, height) by aspect ratio.

    Raises Refusal: unsafe_prompt, side_not_multiple, dimensions_not_offered.
    """
    params = call.params
    _check_safety(call)
    width, height = _sides(params, ratios)
    if not call.lenient:
        _check_sides(width, height, call.traits)
    inputs = [*_given(params, "image_url"), *_given(params, "reference_images")]
    said: dict[str, Json] = {
        "model": call.model,
        "prompt": params["prompt"],
        "n": params.get("n", 1),
        "size": f"{width}x{height}",
        "quality": _quality(params.get("steps"), call.traits),
        "output_format": params.get("output_format", "jpeg"),
        "output_compression": 92,
        "seed": _seed(params),
    }
    if not inputs:
        return replace(call, params=said)
    return replace(call, operation="images.edit", params={**said, "image": inputs})


def _given(params: Mapping[str, Json], name: str) -> list[Json]:
    value = params.get(name) or []
    return value if isinstance(value, list) else [value]


def _check_safety(call: Call) -> None:
    """Refuse a marked prompt, unless the checker is off where it can be switched off."""
    off = call.params.get("disable_safety_checker") and not call.traits.get("always_checked")
    if FLAG_MARK in call.params["prompt"] and not off:
        raise Refusal("unsafe_prompt", "prompt")


def _sides(params: Mapping[str, Json], ratios: Mapping[str, Sequence[int]]) -> tuple[int, int]:
    """Return width and height in pixels: as given, else of the ratio, else square."""
    usual = ratios.get(params.get("aspect_ratio", ""), (_SIDE, _SIDE))
    if "width" in params or "height" in params:
        usual = (_SIDE, _SIDE)
    return params.get("width", usual[0]), params.get("height", usual[1])


def _check_sides(width: int, height: int, traits: Mapping[str, Json]) -> None:
    sizes = traits.get("dimensions")
    if sizes:
        scaled = [_scaled(size, by) for by, size in product(traits.get("scales", [1]), sizes)]
        if f"{width}x{height}" not in scaled:
            told = {"value": f"{width}x{height}", "choices": listing(scaled)}
            raise Refusal("dimensions_not_offered", "width", **told)
    for name, side in (("width", width), ("height", height)):
        if side % _STEP:
            raise Refusal("side_not_multiple", name, value=side)


def _scaled(size: str, by: int) -> str:
    width, _, height = size.partition("x")
    return f"{int(width) * by}x{int(height) * by}"


def _quality(steps: int | None, traits: Mapping[str, Json]) -> str:
    """Return how detailed the picture gets: by its steps beside those that are usual."""
    usual = int(traits.get("steps", _USUAL_STEPS))
    if not steps or usual / 2 <= steps <= usual * 1.25:
        return "medium"
    return "low" if steps < usual else "high"


def _seed(params: Mapping[str, Json]) -> int | None:
    """Return the seed, other for other guidance; None where neither was given."""
    guided = {name: params[name] for name in _GUIDING if name in params}
    own = params.get("seed")
    if not guided:
        return own
    told = repr((own, sorted(guided.items()))).encode()
    return int.from_bytes(blake2b(told, digest_size=7).digest(), "big")
