"""The plain reply that a lens starts from: parsed, with the schema that it fits.

What must not enter: what a lens changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
from safelight.messages import Json
from safelight.provider import Provider
from safelight.schemas import Schema, load


@dataclass(frozen=True)
class Base:
    """One plain reply as the client got it.

    `document` is its JSON; for a stream `events` are the events' JSON by their number, and `starts`
    where each event begins in `body`. `schema` is that of the document or of each event; None where
    the provider's data has none that fits. `exchange` is the journal's entry.
    """

    exchange: Mapping[str, Json]
    body: bytes = field(repr=False)
    document: Json = None
    events: Mapping[int, Json] = field(default_factory=dict)
    starts: tuple[int, ...] = ()
    schema: Schema | None = None

    @property
    def operation(self) -> str:
        """Return the operation that was asked."""
        return str(self.exchange["operation"])

    @property
    def streams(self) -> bool:
        """Tell whether it is an event stream."""
        return bool(self.starts)

    def documents(self) -> list[tuple[int | None, Json]]:
        """Return every JSON document with the number of its event; None for a whole reply."""
        if self.streams:
            return list(self.events.items())
        return [] if self.document is None else [(None, self.document)]

    def last(self) -> int:
        """Return where a stream's last event of substance begins: what ends it in earnest."""
        numbers = [n for n, event in self.events.items() if ends(event)]
        number = numbers[0] if numbers else max(self.events, default=0)
        return self.starts[number] if self.starts else len(self.body)


def ends(event: Json) -> bool:
    """Tell whether a chat's event carries the reason why it ends."""
    choices = event.get("choices") if isinstance(event, dict) else None
    return any(c.get("finish_reason") for c in choices or () if isinstance(c, dict))


def read(given: Mapping[str, Json], exchange: Mapping[str, Json], provider: Provider) -> Base:
    """Return a given reply of the control plane as a base."""
    body = _bytes(given)
    if "chunks" not in given:
        document = _parsed(body)
        schema = _fitting(provider, str(exchange["operation"]), "reply", [document])
        return Base(exchange, body, document, schema=schema)
    events: dict[int, Json] = {}
    starts: list[int] = []
    at = 0
    for number, raw in enumerate(body.split(b"\n\n")[:-1]):
        starts.append(at)
        at += len(raw) + 2
        found = _parsed(raw.partition(b"data: ")[2])
        if isinstance(found, dict):
            events[number] = found
    schema = _fitting(provider, str(exchange["operation"]), "event", list(events.values()))
    return Base(exchange, body, None, events, tuple(starts), schema)


def _bytes(given: Mapping[str, Json]) -> bytes:
    if "chunks" in given:
        return b"".join(data.encode("latin-1") for _, data in given["chunks"])
    if "base64" in given:
        import base64

        return base64.b64decode(given["base64"])
    return str(given.get("text", "")).encode()


def _parsed(data: bytes) -> Json:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _fitting(
    provider: Provider, operation: str, kind: str, documents: Sequence[Json]
) -> Schema | None:
    """Return the provider's schema of that kind that all documents fit, by the operation first."""
    if not documents or documents == [None]:
        return None
    for name in _names(provider, operation, kind):
        schema = _schema(provider, name)
        if all(schema.accepts(document) for document in documents):
            return schema
    return None


def _names(provider: Provider, operation: str, kind: str) -> Iterator[str]:
    family = operation.partition(".")[0]
    names = sorted(
        path.name.removesuffix(".json") for path in provider.folder.glob(f"*.{kind}.json")
    )
    yield from sorted(names, key=lambda n: (n != f"{operation}.{kind}", n != f"{family}.{kind}"))


@lru_cache(maxsize=256)
def _load(provider: str, root: Json, name: str) -> Schema:
    return load(provider, name, root=root)


def _schema(provider: Provider, name: str) -> Schema:
    return _load(provider.name, provider.root, name)
