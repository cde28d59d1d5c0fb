"""Counting what replies really hold: how often each field was there, null, of which type.

What must not enter: schemas, comparing, files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safelight.messages import Json

from safelight_contracts.drift.shapes import UNKNOWN, Presence, Shape, Stance, kind_of, parent

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
        """Return what the count says: an absence from fewer than `enough` places says nothing."""
        presence: Presence = "sometimes"
        if self.seen == self.of:
            presence = "always"
        elif not self.seen:
            presence = "never" if self.of >= enough else "unknown"
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
        if path not in other:
            tally.of += other[_home(path)].of if _home(path) in other else 0


def _home(path: str) -> str:
    """Return where the objects that a field stands in are counted; items and counts stand alone."""
    return "" if path.endswith(("[]", "{}")) else parent(path) + "{}"


def of_tallies(tallies: Mapping[str, Tally], *, enough: int = 3) -> Shape:
    """Return what counts say: of fewer than `enough` objects nothing is known to be missing."""
    shape: Shape = {}
    for path, tally in tallies.items():
        if not path.endswith("{}"):
            shape[path] = tally.stance(enough=enough)
        elif tally.of < enough:
            shape[f"{path[:-2]}.*" if path != "{}" else "*"] = UNKNOWN
    return shape
