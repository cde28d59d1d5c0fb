"""Judges values by a schema that a user sent: what is wrong with them, or with the schema.

jsonschema-rs judges here: its engine for patterns has a limit, and its fetching is shut off.
What must not enter: making values, the network.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

from safelight.messages import Json


class Unmakeable(ValueError):  # noqa: N818 - said of a schema, not of us
    """No value was found for a schema. The text says where and why.

    `best` is the value that came nearest, or None.
    """

    best: Json = None


def judge_of(schema: Json) -> Callable[[Json], str | None]:
    """Return a function that says what is wrong with a value, or None. Raises Unmakeable."""
    validator = _validator(json.dumps(schema, separators=(",", ":")))

    def judge(value: Json) -> str | None:
        try:
            violation = next(iter(validator.iter_errors(value)), None)
        except ValueError as error:
            return str(error)
        return None if violation is None else violation.message

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
