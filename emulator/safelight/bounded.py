"""A mapping that stays within a bound: what was used least recently is forgotten first.

What must not enter: what is kept, and why.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


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

    def made(self, key: object, make: Callable[[], V]) -> V:
        """Return the value kept for the key, or make it, and keep it if it fits at all.

        Two threads may make the same value at once; one of them is kept.
        """
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

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
