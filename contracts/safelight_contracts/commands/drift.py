"""`safelight drift`: which of four sides moved: our schema, earlier runs, the SDK, the endpoint.

What must not enter: comparing; running.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from safelight.commands.values import day
from safelight.refusals import UsageError

from safelight_contracts.commands.amounts import usd

if TYPE_CHECKING:
    from safelight_contracts.drift.gathering import Drift
    from safelight_contracts.drift.observed import Run
    from safelight_contracts.drift.sdk import Sdk
    from safelight_contracts.promises import Promises

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--provider", required=True, help="Whose contract.")
@click.option(
    "--observations",
    type=_FILE,
    help="The ledger of earlier runs, to which --base-url and `check endpoint` add theirs."
    " Without --base-url its last run is the endpoint.",
)
@click.option("--base-url", metavar="URL", help="Ask this endpoint, as `check endpoint` does.")
@click.option("--api-key-env", "key_env", metavar="NAME", help="The variable that holds the key.")
@click.option("--budget", type=usd, help="What asking may cost.")
@click.option("--live", is_flag=True, help="The endpoint is not on this machine, and may cost.")
@click.option("--max-cases", type=click.IntRange(1), help="How many questions to ask at most.")
@click.option("--sdk", is_flag=True, help="Hold the types of the provider's Python SDK against it.")
@click.option(
    "--sdk-python",
    metavar="PYTHON",
    help="The interpreter for which the SDK is installed.  [default: this one]",
)
@click.option(
    "--as-of", type=day, metavar="DATE", help="The contract of that day.  [default: today]"
)
@click.option(
    "--recordings",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help="Judge your own: a folder of fixtures, a HAR file, a cassette of vcrpy.",
)
@click.option("--propose", type=_FILE, help="Write a patch of our schemas for what is sure.")
@click.option("--json", "json_file", type=_FILE, help="Write every move as JSON.")
@click.option("--markdown", "markdown_file", type=_FILE, help="Write a CI step summary.")
def drift(**options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Say which side of a contract moved, and whether that breaks a client.

    Exit code 0: no drift; 1: something breaks; 3: it moved, and nothing breaks; 2: a wrong flag.
    """
    from safelight_contracts.drift import printing
    from safelight_contracts.drift.gathering import drift as compare
    from safelight_contracts.promises import Promises
    from safelight_contracts.reports import writable

    provider = options["provider"]
    for name in ("propose", "json_file", "markdown_file", "observations"):
        if options[name] is not None and (name != "observations" or options["base_url"]):
            writable(name.removesuffix("_file"), options[name])  # before anything is asked
    promises = Promises(provider, options["as_of"] or datetime.datetime.now(datetime.UTC).date())
    stale = _stale(options, promises.day)
    runs, types = _sides(options)
    found = compare(promises, runs[:-1], runs[-1] if runs else None, types)
    for line in printing.lines(found) if runs or types else ():
        click.echo(line)
    if options["json_file"]:
        text = printing.as_json(provider, found)
        options["json_file"].write_text(text, encoding="utf-8")
    if options["markdown_file"]:
        with options["markdown_file"].open("a", encoding="utf-8") as out:
            out.write(printing.markdown(provider, found))
    if options["propose"]:
        _write_patch(options["propose"], promises, found)
    sys.exit(1 if stale else printing.exit_code(found))


def _stale(options: dict[str, Any], today: datetime.date) -> bool:
    """Tell which recordings the provider would not send or take on the day; True for any."""
    if not options["recordings"]:
        return False
    from safelight_contracts.drift.recordings import judge_recordings

    found = judge_recordings(list(options["recordings"]), options["provider"], today)
    for lost in found.lost:
        click.echo(f"not understood: {lost}")
    for one in found.stale:
        click.echo(f"{one.where}: {one.what}: {one.says}")
    old = len({(one.where, one.what) for one in found.stale})
    click.echo(f"{found.looked} recordings, {old} that would not happen on {today}")
    return bool(found.stale)


def _sides(options: dict[str, Any]) -> tuple[list[Run], Sdk | None]:
    """Return the runs and the SDK that were named. Raises UsageError where that is nothing."""
    from safelight_contracts.drift.observed import append, read_ledger
    from safelight_contracts.drift.sdk import look

    provider, observations = options["provider"], options["observations"]
    asked = options["sdk"] or options["sdk_python"] is not None
    if not (observations or options["base_url"] or asked or options["recordings"]):
        raise UsageError(
            "nothing to compare with: name --base-url, --observations, --recordings or --sdk"
        )
    types = look(provider, options["sdk_python"] or sys.executable) if asked else None
    runs = read_ledger(observations, provider) if observations else []
    if options["base_url"]:
        runs.append(_observed(options, observations or options["propose"]))
        if observations:
            append(observations, provider, runs[-1])
    elif observations and not runs:
        raise UsageError(f"{observations}: holds no run of {provider!r} yet")
    if asked and types is None and not runs:
        raise UsageError(f"{provider} has no Python SDK of its own; name --base-url")
    if types is not None:
        click.echo(f"{types.package} {types.version}")
        for name in types.missing:
            click.echo(f"{types.package} has no {name} any more")
    return runs, types


def _observed(options: dict[str, Any], beside: Path | None) -> Run:
    """Return what the endpoint answers now. Raises UsageError as `check endpoint` does.

    Exchanges that show a drift are kept as fixtures, in a folder named for the file `beside`.
    """
    from safelight_contracts.checking import carry_out, prepare
    from safelight_contracts.drift.evidence import keep_evidence
    from safelight_contracts.drift.observed import observe
    from safelight_contracts.endpoint_wish import Wish

    names = ("provider", "base_url", "key_env", "budget", "live", "max_cases", "as_of")
    given = {name: options[name] for name in names if options[name] is not None}
    prepared = prepare(Wish(**given))
    run = carry_out(prepared)
    if run.interrupted:  # half a run looks like an endpoint that lacks a half
        raise KeyboardInterrupt
    found = observe(run, prepared.promises)
    if not found.operations:
        raise UsageError(f"{run.base_url}: answered nothing that could be compared")
    if beside is not None:
        for path in keep_evidence(beside.with_suffix(".exchanges"), prepared.promises, run):
            click.echo(f"{path}: shows what has drifted, as a fixture")
    return found


def _write_patch(path: Path, promises: Promises, found: Drift) -> None:
    """Write the proposal, or say that there is none."""
    from safelight_contracts.drift.comparing import Move
    from safelight_contracts.drift.proposing import propose

    def schema(move: Move) -> str | None:
        operation, _, below = move.operation.partition(" ")
        row = promises.of(operation, below)
        return (row.event if move.event else row.reply) or None

    patch = propose(promises.provider.folder, schema, found.moves)
    if not patch:
        click.echo("nothing to propose")
        return
    path.write_text(patch, encoding="utf-8")
    click.echo(f"{path}: a patch of our schemas; `git apply` takes it")
