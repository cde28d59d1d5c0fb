"""Makes a JSON value for a schema that a user sent: bounded, seeded, filled from what was asked.

It covers what structured outputs allow and the usual extras. Every value is judged before it is
given away; what cannot be met is said, not guessed.

What must not enter: the network (a `$ref` to elsewhere is refused), a stranger's regular
expressions run by a backtracking engine without limit, chat.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

from safelight.messages import Json
from safelight.operations.chat.chance import seeded
from safelight.operations.chat.values import Maker, Source, Unmakeable

__all__ = ["Source", "Unmakeable", "judge_of", "make"]

_TRIES = 6


def make(schema: Json, source: Source) -> Json:
    """Return a value that is valid by the schema. Raises Unmakeable."""
    judge = judge_of(schema)
    problem = "no value was found"
    for attempt in range(_TRIES):
        maker = Maker(schema, source, seeded(source.seed + attempt), lean=attempt >= _TRIES // 2)
        try:
            value = maker.value(schema, "", 0)
        except Unmakeable as error:
            problem = str(error)
            continue
        fault = judge(value)
        if fault is None:
            return value
        problem = fault
    raise Unmakeable(problem)


def judge_of(schema: Json) -> Callable[[Json], str | None]:
    """Return a function that says what is wrong with a value, or None. Raises Unmakeable.

    jsonschema-rs judges here: its engine for patterns has a limit, and its fetching is shut off.
    """
    validator = _validator(json.dumps(schema, separators=(",", ":")))

    def judge(value: Json) -> str | None:
        try:
            fault = next(iter(validator.iter_errors(value)), None)
        except ValueError as error:
            return str(error)
        return None if fault is None else fault.message

    return judge


@lru_cache(maxsize=256)
def _validator(schema: str) -> Json:
    """Return the judge of a schema, given as text: clients send the same few again and again."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(json.loads(schema), retriever=_no_network)
    except ValueError as error:
        raise Unmakeable(str(error).splitlines()[0]) from error


def _no_network(uri: str) -> Json:
    raise ValueError(f"{uri} is elsewhere; only references inside the schema are followed")
