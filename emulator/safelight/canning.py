"""Where canned answers step into the walk: what a test or a fixture says stands for what is made.

What must not enter: which fixture fits a request (`fixtures`), what an operation makes.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from safelight.admit import admit
from safelight.dialects.base import Visit
from safelight.errors import Failure
from safelight.faulting import answered, cut, refusal
from safelight.messages import Reply, Work
from safelight.refusals import Refusal
from safelight.store import Canned


def matched(visit: Visit, library: Canned | None) -> Generator[Work, object, Reply | None]:
    """Find the operation; where the provider has none, something canned may answer all the same.

    That is a recording of this very request, or a whole reply that waits for any. Raises Refusal
    where there is neither.
    """
    try:
        visit.dialect.match(visit)
    except Refusal:
        library = visit.session.library or library
        found = library.recorded(visit) if library else None
        visit.answer = found or visit.session.answer(visit.operation, whole=True)
        if visit.answer is None:
            raise
    return (yield from whole(visit))


def judged(visit: Visit, library: Canned | None) -> Failure | None:
    """Return the refusal of a request; where there is none, settle the answer that waits for it.

    A recording of this very request is not judged: the provider has answered it.
    """
    library = visit.session.library or library
    visit.answer = library.recorded(visit) if library else None
    failure = None if visit.answer else admit(visit)
    failure = failure or answered(visit, library)
    answer = visit.answer
    if failure or answer is None or answer.ask is None or visit.fault is not None:
        return failure
    visit.fault = answer.ask
    return refusal(visit)


def whole(visit: Visit) -> Generator[Work, object, Reply | None]:
    """Return the whole reply that an answer is, read from its files if need be, or None."""
    answer = visit.answer
    if answer is None:
        return None
    gone = cut(answer.ask)
    if gone or answer.make is None:
        return gone or answer.reply
    reply = yield Work(partial(answer.make, visit))
    assert isinstance(reply, Reply)  # what `make` returns, handed back by the driver
    return reply
