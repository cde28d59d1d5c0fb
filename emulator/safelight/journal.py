"""What happened: one `Exchange` for every request, in a bounded list with one append."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply, in brief. `at` is in seconds since the epoch."""

    at: float
    request_id: str
    provider: str
    operation: str
    model: str
    method: str
    path: str
    status: int
    row: str | None = None
    notes: tuple[str, ...] = ()


class Journal:
    """The last `size` exchanges of one session, oldest first."""

    def __init__(self, size: int = 1000) -> None:
        self._kept: deque[Exchange] = deque(maxlen=size)
        self.total = 0

    def append(self, exchange: Exchange) -> None:
        """Keep an exchange; the oldest makes room."""
        self._kept.append(exchange)
        self.total += 1

    def __iter__(self) -> Iterator[Exchange]:
        """Iterate over a copy, oldest first."""
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        """Return how many exchanges are kept."""
        return len(self._kept)
