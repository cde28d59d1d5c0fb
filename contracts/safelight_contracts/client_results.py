"""What is asked of a run against a client (Options), and what it has found (Report).

What must not enter: running, wording.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from safelight.refusals import UsageError

from safelight_contracts.client_plans import Trial
from safelight_contracts.client_slips import check_lies, check_time, near
from safelight_contracts.findings import Finding

LENSES = ("exact", "tolerant", "transport", "errors")
"""Every lens that a run may look through; what is planted is asked for by `must_detect`."""

MUST_DETECT = ("truncated_stream", "html_200")
"""What every client has to notice unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Options:
    """How far a run goes. `examples` are runs of the client, `seconds` the time for all of them.

    `operation` is a glob: whose replies are changed. `retry_after` is in seconds.
    """

    operation: str = "*"
    lenses: Sequence[str] = LENSES
    must_detect: Sequence[str] = MUST_DETECT
    examples: int = 100
    seconds: float = 600.0
    retry_after: float = 1.0
    seed: int = 0
    day: datetime.date = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).date())
    secrets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise UsageError for a lens or a lie that is none, and for numbers that cannot be."""
        for lens in self.lenses:
            if lens not in LENSES:
                raise UsageError(f"unknown lens {lens!r}; {near(lens, LENSES)}")
        if self.examples < 1:
            raise UsageError(f"a run needs an example at least, got {self.examples}")
        check_time("seconds", self.seconds)
        check_time("retry_after", self.retry_after, none=True)
        check_lies(self.must_detect)


@dataclass(frozen=True, slots=True)
class Broken:
    """A finding with the example that shows it."""

    finding: Finding
    trial: Trial


@dataclass(slots=True)
class Report:
    """What a run has found. `ran` counts examples by lens, `idle` tells what met no request.

    `planted` are the lies that have struck; `rows` how many error rows were tried, and could be.
    `skipped` counts the examples that there was no room or time for; `lenses` are those through
    which there was something to look at. `interrupted` tells that somebody stopped the run.
    """

    broken: list[Broken] = field(default_factory=list)
    ran: dict[str, int] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    planted: set[str] = field(default_factory=set)
    rows: tuple[int, int] = (0, 0)
    skipped: int = 0
    lenses: set[str] = field(default_factory=set)
    interrupted: bool = False

    @property
    def examples(self) -> int:
        """Return how often the client was run."""
        return sum(self.ran.values())

    @property
    def unseen(self) -> list[str]:
        """Return the lenses through which nobody has looked, though there was something to see."""
        return [lens for lens in ("planted", *LENSES) if lens in self.lenses - set(self.ran)]
