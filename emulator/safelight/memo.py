"""What a request was found to mean, kept for the next one that is the same to the last byte.

Clients under load, retries and test suites ask the same again and again. Reading, judging and
planning such a request once more would find the same, as long as nothing but the request decides:
no fault, limit, answer or fixture waits for it, and it names nothing that a session holds. The
reply is written anew every time, with ids and times of its own. What must not enter: what a request
means, replies, credentials (a request is known by a digest of it).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from safelight.bounded import Bounded
from safelight.dialects.base import Known, Visit
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.operations.models import ModelsResult
from safelight.scenario import HEADER

_LARGE = 16 * 1024
"""Bytes of the largest body that is worth remembering."""

_METHODS = ("GET", "POST")
_MARKS = (b"[[", b"http")
"""What calls for a fault, or names a picture that may be gone tomorrow."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """What `recall` fills a visit with."""

    known: Known
    result: object
    fields: tuple[tuple[str, object], ...]


_FIELDS = (
    "operation", "route", "arguments", "body", "params", "model", "model_name", "authenticated",
)  # fmt: skip
"""What the walk has settled about a visit when its result is planned."""


class Memo:
    """Plans by request, the last `limit` of them; a limit of 0 remembers nothing."""

    def __init__(self, limit: int) -> None:
        self._kept: Bounded[_Planned] | None = Bounded(limit, lambda _: 1) if limit else None

    def recall(self, visit: Visit) -> object:
        """Fill a visit with what is known of its request and return its result, or None."""
        visit.known = Known(self._name(visit))
        found = self._kept.get(visit.known.name) if self._kept and visit.known.name else None
        if found is None:
            return None
        for name, value in found.fields:
            setattr(visit, name, value)
        visit.known = found.known
        return found.result

    def keep(self, visit: Visit, result: object) -> None:
        """Remember what a visit was planned to be, if the same request must lead to the same."""
        known = visit.known
        if self._kept is None or known is None or not known.name or not _settled(visit, result):
            return
        fields = tuple((name, getattr(visit, name)) for name in _FIELDS)
        self._kept.put(known.name, _Planned(known, result, fields))

    def _name(self, visit: Visit) -> bytes:
        """Return the digest of a request and of all else that decides about it; b"" for no."""
        request, session = visit.request, visit.session
        if (
            self._kept is None
            or request.method not in _METHODS
            or len(request.body) > _LARGE
            or session.answers
            or session.library
            or len(session.deleted)
            or session.scenario.steps
            or any(mark in request.body for mark in _MARKS)
        ):
            return b""
        asked = (
            request.method,
            request.path,
            request.query,
            request.headers,
            request.base_url,
            request.called,
        )
        told = repr((asked, request.body_limit, visit.day, visit.lenient, session.name))
        if HEADER in told:
            return b""
        told = f"{session.seed} {len(told)} {told}"
        return blake2b(told.encode("utf-8", "surrogateescape") + request.body).digest()


def _spoken(visit: Visit, result: object) -> bool:
    """Tell whether this is words alone: what is made to a schema may tell the time."""
    made = "tools" in visit.params or "response_format" in visit.params
    choices = result.choices if isinstance(result, ChatResult) and not made else ()
    return bool(choices) and not any(c.tool_calls or c.drawings for c in choices)


def _settled(visit: Visit, result: object) -> bool:
    """Tell whether a plan follows from its request alone."""
    jobs = result.jobs if isinstance(result, ImagesResult) else ()
    return (
        (isinstance(result, (ImagesResult, ModelsResult)) or _spoken(visit, result))
        and visit.operation in visit.dialect.repeatable
        and visit.fault is None
        and visit.answer is None
        and not (visit.notes or visit.violations or visit.gauges)
        and not any(job.inputs.pictures for job in jobs)
        and "[[" not in visit.dialect.prompt_of(visit) + visit.model_name + visit.path
    )
