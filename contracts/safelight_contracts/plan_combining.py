"""Requests in which every two values of any two fields meet, as far as a model allows them to.

The values are those that the contract's data lists, else what the schema says. What must not enter:
sending, prices, broken requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import orjson
from safelight.catalog import Model
from safelight.messages import Json
from safelight.read import as_json
from safelight.schemas import Schema

from safelight_contracts.cases import Body, Case
from safelight_contracts.plan_pairs import pairs
from safelight_contracts.plan_requests import answered
from safelight_contracts.promises import Promise, Promises
from safelight_contracts.requests import least

_VALUES = 4
"""Values of one field that are taken, where its schema leaves it many."""


def combinations(promises: Promises, row: Promise, model: Model, seed: int) -> Iterator[Case]:
    """Yield requests in which every two values of any two fields meet, as the model allows."""
    for body in row.bodies:
        kind: Body = "form" if body == "form" else "json"
        base = least(promises, row, model.id, body=kind)
        schema = promises.request(row, model, kind)
        values = _values(row, schema, base)
        allowed = partial(_allowed, schema, base)
        for chosen in pairs(values, seed, allowed):
            told = {name: value for name, value in chosen.items() if value is not _ABSENT}
            params = {**_without(base, chosen), **told}
            says = ", ".join(f"{name}={_brief(value)}" for name, value in told.items())
            yield answered(promises, row, params, kind, says or "nothing but what is required")


class _Absent:
    """Stands for a field that is left out; there is one."""

    def __repr__(self) -> str:
        return "absent"


_ABSENT = _Absent()


def _values(row: Promise, schema: Schema, base: dict[str, Json]) -> dict[str, list[Json]]:
    """Return what each field that may vary takes: left out first, then as data or schema say."""
    found: dict[str, list[Json]] = {}
    for name in row.vary:
        part = schema.document.get("properties", {}).get(name)
        if not isinstance(part, dict):
            continue
        own = [base[name]] if name in base else []
        listed = [*own, *(row.values.get(name) or _of(part))]
        alone = [value for value in _unique(listed) if _allowed(schema, base, {name: value})]
        optional = name not in schema.document.get("required", ())
        if alone:
            found[name] = [*([_ABSENT] if optional and not own else []), *alone[:_VALUES]]
    return found


def _of(part: dict[str, Json]) -> list[Json]:
    """Return a field's values where its schema lists them; its ends where they are numbers."""
    if "enum" in part:
        return [value for value in part["enum"] if value is not None]
    if "const" in part:
        return [part["const"]]
    kinds = part.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "boolean" in kinds:
        return [False, True]
    if "integer" in kinds or "number" in kinds:
        return [part[key] for key in ("minimum", "maximum") if key in part]
    return [value for branch in part.get("anyOf", ()) for value in _of(branch)][:_VALUES]


def _unique(values: Sequence[Json]) -> list[Json]:
    kept: dict[bytes, Json] = {}
    for value in values:
        kept.setdefault(orjson.dumps(as_json(value), default=repr), value)
    return list(kept.values())


def _allowed(schema: Schema, base: dict[str, Json], chosen: dict[str, Json]) -> bool:
    told = {name: value for name, value in chosen.items() if value is not _ABSENT}
    return schema.accepts(as_json({**_without(base, chosen), **told}))


def _without(base: dict[str, Json], chosen: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in base.items() if name not in chosen}


def _brief(value: Json) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 24 else f"{text[:21]}…"
