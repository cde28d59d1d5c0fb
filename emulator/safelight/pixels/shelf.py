"""Keeps finished pieces within a budget of bytes, the longest unused leaving first.

What must not enter: what the pieces are.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Shelf(Generic[T]):
    """A cache bounded by bytes, safe between threads.

    Two threads may make the same piece at once; both pieces are equal, one is kept.
    """

    def __init__(self, limit: int) -> None:
        """Hold pieces of at most `limit` bytes together."""
        self._limit = limit
        self._used = 0
        self._lock = Lock()
        self._pieces: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()

    @property
    def used(self) -> int:
        """Bytes kept now."""
        return self._used

    def get(self, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int]) -> T:
        """Return the piece kept under `key`, or make it, and keep it if it fits at all."""
        with self._lock:
            kept = self._pieces.get(key)
            if kept is not None:
                self._pieces.move_to_end(key)
                return kept[0]
        piece = make()
        self._keep(key, piece, weigh(piece))
        return piece

    def _keep(self, key: Hashable, piece: T, weight: int) -> None:
        if weight > self._limit:
            return
        with self._lock:
            self._used += weight - self._pieces.pop(key, (piece, 0))[1]
            self._pieces[key] = (piece, weight)
            while self._used > self._limit:
                self._used -= self._pieces.popitem(last=False)[1][1]
