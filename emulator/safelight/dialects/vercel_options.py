"""What a request says in the words of a model's provider, in the words of the operations.

The tables are data (`[facts.options.*]` of provider.toml); this module only converts values. An
option that no table names, or that belongs to another provider, changes nothing (wire facts A6).

What must not enter: routes, replies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from safelight.messages import Json
from safelight.refusals import Refusal

_FORMATS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp"}
_LONGEST = 4096
_AREA = 1024 * 1024
_STEP = 16
_FILES = {"png": "iVBOR", "jpeg": "/9j/", "webp": "UklGR", "gif": "R0lGOD"}
"""How the base64 of each format begins."""

_PLAIN = frozenset(
    {"quality", "background", "user", "style", "moderation", "input_fidelity", "size"}
)


def translated(
    options: Json, tables: Mapping[str, Json], traits: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the canonical fields that `providerOptions` set for a model with those traits.

    They are fields of the image operations (`size`, `quality`, `output_format` …) and `modalities`
    in lower case. Raises Refusal("size_out_of_bounds") for edges that the provider does not make.
    """
    said = dict(_said(options, tables, traits))
    out = {name: said[name] for name in _PLAIN if isinstance(said.get(name), str)}
    form = _FORMATS.get(str(said.get("output_format")).lower())
    if form:
        out["output_format"] = form
    for name in ("output_compression", "seed"):
        if (number := _whole(said.get(name))) is not None:
            out[name] = number
    if isinstance(said.get("image_prompt"), str):
        out["image"] = [{"image_url": _data_url(said["image_prompt"])}]
    if isinstance(said.get("modalities"), list):
        out["modalities"] = [str(word).lower() for word in said["modalities"]]
    size = _edges(said, traits) or _shape(said)
    return {**out, "size": size} if size else out


def option_for(
    field: str, tables: Mapping[str, Json], traits: Mapping[str, Json]
) -> tuple[str, str] | None:
    """Return the provider key and option by which a model hears a field, or None if it cannot."""
    for group, table in _tables(tables, traits):
        for name, target in table.items():
            if target == field:
                return group, name
    return None


def _tables(
    tables: Mapping[str, Json], traits: Mapping[str, Json]
) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield each key of providerOptions that a model hears, with its table of options."""
    key = str(traits.get("metadata_key"))
    for group in tables["heard"].get(key, [key]):
        yield group, tables["options"].get(tables["same"].get(group, group), {})


def _said(
    options: Json, tables: Mapping[str, Json], traits: Mapping[str, Json]
) -> Iterator[tuple[str, Json]]:
    """Yield canonical name and value of every option that concerns the model."""
    for group, table in _tables(tables, traits):
        given = options.get(group)
        for name, value in given.items() if isinstance(given, dict) else ():
            field = table.get(name)
            if isinstance(field, dict) and isinstance(value, dict):
                yield from ((field[k], v) for k, v in value.items() if k in field)
            elif isinstance(field, str):
                yield field, value


def _edges(said: Mapping[str, Any], traits: Mapping[str, Json]) -> str | None:
    """Return the size that `width` and `height` name; one alone gives a square."""
    width, height = _whole(said.get("width")), _whole(said.get("height"))
    if width is None and height is None:
        return None
    size = f"{width or height}x{height or width}"
    limits = traits.get("edge", {"min": 1, "max": _LONGEST})
    for edge in (width, height):
        if edge is not None and not limits["min"] <= edge <= limits["max"]:
            reason = f"Edges run from {limits['min']} to {limits['max']} pixels."
            raise Refusal("size_out_of_bounds", "size", value=size, reason=reason)
    return size


def _shape(said: Mapping[str, Any]) -> str | None:
    """Return the size of an aspect ratio ("16:9") at a resolution ("1K", "2K", "4K")."""
    ratio = ratio_of(said.get("ratio"))
    resolution = str(said.get("resolution")).upper()
    scale = {"512": 0.5, "512PX": 0.5, "1K": 1, "2K": 2, "4K": 4}.get(resolution)
    if ratio is None and scale is None:
        return None
    edge = math.sqrt(_AREA * (ratio or 1.0)) * (scale or 1)
    return f"{_stepped(edge)}x{_stepped(edge / (ratio or 1.0))}"


def ratio_of(text: Json) -> float | None:
    """Return width by height of `16:9`, between 1:10 and 10:1; None for anything else."""
    wide, _, high = str(text).partition(":")
    if not (wide.isdecimal() and high.isdecimal() and int(wide) and int(high)):
        return None
    return min(10.0, max(0.1, int(wide) / int(high)))


def _stepped(edge: float) -> int:
    return min(_LONGEST, max(_STEP, round(edge / _STEP) * _STEP))


def _whole(value: Json) -> int | None:
    """Return a whole number; forms carry it as text."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _data_url(payload: str) -> str:
    if payload.startswith(("data:", "http://", "https://")):
        return payload
    form = next((form for form, start in _FILES.items() if payload.startswith(start)), "png")
    return f"data:image/{form};base64,{payload}"


def bounded(size: Json) -> None:
    """Raise Refusal for a size that nothing here draws: an edge above 4096 pixels."""
    edges = [int(edge) for edge in str(size).split("x") if edge.isdecimal()]
    if max(edges, default=0) > _LONGEST:
        reason = f"The longest edge is {_LONGEST} pixels."
        raise Refusal("size_out_of_bounds", "size", value=size, reason=reason)
