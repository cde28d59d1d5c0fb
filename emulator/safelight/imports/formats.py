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
    paths = list(_paths(source, chosen))
    into = Gatherer(provider, out, secrets, _Found(chosen, paths))
    for path in paths:
        try:
            chosen.gather(path, into)
        except UsageError:
            if source.is_file():
                raise
            into.gathered.lose(f"files that are no {chosen.title}", path.name)
    return into.gathered


def _paths(source: Path, chosen: Format) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    found = [path for path in sorted(source.rglob("*")) if path.suffix in chosen.suffixes]
    if not found:
        kinds = ", ".join(chosen.suffixes)
        raise UsageError(f"{source}: holds no {chosen.title} ({kinds})")
    yield from (path for path in found if path.is_file())


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
