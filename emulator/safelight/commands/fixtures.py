"""`safelight fixtures`: check folders of canned exchanges, list them, print their schema.

What must not enter: what makes a fixture right or wrong (`fixtures`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.commands.values import FOLDER, day
from safelight.refusals import UsageError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from safelight.fixtures.checking import Checker
    from safelight.fixtures.folder import Folders
    from safelight.fixtures.model import Fixture

_ENDS = "fixtures end in .yaml, .yml or .json"
_SHOWN = 10
"""Files that a line names."""
_PLACE = click.Path(exists=True, path_type=Path)


@click.group()
def fixtures() -> None:
    """Check, list and describe fixtures: canned exchanges for `serve --fixtures DIR`."""


@fixtures.command()
@click.argument("folders", nargs=-1, required=True, type=_PLACE)
@click.option("--as-of", type=day, metavar="DATE", help="By the contract of that day.")
@click.option("--lenient", is_flag=True, help="Do not look at the limits of single models.")
@click.option("--strict", is_flag=True, help="A recording that is out of date is a fault too.")
@click.option("--dialect", "dialects", type=FOLDER, multiple=True, help="A provider in a folder.")
def check(
    folders: tuple[Path, ...],
    as_of: datetime.date | None,
    dialects: tuple[Path, ...],
    *,
    lenient: bool,
    strict: bool,
) -> None:
    """Say what is wrong with the fixtures of folders: exit code 0 for nothing, 1 for something.

    Tells too which recordings the provider would not send or take any more today, and why.
    """
    loaded, checker = _loaded(folders, dialects, as_of, lenient=lenient)
    good = loaded.state.fixtures
    for problem in loaded.state.problems:
        click.echo(f"{problem}")
    old = [found for fixture in good for found in checker.outdated(fixture)]
    for problem in old:
        click.echo(
            f"{problem.path}:{problem.line}: out of date on {checker.today}: {problem.reason}"
        )
    if good and not loaded.state.problems and (unread := loaded.unread()):
        click.echo(_not_read(unread))
    if not good and not loaded.state.problems:
        raise UsageError(f"no fixture in {', '.join(map(str, folders))}: {_ENDS}")
    bad = len({problem.path for problem in loaded.state.problems})
    stale = len({problem.path for problem in old})
    click.echo(f"{_count(len(good), 'fixture')} good, {bad} bad, {stale} out of date")
    sys.exit(1 if bad or (strict and stale) else 0)


@fixtures.command(name="list")
@click.argument("folders", nargs=-1, type=_PLACE)
@click.option("--url", metavar="URL", help="Of a running server: tells how often each was used.")
@click.option("--session", default="", help="Whose use is counted, with --url.")
@click.option("--admin-token", metavar="TOKEN", help="What that server's control plane asks for.")
@click.option("--json", "as_json", is_flag=True, help="Every fact, as JSON.")
def list_(
    folders: tuple[Path, ...],
    url: str | None,
    session: str,
    admin_token: str | None,
    *,
    as_json: bool,
) -> None:
    """List fixtures, the most specific first; with --url those of a running server, with use."""
    if bool(folders) == bool(url):
        raise UsageError("name either folders or a running server by --url")
    if url is not None:
        from safelight.following import page  # a client, where one is needed

        found = page(url, session, admin_token, "fixtures")["fixtures"]
    else:
        loaded, _ = _loaded(folders, (), None, lenient=True)
        found = [_facts(fixture) for fixture in loaded.state.fixtures]
        if bad := len({problem.path for problem in loaded.state.problems}):
            told = (
                f"{_count(bad, 'file')} not listed: `safelight fixtures check` says what is wrong"
            )
            click.echo(told, err=True)
    if as_json:
        import json

        click.echo(json.dumps(found, indent=2))
        return
    click.echo(_table(found))


@fixtures.command(name="import")
@click.argument("form", metavar="FORMAT", type=click.Choice(["vcr", "har", "aimock", "snapshots"]))
@click.argument("source", type=_PLACE)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR")
@click.option("--provider", required=True, help="Whose language the exchanges speak.")
@click.option("--secret", "secrets", multiple=True, metavar="NAME", help="As `record` has it.")
def import_(form: str, source: Path, out: Path, provider: str, secrets: tuple[str, ...]) -> None:
    """Make fixtures of what another tool has kept, and say what could not be carried over.

    FORMAT is vcr (vcrpy's cassettes), har, aimock, or snapshots (bodies without requests). Exit
    code 1 says that nothing was imported, or that a fixture would not be served.
    """
    from safelight.commands.importing import run

    sys.exit(run(form, source, out, provider, secrets))


@fixtures.command()
def schema() -> None:
    """Print the JSON Schema of a fixture's file, for editors."""
    from safelight.datafiles import data_dir

    click.echo((data_dir("schemas") / "fixture.schema.json").read_text("utf-8"), nl=False)


def _loaded(
    paths: Iterable[Path],
    dialects: tuple[Path, ...],
    as_of: datetime.date | None,
    *,
    lenient: bool,
) -> tuple[Folders, Checker]:
    import datetime

    from safelight.dialects import load_dialects
    from safelight.fixtures.checking import Checker
    from safelight.fixtures.folder import Folders
    from safelight.fixtures.loading import plain

    when = as_of or datetime.datetime.now(datetime.UTC).date()
    checker = Checker(load_dialects(dialects), when, lenient)
    folders = Folders(tuple(map(plain, paths)), checker.check, span=checker.span)
    folders.load()
    return folders, checker


def _not_read(paths: list[Path]) -> str:
    """Return a line that names the first of the files that nobody reads."""
    named = ", ".join(str(path) for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"not read, for {_ENDS}: {named}{more}"


def _facts(fixture: Fixture) -> dict[str, object]:
    from safelight.fixtures.writing import match_of

    kind = type(fixture.reply).__name__.lower()
    return {"name": fixture.name, "match": match_of(fixture.match), "reply": kind}


def _table(rows: list[dict[str, object]]) -> str:
    import json

    used = "USED" if any("used" in row for row in rows) else ""
    cells = [(used, "FILE", "REPLY", "MATCH")]
    for row in rows:
        match = json.dumps(row["match"], ensure_ascii=False)
        cells.append((str(row.get("used", "")), str(row["name"]), str(row["reply"]), match))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.strip() for line in lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
