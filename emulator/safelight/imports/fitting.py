"""Makes a fixture of another tool one that this provider could be asked for, and could send.

What does not fit is taken out and told; what nothing is left of is told as a whole. What must not
enter: formats, files.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from safelight.dialects import load_dialects
from safelight.fixtures.checking import judged
from safelight.fixtures.model import Fixture, Partial, Where
from safelight.fixtures.places import Contract
from safelight.messages import Json

Loss = Callable[[str], None]

_CHANGES = 30
"""Parts that are taken out of one fixture at most."""


class Fitting:
    """Fits fixtures to the contract of today."""

    def __init__(self) -> None:
        today = datetime.datetime.now(datetime.UTC).date()
        self._contract = Contract(load_dialects(()), today)

    def fit(self, fixture: Fixture, lose: Loss) -> Fixture | None:
        """Return what is left of a fixture, None for nothing; tell `lose` what went, and why."""
        for _ in range(_CHANGES):
            found = judged(fixture, self._contract)
            if not found:
                return fixture
            smaller = next(
                ((one, said) for at, said in found for one in _without(fixture, at)), None
            )
            if smaller is None:
                break
            fixture, said = smaller
            lose(f"what does not fit: {_short(said)}")
        lose(f"fixtures that nobody could be served: {_short(found[0][1])}")
        return None


def _short(said: str) -> str:
    """Return a reason without the list of all that would be right."""
    return said.partition("; known are")[0]


def _without(fixture: Fixture, at: Where) -> Iterator[Fixture]:
    """Yield the fixture without a value that may be missing; nothing if it may not.

    Conditions stay: without one it would answer others than it was written for.
    """
    if isinstance(fixture.reply, Partial):
        yield from (replace(fixture, reply=one) for one in _less(fixture.reply, at, str(at[-1])))


def _less(reply: Partial, at: Where, key: str) -> Iterator[Partial]:
    if at[:2] == ("reply", "fields") and key in reply.fields:
        yield replace(reply, fields=_rest(reply.fields, key))
    elif at[:2] == ("reply", "usage") and key in reply.usage:
        yield replace(reply, usage=_rest(reply.usage, key))
    elif at == ("reply", "finish_reason"):
        yield replace(reply, finish_reason=None)
    elif at == ("reply", "revised_prompt"):
        yield replace(reply, revised_prompt=None)
    elif at[:2] == ("reply", "timing"):
        yield replace(reply, first=0.0, each=0.0)


def _rest(values: Mapping[str, Json], key: str) -> dict[str, Json]:
    return {name: value for name, value in values.items() if name != key}
