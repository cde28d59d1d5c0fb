"""Users' own recordings held against the contract of a day: what would not happen any more.

Fixture folders are read as they stand; HAR files and vcrpy's cassettes are imported first, into a
folder that is thrown away. What must not enter: how a recording is judged (`safelight.fixtures`).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from safelight.dialects import load_dialects
from safelight.fixtures.checking import Checker
from safelight.fixtures.folder import Folders
from safelight.imports.formats import gather
from safelight.refusals import UsageError


@dataclass(frozen=True, slots=True)
class Stale:
    """One recording that the provider would not send, or not take, any more.

    `where` is the file and line that hold it, or the file that it was imported from; `what` the
    request, `says` the reason.
    """

    where: str
    what: str
    says: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What was looked at: so many recordings, those that are stale, and what nobody understood."""

    looked: int
    stale: tuple[Stale, ...]
    lost: tuple[str, ...] = ()


def judge_recordings(paths: list[Path], provider: str, day: datetime.date) -> Judged:
    """Return which recordings of files and folders are out of date on a day.

    Raises UsageError for a file that is no recording of a known kind.
    """
    checker = Checker(load_dialects(()), day)
    parts = [_judged(path, provider, checker) for path in paths]
    return Judged(
        sum(part.looked for part in parts),
        tuple(stale for part in parts for stale in part.stale),
        tuple(lost for part in parts for lost in part.lost),
    )


def _judged(path: Path, provider: str, checker: Checker) -> Judged:
    form = _form(path)
    if form == "fixtures":
        found, count = _stale(path, checker)
        return Judged(count, tuple(stale for stale, _ in found))
    with TemporaryDirectory() as folder:
        gathered = gather(form, path, Path(folder), provider, ())
        found, count = _stale(Path(folder), checker)
        lost = (f"{path}: {what} ({len(places)})" for what, places in gathered.lost.items())
        told = (Stale(str(path), note, stale.says) for stale, note in found)
        return Judged(count, tuple(told), tuple(lost))


def _stale(folder: Path, checker: Checker) -> tuple[list[tuple[Stale, str]], int]:
    """Return what is out of date in a folder, each with its note, and how many fixtures it has."""
    folders = Folders((folder.absolute(),), checker.check)
    folders.load()
    out = []
    for problem in folders.state.problems:
        where = f"{problem.path}:{problem.line}"
        out.append((Stale(where, problem.path.name, problem.reason), problem.path.name))
    for fixture in folders.state.fixtures:
        what = fixture.note or fixture.name
        for problem in checker.outdated(fixture):
            where = f"{problem.path}:{problem.line}"
            out.append((Stale(where, what, problem.reason), what))
    return out, len(folders.state.fixtures) + len({p.path for p in folders.state.problems})


def _form(path: Path) -> str:
    """Return which kind of recording stands there."""
    first = path if path.is_file() else next(_files(path), path)
    if first.suffix == ".har":
        return "har"
    if first.is_dir():
        raise UsageError(f"{path}: holds no recordings: no .yaml, .yml, .json or .har file")
    text = first.read_text(encoding="utf-8", errors="replace")
    if first.suffix == ".json" and _has(text, "log"):
        return "har"
    if "\ninteractions:" in f"\n{text}" or _has(text, "interactions"):
        return "vcr"
    if path.is_file():
        raise UsageError(f"{path}: is neither a HAR file nor a cassette; name a fixture's folder")
    return "fixtures"


def _files(folder: Path) -> Iterator[Path]:
    kinds = (".har", ".yaml", ".yml", ".json")
    yield from sorted(path for path in folder.rglob("*") if path.suffix in kinds)


def _has(text: str, key: str) -> bool:
    """Tell whether a text is a JSON object with that key."""
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and key in document
