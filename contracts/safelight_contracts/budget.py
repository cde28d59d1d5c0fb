"""The purse of a run: what a call may cost is held before it, at the worst price.

When its answer is known it is settled: a refusal costs nothing; an accepted call stays at its worst
price or, if the answer reports more, at that; a call whose fate is unknown stays too. Only
`trusting` lets a report lower what is held: an endpoint that reports less than it charges could
otherwise spend more than was allowed.

What must not enter: prices, sending, files (a ledger is handed in).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from safelight_contracts.money import ZERO, Quote


class Cap(Protocol):
    """Another limit that the same money counts against, such as a month's."""

    def take(self, amount: Decimal) -> bool:
        """Count an amount; False, and nothing is counted, where it would exceed the limit."""

    def give_back(self, amount: Decimal) -> None:
        """Uncount an amount; a negative one counts more, beyond the limit if need be."""


@dataclass
class Budget:
    """Money of one run, in US dollars. `limit` None: nothing is limited, all is counted.

    `held` is what the endpoint may have charged by now, at most; `reported` what its answers say.
    `overdrawn` is set when an answer reports more than its call's worst price and the limit does
    not cover it: prices are not what the catalogue says, and nothing more may be asked.
    """

    limit: Decimal | None = None
    cap: Cap | None = None
    trusting: bool = False
    held: Decimal = ZERO
    reported: Decimal = ZERO
    calls: int = 0
    overdrawn: bool = False
    _open: dict[int, Decimal] = field(default_factory=dict)

    @property
    def left(self) -> Decimal | None:
        """Return what may still be held; None where there is no limit."""
        return None if self.limit is None else max(ZERO, self.limit - self.held)

    def covers(self, amount: Decimal) -> bool:
        """Tell whether the run's own limit covers another amount."""
        return self.limit is None or (not self.overdrawn and self.held + amount <= self.limit)

    def hold(self, quote: Quote) -> int | None:
        """Hold the worst price of a call and return its number; None where it is not covered."""
        if not self.covers(quote.worst):
            return None
        if self.cap is not None and quote.worst and not self.cap.take(quote.worst):
            return None
        self.calls += 1
        self.held += quote.worst
        self._open[self.calls] = quote.worst
        return self.calls

    def settle(self, number: int, *, refused: bool, reported: Decimal | None = None) -> Decimal:
        """Close a call and return what stays held for it.

        `refused`: the answer is a refusal, which nobody charges for. `reported` is the cost by the
        usage in the answer, None where it tells none or none came.
        """
        amount = self._open.pop(number)
        cost = ZERO if refused and reported is None else amount
        if reported is not None:
            self.reported += reported
            cost = reported if self.trusting else max(amount, reported)
        self.held += cost - amount
        if self.cap is not None and cost != amount:
            self.cap.give_back(amount - cost)
        if self.limit is not None and self.held > self.limit:
            self.overdrawn = True
        return cost


def dollars(amount: Decimal) -> str:
    """Return an amount as people read it (`$0.50`, `$0.0042`), never rounded down to nothing."""
    if not amount:
        return "$0"
    text = f"{amount:.2f}" if amount >= 1 else f"{amount:.4f}"
    if Decimal(text) == 0:
        return "<$0.0001"
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents.rstrip('0').ljust(2, '0')}"
