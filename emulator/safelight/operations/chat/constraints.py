"""How the keywords of a schema bear on each other: laid together, ranked, turned into bounds.

What must not enter: values, chance.
"""

from __future__ import annotations

from collections.abc import Mapping

from safelight.messages import Json

IMPLIED = {
    "properties": "object", "required": "object", "additionalProperties": "object",
    "items": "array", "prefixItems": "array", "minItems": "array",
    "minimum": "number", "maximum": "number", "multipleOf": "number",
}  # fmt: skip
"""The type that a keyword speaks of, for schemas that name none."""


def weight(branch: Json, *, late: bool) -> int:
    """Order the branches of a union: real values first, but the shallow ones once it gets deep."""
    if not isinstance(branch, dict):
        return 9
    kind = branch.get("type")
    if late:
        return {"null": 0, "object": 3, "array": 2}.get(str(kind), 4 if "$ref" in branch else 1)
    return 1 if kind == "null" else 0


def merged(one: Mapping[str, Json], two: Mapping[str, Json]) -> dict[str, Json]:
    """Return a schema that asks for what both ask for, as far as one object can say it."""
    out = dict(one)
    for key, value in two.items():
        if key in ("properties", "$defs") and isinstance(out.get(key), dict):
            out[key] = {**out[key], **value}
        elif key == "required" and key in out:
            out[key] = [*out[key], *(name for name in value if name not in out[key])]
        elif key in ("minimum", "minLength", "minItems") and key in out:
            out[key] = max(out[key], value)
        elif key in ("maximum", "maxLength", "maxItems") and key in out:
            out[key] = min(out[key], value)
        elif key == "allOf" and key in out:
            out[key] = [*out[key], *value]
        else:
            out[key] = value
    return out


def bounds(schema: Mapping[str, Json], step: float) -> tuple[float, float]:
    """Return the inclusive bounds of a number; without any, a small range that looks ordinary."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(above, (int, float)) and not isinstance(above, bool):
        low = max(above + step, low) if low is not None else above + step
    if isinstance(below, (int, float)) and not isinstance(below, bool):
        high = min(below - step, high) if high is not None else below - step
    if low is None:
        low = min(1, high - 10) if high is not None else 1
    if high is None:
        high = max(100, low + 10)
    return (float(low), float(high)) if step < 1 else (low, high)
