"""Where state lives: sessions with their journals, counters and files, and the picture cache.

Nothing else holds state. Everything here is bounded. This is the in-memory store.
What must not enter: what the state means.
"""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Protocol

from safelight.bounded import Bounded
from safelight.faults import Ask
from safelight.journal import BYTES, Entry, Journal
from safelight.limits import Bucket
from safelight.messages import Json, Reply
from safelight.refusals import UsageError
from safelight.scenario import Scenario

_UPLOADS = 256 * 1024 * 1024
"""Bytes of uploaded files that one session keeps."""

_GIVEN = 16
"""Replies that a session keeps to be looked at, of those that were asked for."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture that a `url` reply promised: made when asked for. `expires` in epoch seconds.

    `owner` is the provider whose reply links to it.
    """

    make: Callable[[], bytes]
    media_type: str
    expires: float
    owner: str = ""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that a client has uploaded. `created` and `expires` in epoch seconds."""

    id: str
    owner: str
    name: str
    media_type: str
    data: bytes = field(repr=False)
    purpose: str
    created: float
    expires: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the next request of an operation (a glob) gets: this reply, or its result changed.

    Or the refusal of `row`, an id of the provider's error rows, whose templates are filled from
    `facts` too; or what `make` makes of the visit, which may be slow. `bend` changes whatever reply
    there is, `ask` is a fault that strikes with it, and what was `kept` can be looked at
    afterwards. `source` is the id of the fixture that it comes from, "" where it comes from none;
    `label` the fault that the journal tells.
    """

    operation: str
    reply: Reply | None = None
    change: Callable[[object], object] = lambda result: result
    row: str | None = None
    bend: Callable[[Reply], Reply] = lambda reply: reply
    kept: bool = False
    facts: Mapping[str, Json] = field(default_factory=dict)
    make: Callable[[Any], Reply] | None = None
    ask: Ask | None = None
    source: str = ""
    label: str | None = None


class Canned(Protocol):
    """Fixtures, as the walk asks them. Each is given the visit, of which this room knows nothing.

    A Protocol because what they are stands far above this room.
    """

    def recorded(self, visit: Any) -> Answer | None:  # noqa: ANN401 - a Visit
        """Return the recording of this very request, or None."""

    def canned(self, visit: Any) -> Answer | None:  # noqa: ANN401 - a Visit
        """Return what fits a request that was found good, or None."""

    def names(self) -> list[str]:
        """Return the names under which a session counts their use."""


@dataclass(frozen=True, slots=True)
class Given:
    """A reply as an answer made it: which request got it, by number and operation."""

    number: int
    operation: str
    reply: Reply


