"""What a run against an endpoint brought: a result for each case, and the run as a whole.

Reports read these and nothing else. What must not enter: sending, judging, printing.
"""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from safelight_contracts.cases import Case, Seen
from safelight_contracts.findings import Finding, Outcome
from safelight_contracts.interrupts import EXIT_CODE
from safelight_contracts.money import ZERO, Quote

_TELLING = 12
"""Characters from which the beginning of a key is a secret too; fewer are its kind (`sk-proj-`)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The smallest question found that still shows a failure.

    `curl` and `python` name the environment variable of the key, never the key. `confirmed` tells
    whether this very question was asked and failed; otherwise the recorded answer to the larger one
    shows the same. `left_out` are the fields that do not matter.
    """

    case: Case
    seen: Seen
    findings: tuple[Finding, ...]
    curl: str
    python: str
    confirmed: bool = False
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case.

    `reason` says why it is known, inconclusive or not checked. `cost` is what it counts against the
    budget, in US dollars. `phase` is the plan's word for when it was asked.
    """

    case: Case
    outcome: Outcome
    phase: str = ""
    findings: tuple[Finding, ...] = ()
    seen: Seen | None = None
    reason: str = ""
    cost: Decimal = ZERO
    evidence: Evidence | None = None


@dataclass(slots=True)
class Run:
    """One run: what was asked of whom, for how much, and how it ended.

    `planned` is the price of the whole plan; `spent` what the run counts against its budget,
    `reported` what the answers say that they cost. `began` is in epoch seconds, `took` in seconds.
    `notes` are sentences that a reader should know, `secrets` texts that no report may show.
    `interrupted` tells that somebody stopped it, at whatever moment.
    """

    provider: str
    title: str
    base_url: str
    day: datetime.date
    seed: int
    key_env: str = ""
    began: float = 0.0
    took: float = 0.0
    budget: Decimal | None = None
    planned: Quote = field(default_factory=Quote)
    spent: Decimal = ZERO
    reported: Decimal = ZERO
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    interrupted: bool = False

    def mask(self, text: str) -> str:
        """Return a text without the run's keys, should an answer have echoed one.

        What is left of a key where a long text was cut is taken out as well.
        """
        for secret in filter(None, self.secrets):
            for length in (len(secret), *range(len(secret) - 1, _TELLING - 1, -1)):
                text = text.replace(secret[:length], "***")
        return text

    def of(self, outcome: Outcome) -> list[Result]:
        """Return the results of one outcome, in the order in which they came."""
        return [result for result in self.results if result.outcome is outcome]

    @property
    def counts(self) -> dict[Outcome, int]:
        """Return how many cases had each outcome, those without any included."""
        counted = Counter(result.outcome for result in self.results)
        return {outcome: counted[outcome] for outcome in Outcome}

    @property
    def exit_code(self) -> int:
        """Return 1 for a failure, else 3 for what is inconclusive, else 4 for what is unchecked.

        0 is left for runs that checked all of it: what was not checked is never green. A run that
        was interrupted has the code of that, whatever it found.
        """
        if self.interrupted:
            return EXIT_CODE
        counts = self.counts
        if counts[Outcome.FAILED]:
            return 1
        if counts[Outcome.INCONCLUSIVE]:
            return 3
        checked = counts[Outcome.PASSED] + counts[Outcome.KNOWN]
        return 4 if counts[Outcome.NOT_CHECKED] or not checked else 0

    @property
    def verdict(self) -> str:
        """Return the exit code in words."""
        return {
            0: "keeps its contract" + (", known breaches apart" if self.of(Outcome.KNOWN) else ""),
            1: "breaks its contract",
            3: "inconclusive",
            4: "not fully checked",
            EXIT_CODE: "interrupted",
        }[self.exit_code]


def grouped(results: list[Result]) -> list[tuple[Finding, list[Result]]]:
    """Return failures by what is broken: one entry for a code and place, with all that show it."""
    groups: dict[tuple[str, str, str], tuple[Finding, list[Result]]] = {}
    for result in results:
        for finding in result.findings:
            key = (finding.code, result.case.operation, _anyhow(finding.at))
            groups.setdefault(key, (finding, []))[1].append(result)
    return list(groups.values())


def _anyhow(at: str) -> str:
    """Return a place without its indices: `data[3].url` and `data[0].url` are one place."""
    return "".join(char for char in at if not char.isdigit())
