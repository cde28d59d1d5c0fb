"""The common measure of drift: what one side says of every field of a reply, an event, a request.

A shape maps a path (`data[].b64_json`, `usage.input_tokens`) to a `Stance`. Schemas and SDK types
say what may be; observed replies say what was. What must not enter: comparing, files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from safelight.messages import Json

Presence = Literal["always", "sometimes", "never", "unknown"]


@dataclass(frozen=True, slots=True)
class Stance:
    """What one side says of one field.

    `types` are JSON's type names without "null"; empty where nothing is known. `nullable` and
    `values` (a closed set of texts) are None where the side does not say. `old` tells that the side
    calls the field deprecated.
    """

    presence: Presence
    types: frozenset[str] = frozenset()
    nullable: bool | None = None
    values: frozenset[str] | None = None
    old: bool = False


Shape: TypeAlias = dict[str, Stance]

NEVER = Stance("never")
UNKNOWN = Stance("unknown")


def stance(shape: Shape, path: str) -> Stance:
    """Return what a shape says of a path: below what it knows loosely, unknown."""
    if path in shape:
        return shape[path]
    above = parent(path)
    if path.endswith("[]"):
        return UNKNOWN  # the lists that were there had no items
    if above and (above not in shape or shape[above].presence == "never"):
        return UNKNOWN  # what is missing together with its parent is told once, at the parent
    return UNKNOWN if (f"{above}.*" if above else "*") in shape else NEVER


def parent(path: str) -> str:
    """Return the path of the object or array that a field stands in; "" for the outermost."""
    if path.endswith("[]"):
        return path[:-2]
    return path.rpartition(".")[0]


def of_schema(document: Json) -> Shape:
    """Return what a JSON Schema (references written out) says of the fields of an object."""
    return _below(document, "")


def either(shapes: Iterable[Shape]) -> Shape:
    """Return what several shapes allow together: a field that one of them lacks may be absent."""
    every = list(shapes)
    out: Shape = {}
    for path in dict.fromkeys(path for shape in every for path in shape):
        said = [stance(shape, path) for shape in every]
        there = [one for one in said if one.presence not in ("never", "unknown")]
        loose = [one for one in said if one.presence == "unknown"]
        merged = (there or loose or said)[0]
        for one in there[1:]:
            merged = _union(merged, one)
        if there and len(there) < len(said):
            merged = replace(merged, presence="sometimes")
        out[path] = merged
    return out


def by_tag(document: Json) -> dict[str, Json]:
    """Return the branches of a union by their constant `type`; the whole under "" without one."""
    branches = document.get("anyOf", []) if isinstance(document, dict) else []
    found = {}
    for branch in branches:
        tag = branch.get("properties", {}).get("type", {})
        if "const" not in tag:
            return {"": document}
        found[str(tag["const"])] = branch
    return found or {"": document}


def _field(node: Json, path: str, *, required: bool) -> Shape:
    """Return what a schema says of one field and of those below it."""
    if not isinstance(node, dict):
        return {path: UNKNOWN}
    if node.get("not") == {}:
        return {path: NEVER}
    return {path: _said(node, required=required), **_below(node, path)}


_INNER = {"properties", "items", "x-upload"}


def _holds(node: Json) -> bool:
    """Tell whether a value of that schema can have fields."""
    return bool(_INNER & node.keys()) or "object" in _names(node.get("type", ()))


def _below(node: Json, path: str) -> Shape:
    """Return what a schema says of the fields below a path."""
    if node.get("x-upload"):  # what a library takes for a file is its own business
        return {f"{path}.*": UNKNOWN, f"{path}[]": UNKNOWN}
    dot = f"{path}." if path else ""
    shape: Shape = {}
    for name, child in node.get("properties", {}).items():
        shape |= _field(child, f"{dot}{name}", required=name in node.get("required", ()))
    open_ended = node.get("additionalProperties", True) is not False
    if open_ended and _holds(node):
        shape[f"{dot}*"] = UNKNOWN
    if "items" in node:
        shape |= _field(node["items"], f"{path}[]", required=True)
    branches = [branch for branch in node.get("anyOf", ()) if _holds(branch)]
    if branches:
        shape |= either(_below(branch, path) for branch in branches)
    return shape


def _said(node: Json, *, required: bool) -> Stance:
    branches = [_said(branch, required=True) for branch in node.get("anyOf", ())]
    types = set() if node.get("x-upload") else _names(node.get("type", ()))
    closed = node.get("enum", [node["const"]] if "const" in node else None)
    if closed is not None and not types:
        types = {kind_of(value) for value in closed}
    values = None
    if closed is not None and types - {"null"} <= {"string"}:
        values = frozenset(value for value in closed if isinstance(value, str))
    for branch in branches:
        types |= branch.types | ({"null"} if branch.nullable else set())
        values = (values or frozenset()) | branch.values if branch.values is not None else values
    presence: Presence = "always" if required else "sometimes"
    nullable = "null" in types if types else None
    return Stance(presence, frozenset(types - {"null"}), nullable, values)


def _names(types: Json) -> set[str]:
    return {types} if isinstance(types, str) else set(types)


def kind_of(value: Json) -> str:
    """Return JSON's name of a value's type; a whole number is an integer."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    kinds: tuple[tuple[type, str], ...] = (
        (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"),
    )  # fmt: skip
    return next(name for kind, name in kinds if isinstance(value, kind))


def _union(one: Stance, two: Stance) -> Stance:
    same = one.presence == two.presence
    both = one.values is not None and two.values is not None
    return replace(
        one,
        presence=one.presence if same else "sometimes",
        types=one.types | two.types,
        nullable=one.nullable or two.nullable,
        values=(one.values or frozenset()) | (two.values or frozenset()) if both else None,
    )
