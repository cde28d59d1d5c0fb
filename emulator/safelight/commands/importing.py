"""What `safelight fixtures import` says: what was made, what was lost, what would not be served.

What must not enter: how an import works (`imports`).
"""

from __future__ import annotations

from pathlib import Path

import click

from safelight.imports.formats import gather
from safelight.imports.gathering import Gathered

_SHOWN = 3


def run(form: str, source: Path, out: Path, provider: str, secrets: tuple[str, ...]) -> int:
    """Import, tell, and return the exit code."""
    found = gather(form, source, out, provider, secrets)
    count = len(set(found.files))
    click.echo(f"{count} fixture{'' if count == 1 else 's'} in {out}")
    if found.lost:
        click.echo("Not carried over:")
    for what, places in found.lost.items():
        click.echo(f"  {what}: {_places(places)}")
    refused = _refused(found)
    for problem in refused:
        click.echo(f"Would not be served: {problem}")
    return 1 if refused or not count else 0


def _places(places: list[str]) -> str:
    """Return the first places, and how many more there are."""
    named = list(dict.fromkeys(places))
    more = len(named) - _SHOWN
    return "; ".join(named[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _refused(found: Gathered) -> list[str]:
    """Return why the server would not start with what was made."""
    import datetime

    from safelight.dialects import load_dialects
    from safelight.fixtures.checking import Checker
    from safelight.fixtures.folder import Folders

    if not found.files:
        return []
    today = datetime.datetime.now(datetime.UTC).date()
    folders = Folders((found.out.absolute(),), Checker(load_dialects(()), today).check)
    folders.load()
    made = {path.absolute() for path in found.files}
    return [str(problem) for problem in folders.state.problems if problem.path in made]
