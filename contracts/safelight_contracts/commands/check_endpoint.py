"""`safelight check endpoint`: the options of a run, its progress and its reports.

What must not enter: planning, judging, anything that a test would want to call.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from safelight.commands.values import day

from safelight_contracts.commands.amounts import seconds, usd

if TYPE_CHECKING:
    from safelight_contracts.checking import Prepared
    from safelight_contracts.endpoint_wish import Wish
    from safelight_contracts.interrupts import Interrupts
    from safelight_contracts.results import Run

_FILE = click.Path(dir_okay=False, path_type=Path)


SHARED = (
    click.option("--provider", required=True, help="Whose contract the address claims to keep."),
    click.option("--base-url", required=True, help="Where, as a client is told it."),
    click.option("--api-key-env", "key_env", metavar="NAME", help="Variable that holds the key."),
    click.option("--budget", type=usd, help="What the run may cost at most."),
    click.option("--live", is_flag=True, help="Needed for any address but this machine's."),
    click.option("--allow-unpriced", is_flag=True, help="Ask models whose price nobody knows."),
    click.option(
        "--trust-usage",
        is_flag=True,
        help="Let the usage in an answer lower what it counts; else only the worst price does.",
    ),
    click.option("--ledger", type=_FILE, help="File that keeps what each month has cost."),
    click.option("--monthly-cap", type=usd, help="What a month may cost at most; with --ledger."),
    click.option(
        "--confirm",
        "paid_again",
        default=3,
        show_default=True,
        type=click.IntRange(0),
        help="Paid questions for smaller evidence, at most.",
    ),
    click.option("--baseline", type=_FILE, help="Breaches that are lived with; see the docs."),
    click.option(
        "--database",
        metavar="DIR|redis://…|github:OWNER/REPO",
        help="Where failing cases are kept.  [default: .hypothesis/examples]",
    ),
    click.option("--seed", default=0, show_default=True, type=int, help="Same seed, same plan."),
    click.option(
        "--as-of", type=day, metavar="DATE", help="Contract of that day. [default: today]"
    ),
    click.option(
        "--timeout",
        default=120.0,
        show_default=True,
        type=seconds,
        help="Seconds of silence after which an answer is given up.",
    ),
    click.option("--junit", type=_FILE, help="Write JUnit XML."),
    click.option("--json", type=_FILE, help="Write everything as JSON."),
    click.option("--markdown", type=_FILE, help="Add a summary, such as to $GITHUB_STEP_SUMMARY."),
    click.option("--html", type=_FILE, help="Write one page with the pictures."),
    click.option(
        "--observations", type=_FILE, help="Ledger of what was answered, for `safelight drift`."
    ),
    click.option("--dry-run", is_flag=True, help="Print the plan and its price, ask nothing."),
)
"""The options of every command that asks an endpoint."""

REPORTS = ("junit", "json", "markdown", "html")


def shared(command: Any) -> Any:  # noqa: ANN401 - click decorates whatever it is given
    """Give a command the shared options."""
    for option in reversed(SHARED):
        command = option(command)
    return command


@click.command()
@shared
@click.option("--operations", multiple=True, metavar="GLOB", help="Only these: 'images.*'.")
@click.option("--models", multiple=True, metavar="GLOB", help="Only these models.")
@click.option("--max-cases", type=click.IntRange(1), help="Ask no more.  [default: all of them]")
def endpoint(**options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Judge whether a URL keeps a provider's contract, within a budget.

    Exit codes: 0 all passed, 1 something failed, 2 wrong usage, 3 something inconclusive and
    nothing failed, 4 something not checked, 130 Ctrl-C. A plan is printed first; what is free is
    asked first.
    """
    perform(options)


def perform(options: dict[str, Any], *, replay: bool = False) -> None:
    """Carry out a command's options, print and write the reports, and leave with the exit code.

    Ctrl-C leaves the question that is being asked; what was found so far is told all the same.
    """
    from safelight_contracts.interrupts import EXIT_CODE, Interrupts

    with Interrupts() as interrupts:
        try:
            code = _perform(options, interrupts, replay=replay)
        except KeyboardInterrupt:  # while planning, or by somebody who did not want to wait
            asked = "the reports were not finished" if interrupts.told > 1 else NOTHING
            click.echo(f"interrupted: {asked}", err=True)
            code = EXIT_CODE
    sys.exit(code)


def _perform(options: dict[str, Any], interrupts: Interrupts, *, replay: bool) -> int:
    """Return the exit code of a run. Raises KeyboardInterrupt before the first question."""
    from rich.console import Console

    from safelight_contracts.checking import carry_out
    from safelight_contracts.interrupts import EXIT_CODE
    from safelight_contracts.reports.terminal import Bar, print_plan, print_run

    files = {kind: options.pop(kind) for kind in REPORTS}
    dry, ledger = options.pop("dry_run"), options.pop("observations")
    told = {} if dry else {**files, "observations": ledger}
    prepared = interrupts.leaving(lambda: _prepared(options, told, replay=replay))
    console = Console()
    if replay and not prepared.plan.steps:
        nothing = "nothing failed before, so nothing was asked"
        click.echo(f"{prepared.run.title} at {prepared.run.base_url}: {nothing}")
        return prepared.run.exit_code  # what was not checked is never green
    print_plan(console, prepared.run, prepared.plan, prepared.budget)
    if dry:
        return 0
    with Bar(Console(stderr=True), len(prepared.plan.steps)) as bar:
        run = carry_out(prepared, bar, interrupts=interrupts)
    print_run(console, run)
    _write(run, files)
    if ledger is not None and not run.interrupted:  # half a run looks like one that lacks a half
        from safelight_contracts.drift.evidence import keep_evidence
        from safelight_contracts.drift.observed import append, observe

        append(ledger, run.provider, observe(run, prepared.promises))
        for path in keep_evidence(ledger.with_suffix(".exchanges"), prepared.promises, run):
            console.print(f"{path}: shows what has drifted, as a fixture")
    if run.interrupted or interrupts.told:
        click.echo(f"interrupted: {interrupted(run)}", err=True)
        return EXIT_CODE
    return run.exit_code


NOTHING = "nothing was asked, nothing was spent"


def interrupted(run: Run) -> str:
    """Return how far a run came that was interrupted."""
    from safelight_contracts.budget import dollars
    from safelight_contracts.endpoint import BROKEN_OFF

    asked = sum(result.seen is not None or result.reason == BROKEN_OFF for result in run.results)
    if not asked:
        return NOTHING
    left = f"{asked} of {len(run.results)} questions were asked"
    return f"{left}, spent at most {dollars(run.spent)}; the report tells of those"


def _prepared(options: dict[str, Any], files: dict[str, Path | None], *, replay: bool) -> Prepared:
    """Return a run that can begin, and its files be written."""
    from safelight_contracts.checking import prepare
    from safelight_contracts.reports import writable

    prepared = prepare(_wish(options), replay=replay)
    for kind, path in files.items():
        if path is not None:
            writable(kind, path)
    return prepared


def _wish(options: dict[str, Any]) -> Wish:
    from safelight_contracts.endpoint_wish import Wish

    return Wish(**options)


def _write(run: Run, files: dict[str, Path | None]) -> None:
    from safelight_contracts.reports import write_report

    for kind, path in files.items():
        if path is not None:
            write_report(run, kind, path)
