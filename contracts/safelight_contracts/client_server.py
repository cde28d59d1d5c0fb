"""A Safelight of the judge's own: `safelight serve` as a process, on a free port, until the end.

What must not enter: the emulator's rooms; the judge knows it by its command line and its pages.
"""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from safelight.refusals import UsageError

_READY = "Ctrl-C stops it."
_PATIENCE = 5.0
"""Seconds that a stop may take."""


@contextmanager
def serving(provider: str, day: datetime.date | None = None) -> Iterator[str]:
    """Serve until the end of the block; gives the origin. Raises UsageError if it cannot."""
    command = [sys.executable, "-m", "safelight", "serve", "--port", "0", "--provider", provider]
    command += ["--as-of", day.isoformat()] if day else []
    process = subprocess.Popen(  # noqa: S603 - this very program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield _origin(process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _origin(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None, "the pipe was asked for"
    origin = ""
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        origin = origin or (found[0] if found else "")
        if _READY in line:
            return origin
    _, said = process.communicate()
    raise UsageError(f"safelight serve does not start: {said.strip() or 'it says nothing'}")
