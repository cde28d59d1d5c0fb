"""The folder that a recording goes to: which requests it knows, and where a new one is put.

A request that is recorded again replaces what an earlier run kept of it; one that comes several
times in a run is kept as often, and the replies come in that order, the last one for good. What
must not enter: HTTP, how a body is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from safelight.fixtures.model import Exact, Fixture
from safelight.fixtures.reading import read_file
from safelight.fixtures.writing import dump
from safelight.recording import drafts
from safelight.recording.blobs import FOLDER
from safelight.recording.locks import alone
from safelight.recording.spool import sweep
from safelight.refusals import UsageError

_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")
_LONG = 48
_SHORT = 10


@dataclass(slots=True)
class _Known:
    """What is kept of one request: files in order, and how often it was asked in this run."""

    names: list[str]
    asked: int = 0
    fresh: bool = False


class Shelf:
    """Recordings by the digest of their request. Raises UsageError for a folder that is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, _Known] = {}
        self._own: set[str] = set()
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"--out {folder}: is a file; name a folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--out {folder}: cannot be made: {error.strerror}") from error
        with alone(folder):
            sweep(folder)
            sweep(folder / FOLDER)
            self._load()

    def __len__(self) -> int:
        """Return how many recordings lie here."""
        return sum(len(known.names) for known in self._known.values())

    def find(self, digest: str) -> Fixture | None:
        """Return the recording that the next request of that digest gets, or None."""
        known = self._known.get(digest)
        if known is None or not known.names:
            return None
        name = known.names[min(known.asked, len(known.names) - 1)]
        known.asked += 1
        fixture, _ = read_file(self.folder, name)
        return fixture

    def add(self, fixture: Fixture, label: Iterable[str]) -> Path:
        """Keep a recording and return its file. `label` are the words of its name."""
        digest = fixture.match.digest or ""
        short = digest.removeprefix("sha256:")[:_SHORT]
        known = self._known.setdefault(digest, _Known([]))
        if not known.fresh:
            for name in known.names:
                (self.folder / name).unlink(missing_ok=True)
            known.fresh = True
        known.names = self._lying(known.names, digest, short)
        if known.names:
            self._number(known)
        words = [_UNSAFE.sub("-", word).strip("-")[:_LONG] for word in label if word]
        base, count = "-".join([*words, short]), len(known.names) + 1
        name = f"{base}.yaml" if count == 1 else f"{base}-{count}.yaml"
        while (self.folder / name).exists():
            count += 1
            name = f"{base}-{count}.yaml"
        self._write(name, dump(fixture))
        known.names.append(name)
        return self.folder / name

    def renamed(self, old: str, new: str) -> None:
        """Know a recording by its new name."""
        for known in tuple(self._known.values()):
            if old in known.names:
                known.names = [new if name == old else name for name in known.names]

    def _lying(self, names: list[str], digest: str, short: str) -> list[str]:
        """Return the recordings of a request that are still there, and those of other recorders."""
        own = [name for name in names if (self.folder / name).exists()]
        found = []
        for path in self.folder.glob(f"*{short}*.yaml"):
            fixture = None if path.name in own else read_file(self.folder, path.name)[0]
            if fixture is not None and fixture.match.digest == digest:
                found.append((fixture.match.nth or float("inf"), path.name))
        return [*own, *(name for _, name in sorted(found))]

    def put(self, fixture: Fixture, label: Iterable[str], hide: Callable[[str], str] = str) -> Path:
        """Keep a fixture that names no request by a digest; return its file.

        `hide` takes the secrets out of its text.
        """
        label = [hide(word) for word in label]
        words = [_UNSAFE.sub("-", word).strip("-")[:_LONG] for word in label if word]
        base = "-".join(word for word in words if word) or "fixture"
        name, count = f"{base}.yaml", 1
        while name in self._own:
            count += 1
            name = f"{base}-{count}.yaml"
        self._own.add(name)
        self._write(name, hide(dump(fixture)))
        return self.folder / name

    def _number(self, known: _Known) -> None:
        """Let the last recording answer only at its own turn: another one follows."""
        last, _ = read_file(self.folder, known.names[-1])
        if last is not None:
            match = replace(last.match, nth=len(known.names))
            self._write(known.names[-1], dump(replace(last, match=match)))

    def _write(self, name: str, text: str) -> None:
        drafts.write(self.folder / name, text.encode())

    def _load(self) -> None:
        """Find the recordings that lie here already: exact replies to one very request."""
        found: dict[str, list[tuple[float, str]]] = {}
        for path in sorted(self.folder.glob("*.yaml")):
            fixture, _ = read_file(self.folder, path.name)
            if fixture is not None and fixture.match.digest and isinstance(fixture.reply, Exact):
                turn = fixture.match.nth or float("inf")
                found.setdefault(fixture.match.digest, []).append((turn, path.name))
        for digest, names in found.items():
            self._known[digest] = _Known([name for _, name in sorted(names)])
