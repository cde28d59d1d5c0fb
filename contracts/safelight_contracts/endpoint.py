"""One run against one endpoint: ask what the plan says, within the money, and judge each answer.

    plan -> hold the worst price -> send -> settle -> judge -> next; then evidence for what failed

No body is paid for twice: what was answered once is remembered for the whole run. A family of
refusals ends when one is accepted and billed. What must not enter: prices, checks, reports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from safelight.provider import Provider

from safelight_contracts.baseline import Known, excuse
from safelight_contracts.budget import Budget, dollars
from safelight_contracts.cases import Case, Seen
from safelight_contracts.endpoint_outcomes import accepted, may_repeat, outcome, refused
from safelight_contracts.findings import Finding, Outcome
from safelight_contracts.interrupts import Interrupts
from safelight_contracts.money import Quote
from safelight_contracts.money_reported import reported
from safelight_contracts.plan import Plan, Step
from safelight_contracts.plan_requests import first_of
from safelight_contracts.results import Result, Run

Judge = Callable[[Case, Seen], Iterable[Finding]]
"""What says which promises an answer breaks."""

Compare = Callable[[Case, Seen, Seen], Iterable[Finding]]
"""What says which promises two answers to the same request break together."""

_GIVE_UP = {"refused": 3, "timeout": 5}
"""How often in a row no connection, or no answer, may come before the rest is left."""
_TRIES = 3
BROKEN_OFF = "interrupted while it was asked"
"""Why there is no answer to the question that Ctrl-C has hit."""

_LONGEST_WAIT = 30.0
"""Seconds that a 429 may ask to wait; a longer wait is not worth a run's time."""


class Asks(Protocol):
    """Who puts a case on the wire."""

    def send(self, case: Case) -> Seen:
        """Ask once."""

    def follow(self, seen: Seen) -> Seen:
        """Return an answer with what its links lead to."""


class Watches(Protocol):
    """Who is told how a run goes on, such as a progress bar."""

    def step(self, result: Result, budget: Budget) -> None:
        """Hear of one more result."""


