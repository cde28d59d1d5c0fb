"""Where a reply may differ: every declared property of a document, there or not.

What must not enter: what is put there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import orjson
from safelight.messages import Json
from safelight.schemas import Schema

Path = tuple[str | int, ...]

SUBSTANCE = frozenset(
    {
        "arguments", "b64_json", "choices", "content", "data", "delta", "error", "finishReason",
        "finish_reason", "function", "function_call", "id", "images", "index", "mediaType",
        "message", "object", "partial_image_index", "refusal", "role", "text", "toolCallId",
        "tool_calls", "type", "url",
    }
)  # fmt: skip
"""Fields that are the answer itself, or say how it is to be read: they stay as they are.

Without them a reply says something else, and no client could be blamed for telling so.
"""

ABOUT = frozenset({"background", "output_format", "quality", "size", "revised_prompt"})
"""Fields that tell of the answer: they may be missing, but never say what is not so."""

_ITEMS = 2
"""Items of a list that are looked at: the rest are like them."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One declared property: where it is, its schema, and whether it is there and has to be."""

    at: Path
    schema: Json
    there: bool
    required: bool

    @property
    def name(self) -> str:
        """Return its own name."""
        return str(self.at[-1])


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of a document, with what stands in it."""

    at: Path
    values: tuple[Json, ...]


def spots(schema: Json, document: Json, at: Path = ()) -> Iterator[Spot]:
    """Yield every declared property of a valid document."""
    for branch in _branches(schema, document):
        if isinstance(document, dict):
            required = branch.get("required", ())
            for name, part in branch.get("properties", {}).items():
                there = name in document
                yield Spot((*at, name), part, there, name in required)
                if there:
                    yield from spots(part, document[name], (*at, name))
        elif isinstance(document, list) and "items" in branch:
            for index, item in enumerate(document[:_ITEMS]):
                yield from spots(branch["items"], item, (*at, index))


def things(document: Json, at: Path = ()) -> Iterator[Thing]:
    """Yield every object of a document that describes something; free maps are none."""
    if isinstance(document, dict):
        yield Thing(at, tuple(document.values()))
        for name, value in document.items():
            if name not in ("function", "metadata", "arguments"):
                yield from things(value, (*at, name))
    elif isinstance(document, list):
        for index, item in enumerate(document[:_ITEMS]):
            yield from things(item, (*at, index))


def nullable(schema: Json) -> bool:
    """Tell whether a schema takes null."""
    return accepts(schema, None)


def accepts(schema: Json, value: Json) -> bool:
    """Tell whether a part of a schema takes a value."""
    return _judge(orjson.dumps(schema)).accepts(value)


@lru_cache(maxsize=2048)
def _judge(told: bytes) -> Schema:
    return Schema(orjson.loads(told), "part")


def _branches(schema: Json, value: Json) -> Iterator[dict[str, Json]]:
    """Yield a schema and what stands in its unions that is about this value."""
    if not isinstance(schema, dict):
        return
    yield schema
    for part in schema.get("anyOf", ()):
        if accepts(part, value):
            yield from _branches(part, value)


def told(at: Path) -> str:
    """Return a path as findings show it: data[0].b64_json."""
    out = ""
    for key in at:
        out += f"[{key}]" if isinstance(key, int) else f".{key}" if out else key
    return out or "the reply"
