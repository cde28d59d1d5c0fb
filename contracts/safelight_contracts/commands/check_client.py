"""`safelight check client`: run a command against everything that a provider's contract allows.

What must not enter: running, judging; this is flags, a server for the time, words, an exit code.
"""

from __future__ import annotations

import datetime
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from safelight.commands.values import day

from safelight_contracts.commands.amounts import pause, seconds

if TYPE_CHECKING:
    from safelight.provider import Provider

    from safelight_contracts.client_door import Door
    from safelight_contracts.client_process import Command
    from safelight_contracts.client_results import Report

INTERRUPTED = 130
"""The exit code of a run that was stopped by Ctrl-C; what it has found so far is told."""

NOT_CHECKED = 4
"""The exit code of a run without a finding that could not look at what was asked for."""


def names(text: str) -> tuple[str, ...]:
    """Return names that are written with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


@click.command(context_settings={"ignore_unknown_options": False})
@click.option("--provider", required=True, help="Whose contract, rows and environment are meant.")
@click.option("--operation", default="*", show_default=True, help="Whose replies change: a glob.")
@click.option("--lenses", type=names, help="Of exact,tolerant,transport,errors.  [default: all]")
@click.option(
    "--must-detect",
    type=names,
    help="What is planted: truncated_stream, html_200, wrong_bytes, and every fault of `safelight"
    " faults`.  [default: truncated_stream,html_200]",
)
@click.option("--examples", default=60, show_default=True, help="Runs of the command at most.")
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=seconds,
    help="Seconds that one run may take.",
)
@click.option(
    "--seconds", default=900.0, show_default=True, type=seconds, help="Seconds for all runs."
)
@click.option(
    "--retry-after",
    default=1.0,
    show_default=True,
    type=pause,
    metavar="SECONDS",
    help="Seconds that refusals name.",
)
@click.option(
    "--expect-exit",
    default=0,
    show_default=True,
    type=click.IntRange(-64, 255),
    help="The exit code of success; that of a signal is negative.",
)
@click.option("--expect-output", default="", help="A pattern that stdout shows after success.")
@click.option("--notices", default="", help="A pattern of output that tells of a failure too.")
@click.option("--writes", multiple=True, help="Files that it writes: a glob; may be repeated.")
@click.option(
    "--env", "extra", multiple=True, help="NAME=value; {origin} and {base} are filled in."
)
@click.option("--url", help="A running Safelight.  [default: one is started for the time]")
@click.option("--as-of", type=day, metavar="DATE", help="The contract of that day.")
@click.option("--seed", default=0, show_default=True, help="What is drawn follows from it.")
@click.option("--save", type=click.Path(path_type=Path), help="A folder for the fixtures.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def client(command: tuple[str, ...], **flags: Any) -> None:  # noqa: ANN401 - click's own values
    """Run COMMAND again and again, each time against another world that the contract allows.

    It gets the provider's base URL and key in its environment, and SAFELIGHT_URL. Exit codes: 0 all
    is well, 1 the client breaks the contract, 2 a slip, 4 what was asked for could not be checked,
    130 Ctrl-C.
    """
    from safelight.dialects import REGISTRY
    from safelight.provider import load_provider
    from safelight.refusals import UsageError

    from safelight_contracts.client_told import failure, summary, unchecked

    if flags["provider"] not in REGISTRY:
        raise UsageError(f"unknown provider {flags['provider']!r}; known are {', '.join(REGISTRY)}")
    _check(flags)
    provider = load_provider(flags["provider"])
    report = _run(command, provider, flags)
    words = failure(report, provider.name, flags["save"])
    if report.interrupted:
        click.echo(words or "\n".join(["no finding so far", *summary(report)]))
        click.echo(f"interrupted after {report.examples} examples", err=True)
        sys.exit(INTERRUPTED)
    if words:
        click.echo(words)
        sys.exit(1)
    click.echo("\n".join(["no finding", *summary(report)]))
    if words := unchecked(report, flags["must_detect"] or ()):
        click.echo(words, err=True)
        sys.exit(NOT_CHECKED)


def _check(flags: dict[str, Any]) -> None:
    """Raise UsageError for what cannot be meant, before anything runs."""
    from safelight.refusals import UsageError

    from safelight_contracts.client_slips import check_folder, check_globs, check_operation
    from safelight_contracts.sending import checked_url

    check_operation(flags["operation"], flags["provider"])
    check_globs("--writes", flags["writes"])
    if flags["save"]:
        check_folder("--save", flags["save"])
    if flags["url"]:
        checked_url(flags["url"], "--url")
    for option in ("expect_output", "notices"):
        try:
            re.compile(flags[option] or "")
        except re.error as error:
            name = option.replace("_", "-")
            raise UsageError(f"--{name} {flags[option]!r}: is no pattern: {error}") from error


def _run(argv: tuple[str, ...], provider: Provider, flags: dict[str, Any]) -> Report:
    from safelight_contracts.client_process import Command
    from safelight_contracts.client_results import LENSES, MUST_DETECT, Options
    from safelight_contracts.client_run import Campaign

    key = f"sk-safelight-{secrets.token_hex(12)}"
    today = datetime.datetime.now(datetime.UTC).date()
    options = Options(
        operation=flags["operation"],
        lenses=LENSES if flags["lenses"] is None else flags["lenses"],
        must_detect=MUST_DETECT if flags["must_detect"] is None else flags["must_detect"],
        examples=flags["examples"],
        seconds=flags["seconds"],
        retry_after=flags["retry_after"],
        seed=flags["seed"],
        day=flags["as_of"] or today,
        secrets=(key,),
    )
    with _origin(provider, flags) as origin:
        subject = Command(
            argv,
            _environment(provider, origin, key, flags["extra"]),
            patience=flags["timeout"],
            good=flags["expect_exit"],
            says=flags["expect_output"],
            notices=flags["notices"],
            writes=flags["writes"],
        )
        doors = _doors(subject, origin)
        campaign = Campaign(subject, doors, provider, options, _watch(options.examples))
        try:
            return campaign.run()
        except KeyboardInterrupt:  # what was found so far is told
            campaign.report.interrupted = True
            return campaign.report


def _watch(examples: int) -> Callable[[Report], object]:
    """Return what shows on a terminal how far a run has come."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda report: click.echo(f"\r{report.examples}/{examples} ", nl=False, err=True)


