"""A campaign against one client: plain first, then everything that the contract allows, bounded.

Groups of changes are tried at once and a failing group is halved down to what breaks the client;
what is left of the examples is drawn by Hypothesis, which shrinks by itself. What must not enter:
how a client is run (`Subject`), how a world is told (`Door`), wording of reports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Protocol

from safelight.provider import Provider

from safelight_contracts import oracles
from safelight_contracts.client_door import Door
from safelight_contracts.client_plans import Ending, Plan, Trial
from safelight_contracts.client_results import Broken, Options, Report
from safelight_contracts.client_shrink import fewest
from safelight_contracts.findings import Finding
from safelight_contracts.lenses import choosing
from safelight_contracts.lenses.base import Base, read

PLAIN = Plan("plain", "the plain reply", "SL-CLIENT-FAILED", times=100)
_STOPS = frozenset({"FAILED", "REQUEST", "UNCLEAR", "SILENT", "HANG", "OUTPUT"})
"""Findings of the plain example after which nothing more can be learnt."""


_NOTICED = frozenset({"SL-CLIENT-SWALLOWED", "SL-CLIENT-UNDETECTED"})
_DRAWN = 15
"""Examples that error rows leave to Hypothesis, but no more than a quarter."""


class Subject(Protocol):
    """A client that can be run again and again."""

    def run(self, plan: Plan, door: Door) -> Ending:
        """Run it once, to its end or to the end of patience."""


class Campaign:
    """One run against one client.

    `door` opens the session of the next example, `watch` is told how far the run has come.
    """

    def __init__(
        self,
        subject: Subject,
        door: Callable[[], Door],
        provider: Provider,
        options: Options,
        watch: Callable[[Report], object] = lambda _: None,
    ) -> None:
        self._subject = subject
        self._door = door
        self._provider = provider
        self._options = options
        self._watch = watch
        self._ends = time.monotonic() + options.seconds
        self._known: dict[bytes, tuple[Trial, list[Finding]]] = {}
        self._unclear = frozenset(row.id for row in provider.errors.rows if row.unverified)
        self.report = Report()

    def run(self) -> Report:
        """Run everything. Raises UsageError for a slip of the one who asked."""
        found = self._try(PLAIN)
        assert found is not None, "a run has one example at least"
        trial, findings = found
        self._keep(trial, findings)
        if any(finding.code.removeprefix(oracles.FAMILY) in _STOPS for finding in findings):
            return self.report
        bases = list(self._bases(trial))
        if not bases:
            wanted = self._options.operation
            names = sorted({str(exchange["operation"]) for exchange in trial.asked})
            got = f"requests to {', '.join(names)}"
            expected = f"a request to {wanted} that was answered"
            self._keep(trial, [Finding("SL-CLIENT-SILENT", wanted, expected, got)])
        for number, base in enumerate(bases):
            left = self._options.examples - self.report.examples
            self._judge(base, self.report.examples + left // (len(bases) - number))
        return self.report

    def _bases(self, trial: Trial) -> Iterator[Base]:
        """Yield one reply of each kind that the client has asked for."""
        asked = {exchange["number"]: exchange for exchange in trial.exchanges}
        seen: set[tuple[str, bool]] = set()
        for given in trial.given:
            mark = (given["operation"], "chunks" in given)
            wanted = fnmatchcase(given["operation"], self._options.operation)
            if wanted and given["status"] < 400 and mark not in seen:
                seen.add(mark)
                yield read(given, asked[given["number"]], self._provider)

    def _judge(self, base: Base, until: int) -> None:
        """Look at one kind of reply, until so many examples have run."""
        plans = choosing.Plans(base, self._provider, self._options)
        planted, groups, errors = plans.planted(), list(plans.groups()), plans.errors()
        self.report.lenses |= {plan.lens for plan in (*planted, *groups, *errors)}
        for plan in (*planted, *errors[:1]):
            self._look(plan)
        for plan in choosing.in_turn(groups):  # few examples look through every lens all the same
            self._look_into(plan)
        left = until - self.report.examples + bool(errors)  # the first is known, and costs nothing
        room = max(0, left - (0 if plans.drawn() is None else min(_DRAWN, left // 4)))
        for plan in errors[:room]:
            self._look(plan)
        tried, known = self.report.rows
        self.report.rows = (tried + len(errors[:room]), known + len(errors))
        self._draw(plans, until)

    def _look(self, plan: Plan) -> None:
        """Try one plan and keep what it finds."""
        found = self._try(plan)
        if found is not None:
            self._keep(*found)

    def _look_into(self, plan: Plan) -> None:
        """Try a group; find what in it breaks the client, take that out, and look again."""
        while plan.atoms:
            found = self._try(plan)
            codes = {finding.code for finding in found[1]} if found else set()
            if plan.code not in codes:
                if found:
                    self._keep(*found)
                return
            smallest = self._smallest(plan)
            guilty = self._try(smallest)
            assert guilty is not None, "what was tried is known"
            self._keep(*guilty)
            plan = plan.of([atom for atom in plan.atoms if atom not in smallest.atoms])

    def _smallest(self, plan: Plan) -> Plan:
        """Return the plan with as few of its atoms as still break the client in this way."""
        return plan.of(fewest(plan.atoms, lambda atoms: self._breaks(plan.of(atoms))))

    def _breaks(self, plan: Plan) -> bool:
        found = self._try(plan)
        return found is not None and any(finding.code == plan.code for finding in found[1])

    def _draw(self, plans: choosing.Plans, until: int) -> None:
        """Let Hypothesis draw plans with what is left of the examples."""
        left = until - self.report.examples
        strategy = plans.drawn()
        if left < 1 or strategy is None:
            return
        from safelight_contracts.lenses.drawing import search

        def breaks(plan: Plan) -> object:
            found = None if self._explained(plan) else self._try(plan)
            fresh = self._fresh(*found) if found else []
            return fresh[0].code if fresh else None

        while left > 0:
            smallest = search(strategy, breaks, examples=left, seed=self._options.seed)
            if smallest is None or (found := self._try(smallest)) is None:
                return
            if not self._keep(*found):
                return
            left = until - self.report.examples

    def _try(self, plan: Plan) -> tuple[Trial, list[Finding]] | None:
        """Run an example, unless it is known; None when no example is left."""
        if plan.key in self._known:
            return self._known[plan.key]
        spent = self.report.examples >= self._options.examples
        late = self.report.examples and time.monotonic() > self._ends
        if spent or late:
            self.report.skipped += 1
            return None
        self.report.ran[plan.lens] = self.report.ran.get(plan.lens, 0) + 1
        self._watch(self.report)
        trial = self._trial(plan)
        findings = oracles.judge(trial)
        trial = replace(trial, ending=replace(trial.ending, output=b""))  # it was looked at
        self._known[plan.key] = (trial, findings)
        if trial.struck and plan.lie:
            self.report.planted.add(plan.lie)
        elif not trial.struck and plan is not PLAIN:
            self.report.idle.append(plan.lie or plan.says)
        return trial, findings

    def _trial(self, plan: Plan) -> Trial:
        door = self._door()
        door.begin(plan.answers(), plan.steps)
        try:
            ending = self._subject.run(plan, door)
            trial = Trial(
                plan,
                ending,
                tuple(door.exchanges()),
                tuple(door.verdict()),
                tuple(door.given(brief=plan is not PLAIN)),
                self._options.secrets,
                self._unclear,
            )
            whole = plan is not PLAIN and oracles.judge(trial)
            return replace(trial, given=tuple(door.given())) if whole else trial
        finally:
            door.end()

    def _explained(self, plan: Plan) -> bool:
        """Tell whether a plan does what is known to break the client, or tells a known lie."""
        for broken in self.report.broken:
            known = broken.trial.plan
            told = known.lie and known.lie == plan.lie
            if told or (
                known.atoms and {a.says for a in known.atoms} <= {a.says for a in plan.atoms}
            ):
                return True
        return False

    def _keep(self, trial: Trial, findings: Sequence[Finding]) -> bool:
        """Keep what is new; tell whether anything was."""
        fresh = self._fresh(trial, findings)
        self.report.broken += [Broken(finding, trial) for finding in fresh]
        return bool(fresh)

    def _fresh(self, trial: Trial, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings that are not known: a habit is told once, a lie by one finding."""
        known = {(b.finding.code, b.finding.at) for b in self.report.broken}
        lies = {b.trial.plan.lie for b in self.report.broken if b.finding.code in _NOTICED}
        fresh = [f for f in findings if (f.code, f.at) not in known]
        if trial.plan.lie in lies:  # one lie, one finding
            fresh = [f for f in fresh if f.code not in _NOTICED]
        return fresh
