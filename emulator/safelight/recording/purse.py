"""What the calls of a run may cost: held before a call is forwarded, given back where it is free.

What must not enter: prices, sockets, what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from safelight.messages import Reply
from safelight.recording.clients import own
from safelight.recording.understanding import Asked


@dataclass
class Purse:
    """US dollars: `budget` None limits nothing, all is counted in `spent`.

    Within a budget a call without a known price is reckoned as `unpriced`, or refused.
    """

    budget: Decimal | None = None
    unpriced: Decimal | None = None
    spent: Decimal = Decimal(0)

    def pay(self, asked: Asked) -> Reply | None:
        """Hold what a request costs; return the refusal where that would break the budget."""
        cost = self._price(asked)
        if self.budget is None:
            self.spent += cost or Decimal(0)
            return None
        if cost is None:
            why = (
                f"not forwarded: its price is not known ({asked.why}), so the budget could not be "
                "kept; --unpriced says what to reckon such a call as"
            )
            return own(402, "budget_unknown_price", why)
        if self.spent + cost > self.budget:
            left = self.budget - self.spent
            why = (
                f"not forwarded: it may cost ${dollars(cost)}, and of the budget of "
                f"${dollars(self.budget)} there is ${dollars(left)} left; --budget sets it"
            )
            return own(402, "budget_exceeded", why)
        self.spent += cost
        return None

    def give_back(self, asked: Asked) -> None:
        """Count a call no more: nobody charges for a refusal, or for no connection."""
        self.spent -= self._price(asked) or Decimal(0)

    def _price(self, asked: Asked) -> Decimal | None:
        return self.unpriced if asked.cost is None else asked.cost


def dollars(amount: Decimal) -> str:
    """Return an amount of dollars; one below a hundredth of a cent is told exactly."""
    return f"{amount:.4f}" if amount >= Decimal("0.0001") else f"{amount.normalize():f}"
