"""Slips of who asks for a run against a client, told before the client is run at all.

A name that nothing has, or a number that nothing can be done with, would else look like a mistake
of the client's. What must not enter: running, judging; commands.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from safelight.dialects import load_dialect
from safelight.faults import FAULTS
from safelight.refusals import UsageError

LONGEST = 86_400
"""Seconds that anything may be asked to take at most."""


def operations(provider: str) -> list[str]:
    """Return the names of a provider's operations."""
    dialect = load_dialect(provider)
    speakers = (dialect, *dialect.annexes().values())
    return list(dict.fromkeys(r.operation for speaker in speakers for r in speaker.routes))


def check_operation(glob: str, provider: str) -> None:
    """Raise UsageError for a glob that fits no operation of the provider."""
    known = operations(provider)
    if not any(fnmatchcase(name, glob) for name in known):
        raise UsageError(f"operation: {provider} has none that fits {glob!r}; {near(glob, known)}")


def check_lies(names: Sequence[str]) -> None:
    """Raise UsageError for a name that nobody can plant."""
    from safelight_contracts.lenses.planted import LIES  # loads hypothesis

    for name in names:
        if name not in LIES and name not in FAULTS:
            more = near(name, (*LIES, *FAULTS))
            raise UsageError(f"must_detect: nobody can plant {name!r}; {more}")


def check_time(what: str, seconds: float, *, none: bool = False) -> None:
    """Raise UsageError for a time that is none; `none` tells whether no time at all may be meant.

    `what` is called so in the message.
    """
    fits = math.isfinite(seconds) and 0 <= seconds <= LONGEST and (none or seconds > 0)
    if not fits:
        span = f"from 0 to {LONGEST}" if none else f"above 0, up to {LONGEST}"
        raise UsageError(f"{what}: expected seconds {span}, got {seconds:g}")


def check_globs(what: str, globs: Iterable[str]) -> None:
    """Raise UsageError for a glob that cannot name files below the folder that is worked in."""
    for glob in globs:
        if not glob or PurePath(glob).is_absolute() or ".." in PurePath(glob).parts:
            said = "expected a glob below this folder, such as 'out/*.png'"
            raise UsageError(f"{what} {glob!r}: {said}")


def check_folder(what: str, folder: Path) -> None:
    """Raise UsageError for a folder that cannot be made or written in. Makes nothing."""
    there = next(path for path in _upwards(folder) if path.exists())
    if not there.is_dir():
        raise UsageError(f"{what} {folder}: expected a folder, and {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{what} {folder}: {there} cannot be written in")


def _upwards(folder: Path) -> Iterator[Path]:
    """Yield a folder and all that it lies in, up to the root, which exists."""
    whole = folder.absolute()
    return iter((whole, *whole.parents))


def near(name: str, known: Iterable[str]) -> str:
    """Return a question that names the nearest of the known names, or all of them."""
    names = list(dict.fromkeys(known))
    found = get_close_matches(name.lower(), names, n=4, cutoff=0.6)
    return f"did you mean {', '.join(found)}?" if found else f"known are {', '.join(names)}"
