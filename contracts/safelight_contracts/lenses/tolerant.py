"""The lens `tolerant`: what providers add without asking: fields, values, headers, events.

What must not enter: changes that take something away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from hypothesis import strategies as st
from safelight.messages import Json

from safelight_contracts.client_plans import Atom
from safelight_contracts.lenses.base import Base
from safelight_contracts.lenses.spots import ABOUT, SUBSTANCE, spots, things, told

CODE = "SL-CLIENT-TOLERANT"
NEW = "x_safelight_new"
"""A name and a value that nobody has."""

_VALUES: tuple[Json, ...] = ("new", None, 7, [], {"deep": [{"er": None}]})
_HEADERS = {
    "x-safelight-new": "new",
    "x-long": "a" * 4000,
    "server-timing": "edge;dur=1",
    "set-cookie": "__cf_bm=x; path=/; HttpOnly; Secure",
}


def groups(base: Base) -> Iterator[tuple[str, list[Atom]]]:
    """Yield what is tried together: unknown fields, values, events, headers."""
    for name, atoms in (
        ("unknown fields everywhere", [*fields(base)]),
        ("unknown values of enumerations", [*values(base)]),
        ("more headers", [*headers()]),
        ("an unknown event", [*events(base)]),
    ):
        if atoms:
            yield name, atoms


def drawn(base: Base) -> st.SearchStrategy[Atom]:
    """Return a strategy of single atoms; unknown fields have any value."""
    fixed = [*fields(base), *values(base), *headers(), *events(base)]
    return st.sampled_from(fixed)


def fields(base: Base) -> Iterator[Atom]:
    """Yield an unknown field for each object; one kind of value after the other."""
    found: dict[str, list[dict[str, Json]]] = {}
    for number, document in base.documents():
        where = {} if number is None else {"event": number}
        for thing in things(document):
            if thing.at and all(isinstance(value, dict) for value in thing.values):
                continue  # a map, where one more means more than a new field
            value = _like(thing.values, len(thing.at))
            edit = {"at": [*thing.at, NEW], "set": value, **where}
            found.setdefault(told(thing.at), []).append(edit)
    for path, edits in found.items():
        yield Atom(f"an unknown field in {path}", tuple(edits))


def _like(siblings: Sequence[Json], depth: int) -> Json:
    """Return a value for a new field, like all others where they are alike: it may be a map."""
    kinds = {type(value) for value in siblings}
    if len(kinds) == 1:
        return next((value for value in _VALUES if type(value) in kinds), None)
    return _VALUES[depth % len(_VALUES)]


def values(base: Base) -> Iterator[Atom]:
    """Yield an unknown value for each enumeration that only tells about the answer."""
    found: dict[str, list[dict[str, Json]]] = {}
    for number, document in base.documents():
        where = {} if number is None else {"event": number}
        for spot in spots(base.schema.document if base.schema else {}, document):
            tells = spot.name not in SUBSTANCE and spot.name not in ABOUT - {"quality"}
            if spot.there and tells and _enumerated(spot.schema):
                edit = {"at": list(spot.at), "set": NEW, **where}
                found.setdefault(told(spot.at), []).append(edit)
    for path, edits in found.items():
        yield Atom(f"an unknown value of {path}", tuple(edits))


def headers() -> Iterator[Atom]:
    """Yield headers that proxies and providers add."""
    for name, value in _HEADERS.items():
        yield Atom(f"a header {name}", rest=(("headers", {name: value}),))


def events(base: Base) -> Iterator[Atom]:
    """Yield an event of an unknown type, in streams whose types have a family: `family.event`.

    Others number their protocol, and have a new number for a new event.
    """
    kinds = sorted({str(event.get("type")) for event in base.events.values()})
    family, dot, _ = (kinds or [""])[0].partition(".")
    if dot:
        name = f"{family}.{NEW}"
        event = f"event: {name}\ndata: {json.dumps({'type': name, 'sequence': 1})}"
        named = base.body.startswith(b"event:")
        yield Atom("an unknown event", inserts=((1, event if named else event.partition("\n")[2]),))


def _enumerated(schema: Json) -> bool:
    if not isinstance(schema, dict):
        return False
    return "enum" in schema or any(_enumerated(part) for part in schema.get("anyOf", ()))
