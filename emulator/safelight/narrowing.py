"""How a model's limits are laid over a schema: only ever tighter, checked while loading.

A narrowing may remove a property (its key becomes unknown), forbid it (known, but not with this
model), require it, add keywords to it, or add a rule between fields. One that would allow more than
the schema does is a mistake in our data and stops the program.

What must not enter: which models exist.
"""

from __future__ import annotations

import copy
import datetime
import fnmatch
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from safelight.datafiles import as_date, in_force, known_keys
from safelight.messages import Json
from safelight.refusals import DataError
from safelight.schemas import ASSERTIONS, Schema, check_keywords

_KEYS = frozenset(
    {
        "operations", "remove", "forbid", "require", "properties", "rules",
        "since", "until", "source", "checked",
    }
)  # fmt: skip


FORBIDDEN: dict[str, Json] = {"not": {}}
"""The schema that nothing fits. Not `false`: jsonschema 4.26 loses the path of a false property."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One named set of limits, with its dates and origin."""

    name: str
    operations: tuple[str, ...]
    remove: tuple[str, ...]
    forbid: tuple[str, ...]
    require: tuple[str, ...]
    properties: dict[str, dict[str, Json]]
    rules: tuple[Json, ...]
    since: datetime.date | None
    until: datetime.date | None
    source: str
    path: Path

    def applies(self, operation: str, day: datetime.date) -> bool:
        """Tell whether these limits hold for that operation on that day."""
        named = any(fnmatch.fnmatchcase(operation, pattern) for pattern in self.operations)
        return named and in_force(self.since, self.until, day)


def read_narrowing(name: str, table: dict[str, Json], path: Path) -> Narrowing:
    """Return one `[narrowing.<name>]` table of a models file. Raises DataError."""
    where = f"narrowing.{name}"
    known_keys(table, _KEYS, path, where, sourced=True)
    return Narrowing(
        name=name,
        operations=tuple(table.get("operations", ["*"])),
        remove=tuple(table.get("remove", ())),
        forbid=tuple(table.get("forbid", ())),
        require=tuple(table.get("require", ())),
        properties=table.get("properties", {}),
        rules=_rules(table.get("rules", []), path, where),
        since=as_date(table.get("since"), path, f"{where}.since"),
        until=as_date(table.get("until"), path, f"{where}.until"),
        source=str(table["source"]),
        path=path,
    )


def _rules(rules: list[Json], path: Path, where: str) -> tuple[Json, ...]:
    check_keywords({"allOf": rules}, path, f"{where}.rules")
    return tuple(rules)


def narrow(schema: Schema, narrowings: Iterable[Narrowing]) -> Schema:
    """Return the schema with those limits laid over it. Raises DataError where one would widen.

    A property that the schema does not have is passed over: one narrowing serves the JSON and the
    form body of an operation, which differ. `check_targets` finds names that no body has.
    """
    document = copy.deepcopy(schema.document)
    properties = document.get("properties", {})
    for narrowing in narrowings:
        for name in narrowing.remove:
            properties.pop(name, None)
        for name in narrowing.forbid:
            if name in properties:
                properties[name] = FORBIDDEN
        for name in narrowing.require:
            if name in properties and name not in document.setdefault("required", []):
                document["required"].append(name)
        for name, limits in narrowing.properties.items():
            if isinstance(properties.get(name), dict):
                properties[name] = _tighten(properties[name], limits, narrowing, name)
        if narrowing.rules:
            document["allOf"] = [*document.get("allOf", []), *narrowing.rules]
    return Schema(document, schema.name)


def check_targets(narrowing: Narrowing, schemas: Iterable[Schema]) -> None:
    """Raise DataError for a property that none of the operation's bodies has."""
    known = {name for schema in schemas for name in schema.document.get("properties", {})}
    named = (*narrowing.remove, *narrowing.forbid, *narrowing.require, *narrowing.properties)
    for name in named:
        if name not in known:
            where = f"narrowing.{narrowing.name}.{name}"
            raise DataError(narrowing.path, where, "no request schema has this property")


def _tighten(
    prop: dict[str, Json], limits: dict[str, Json], narrowing: Narrowing, name: str
) -> dict[str, Json]:
    out = dict(prop)
    for keyword, value in limits.items():
        where = f"narrowing.{narrowing.name}.properties.{name}.{keyword}"
        if keyword not in ASSERTIONS and not keyword.startswith("x-"):
            raise DataError(narrowing.path, where, "unknown keyword; see KEYWORDS in schemas.py")
        if keyword == "properties":
            out[keyword] = _tighten_each(prop.get("properties", {}), value, narrowing, name)
            continue
        if keyword in prop and keyword in ASSERTIONS and not _tighter(keyword, value, prop):
            problem = f"would widen {prop[keyword]!r} to {value!r}; only narrow"
            raise DataError(narrowing.path, where, problem)
        out[keyword] = value
    return out


def _tighter(keyword: str, value: Json, prop: dict[str, Json]) -> bool:
    compare = _TIGHTER.get(keyword)
    return compare is not None and compare(value, prop[keyword])


def _tighten_each(
    inner: dict[str, Json], limits: dict[str, Json], narrowing: Narrowing, name: str
) -> dict[str, Json]:
    tight = {k: _tighten(inner.get(k, {}), v, narrowing, f"{name}.{k}") for k, v in limits.items()}
    return {**inner, **tight}


def _subset(new: Json, old: Json) -> bool:
    return all(item in old for item in new)


def _types(new: Json, old: Json) -> bool:
    return _subset(new if isinstance(new, list) else [new], old if isinstance(old, list) else [old])


_TIGHTER: dict[str, Callable[[Json, Json], bool]] = {
    "enum": _subset,
    "type": _types,
    "anyOf": _subset,
    "const": lambda new, old: bool(new == old),
    "minimum": lambda new, old: bool(new >= old),
    "maximum": lambda new, old: bool(new <= old),
    "minLength": lambda new, old: bool(new >= old),
    "maxLength": lambda new, old: bool(new <= old),
    "minItems": lambda new, old: bool(new >= old),
    "maxItems": lambda new, old: bool(new <= old),
    "maxProperties": lambda new, old: bool(new <= old),
}
