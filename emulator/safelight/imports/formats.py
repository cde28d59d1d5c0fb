"""Which formats are imported, and one import of a file or folder.

What must not enter: the formats' own ways, words for the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from safelight.imports import aimock, har, snapshots, vcr
from safelight.imports.gathering import Gathered, Gatherer
from safelight.refusals import UsageError


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it is called, which files it comes in, and what gathers one of them.

    `files` gives the pictures that a file holds by their links.
    """

    title: str
    suffixes: tuple[str, ...]
    gather: Callable[[Path, Gatherer], None]
    files: Callable[[Path], Mapping[str, bytes]] = lambda _: {}


FORMATS: dict[str, Format] = {
    "vcr": Format("cassettes of vcrpy", vcr.SUFFIXES, vcr.gather),
    "har": Format("HAR files", har.SUFFIXES, har.gather, har.files),
    "aimock": Format("fixtures of aimock", aimock.SUFFIXES, aimock.gather),
    "snapshots": Format("bodies without requests", snapshots.SUFFIXES, snapshots.gather),
}
"""The formats by the name that the command takes."""


def gather(
    form: str, source: Path, out: Path, provider: str, secrets: tuple[str, ...] = ()
) -> Gathered:
    """Import a file, or every file of a folder that has a suffix of the format.

    Raises UsageError for a file that is none of the format, a folder without any, and a provider
    that nobody knows; a folder's other files are told as lost.
    """
    chosen = FORMATS[form]
    into = Gatherer(provider, out, secrets)
    into.foreign = True
    paths = _paths(source, chosen, out)
    into.found = _Found(chosen, paths)
    bad: list[UsageError] = []
    for path in paths:
        try:
            chosen.gather(path, into)
        except UsageError as error:
            if not source.is_dir():
                raise
            bad.append(error)
    into.end()
    _unread(source, chosen, bad, into)
    return into.gathered


def _unread(source: Path, chosen: Format, bad: list[UsageError], into: Gatherer) -> None:
    """Say which files of a folder were not read, but for those that others named as theirs."""
    for error in bad:
        name, _, why = str(error).removeprefix(f"{source}{os.sep}").partition(": ")
        if Path(name).name not in into.named:
            into.gathered.lose(f"files that are no {chosen.title}", f"{name} ({why})")
    for path in _files(source, into.gathered.out) if source.is_dir() else ():
        if not _has(path, chosen) and path.name not in into.named:
            into.gathered.lose("files of other kinds", str(path.relative_to(source)))


def _paths(source: Path, chosen: Format, out: Path) -> list[Path]:
    """Return the files that are to be read. Raises UsageError for a folder without any."""
    if not source.is_dir():
        return [source]
    found = [path for path in _files(source, out) if _has(path, chosen)]
    if not found:
        kinds = ", ".join(chosen.suffixes)
        raise UsageError(f"{source}: holds no {chosen.title} ({kinds})")
    return found


def _files(source: Path, out: Path) -> Iterator[Path]:
    """Yield a folder's files, in order, but for hidden ones and what an import has made there."""
    made = out.absolute()
    for path in sorted(source.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
        if not hidden and not path.absolute().is_relative_to(made) and path.is_file():
            yield path


def _has(path: Path, chosen: Format) -> bool:
    return path.name.lower().endswith(chosen.suffixes)


class _Found(dict[str, bytes]):
    """The pictures of all files, read when the first one is asked for."""

    def __init__(self, chosen: Format, paths: list[Path]) -> None:
        super().__init__()
        self._rest = [(chosen, path) for path in paths]

    def __contains__(self, link: object) -> bool:
        while self._rest:
            chosen, path = self._rest.pop()
            try:
                self.update(chosen.files(path))
            except UsageError:
                continue
        return super().__contains__(link)