@contextmanager
def _origin(provider: Provider, flags: dict[str, Any]) -> Iterator[str]:
    from safelight_contracts.client_server import serving

    if flags["url"]:
        yield flags["url"].rstrip("/")
        return
    with serving(provider.name, flags["as_of"]) as origin:
        yield origin


def _doors(subject: Command, origin: str) -> Callable[[], Door]:
    """Return what opens the session of the next example, and forgets the last one."""
    from safelight_contracts.client_door import Door, over_http

    run, opened = secrets.token_hex(4), list[Door]()

    def door() -> Door:
        if opened:
            opened.pop().forget()
        subject.number += 1
        subject.session = f"client-{run}-{subject.number}"
        opened.append(Door(over_http(origin, subject.session)))
        return opened[0]

    return door


def _environment(
    provider: Provider, origin: str, key: str, extra: tuple[str, ...]
) -> dict[str, str]:
    """Return the variables of a run; `{session}` is filled in by each example."""
    from safelight.dialects import REGISTRY
    from safelight.provider import load_provider
    from safelight.refusals import UsageError

    world = f"{origin}/s/{{session}}"
    told: dict[str, str] = {"SAFELIGHT_URL": world}
    for one in (*map(load_provider, REGISTRY), provider):
        base = world + one.bases[0]
        told |= {name: text.format(base=base, key=key) for name, text in one.env.items()}
    for pair in extra:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--env {pair!r}: write NAME=value")
        base = world + provider.bases[0]
        filled = text.replace("{origin}", world).replace("{base}", base).replace("{key}", key)
        told[name] = filled
    return told
