"""Ctrl-C during a run, heard where it can do no harm.

A question may be left at any moment: what it may cost stays counted. What is reckoned, kept and
written between two questions is brought to its end first. What must not enter: runs, reports.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

EXIT_CODE = 130
"""The exit code of a run that was stopped by Ctrl-C, as shells have it: 128 and the signal's 2."""

_ENOUGH = 3
"""From the third Ctrl-C on nothing is brought to its end: somebody wants out at once."""


class Interrupts:
    """Counts SIGINT while it stands, and raises KeyboardInterrupt only where `leaving` works.

    Outside the main thread, which alone hears signals, nothing is changed.
    """

    def __init__(self) -> None:
        self.told = 0
        self._open = False
        self._before: Callable[[int, FrameType | None], object] | int | None = None

    def __enter__(self) -> Self:
        """Begin to hear."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the signal to whoever had it."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _heard(self, *_: object) -> None:
        self.told += 1
        if self._open or self.told >= _ENOUGH:
            self._open = False
            raise KeyboardInterrupt

    def leaving(self, work: Callable[[], T]) -> T:
        """Do some work that may be left in the middle. Raises KeyboardInterrupt when it is."""
        self._open = True
        try:
            if self.told:
                raise KeyboardInterrupt
            return work()
        finally:
            self._open = False
