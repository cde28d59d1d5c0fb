"""The last steps of the walk: how long a reply takes, and what is kept of it when it leaves.

What must not enter: sleeping, what a reply says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from safelight import latency
from safelight.dialects.base import Visit
from safelight.latency import Range
from safelight.messages import Reply
from safelight.operations.chat import ChatResult
from safelight.records import entry


def paced(visit: Visit, reply: Reply, ranges: Sequence[Range], speed: float) -> Reply:
    """Return a reply that takes as long as its model does, where there is a range for it."""
    result = visit.result
    quality = str(getattr(result, "quality", ""))
    span = latency.fitting(ranges, visit.operation, visit.model_name, quality)
    if span is None:
        return reply
    tokens = result.usage.completion_tokens if isinstance(result, ChatResult) else 0
    return latency.paced(reply, span, seed=visit.request_id, tokens=tokens, speed=speed)


def handed(visit: Visit, reply: Reply, now: Callable[[], float]) -> Reply:
    """Journal a reply, and hand it over with a receipt, and a clock that began with the request.

    Where the session skips waits, its clock moves instead.
    """
    session = visit.session
    position = session.record(entry(visit, reply))
    if session.skips:
        session.offset += latency.length(reply)
        reply = latency.hurried(reply)
    return replace(
        reply,
        receipt=partial(session.journal.tell, position),
        clock=lambda: session.moment(now()) - visit.now,
    )
