"""Parsed and proven data kept beside its files, the way Python keeps compiled modules.

Reading TOML and proving narrowings takes longer than all the rest of a start. What came of it is
kept in `__pycache__` next to the data until a file of the folder changes (name, time or size), or
another version of Safelight reads it; where nothing can be written, all is done anew each time.
What must not enter: what the data means.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from safelight import __version__

V = TypeVar("V")


def kept(folder: Path, name: str, make: Callable[[], V]) -> V:
    """Return `make()`, or what it gave when the folder's files were the same as now."""
    state = _state(folder)
    path = folder / "__pycache__" / f"{name}.{sys.implementation.cache_tag}.pickle"
    with contextlib.suppress(OSError, pickle.PickleError, EOFError, ValueError, AttributeError):
        found_state, value = pickle.loads(path.read_bytes())  # noqa: S301 - trusted as .pyc files are
        if found_state == state:
            found: V = value
            return found
    value = make()
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):
            _write(path, pickle.dumps((state, value)))
    return value


def _state(folder: Path) -> tuple[object, ...]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        files = [(e.name, e.stat().st_mtime_ns, e.stat().st_size) for e in entries if e.is_file()]
        return (__version__, *sorted(files))
    return (__version__,)


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all: two processes may start at once."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)