@dataclass(slots=True)
class Session:
    """An isolated world: its own journal, scenario, clock, seed, counter, files and more.

    `spent` is, by provider and model: billed requests, those without a price, US dollars.
    `offset` is how many seconds its clock is ahead of the real one; with `skips` a reply that
    takes its time comes at once, and moves the clock by as much. `as_of` and `lenient`, when set,
    win over the server's. `touched` is the real time of its last request. `buckets` hold what real
    limits have left, `answers` what was put into its mouth, `given` the last of it that was kept.
    `library` are its own fixtures, `met` how often each fitted a request, `used` how often it was
    the answer.
    """

    name: str
    seed: int
    journal: Journal = field(default_factory=Journal)
    counter: int = 0
    offset: float = 0.0
    skips: bool = False
    as_of: datetime.date | None = None
    lenient: bool | None = None
    touched: float = 0.0
    scenario: Scenario = field(init=False)
    spent: dict[tuple[str, str], tuple[int, int, Decimal]] = field(default_factory=dict)
    buckets: Bounded[Bucket] = field(default_factory=lambda: Bounded(10_000, lambda _: 1))
    files: Bounded[StoredFile] = field(default_factory=lambda: Bounded(10_000, lambda _: 1))
    completions: Bounded[Json] = field(default_factory=lambda: Bounded(1000, lambda _: 1))
    generations: Bounded[Json] = field(default_factory=lambda: Bounded(1000, lambda _: 1))
    documents: Bounded[Json] = field(default_factory=lambda: Bounded(1000, lambda _: 1))
    uploads: Bounded[KeptFile] = field(default_factory=lambda: Bounded(_UPLOADS, _weight))
    deleted: Bounded[bool] = field(default_factory=lambda: Bounded(1000, lambda _: 1))
    answers: list[Answer] = field(default_factory=list)
    given: deque[Given] = field(default_factory=lambda: deque(maxlen=_GIVEN))
    library: Canned | None = None
    met: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin without faults."""
        self.scenario = Scenario(self.seed)

    @property
    def weight(self) -> int:
        """Return about how many bytes the session holds."""
        return self.journal.held + self.uploads.size

    def record(self, entry: Entry) -> int:
        """Journal an exchange, add it to what the session has spent, and return its position."""
        exchange = entry.base  # nothing of what follows is an entry's own
        if exchange.billed:
            key = (exchange.provider, exchange.model)
            count, unpriced, total = self.spent.get(key, (0, 0, Decimal(0)))
            missing = exchange.cost is None
            sum_ = total if exchange.cost is None else total + Decimal(exchange.cost)
            self.spent[key] = (count + 1, unpriced + missing, sum_)
        return self.journal.append(entry)

    def answer(self, operation: str, *, whole: bool = False) -> Answer | None:
        """Return the first answer that waits for such a request, and wait no more for it.

        `whole`: only one that is the reply itself, since there is no result that it could change.
        """
        fitting = (a for a in self.answers if fnmatchcase(operation, a.operation))
        found = next((a for a in fitting if not whole or a.reply or a.make), None)
        if found is not None:
            self.answers.remove(found)
            self.use(found.source)
        return found

    def use(self, fixture: str) -> None:
        """Count that a fixture was the answer, by its id; "" is none."""
        if fixture:
            self.used[fixture] = self.used.get(fixture, 0) + 1

    def next(self) -> int:
        """Return 1, 2, 3 …: the number of this request in the session."""
        self.counter += 1
        return self.counter

    def moment(self, now: float) -> float:
        """Return the session's time for a real one, both in epoch seconds."""
        return now + self.offset

    def clear_scenario(self) -> None:
        """Remove the faults, and start the stream of chances anew from the seed."""
        self.scenario = Scenario(self.seed)

    def configure(self, wanted: dict[str, Json]) -> None:
        """Set `seed`, `as_of`, `lenient`. Raises UsageError for anything else."""
        for key, value in wanted.items():
            if key not in _SETTERS:
                raise UsageError(f"unknown key {key!r}; known are {', '.join(_SETTERS)}")
            setattr(self, key, None if value is None else _SETTERS[key](value))
        if "seed" in wanted:
            self.seed = wanted["seed"] or 0
            self.scenario = Scenario(self.seed, self.scenario.steps)  # from the first chance on


def _day(value: Json) -> datetime.date:
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"as_of is a date such as 2026-05-11, got {value!r}") from error


def _flag(value: Json) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"lenient is true or false, got {value!r}")
    return value


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"seed is a whole number, got {value!r}")
    return value


_SETTERS: dict[str, Callable[[Json], Json]] = {"seed": _whole, "as_of": _day, "lenient": _flag}


def _weight(file: KeptFile) -> int:
    return len(file.data) + 512


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept: so many `sessions`, together in `room` bytes, until `idle` seconds pass.

    Of each session's journal so many `exchanges`, and about so many `bytes`.
    """

    sessions: int = 1000
    idle: float = 24 * 3600
    room: int = 1024 * 1024 * 1024
    exchanges: int = 1000
    bytes: int = BYTES


class MemoryStore:
    """Sessions by name, within bounds: the least recently used and the idle are forgotten first.

    `moves` counts how often a session's clock was moved.
    """

    def __init__(self, seed: int, bounds: Bounds | None = None) -> None:
        self._seed = seed
        self._bounds = bounds or Bounds()
        self._sessions: Bounded[Session] = Bounded(self._bounds.sessions, lambda _: 1)
        self._swept = 0.0
        self._asked = 0
        self.moves = 0

    def session(self, name: str, now: float = 0.0) -> Session:
        """Return the session of that name, made on first use. `now` is the real time."""
        self._asked += 1
        known = len(self._sessions)
        if known > 1 and (abs(now - self._swept) > 1 or self._asked > known // 8):
            self._sweep(now)
        found = self._sessions.get(name)
        if found is None:
            journal = Journal(self._bounds.exchanges, self._bounds.bytes)
            found = Session(name, self._seed, journal)
            self._sessions.put(name, found)
        found.touched = now
        return found

    def sessions(self) -> list[Session]:
        """Return every session, the least recently used first."""
        return self._sessions.values()

    def drop(self, name: str) -> None:
        """Forget a session and all that it holds."""
        self._sessions.drop(name)

    def _sweep(self, now: float) -> None:
        """Forget the idle, then the least recently used until the rest fits into the room."""
        self._swept, self._asked = now, 0
        held = 0
        for session in reversed(self.sessions()):
            held += session.weight
            idle = session.name and now - session.touched > self._bounds.idle
            if idle or (held > self._bounds.room and session.name):
                self.drop(session.name)
