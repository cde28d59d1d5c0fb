"""The time of a test's session, which the test moves.

What must not enter: waiting, clocks of the machine (one is given).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from safelight.store import Session


class Clock:
    """The session's time. Waits of replies pass on it at once; with `real` they are waited out."""

    __slots__ = ("_clock", "_session", "real")

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self.real = False
        self._session = session
        self._clock = clock

    def advance(self, **amount: float) -> None:
        """Move on by `minutes=61`, `hours=1`, `seconds=3`: what `datetime.timedelta` takes."""
        self._session.offset += datetime.timedelta(**amount).total_seconds()

    @property
    def now(self) -> datetime.datetime:
        """Return the session's time, in UTC."""
        return datetime.datetime.fromtimestamp(self._session.moment(self._clock()), datetime.UTC)
