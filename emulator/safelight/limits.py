"""How much may be asked for in a while: real limits, counted on the session's clock.

A limit is a bucket that refills evenly, which is what the live services' `x-ratelimit-reset-*`
headers tell of (10,000 requests a minute and one used: full again in 6 ms). There is a bucket for
each key, model and operation. What must not enter: who asks, how a refusal is worded, clocks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import ceil

from safelight.refusals import UsageError

UNITS = ("requests", "tokens", "images")
WINDOWS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_SHORT = {"minute": "min", "second": "sec"}
_AMOUNT = re.compile(r"(?P<unit>\w+)\s*=\s*(?P<amount>\d{1,12})\s*(?:/\s*(?P<window>\w+))?")
_GLOBS = ("provider", "operation", "model")
_EXAMPLE = "requests=60, images=5/minute; model=MODEL, tokens=1000/second; operation=chat.*"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` of a unit in `window` seconds, for the requests that the globs fit."""

    unit: str
    amount: int
    window: float = 60.0
    provider: str = "*"
    operation: str = "*"
    model: str = "*"

    def fits(self, *, provider: str, operation: str, model: str) -> bool:
        """Tell whether a request is counted here."""
        told = ((provider, self.provider), (operation, self.operation), (model, self.model))
        return all(fnmatchcase(value, glob) for value, glob in told)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was left of a limit at a moment, in its unit and in epoch seconds."""

    left: float
    at: float


@dataclass(frozen=True, slots=True)
class Gauge:
    """Where a limit stands for one request that asks for so much.

    `wait` is how many seconds pass until there is enough, 0 when there is; `reset`, until all of it
    is there again. What asks for more than the whole limit waits for a window, and in vain.
    """

    limit: Limit
    remaining: int
    requested: int
    wait: float
    reset: float

    @property
    def hopeless(self) -> bool:
        """Tell whether the request asks for more than there ever is."""
        return self.requested > self.limit.amount

    def facts(self) -> dict[str, str]:
        """Return what texts and headers may name."""
        return {
            "unit": self.limit.unit,
            "limit": str(self.limit.amount),
            "remaining": str(self.remaining),
            "used": str(self.limit.amount - self.remaining),
            "requested": str(self.requested),
            "retry_after": str(max(1, ceil(self.wait))),
            "delay": duration(self.wait),
            "reset": duration(self.reset),
            "reset_seconds": str(ceil(self.reset)),
            **words(self.limit.window),
        }


def words(window: float) -> dict[str, str]:
    """Return how texts may call a time: `minute`, `min`, and the M of RPM."""
    name = next(name for name, seconds in WINDOWS.items() if seconds == window)
    return {"window": name, "short": _SHORT.get(name, name), "initial": name[0].upper()}


def parse(text: str) -> Limit:
    """Read `images=5`, `requests=3/second; model=MODEL; operation=images.*`.

    A minute is meant where no time is named. Raises UsageError that says what would be right.
    """
    first, *rest = (part.strip() for part in text.split(";"))
    found = _AMOUNT.fullmatch(first)
    if not found or found["unit"] not in UNITS or int(found["amount"]) < 1:
        raise UsageError(f"{text!r} is no limit; write {_EXAMPLE}")
    window = (found["window"] or "minute").removesuffix("s")
    if window not in WINDOWS:
        raise UsageError(f"{text!r}: unknown time {window!r}; known are {', '.join(WINDOWS)}")
    globs = dict(_glob(part, text) for part in rest if part)
    return Limit(found["unit"], int(found["amount"]), WINDOWS[window], **globs)


def _glob(part: str, text: str) -> tuple[str, str]:
    key, equals, value = (piece.strip() for piece in part.partition("="))
    if not equals or key not in _GLOBS:
        raise UsageError(f"{text!r}: {part!r} is none of {', '.join(_GLOBS)}, written as name=glob")
    return key, value


def gauge(limit: Limit, bucket: Bucket | None, wanted: int, now: float) -> Gauge:
    """Return where a limit stands for a request that wants so much of it. Takes nothing."""
    left = _level(limit, bucket, now)
    rate = limit.amount / limit.window
    after = left - wanted if wanted <= left else left
    wait = 0.0 if wanted <= left else min(limit.window, (wanted - left) / rate)
    return Gauge(limit, max(0, int(after)), wanted, wait, (limit.amount - after) / rate)


def taken(limit: Limit, bucket: Bucket | None, wanted: int, now: float) -> Bucket:
    """Return what is left once a request has taken so much."""
    return Bucket(_level(limit, bucket, now) - wanted, now)


def _level(limit: Limit, bucket: Bucket | None, now: float) -> float:
    if bucket is None:
        return float(limit.amount)
    refilled = max(0.0, now - bucket.at) * limit.amount / limit.window
    return min(float(limit.amount), bucket.left + refilled)


def duration(seconds: float) -> str:
    """Return a time as the services' headers write it: `0s`, `6ms`, `59.369s`, `1m6.499s`."""
    thousandths = ceil(round(seconds * 1000, 6))
    if 0 < thousandths < 1000:
        return f"{thousandths}ms"
    minutes, rest = divmod(thousandths, 60_000)
    whole, part = divmod(rest, 1000)
    tail = f".{part:03d}".rstrip("0") if part else ""
    hours, minutes = divmod(minutes, 60)
    head = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or hours else "")
    return f"{head}{whole}{tail}s"


def exceeded(gauges: list[Gauge]) -> Gauge | None:
    """Return the limit that has to be waited for longest, or None when there is enough of all.

    A limit that the request never fits into is worse than any that it has to wait for.
    """
    worst = max(gauges, key=lambda found: (found.hopeless, found.wait), default=None)
    return worst if worst is not None and worst.wait > 0 else None


Amounts = Mapping[str, int]
"""How much of each unit a request asks for."""
