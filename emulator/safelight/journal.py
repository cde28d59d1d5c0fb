"""What happened: one `Exchange` for every request, bounded in number and bytes, with one append.

Secrets never enter: credentials are masked before an exchange is made. What must not enter: how an
exchange is judged (`verify.py`, `verdict.py`), providers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from safelight.messages import Json


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply.

    `at` is in seconds since the epoch, `cost` in US dollars (None where no price is known).
    `params` is a summary: a file is its name, type, size, hash and, for a picture, its dimensions.
    `digest` names the request's content: the same body again has the same one. `retry` is the client's own
    count of retries. `billed` tells whether something was generated, `delivered` whether the answer
    was sent whole. `files` are the uploaded bytes, while there is room.
    """

    at: float
    number: int
    request_id: str
    session: str
    provider: str
    operation: str
    model: str
    method: str
    path: str
    status: int
    params: dict[str, Json] = field(default_factory=dict)
    prompt: str = ""
    digest: str = ""
    row: str | None = None
    violations: tuple[str, ...] = ()
    fault: str | None = None
    retry: int = 0
    retry_after: float | None = None
    pictures: int = 0
    tokens: int = 0
    cost: str | None = None
    billed: bool = False
    delivered: bool = True
    stream: bool = False
    urls: tuple[str, ...] = ()
    reply_bytes: int = 0
    reply_digest: str = ""
    notes: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict, repr=False)

    def as_json(self) -> dict[str, Json]:
        """Return the exchange for the control plane: everything but the files' bytes."""
        out: dict[str, Any] = {k: v for k, v in asdict(self).items() if k != "files"}
        out["files"] = {name: len(data) for name, data in self.files.items()}
        return out


class Journal:
    """The last exchanges of a session, oldest first: at most `size`, and `room` bytes of files."""

    def __init__(self, size: int = 1000, room: int = 32 * 1024 * 1024) -> None:
        self._kept: deque[Exchange] = deque()
        self._size = size
        self._room = room
        self._held = 0
        self.total = 0

    def append(self, exchange: Exchange) -> None:
        """Keep an exchange; the oldest make room."""
        self._kept.append(exchange)
        self._held += _weight(exchange)
        self.total += 1
        while len(self._kept) > self._size or (self._held > self._room and len(self._kept) > 1):
            self._held -= _weight(self._kept.popleft())

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._held = 0
        self.total = 0

    def __iter__(self) -> Iterator[Exchange]:
        """Iterate over a copy, oldest first."""
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        """Return how many exchanges are kept."""
        return len(self._kept)


def _weight(exchange: Exchange) -> int:
    return 512 + sum(map(len, exchange.files.values()))
