"""The lens `errors`: every row of the provider's error tables that an operation can answer.

What must not enter: wording; the rows are told by their ids, the world writes them.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from fnmatch import fnmatchcase

from safelight.datafiles import in_force
from safelight.errors import Row
from safelight.provider import Provider

from safelight_contracts.client_plans import Atom, Plan
from safelight_contracts.lenses.base import Base

CODE = "SL-CLIENT-ERROR-IGNORED"
_TRANSIENT = frozenset({408, 409, 429, 500, 502, 503, 504})
_ROUTING = frozenset({"unknown_path", "wrong_method", "body_too_large", "retired_operation"})
"""Refusals that have nothing to do with a request that the provider has understood."""

_LONG = 20
"""Times that a refusal comes which no retry mends."""


def plans(base: Base, provider: Provider, day: datetime.date, retry_after: float) -> Iterator[Plan]:
    """Yield an error within a stream, one that lasts, and a plan for each row."""
    rows = ordered([row for row in provider.errors.rows if answers(row, base, day)])
    if base.streams:
        yield Plan(
            "errors",
            "an error event within the stream",
            CODE,
            base.operation,
            "notice",
            steps=({"fault": "sse_error_mid", "times": 1, "match": {"operation": base.operation}},),
        )
    lasting = next((row for row in rows if row.status in (500, 503)), None)
    if lasting is not None:
        yield _plan(base, lasting, retry_after, lasting=True)
    for row in rows:
        yield _plan(base, row, retry_after)


def answers(row: Row, base: Base, day: datetime.date) -> bool:
    """Tell whether a row can be the answer to this client's request."""
    model = str(base.exchange["model"])
    body = "form" if base.exchange["files"] else "json"
    return (
        in_force(row.since, row.until, day)
        and (not row.operations or any(fnmatchcase(base.operation, p) for p in row.operations))
        and (not row.models or any(fnmatchcase(model, p) for p in row.models))
        and (row.body is None or row.body == body)
        and not _ROUTING & set(row.refusal)
    )


def ordered(rows: list[Row]) -> list[Row]:
    """Return rows with one of each status, type and code before the others that look like them."""
    seen: set[tuple[object, ...]] = set()
    first: list[Row] = []
    rest: list[Row] = []
    for row in rows:
        error = row.error or {}
        mark = (row.status, str(error.get("type")), str(error.get("code")), row.layout)
        (rest if mark in seen else first).append(row)
        seen.add(mark)
    return first + rest


def _plan(base: Base, row: Row, retry_after: float, *, lasting: bool = False) -> Plan:
    headers = {"retry-after": f"{retry_after:g}"} if row.status in _TRANSIENT else {}
    pause = Atom("with retry-after", rest=(("headers", headers),))
    says = f"{row.status} {row.id}" + (", again and again" if lasting else "")
    return Plan(
        "errors",
        says,
        CODE,
        base.operation,
        "notice",
        atoms=(pause,) if headers else (),
        row=row.id,
        times=_LONG if lasting else 1,
        source=row.source,
    )
