"""What happened: one `Exchange` for every request, bounded in number and bytes, with one append.

Secrets never enter: credentials are masked before an exchange is made. What must not enter: how an
exchange is judged (`verify.py`, `verdict.py`), providers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from safelight.messages import Json

BYTES = 32 * 1024 * 1024
"""Room of a session's journal, in bytes, unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply.

    `at` is in seconds since the epoch on the session's clock, `takes` how many seconds the reply
    was made to take, `cost` in US dollars (None where no price is known). `status` is 0 when no
    answer was ever begun. `params` is a summary: a file is its name, type, size, hash and, for a
    picture, its dimensions. `digest` names the request's content: the same body again has the same
    one. `retry` is the client's own count of retries. `billed` tells whether something was
    generated. `fate` is "delivered", "open" (a stream still going out), "abandoned" (the client
    left before the end) or "lost" (a fault cut it off). `urls` are the pictures' links, good until
    `urls_until`. `files` are the uploaded bytes, while there is room.
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
    takes: float = 0.0
    pictures: int = 0
    tokens: int = 0
    cost: str | None = None
    billed: bool = False
    fate: str = "delivered"
    stream: bool = False
    urls: tuple[str, ...] = ()
    urls_until: float | None = None
    reply_bytes: int = 0
    reply_digest: str = ""
    notes: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def delivered(self) -> bool:
        """Tell whether the client can have read the whole answer."""
        return self.fate in ("delivered", "open")

    def as_json(self) -> dict[str, Json]:
        """Return the exchange for the control plane: everything but the files' bytes."""
        out: dict[str, Any] = asdict(replace(self, files={}))
        out["files"] = {name: len(data) for name, data in self.files.items()}
        return out


class Journal:
    """The last exchanges of a session, oldest first: at most `size`, and about `room` bytes.

    Each has a position, 1, 2, 3 …, in the order in which their replies were made. When room gets
    scarce the oldest lose their files first, then themselves.
    """

    def __init__(self, size: int = 1000, room: int = BYTES) -> None:
        self._kept: deque[Exchange] = deque()
        self._size = size
        self._room = room
        self._bare = 0
        self.held = 0
        self.total = 0

    def append(self, exchange: Exchange) -> int:
        """Keep an exchange and return its position; the oldest make room."""
        self._kept.append(exchange)
        self.held += _weight(exchange)
        self.total += 1
        while self.held > self._room and self._bare < len(self._kept):
            self._strip()
        while len(self._kept) > self._size or (self.held > self._room and len(self._kept) > 1):
            self.held -= _weight(self._kept.popleft())
            self._bare = max(0, self._bare - 1)
        return self.total

    def _strip(self) -> None:
        """Drop the files of the oldest exchange that may have some."""
        found = self._kept[self._bare]
        self.held -= sum(map(len, found.files.values()))
        self._kept[self._bare] = replace(found, files={})
        self._bare += 1

    def tell(self, position: int, fate: str) -> None:
        """Note what became of the reply at a position, unless it is forgotten or lost already."""
        index = position - (self.total - len(self._kept)) - 1
        if 0 <= index < len(self._kept) and self._kept[index].fate != "lost":
            self._kept[index] = replace(self._kept[index], fate=fate)

    def since(self, position: int) -> Iterator[tuple[int, Exchange]]:
        """Yield what came after a position, each with its own."""
        kept = tuple(self._kept)
        first = self.total - len(kept) + 1
        for number, exchange in enumerate(kept, start=first):
            if number > position:
                yield number, exchange

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.held = self._bare = self.total = 0

    def __iter__(self) -> Iterator[Exchange]:
        """Iterate over a copy, oldest first."""
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        """Return how many exchanges are kept."""
        return len(self._kept)


def _weight(exchange: Exchange) -> int:
    """Return about how many bytes an exchange takes."""
    return 1024 + len(exchange.prompt) + _depth(exchange.params) + sum(_sizes(exchange))


def _sizes(exchange: Exchange) -> Iterator[int]:
    yield from map(len, exchange.files.values())
    yield from map(len, exchange.urls)


def _depth(value: Json) -> int:
    """Return about how many bytes a summary takes."""
    if isinstance(value, str):
        return 50 + len(value)
    if isinstance(value, dict):
        return 100 + sum(60 + _depth(item) for item in value.values())
    if isinstance(value, list):
        return 60 + sum(map(_depth, value))
    return 30
