"""What a run will ask, in which order, and for how much money: known before anything is sent.

A plan's price counts what keeps to the contract as free: a refusal costs nothing. The worst price
of a family of refusals is the one dearest call: the family ends at the first that is accepted.

What must not enter: sending; how a phase makes its questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from safelight_contracts.cases import Case
from safelight_contracts.money import FREE, ZERO, Quote


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a plan. `quote` is its price if it is accepted, whether or not it should be.

    `barred` says why it will not be asked (no price is known), empty for what will.
    """

    case: Case
    phase: str
    quote: Quote = FREE
    barred: str = ""

    @property
    def free(self) -> bool:
        """Tell whether an endpoint that keeps its contract charges nothing for it."""
        return self.case.expects.refuses or not self.quote.worst


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps in order, none twice. `notes` are sentences about what is left out, and why."""

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def price(self) -> Quote:
        """Return the price of all of it."""
        return total(self.steps)

    def phases(self) -> dict[str, list[Step]]:
        """Return the steps of each phase, in order."""
        found: dict[str, list[Step]] = {}
        for step in self.steps:
            found.setdefault(step.phase, []).append(step)
        return found


@dataclass
class Draft:
    """A plan in the making: refuses the same question twice, and what is over `most`."""

    most: int | None = None
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dropped: bool = False
    _known: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Tell whether no more steps are taken."""
        return self.most is not None and len(self.steps) >= self.most

    def add(self, step: Step) -> bool:
        """Take a step, or tell that it is known or one too many."""
        if step.case.id in self._known:
            return False
        if self.full:
            self.dropped = True
            return False
        self._known.add(step.case.id)
        self.steps.append(step)
        return True

    def done(self) -> Plan:
        """Return the plan."""
        notes = list(self.notes)
        if self.dropped:
            notes.append(f"--max-cases {self.most} leaves cases out: what is planned last")
        barred = {step.case.model for step in self.steps if step.barred}
        if barred:
            shown = ", ".join(sorted(barred)[:5]) + (", …" if len(barred) > 5 else "")
            notes.append(
                f"{len(barred)} models have no known price and are left out ({shown}); "
                "--allow-unpriced asks them all the same"
            )
        return Plan(tuple(self.steps), tuple(notes))


def total(steps: Iterable[Step]) -> Quote:
    """Return the price of some steps: of each family of refusals, one call at worst."""
    expected, worst = ZERO, ZERO
    families: dict[str, Decimal] = {}
    for step in steps:
        if step.barred:
            continue
        if step.case.expects.refuses:
            name = step.case.family or step.case.id
            families[name] = max(families.get(name, ZERO), step.quote.worst)
        else:
            expected += step.quote.expected
            worst += step.quote.worst
    return Quote(expected, worst + sum(families.values(), ZERO))
