"""What happened: one `Exchange` for every request, bounded in number and bytes, with one append.

Secrets never enter: credentials are masked before an exchange is made. A request that repeats one
word for word is kept as an `Entry` that shares the first one's exchange, and becomes an exchange of
its own when somebody looks. What must not enter: how an exchange is judged (`verify.py`,
`verdict.py`), providers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from safelight.messages import Json

BYTES = 32 * 1024 * 1024
"""Room of a session's journal, in bytes, unless another is asked for."""

_BODIES = 10_000
"""Different bodies of a session that are remembered, to tell when one comes again."""

_KINDS: dict[str, dict[str, Json]] = {
    "float": {"type": "number"},
    "int": {"type": "integer"},
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "float | None": {"type": ["number", "null"]},
    "str | None": {"type": ["string", "null"]},
    "tuple[str, ...]": {"type": "array", "items": {"type": "string"}},
    "dict[str, Json]": {"type": "object"},
    "dict[str, bytes]": {"type": "object", "additionalProperties": {"type": "integer"}},
}
"""What the fields of an exchange are in JSON; of a file the number of bytes is told."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply.

    `at` is in seconds since the epoch on the session's clock, `takes` how many seconds the reply
    was made to take, `cost` in US dollars (None where no price is known). `path` is the path that
    was called, or in process the whole URL, without its query either way. `status` is 0 when no
    answer was ever begun. `params` is a summary: a file is its name, type, size, hash and, for a
    picture, its dimensions. `digest` names the request's content: the same body again has the same
    one. `says` is a refusal's sentence. `retry` is the client's own count of retries, `again` how
    often the session has asked the provider the same before: same operation, same digest. `billed`
    tells whether something was generated, `billed_again` whether it was although it had been
    before, for the same body. `fate` is "delivered", "open" (a stream still going out), "abandoned"
    (the client left before the end) or "lost" (a fault cut it off). `urls` are the pictures' links,
    good until `urls_until`. `files` are the uploaded bytes, while there is room.
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
    again: int = 0
    row: str | None = None
    says: str = ""
    violations: tuple[str, ...] = ()
    fault: str | None = None
    retry: int = 0
    retry_after: float | None = None
    takes: float = 0.0
    pictures: int = 0
    tokens: int = 0
    cost: str | None = None
    billed: bool = False
    billed_again: bool = False
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

    @classmethod
    def schema(cls) -> dict[str, Json]:
        """Return the JSON Schema of `as_json`."""
        known = {part.name: dict(_KINDS[str(part.type)]) for part in fields(cls)}
        return {"type": "object", "properties": known, "required": list(known)}

    def as_json(self) -> dict[str, Json]:
        """Return the exchange for the control plane: everything but the files' bytes."""
        out: dict[str, Any] = asdict(replace(self, files={}))
        out["files"] = {name: len(data) for name, data in self.files.items()}
        return out


class Entry:
    """An exchange on its way into a journal: `base`, but for the fields that are its `own`.

    `weight` is about how many bytes it takes, whoever shares them.
    """

    __slots__ = ("_made", "base", "own", "weight")

    def __init__(
        self, base: Exchange, own: Mapping[str, Json] | None = None, weight: int = 0
    ) -> None:
        self.base = base
        self.own: Mapping[str, Json] = own or {}
        self.weight = weight or _weight(base)
        self._made: tuple[Exchange, Mapping[str, Json], Exchange] | None = None

    def like(self, own: Mapping[str, Json]) -> Entry:
        """Return an entry for the same request once more, with other fields of its own."""
        return Entry(self.base, own, self.weight)

    def add(self, **own: Json) -> None:
        """Change fields of this entry alone."""
        self.own = {**self.own, **own}

    @property
    def exchange(self) -> Exchange:
        """The exchange, made when it is first looked at. Another thread may look."""
        base, own, made = self.base, self.own, self._made
        if not own:
            return base
        if made is None or made[0] is not base or made[1] is not own:
            made = self._made = (base, own, replace(base, **own))
        return made[2]

    @property
    def fate(self) -> str:
        """What became of the reply."""
        return str(self.own.get("fate", self.base.fate))

    def strip(self) -> int:
        """Drop the uploaded files, and return how many bytes that saves."""
        saved = sum(map(len, self.base.files.values()))
        if saved:
            self.base = replace(self.base, files={})
            self.weight -= saved
        return saved


class Journal:
    """The last exchanges of a session, oldest first: at most `size`, and about `room` bytes.

    Each has a position, 1, 2, 3 …, in the order in which their replies were made. When room gets
    scarce the oldest lose their files first, then themselves.
    """

    def __init__(self, size: int = 1000, room: int = BYTES) -> None:
        self._kept: deque[Entry] = deque()
        self._size = size
        self._room = room
        self._bare = 0
        self._asked: dict[tuple[str, ...], list[int]] = {}
        self.held = 0
        self.total = 0

    def append(self, new: Exchange | Entry) -> int:
        """Keep an exchange and return its position; the oldest make room."""
        entry = new if isinstance(new, Entry) else Entry(new)
        if entry.base.digest:
            self._count(entry)
        self._kept.append(entry)
        self.held += entry.weight
        self.total += 1
        while self.held > self._room and self._bare < len(self._kept):
            self.held -= self._kept[self._bare].strip()
            self._bare += 1
        while len(self._kept) > self._size or (self.held > self._room and len(self._kept) > 1):
            self.held -= self._kept.popleft().weight
            self._bare = max(0, self._bare - 1)
        return self.total

    def _count(self, entry: Entry) -> None:
        """Tell an entry how often the same was asked before, and whether that was billed."""
        base = entry.base
        key = (base.provider, base.operation, base.digest)
        counts = self._asked.setdefault(key, [0, 0])
        if counts[0]:
            entry.add(again=counts[0], billed_again=base.billed and counts[1] > 0)
        elif len(self._asked) > _BODIES:
            del self._asked[next(iter(self._asked))]
        counts[0] += 1
        counts[1] += base.billed

    def tell(self, position: int, fate: str) -> None:
        """Note what became of the reply at a position, unless it is forgotten or lost already."""
        index = position - (self.total - len(self._kept)) - 1
        if 0 <= index < len(self._kept) and self._kept[index].fate != "lost":
            self._kept[index].add(fate=fate)

    def since(self, position: int) -> Iterator[tuple[int, Exchange]]:
        """Yield what came after a position, each with its own."""
        kept = tuple(self._kept)
        first = self.total - len(kept) + 1
        for number, entry in enumerate(kept, start=first):
            if number > position:
                yield number, entry.exchange

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._asked.clear()
        self.held = self._bare = self.total = 0

    def __iter__(self) -> Iterator[Exchange]:
        """Iterate over a copy, oldest first."""
        return iter(tuple(entry.exchange for entry in self._kept))

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
