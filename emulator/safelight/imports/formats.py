"""Which formats are imported, and one import of a file or folder.

What must not enter: the formats' own ways, words for the terminal.
"""

from __future__ import annotations

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
    paths = list(_paths(source, chosen, into.gathered))
    into.found = _Found(chosen, paths)
    for path in paths:
        try:
            chosen.gather(path, into)
        except UsageError as error:
            if source.is_file():
                raise
            why = str(error).removeprefix(f"{path}: ")
            into.gathered.lose(f"files that are no {chosen.title}", f"{path.name} ({why})")
    into.end()
    return into.gathered


def _paths(source: Path, chosen: Format, gathered: Gathered) -> Iterator[Path]:
    """Yield the files that are to be read; say which ones of a folder are not.

    Hidden files, and what an import has made in the same folder, are nobody's recordings.
    """
    if not source.is_dir():
        yield source
        return
    out, count = gathered.out.absolute(), 0
    for path in sorted(source.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
        if hidden or path.is_dir() or path.absolute().is_relative_to(out):
            continue
        if path.name.lower().endswith(chosen.suffixes) and path.is_file():
            count += 1
            yield path
        else:
            gathered.lose("files of other kinds", path.name)
    if not count:
        kinds = ", ".join(chosen.suffixes)
        raise UsageError(f"{source}: holds no {chosen.title} ({kinds})")


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
