"""What an endpoint answered, taken apart without believing it: any value may stand anywhere.

What must not enter: what a value means, or should have been.
"""

from __future__ import annotations

import orjson
from safelight.messages import Json

DEEPEST = 100
"""Levels of lists and objects that are read. No contract has a tenth of it, and what walks through
an answer would run out of stack."""


def read_json(text: bytes | str) -> Json:
    """Return a text as JSON. Raises ValueError for what is none, or nests beyond any contract."""
    value = orjson.loads(text)
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"nests more than {DEEPEST} levels deep")
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return value


def table(value: Json) -> dict[str, Json]:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[Json]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []
