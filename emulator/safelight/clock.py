"""The time of a test's session, which the test moves.

What must not enter: waiting, clocks of the machine (one is given).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from safelight.refusals import UsageError
from safelight.store import Session

_UNITS = ("seconds", "minutes", "hours", "days", "weeks", "milliseconds", "microseconds")


class Clock:
    """The session's time. Waits of replies pass on it at once; with `real` they are waited out.

    `session` gives the session as it is now: a reset makes another one of the same name.
    """

    __slots__ = ("_clock", "_moved", "_session", "real")

    def __init__(
        self, session: Callable[[], Session], clock: Callable[[], float], moved: Callable[[], None]
    ) -> None:
        self.real = False
        self._moved = moved
        self._session = session
        self._clock = clock

    def advance(self, **amount: float) -> None:
        """Move on by `minutes=61`, `hours=1`, `seconds=3`: what `datetime.timedelta` takes.

        Raises UsageError for another name, for no amount, and for one that would turn time back.
        """
        for unit, value in amount.items():
            if unit not in _UNITS:
                raise UsageError(f"clock.advance takes {', '.join(_UNITS)}; got {unit!r}")
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise UsageError(f"clock.advance: {unit} is a number, got {value!r}")
        told = ", ".join(f"{unit}={value!r}" for unit, value in amount.items()) or "nothing"
        try:
            step = datetime.timedelta(**amount)
            self.now + step  # raises where no calendar goes
        except (OverflowError, ValueError) as error:
            raise UsageError(f"clock.advance: {told} leads beyond the year 9999") from error
        if not amount or step < datetime.timedelta():
            raise UsageError(f"clock.advance moves on, as in minutes=61; got {told}")
        self.pass_by(step.total_seconds())

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass at once; answers that wait by the session's clock look again."""
        self._session().offset += seconds
        self._moved()

    @property
    def now(self) -> datetime.datetime:
        """Return the session's time, in UTC."""
        return datetime.datetime.fromtimestamp(self._session().moment(self._clock()), datetime.UTC)
