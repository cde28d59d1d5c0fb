"""The common measure of drift: what one side says of every field of a reply, an event, a request.

A shape maps a path (`data[].b64_json`, `usage.input_tokens`) to a `Stance`. Schemas and SDK types
say what may be; observed replies say what was. What must not enter: comparing, files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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
    if above and (above not in shape or shape[above].presence == "never"):
        return UNKNOWN  # what is missing together with its parent is told once, at the parent
    return NEVER if "*" not in shape and f"{above}.*" not in shape else UNKNOWN


def parent(path: str) -> str:
    """Return the path of the object or array that a field stands in; "" for the outermost."""
    if path.endswith("[]"):
        return path[:-2]
    return path.rpartition(".")[0]


def of_schema(document: Json) -> Shape:
    """Return what a JSON Schema (references written out) says of the fields of an object."""
    return _merged(list(_schema(document, "", required=True)))


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


def _schema(node: Json, path: str, *, required: bool) -> Iterator[tuple[str, Stance]]:
    """Yield a field and those below it."""
    if not isinstance(node, dict):
        return
    if path and node.get("not") == {}:
        yield path, NEVER
        return
    if path:
        yield path, _said(node, required=required)
    for branch in (*node.get("anyOf", ()), *node.get("allOf", ())):
        if "if" not in branch:
            yield from _below(branch, path, sure="allOf" in node or len(node.get("anyOf", ())) < 2)
    yield from _below(node, path, sure=True)


def _below(node: Json, path: str, *, sure: bool) -> Iterator[tuple[str, Stance]]:
    dot = f"{path}." if path else ""
    for name, child in node.get("properties", {}).items():
        needed = sure and name in node.get("required", ())
        yield from _schema(child, f"{dot}{name}", required=needed)
    open_ended = node.get("additionalProperties", True) is not False
    if open_ended and ("properties" in node or node.get("type") == "object"):
        yield f"{dot}*", UNKNOWN
    if "items" in node:
        yield from _schema(node["items"], f"{path}[]", required=True)


def _said(node: Json, *, required: bool) -> Stance:
    branches = [_said(branch, required=True) for branch in node.get("anyOf", ())]
    types = _names(node.get("type", ()))
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


def _merged(found: Iterable[tuple[str, Stance]]) -> Shape:
    """Return one stance for each path: a union's branches each add what they allow."""
    shape: Shape = {}
    for path, said in found:
        shape[path] = _union(shape[path], said) if path in shape else said
    return shape


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


_MOST_VALUES, _LONGEST = 12, 40


@dataclass(slots=True)
class Tally:
    """What was seen of one field: in `seen` of `of` places, of these `nulls` times null."""

    of: int = 0
    seen: int = 0
    nulls: int = 0
    types: set[str] = field(default_factory=set)
    values: set[str] | None = field(default_factory=set)

    def stance(self, *, enough: int) -> Stance:
        """Return what the count says: with fewer than `enough` places an absence says nothing."""
        if self.of < enough:
            presence: Presence = "sometimes" if self.seen else "unknown"
        else:
            presence = "never"
            if self.seen:
                presence = "always" if self.seen == self.of else "sometimes"
        values = None if not self.values else frozenset(self.values)
        nullable = True if self.nulls else None
        return Stance(presence, frozenset(self.types - {"null"}), nullable, values)

    def add(self, other: Tally) -> None:
        """Add another count of the same field."""
        self.of, self.seen = self.of + other.of, self.seen + other.seen
        self.nulls += other.nulls
        self.types |= other.types
        open_ended = self.values is None or other.values is None
        self.values = None if open_ended else (self.values or set()) | (other.values or set())
        if self.values is not None and len(self.values) > _MOST_VALUES:
            self.values = None

    def as_json(self) -> dict[str, Json]:
        """Return the count for a file."""
        values = None if self.values is None else sorted(self.values)
        kept = {"of": self.of, "seen": self.seen, "nulls": self.nulls, "types": sorted(self.types)}
        return {**kept, "values": values}

    @classmethod
    def of_json(cls, kept: Mapping[str, Json]) -> Tally:
        """Return the count that a file keeps. Raises KeyError or TypeError for anything else."""
        values = None if kept["values"] is None else set(kept["values"])
        return cls(kept["of"], kept["seen"], kept["nulls"], set(kept["types"]), values)


def count(value: Json, tallies: dict[str, Tally], path: str = "") -> None:
    """Add what one value shows to the counts: a field missing where its parent is counts too.

    How many objects were seen at a path is counted under the path and "{}".
    """
    if isinstance(value, list):
        for item in value:
            _note(tallies, f"{path}[]", item)
            count(item, tallies, f"{path}[]")
    elif isinstance(value, dict):
        dot = f"{path}." if path else ""
        objects = tallies.setdefault(f"{path}{{}}", Tally())
        for name, item in value.items():
            if f"{dot}{name}" not in tallies:  # it was missing in every object seen before
                tallies[f"{dot}{name}"] = Tally(of=objects.of)
            _note(tallies, f"{dot}{name}", item)
            count(item, tallies, f"{dot}{name}")
        for name in _fields(tallies, dot):
            if name not in value:
                tallies[f"{dot}{name}"].of += 1
        objects.of += 1


def _fields(tallies: dict[str, Tally], dot: str) -> list[str]:
    """Return the names of the fields right below a path."""
    rests = (key[len(dot) :] for key in tallies if key.startswith(dot))
    return [rest for rest in rests if rest and not set(rest) & set(".[{")]


def _note(tallies: dict[str, Tally], path: str, value: Json) -> None:
    tally = tallies.setdefault(path, Tally())
    tally.of += 1
    tally.seen += 1
    tally.nulls += value is None
    tally.types.add(kind_of(value))
    if isinstance(value, str) and tally.values is not None:
        short = len(value) <= _LONGEST
        tally.values = tally.values | {value} if short else None
        if tally.values is not None and len(tally.values) > _MOST_VALUES:
            tally.values = None


def merge(into: dict[str, Tally], other: Mapping[str, Tally]) -> None:
    """Add one run's counts to another's: a field one never saw was missing there."""
    before = {path: tally.of for path, tally in into.items() if path.endswith("{}")}
    for path, tally in other.items():
        into.setdefault(path, Tally(of=before.get(_home(path), 0))).add(tally)
    for path, tally in into.items():
        if path not in other and _home(path) in other and not path.endswith("{}"):
            tally.of += other[_home(path)].of


def _home(path: str) -> str:
    """Return where the objects that a field stands in are counted."""
    return parent(path) + "{}"


def of_tallies(tallies: Mapping[str, Tally], *, enough: int = 3) -> Shape:
    """Return what counts say: a field absent from fewer than `enough` places is unknown."""
    fields = {path: tally for path, tally in tallies.items() if not path.endswith("{}")}
    return {path: tally.stance(enough=enough) for path, tally in fields.items()}
