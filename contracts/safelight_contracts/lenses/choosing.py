"""Which plans are made of a plain reply, by the lenses that were asked for.

What must not enter: running, judging.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

from safelight.provider import Provider

from safelight_contracts.client_plans import Atom, Plan
from safelight_contracts.lenses import errors, exact, planted, tolerant, transport
from safelight_contracts.lenses.base import Base

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def in_turn(plans: Sequence[Plan]) -> Iterator[Plan]:
    """Yield one plan of each lens, then the next of each, until all are named."""
    lenses: dict[str, list[Plan]] = {}
    for plan in plans:
        lenses.setdefault(plan.lens, []).append(plan)
    for row in zip_longest(*lenses.values()):
        yield from (plan for plan in row if plan is not None)


class Wanted(Protocol):
    """What is asked of a run, as far as plans are concerned."""

    @property
    def lenses(self) -> Sequence[str]:
        """The lenses to look through."""

    @property
    def must_detect(self) -> Sequence[str]:
        """What is planted."""

    @property
    def retry_after(self) -> float:
        """Seconds that refusals ask a client to wait."""

    @property
    def seed(self) -> int:
        """What the marker follows from."""

    @property
    def day(self) -> datetime.date:
        """The day whose rows are in force."""


class Plans:
    """The plans for one plain reply."""

    def __init__(self, base: Base, provider: Provider, wanted: Wanted) -> None:
        self._base = base
        self._provider = provider
        self._wanted = wanted
        self._taint = f"safelight-taint-{wanted.seed:08x}-{base.operation}"

    def planted(self) -> list[Plan]:
        """Return what the client has to notice."""
        wanted = self._wanted.must_detect
        return list(planted.plans(self._base, wanted, self._taint))

    def errors(self) -> list[Plan]:
        """Return a plan for each error that can be the answer."""
        if "errors" not in self._wanted.lenses:
            return []
        found = errors.plans(self._base, self._provider, self._wanted.day, self._wanted.retry_after)
        return list(found)

    def groups(self) -> Iterator[Plan]:
        """Yield the groups of changes that the contract allows."""
        base, lenses = self._base, self._wanted.lenses
        source = str(base.schema.document.get("x-source", "")) if base.schema else ""
        make = partial(Plan, operation=base.operation, source=source)
        if "exact" in lenses:
            for says, atoms in exact.groups(base):
                yield make("exact", says, exact.CODE, atoms=tuple(atoms))
        if "tolerant" in lenses:
            for says, atoms in tolerant.groups(base):
                yield make("tolerant", says, tolerant.CODE, atoms=tuple(atoms))
        if "transport" in lenses:
            for says, atoms in transport.groups(base, self._taint):
                taint = self._taint if base.streams else ""
                yield make("transport", says, transport.CODE, atoms=tuple(atoms), taint=taint)

    def drawn(self) -> SearchStrategy[Plan] | None:
        """Return a strategy of plans through every lens that is asked for; None without one."""
        from hypothesis import strategies as st

        base, lenses = self._base, self._wanted.lenses
        parts: list[SearchStrategy[Plan]] = []
        if "exact" in lenses:
            parts.append(_atoms(exact.drawn(base)).map(self._exact))
        if "tolerant" in lenses:
            parts.append(_atoms(tolerant.drawn(base)).map(partial(self._plan, "tolerant")))
        if "transport" in lenses and len(base.body) > 1:
            ways = transport.drawn(base, self._taint)
            parts.append(ways.map(partial(self._plan, "transport")))
        if "truncated_stream" in self._wanted.must_detect and base.streams:
            parts.append(planted.drawn(base))
        return st.one_of(parts) if parts else None

    def _exact(self, atoms: Sequence[Atom]) -> Plan:
        return self._plan("exact", exact.allowed(self._base, atoms))

    def _plan(self, lens: str, atoms: Sequence[Atom]) -> Plan:
        codes = {"exact": exact.CODE, "tolerant": tolerant.CODE, "transport": transport.CODE}
        taint = self._taint if lens == "transport" else ""
        plan = Plan(lens, "nothing unusual", codes[lens], self._base.operation, taint=taint)
        return plan.of(tuple(atoms))


def _atoms(single: SearchStrategy[Atom]) -> SearchStrategy[list[Atom]]:
    from hypothesis import strategies as st

    return st.lists(single, max_size=8, unique_by=lambda atom: atom.says)
