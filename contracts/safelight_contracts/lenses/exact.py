"""The lens `exact`: every optional field present, absent, or null, as the reply's schema allows.

What must not enter: what a schema does not allow.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

from hypothesis import strategies as st
from safelight.messages import Json

from safelight_contracts.client_plans import Atom
from safelight_contracts.lenses.base import Base
from safelight_contracts.lenses.spots import ABOUT, SUBSTANCE, Spot, accepts, nullable, spots, told
from safelight_contracts.strategies import Unmakable, plainest, valid

CODE = "SL-CLIENT-EXACT"


def groups(base: Base) -> Iterator[tuple[str, list[Atom]]]:
    """Yield what is tried together: all that may be absent, null, present."""
    for name, make in (("absent", absent), ("null", null), ("present", present)):
        found = allowed(base, list(make(base)))
        if found:
            yield f"every optional field {name}", found


def absent(base: Base) -> Iterator[Atom]:
    """Yield an atom for each optional field that is there, and might not be."""
    yield from _atoms(base, "is absent", _may_go, lambda at, _: {"at": list(at), "drop": True})


def null(base: Base) -> Iterator[Atom]:
    """Yield an atom for each optional field that may be null."""
    yield from _atoms(base, "is null", _may_be_null, lambda at, _: {"at": list(at), "set": None})


def present(base: Base) -> Iterator[Atom]:
    """Yield an atom for each optional field that is not there, and might be."""

    def put(at: Sequence[str | int], spot: Spot) -> dict[str, Json]:
        return {"at": list(at), "set": plainest(spot.schema)}

    yield from _atoms(base, "is present", _may_come, put)


def drawn(base: Base) -> st.SearchStrategy[Atom]:
    """Return a strategy of single atoms; values of fields that come are drawn from the schema."""
    fixed = [*absent(base), *null(base)]
    coming = {(n, s.at): s for n, d in base.documents() for s in _spots(base, d) if _may_come(s)}
    parts: list[st.SearchStrategy[Atom]] = [st.sampled_from(fixed)] if fixed else []
    for (number, at), spot in sorted(coming.items(), key=str)[:40]:
        parts.append(_coming(number, at, spot))
    return st.one_of(parts) if parts else st.nothing()


def _coming(number: int | None, at: Sequence[str | int], spot: Spot) -> st.SearchStrategy[Atom]:
    where = {} if number is None else {"event": number}

    def atom(value: Json) -> Atom:
        says = f"{told(tuple(at))} is {_short(value)}"
        return Atom(says, ({"at": list(at), "set": value, **where},))

    return valid(spot.schema).map(atom)


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) < 40 else f"{text[:37]}…"


def _spots(base: Base, document: Json) -> Iterator[Spot]:
    if base.schema is not None:
        yield from spots(base.schema.document, document)


def _may_go(spot: Spot) -> bool:
    return spot.there and not spot.required and spot.name not in SUBSTANCE


def _may_be_null(spot: Spot) -> bool:
    free = not spot.required and spot.name not in SUBSTANCE
    return free and nullable(spot.schema)


def _may_come(spot: Spot) -> bool:
    return not (spot.there or spot.required or spot.name in SUBSTANCE | ABOUT)


def _atoms(
    base: Base,
    says: str,
    wanted: Callable[[Spot], bool],
    edit: Callable[[Sequence[str | int], Spot], dict[str, Json]],
) -> Iterator[Atom]:
    """Yield one atom for each path, over all events in which it makes sense."""
    found: dict[str, list[dict[str, Json]]] = {}
    for number, document in base.documents():
        where = {} if number is None else {"event": number}
        for spot in _spots(base, document):
            if wanted(spot):
                try:
                    found.setdefault(told(spot.at), []).append({**edit(spot.at, spot), **where})
                except Unmakable:
                    continue
    for path, edits in found.items():
        yield Atom(f"{path} {says}", tuple(edits))


def allowed(base: Base, atoms: Sequence[Atom]) -> list[Atom]:
    """Return the atoms that together leave every document valid: one that does not is left out."""
    schema = base.schema
    if schema is None:
        return []
    documents = copy.deepcopy(dict(base.documents()))
    kept: list[Atom] = []
    for atom in atoms:
        touched = {edit.get("event") for edit in atom.edits}
        trial = {number: copy.deepcopy(documents[number]) for number in touched}
        for edit in atom.edits:
            _apply(trial[edit.get("event")], edit)
        if all(accepts(schema.document, document) for document in trial.values()):
            documents.update(trial)
            kept.append(atom)
    return kept


def _apply(document: Json, edit: dict[str, Json]) -> None:
    node = document
    *parents, last = edit["at"]
    try:
        for key in parents:
            node = node[key]
        if edit.get("drop"):
            del node[last]
        else:
            node[last] = edit["set"]
    except (KeyError, IndexError, TypeError):
        return
