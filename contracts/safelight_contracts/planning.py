"""Makes the plan of a run: every phase in order, priced, cut down to what was asked for.

    lists, keys, routes, bodies, refusals -> cheapest per model -> pairs -> seeds -> drawn

What must not enter: sending; how a phase makes its questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import chain

from safelight.catalog import Model
from safelight.refusals import UsageError

from safelight_contracts import plan_combining, plan_free, plan_pictures, plan_requests
from safelight_contracts.cases import Case
from safelight_contracts.endpoint_wish import Wish
from safelight_contracts.money import FREE, Quote, quote
from safelight_contracts.plan import Draft, Plan, Step
from safelight_contracts.promises import Promise, Promises

LISTS, KEYS = "lists", "keys and routes"
REFUSALS, CHEAPEST, PAIRS = "refusals", "cheapest call per model", "pairs"
REPEATS, DRAWN = "seeds that repeat", "drawn"
_DRAWN_EACH = 5
"""Drawn requests of each operation, at the end: what a covering array does not think of."""


def make_plan(
    wish: Wish,
    promises: Promises,
    earlier: Iterable[Case] = (),
    *,
    only_earlier: bool = False,
) -> Plan:
    """Return the plan. `earlier` are cases that failed before: they come first, or alone.

    Raises UsageError for a glob that names nothing.
    """
    maker = _Maker(wish, promises)
    rows = maker.rows()
    maker.add("failed before", earlier)
    if only_earlier:
        return maker.draft.done()
    maker.free(rows)
    for row in rows:
        maker.add(REFUSALS, plan_requests.refusals(promises, row, maker.narrowings(row)))
        for base in maker.bases(row):
            maker.add(REFUSALS, plan_free.strangers(promises, row, base))
            maker.add(REFUSALS, plan_pictures.pictures(promises, row, base))
        for base in plan_requests.cheapest(promises, row, maker.idle(row)):
            maker.add(REFUSALS, plan_free.unserved(promises, base))
    cheapest = [plan_requests.cheapest(promises, row, maker.models(row)) for row in rows]
    maker.add(CHEAPEST, chain.from_iterable(cheapest), by_price=True)
    for row in rows:
        for model in maker.models(row)[:1]:
            maker.add(PAIRS, plan_combining.combinations(promises, row, model, wish.seed))
    for row in rows:
        maker.add(REPEATS, plan_requests.repeated(promises, row, maker.models(row)))
    for row in rows:
        for model in maker.models(row)[:1]:
            more = plan_requests.drawn(promises, row, model, count=_DRAWN_EACH, seed=wish.seed)
            maker.add(DRAWN, more)
    return maker.draft.done()


class _Maker:
    """A plan in the making, with what was asked for."""

    def __init__(self, wish: Wish, promises: Promises) -> None:
        self.wish = wish
        self.promises = promises
        self.draft = Draft(wish.max_cases)
        self._sorted: dict[tuple[str, str], list[Model]] = {}

    def rows(self) -> list[Promise]:
        """Return the promised operations that take a body and were asked for."""
        _known(self.wish.operations, [row.operation for row in self.promises.rows], "--operations")
        ids = [model.id for model in self.promises.provider.catalog.models]
        if self.promises.provider.any_model is None:
            _known(self.wish.models, ids, "--models")
        return [row for row in self.promises.rows if row.bodies and self._wanted(row.operation)]

    def free(self, rows: Sequence[Promise]) -> None:
        """Add lists, keys, routes and bodies."""
        self.add(LISTS, plan_free.lists(self.promises))
        self.add(KEYS, plan_free.open_doors(self.promises))
        self.add(KEYS, plan_free.routes(self.promises))
        for row in rows:
            for base in self.bases(row):
                self.add(KEYS, plan_free.keys(self.promises, row, base))
                self.add(KEYS, plan_free.bodies(self.promises, row, base))

    def bases(self, row: Promise) -> list[Case]:
        """Return the cheapest request of the cheapest model, in each kind of body."""
        return list(plan_requests.cheapest(self.promises, row, self.models(row)[:1]))

    def idle(self, row: Promise) -> list[Model]:
        """Return the models that are listed and not served, as far as they were asked for."""
        found = self.promises.models(row.operation)
        return [m for m in found if m.traits.get("unserved") and self._named(m.id)]

    def models(self, row: Promise) -> list[Model]:
        """Return the models of an operation that were asked for, the cheapest first."""
        key = (row.operation, row.below)
        if key not in self._sorted:
            able = self.promises.models(row.operation)
            found = [m for m in able if self._named(m.id) and not m.traits.get("unserved")]
            if self.promises.provider.any_model is not None and not found:
                found = [m for m in map(self.promises.model, self.wish.models) if m]
            day = self.wish.day
            self._sorted[key] = plan_requests.by_price(self.promises, row, found, day)
        return self._sorted[key]

    def narrowings(self, row: Promise) -> list[Model]:
        """Return one model for each way of narrowing the operation, the cheapest of each."""
        found: dict[tuple[str, ...], Model] = {}
        for model in self.models(row):
            found.setdefault(model.narrow, model)
        return list(found.values())

    def add(self, phase: str, cases: Iterable[Case], *, by_price: bool = False) -> None:
        """Add cases with their prices; those of operations that were not asked for are left out."""
        if self.draft.full:
            self.draft.dropped = True
            return
        steps: Iterable[Step] = self._steps(phase, cases)
        for step in sorted(steps, key=lambda step: step.quote.worst) if by_price else steps:
            self.draft.add(step)
            if self.draft.dropped:
                return

    def _steps(self, phase: str, cases: Iterable[Case]) -> Iterator[Step]:
        provider, wish = self.promises.provider, self.wish
        for case in cases:
            if case.operation and not self._wanted(case.operation):
                continue
            price = FREE if case.method == "GET" else quote(provider, case, wish.day)
            yield _priced(Step(case, phase), price, allow_unpriced=wish.unpriced)

    def _wanted(self, operation: str) -> bool:
        globs = self.wish.operations
        return not globs or any(fnmatchcase(operation, glob) for glob in globs)

    def _named(self, model: str) -> bool:
        globs = self.wish.models
        return not globs or any(fnmatchcase(model, glob) for glob in globs)


def _priced(step: Step, quote: Quote | None, *, allow_unpriced: bool) -> Step:
    """Return a step with its price; one without a known price is barred unless that is allowed."""
    if quote is not None:
        return replace(step, quote=quote)
    if allow_unpriced:
        return replace(step, quote=FREE)
    return replace(step, barred="no price is known for this model; --allow-unpriced asks it")


def _known(globs: Sequence[str], names: Sequence[str], option: str) -> None:
    """Raise UsageError for a glob that names nothing: it would check nothing."""
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in names):
            from difflib import get_close_matches

            near = get_close_matches(glob, names, cutoff=0.4) or sorted(set(names))[:8]
            raise UsageError(f"{option} {glob!r} names nothing; near are {', '.join(near)}")
