"""One at a time in a folder, though several recorders write into it; no file is left of that.

Where the system has no such locks (Windows), only the threads of one recorder take turns. What
must not enter: what is done meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]  # told apart below


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other process do the same in a folder at the same time."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def claim(file: BinaryIO) -> bool:
    """Make an open file one's own until it is closed; False if it is somebody else's."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