@dataclass
class Endpoint:
    """What a run needs. `sleep` is called with seconds between tries after a 429.

    `interrupts` says where Ctrl-C may leave a question; by default nobody hears it.
    """

    provider: Provider
    sender: Asks
    judge: Judge
    budget: Budget
    run: Run
    compare: Compare = lambda *_: ()
    baseline: tuple[Known, ...] = ()
    watcher: Watches | None = None
    sleep: Callable[[float], None] = time.sleep
    interrupts: Interrupts = field(default_factory=Interrupts)
    answers: dict[str, Seen] = field(default_factory=dict)
    """What was answered to each case of this run, by the case's id."""
    _stopped: dict[str, str] = field(default_factory=dict)
    _lost: tuple[str, int] = ("", 0)

    def carry_out(self, plan: Plan) -> Run:
        """Ask all of a plan; the results are in the run, in the plan's order."""
        self.run.planned = plan.price
        self.run.notes += plan.notes
        for step in plan.steps:
            self.run.interrupted = self.run.interrupted or bool(self.interrupts.told)
            before = self.budget.held
            try:
                result = self.check(step) if not self.run.interrupted else _left(step)
            except KeyboardInterrupt:  # what was asked is told, what it may cost stays counted
                self.run.interrupted = True
                result = replace(_left(step), reason=BROKEN_OFF, cost=self.budget.held - before)
            self.run.results.append(result)
            if self.watcher is not None:
                self.watcher.step(result, self.budget)
        self.count()
        return self.run

    def check(self, step: Step) -> Result:
        """Ask one question and judge its answer, or say why it is not asked."""
        case = step.case
        why_not = self._why_not(step)
        if why_not:
            return Result(case, Outcome.NOT_CHECKED, step.phase, reason=why_not)
        before = self.budget.held
        seen = self.ask(case, step.quote)
        if seen is None:
            return Result(case, Outcome.NOT_CHECKED, step.phase, reason=self._too_dear(step.quote))
        failure, times = self._lost
        self._lost = (seen.failure or "", times + 1 if seen.failure == failure else 1)
        findings = () if seen.failure else self._judged(case, seen)
        verdict, reason = outcome(case, seen, findings, self.provider)
        if verdict is not Outcome.FAILED:
            findings = ()
        elif known := excuse(self.baseline, case, findings, self.run.day):
            verdict, reason = Outcome.KNOWN, known
        self._stop_family(step, seen)
        cost = self.budget.held - before
        return Result(case, verdict, step.phase, findings, seen, reason, cost)

    def _judged(self, case: Case, seen: Seen) -> tuple[Finding, ...]:
        """Return what is wrong with an answer, by itself or beside the one that it repeats."""
        found = tuple(self.judge(case, seen))
        first = first_of(case)
        before = self.answers.get(first.id) if first is not None else None
        if found or before is None or not (accepted(before) and accepted(seen)):
            return found
        return tuple(self.compare(case, before, seen))

    def ask(self, case: Case, quote: Quote) -> Seen | None:
        """Return the answer to a case: the one it had in this run, or a new one that is paid for.

        None where the budget does not cover it. Only what certainly cost nothing is asked again.
        """
        if case.id in self.answers:
            return self.answers[case.id]
        seen: Seen | None = None
        for attempt in range(_TRIES):
            number = self.budget.hold(quote)
            if number is None:
                return seen
            seen = self.interrupts.leaving(partial(self.sender.send, case))
            self._settle(number, case, seen)
            wait = _wait(seen, attempt)
            if not may_repeat(seen) or wait is None or attempt + 1 == _TRIES:
                break
            self.interrupts.leaving(partial(self.sleep, wait))
        assert seen is not None, "at least one try was made"
        if case.operation.startswith("images.") and not case.expects.refuses:
            seen = self.interrupts.leaving(partial(self.sender.follow, seen))
        self.answers[case.id] = seen
        self.count()
        return seen

    def _settle(self, number: int, case: Case, seen: Seen) -> None:
        model = self.provider.catalog.known(case.model)
        told = reported(seen, model) if accepted(seen) and case.method == "POST" else None
        self.budget.settle(number, refused=refused(seen), reported=told)

    def _why_not(self, step: Step) -> str:
        if step.barred:
            return step.barred
        if self.budget.overdrawn:
            return "budget: answers report more than the catalogue's prices; nothing more is asked"
        failure, times = self._lost
        if times >= _GIVE_UP.get(failure, times + 1):
            what = "connection to" if failure == "refused" else "whole answer in time from"
            return f"no {what} {self.run.base_url}: given up after {times} tries"
        return self._stopped.get(step.case.family, "") if step.case.family else ""

    def _too_dear(self, quote: Quote) -> str:
        left = self.budget.left
        if self.budget.covers(quote.worst):
            return f"ledger: the month's cap does not cover {dollars(quote.worst)} more"
        assert left is not None, "a budget without a limit covers everything"
        return f"budget: may cost {dollars(quote.worst)}, {dollars(left)} is left"

    def _stop_family(self, step: Step, seen: Seen) -> None:
        """End a family when what should be refused was accepted and, having a price, billed."""
        if step.case.expects.refuses and accepted(seen) and step.quote.worst and step.case.family:
            says = f"{step.case.broken or step.case.purpose}: accepted and billed"
            self._stopped[step.case.family] = f"stopped: {says}; the rest would cost too"

    def count(self) -> None:
        """Tell the run what the budget holds."""
        self.run.spent, self.run.reported = self.budget.held, self.budget.reported
        self.run.budget = self.budget.limit


def _left(step: Step) -> Result:
    return Result(step.case, Outcome.NOT_CHECKED, step.phase, reason="the run was interrupted")


def _wait(seen: Seen, attempt: int) -> float | None:
    """Return seconds to wait before asking again, None where that is too long."""
    told = seen.header("retry-after")
    try:
        asked = float(told) if told else 0.5 * 2**attempt
    except ValueError:
        asked = 1.0
    return asked if 0 <= asked <= _LONGEST_WAIT else None
