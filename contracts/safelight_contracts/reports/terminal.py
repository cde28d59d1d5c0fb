"""A run on the terminal: the plan before it, a bar with the live cost, the verdict after it.

What must not enter: a fact that the other reports do not have.
"""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from safelight_contracts.budget import Budget, dollars
from safelight_contracts.findings import CHECKS, Finding, Outcome
from safelight_contracts.interrupts import EXIT_CODE
from safelight_contracts.plan import Plan, total
from safelight_contracts.reports.document import failures
from safelight_contracts.results import Result, Run

_COLORS = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.KNOWN: "yellow",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.NOT_CHECKED: "bright_black",
}
_VERDICTS = {0: "bold green", 1: "bold red", 3: "bold yellow", 4: "bold bright_black"}
_VERDICTS[EXIT_CODE] = "bold yellow"
_WIDE = 300
"""Characters of a value that a line shows."""
_MOST = 30
_REASONS = 6
_LINE = 2_000


def print_plan(console: Console, run: Run, plan: Plan, budget: Budget) -> None:
    """Print what will be asked, phase by phase, with expected and worst price."""
    says = f"[bold]{escape(run.title)}[/] at {escape(run.base_url)}, contract of {run.day}"
    console.print(f"{says}, seed {run.seed}", highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    table.add_column("phase")
    for name in ("cases", "expected", "at worst"):
        table.add_column(name, justify="right")
    for phase, steps in plan.phases().items():
        price = total(steps)
        asked = sum(not step.barred for step in steps)
        table.add_row(phase, str(asked), dollars(price.expected), dollars(price.worst))
    price = plan.price
    asked = sum(not step.barred for step in plan.steps)
    whole = (str(asked), dollars(price.expected), dollars(price.worst))
    table.add_row("all", *whole, style="bold")
    console.print(Padding(table, (1, 2)))
    for note in plan.notes:
        console.print(f"  note: {note}", style="bright_black", highlight=False)
    if budget.limit is not None:
        enough = "covers" if price.worst <= budget.limit else "does not cover"
        says = f"  a budget of {dollars(budget.limit)} {enough} all of it at worst"
        console.print(says, highlight=False)
    console.print()


class Bar:
    """A progress bar with the live cost; silent where nobody watches."""

    def __init__(self, console: Console, cases: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[cost]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("checking", total=cases, cost="$0")
        self._failed = 0

    def __enter__(self) -> Self:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take it away."""
        self._progress.stop()

    def step(self, result: Result, budget: Budget) -> None:
        """Go on by one case, and tell what is spent."""
        self._failed += result.outcome is Outcome.FAILED
        limit = f" of {dollars(budget.limit)}" if budget.limit is not None else ""
        bad = f"  [red]{self._failed} failed[/]" if self._failed else ""
        self._progress.update(
            self._task,
            advance=1,
            description=result.phase or "checking",
            cost=f"at most {dollars(budget.held)}{limit}{bad}",
        )


def print_run(console: Console, run: Run) -> None:
    """Print the failures with how to see them again, then counts, money and the verdict."""
    found = failures(run)
    for finding, hits in found[:_MOST]:
        console.print(_failure(finding, hits))
        _print_again(console, finding, hits)
    if len(found) > _MOST:
        console.print(f"… and {len(found) - _MOST} more kinds of failure; see --html or --json\n")
    for outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_CHECKED):
        for line in _reasons(run.of(outcome)):
            told = f"{outcome.value}: {line}"
            console.print(told, style=_COLORS[outcome], highlight=False, markup=False)
    counts = [
        f"[{_COLORS[outcome]}]{count} {outcome.value}[/]"
        for outcome, count in run.counts.items()
        if count or outcome is Outcome.PASSED
    ]
    console.print(", ".join(counts) + f" in {run.took:.1f} s", highlight=False)
    budget = f" of {dollars(run.budget)}" if run.budget is not None else ""
    told = f"answers report {dollars(run.reported)}" if run.reported else "answers report no cost"
    console.print(f"spent at most {dollars(run.spent)}{budget}; {told}", highlight=False)
    verdict = f"{run.title} at {run.base_url}: {run.verdict}"
    console.print(verdict, style=_VERDICTS[run.exit_code], highlight=False, markup=False)


def _reasons(results: list[Result]) -> list[str]:
    """Return why so many cases came to nothing, the commonest reasons first."""
    found = Counter(result.reason for result in results).most_common()
    lines = [f"{count} cases: {reason}" for reason, count in found[:_REASONS]]
    rest = sum(count for _, count in found[_REASONS:])
    return [*lines, f"{rest} more cases, for like reasons"] if rest else lines


def _failure(finding: Finding, hits: list[Result]) -> RenderableType:
    check = CHECKS.get(finding.code)
    known = all(hit.outcome is Outcome.KNOWN for hit in hits)
    color = _COLORS[Outcome.KNOWN if known else Outcome.FAILED]
    head = Text(finding.code, style=color)
    head.append(f" {check.title if check else ''}", style="bold")
    body = Table.grid(padding=(0, 2))
    body.add_column(style="bright_black", no_wrap=True)
    body.add_column(overflow="fold")
    asked = f"{hits[0].case.purpose} ({hits[0].case.model or hits[0].case.operation})"
    more = f", and {len(hits) - 1} more" if len(hits) > 1 else ""
    for name, value in (
        ("where", f"{hits[0].case.operation}: {finding.at}"),
        ("asked", asked + more),
        ("expected", _shown(finding.expected)),
        ("got", _shown(finding.got)),
        ("source", finding.source),
        ("known", hits[0].reason if known else ""),
    ):
        if value:
            body.add_row(name, Text(_plain(value)))
    return Group(head, Padding(body, (0, 0, 0, 2)))


def _print_again(console: Console, finding: Finding, hits: list[Result]) -> None:
    """Print how to see a failure again: a line to copy, so it is never broken in two."""
    evidence = next((hit.evidence for hit in hits if hit.evidence), None)
    if evidence:
        state = "asked again, failed again" if evidence.confirmed else "by a recorded answer"
        console.print(f"  {state}:", style="bright_black", highlight=False)
        size = len(evidence.curl)
        whole = f"  {_plain(evidence.curl)}"
        line = whole if size <= _LINE else f"  a line of {size} characters: see --html or --json"
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    more = f"  safelight explain {finding.code}\n"
    console.print(more, style="bright_black", highlight=False, markup=False)


def _shown(value: object) -> str:
    text = _plain(value if isinstance(value, str) else repr(value))
    return text if len(text) <= _WIDE else f"{text[:_WIDE]} …"


def _plain(text: str) -> str:
    """Return a text that moves no cursor and can be written: an answer may hold anything."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
