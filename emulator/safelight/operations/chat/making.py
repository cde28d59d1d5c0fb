"""Makes a JSON value for a schema that a user sent: bounded, seeded, filled from what was asked.

It covers what structured outputs allow and the usual extras. Every value is judged before it is
given away; what cannot be met is said, not guessed.

What must not enter: the network (a `$ref` to elsewhere is refused), a stranger's regular
expressions run by a backtracking engine without limit, chat.
"""

from __future__ import annotations

from safelight.messages import Json
from safelight.operations.chat.chance import seeded
from safelight.operations.chat.judging import Unmakeable, judge_of
from safelight.operations.chat.values import Maker, Source

__all__ = ["Source", "Unmakeable", "make"]

_TRIES = 6


def make(schema: Json, source: Source) -> Json:
    """Return a value that is valid by the schema. Raises Unmakeable, with the best invalid one."""
    judge = judge_of(schema)
    failure = Unmakeable("no value was found")
    for attempt in range(_TRIES):
        maker = Maker(schema, source, seeded(source.seed + attempt), lean=attempt >= _TRIES // 2)
        try:
            value = maker.value(schema, "", 0)
        except Unmakeable as error:
            failure.args = error.args
            continue
        violation = judge(value)
        if violation is None:
            return value
        failure.args, failure.best = (violation,), value
    raise failure
