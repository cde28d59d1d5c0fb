"""Hides in what was kept before the secrets that were learned after it.

A fixture keeps all that a person wrote into it; a file of `files/` gets the name of its new content
wherever it is named. Every step leaves a whole folder behind: a new file, then who names it, then
the old one goes. What must not enter: how secrets are known, HTTP.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from safelight.recording import drafts
from safelight.recording.blobs import FOLDER, BlobStore, covered
from safelight.recording.known import SHORT, Known
from safelight.recording.locks import alone
from safelight.recording.rewriting import rewritten

LOG = logging.getLogger("safelight")

_STEP = 2**20
_PIECED = re.compile(rb"\n  chunks:|data:[ ]*\{|\}\\n[ ]*\{")
"""What a fixture has in which something may be told piece by piece."""

_ESCAPED = 6
"""How many times longer a text's escapes make a value, which matters at the seams of windows."""


_NAMED = re.compile(rb"(.*?)((?:-[0-9a-f]{10})?(?:-\d+)?)", re.DOTALL)
"""The name of a fixture: its words, and what tells it from others, which says nothing."""

_UNSAFE = re.compile(rb"[^A-Za-z0-9.]+")
"""What stands as a hyphen in the name of a fixture."""


class Mender:
    """Mends one folder, in a thread of its own if it is woken. `lock` is held while one file is.

    `known` are the values, as they become more. `renamed` is told the old and the new name of a
    fixture before the old one goes.
    """

    def __init__(
        self,
        folder: Path,
        known: Known,
        lock: AbstractContextManager[object],
        renamed: Callable[[str, str], None] = lambda _old, _new: None,
    ) -> None:
        self._folder = folder
        self._known = known
        self._lock = lock
        self._renamed = renamed
        self._done: frozenset[bytes] = frozenset()
        self._seen: dict[Path, tuple[int, int]] = {}
        self._running = self._again = False
        self._state = threading.Lock()

    def wake(self) -> None:
        """Mend in a thread what has to be; the program does not end before it has."""
        with self._state:
            self._again = True
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name="mending").start()

    def _run(self) -> None:
        while True:
            with self._state:
                self._running, self._again = self._again, False
                if not self._running:
                    return
            try:
                self.mend()
            except OSError as error:
                LOG.warning("what was kept before was not searched for new secrets: %s", error)

    def mend(self) -> None:
        """Mend old files for new values, and for all of them those that are new or have changed."""
        ways, lasting = self._known.ways, self._known.lasting
        new, worth = Known(ways - self._done), Known((lasting & ways) - self._done)
        every, every_worth = Known(ways), Known(lasting & ways)
        titles = Known(way for way in map(_hyphened, ways) if len(way) >= SHORT)
        self._done = ways
        for path in list(_blobs(self._folder)):
            before = _state(path)
            self._mend_blob(path, worth if self._seen.get(path) == before else every_worth)
            self._seen[path] = before
        for path in list(_fixtures(self._folder)):
            before = _state(path)
            if self._seen.get(path) == before:
                self._mend_fixture(path, new, worth)
            else:
                self._mend_fixture(path, every, every_worth)
            self._seen[path] = before
            self._mend_name(path, titles)

    def _mend_blob(self, path: Path, known: Known) -> None:
        if not known.ways:
            return
        hide = known.hide_folded if path.suffix == ".txt" else known.hide
        seam = known.longest * (_ESCAPED if path.suffix == ".txt" else 1)
        with suppress(FileNotFoundError):
            same = all(a == b for a, b in _compared(path, covered(_read(path), hide, seam)))
            if same:
                return
            with self._lock, alone(self._folder):
                store = BlobStore(self._folder, hide, lambda: seam)
                name = store.save(_read(path), path.suffix.removeprefix("."))
                for fixture in _fixtures(self._folder):
                    _rename(fixture, path.name, name)
                if name != path.name:
                    path.unlink(missing_ok=True)

    def _mend_fixture(self, path: Path, fresh: Known, worth: Known) -> None:
        with suppress(FileNotFoundError, UnicodeDecodeError):
            data = path.read_bytes()
            told = fresh.found_folded(data)
            if not told and not (worth.ways and _PIECED.search(data)):
                return
            with self._lock, alone(self._folder):
                text = path.read_bytes().decode()
                if path.suffix == ".json":
                    new: str | None = fresh.hide_folded(text.encode()).decode()
                else:
                    new = rewritten(text, (fresh if told else worth).hide_folded)
                if new is not None and new != text:
                    drafts.write(path, new.encode())

    def _mend_name(self, path: Path, titles: Known) -> None:
        """Give a fixture another name whose own holds a value."""
        name = _NAMED.fullmatch(path.stem.encode("utf-8", "surrogateescape"))
        assert name is not None  # it fits every name
        if not titles.found(name[1]):
            return
        words = _hyphened(titles.hide(name[1])).decode("utf-8", "replace") or "fixture"
        base, count = words + name[2].decode(), 1
        with suppress(FileNotFoundError), self._lock, alone(self._folder):
            new = path.with_name(base + path.suffix)
            while new.exists():
                count += 1
                new = path.with_name(f"{base}-{count}{path.suffix}")
            drafts.write(new, path.read_bytes())
            self._renamed(path.name, new.name)
            path.unlink()


def _hyphened(text: bytes) -> bytes:
    """Return a text as it stands in the name of a fixture."""
    return _UNSAFE.sub(b"-", text).strip(b"-")


def _blobs(folder: Path) -> Iterator[Path]:
    return (path for path in sorted((folder / FOLDER).glob("*")) if path.name[0] != ".")


def _fixtures(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*")):
        if path.suffix in (".yaml", ".yml", ".json") and path.name[0] != ".":
            yield path


def _state(path: Path) -> tuple[int, int]:
    """Return what changes with a file: when it was written, and its size; zeros if it is gone."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size
    return 0, 0


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(_STEP):
            yield data


def _compared(path: Path, pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield what a file has, beside each piece."""
    with path.open("rb") as file:
        for piece in pieces:
            yield file.read(len(piece)), piece


def _rename(fixture: Path, old: str, new: str) -> None:
    """Let a fixture name another file."""
    data = fixture.read_bytes()
    if old.encode() in data:
        drafts.write(fixture, data.replace(old.encode(), new.encode()))
