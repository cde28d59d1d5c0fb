"""Where state lives: sessions with their journals, counters and files, and the picture cache.

Nothing else holds state. Everything here is bounded. This is the in-memory store.
What must not enter: what the state means.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from safelight.journal import Journal
from safelight.messages import Json

V = TypeVar("V")

_UPLOADS = 256 * 1024 * 1024
"""Bytes of uploaded files that one session keeps."""


class Bounded(Generic[V]):
    """A mapping that forgets what was used least recently. `weigh` gives a value's size."""

    def __init__(self, limit: int, weigh: Callable[[V], int]) -> None:
        self.limit = limit
        self.size = 0
        self._weigh = weigh
        self._kept: OrderedDict[object, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> V | None:
        """Return the value kept for the key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: object, value: V) -> None:
        """Keep a value, forgetting old ones until it fits; one larger than all is not kept."""
        weight = self._weigh(value)
        with self._lock:
            if key in self._kept:
                self.size -= self._kept.pop(key)[1]
            if weight > self.limit:
                return
            self._kept[key] = (value, weight)
            self.size += weight
            while self.size > self.limit:
                self.size -= self._kept.popitem(last=False)[1][1]

    def drop(self, key: object) -> None:
        """Forget a key, if it is there."""
        with self._lock:
            if key in self._kept:
                self.size -= self._kept.pop(key)[1]

    def values(self) -> list[V]:
        """Return what is kept, least recently used first."""
        with self._lock:
            return [value for value, _ in self._kept.values()]

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._kept)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture that a `url` reply promised: made when asked for. `expires` in epoch seconds."""

    make: Callable[[], bytes]
    media_type: str
    expires: float


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


@dataclass(slots=True)
class Session:
    """An isolated world: its own journal, counter, files, stored completions, deleted models."""

    name: str
    seed: int
    journal: Journal = field(default_factory=Journal)
    counter: int = 0
    files: Bounded[StoredFile] = field(default_factory=lambda: Bounded(10_000, lambda _: 1))
    completions: Bounded[Json] = field(default_factory=lambda: Bounded(1000, lambda _: 1))
    uploads: Bounded[KeptFile] = field(default_factory=lambda: Bounded(_UPLOADS, _weight))
    deleted: Bounded[bool] = field(default_factory=lambda: Bounded(1000, lambda _: 1))

    def next(self) -> int:
        """Return 1, 2, 3 …: the number of this request in the session."""
        self.counter += 1
        return self.counter


def _weight(file: KeptFile) -> int:
    return len(file.data) + 512


class MemoryStore:
    """Sessions by name, at most `sessions` of them, the least recently used forgotten first."""

    def __init__(self, seed: int, *, sessions: int = 1000) -> None:
        self._seed = seed
        self._sessions: Bounded[Session] = Bounded(sessions, lambda _: 1)

    def session(self, name: str) -> Session:
        """Return the session of that name, made on first use."""
        found = self._sessions.get(name)
        if found is None:
            found = Session(name, self._seed)
            self._sessions.put(name, found)
        return found
