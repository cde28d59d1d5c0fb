"""The verdict on an answer as a whole: accepted or refused, as promised or not.

A request that should have been refused and was not can go wrong in four ways, and each is another
bug: so each has a code. What must not enter: what an answer says in detail.
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.messages import Json

from safelight_contracts.checks.looking import Look, answer
from safelight_contracts.findings import Finding

_SWALLOWED = ("additionalProperties", "forbidden", "propertyNames", "maxProperties", "rule")
"""Violations that a server overlooks rather than obeys: nothing in an answer could show them."""


@answer("SL-SERVER-ERROR", "a request is answered without an internal error", after=())
def server_error(look: Look) -> Iterator[Finding]:
    """Say that the server broke down over a request.

    A status of 500 or more tells of a failure of the server, never of the request. For a request
    that is wrong on purpose it means that nobody looked before something fell over: refuse it with
    the status that the error row names.
    """
    if look.seen.status >= 500 and look.case.expects.status < 500:
        yield look.finding("SL-SERVER-ERROR", "status", look.case.expects.status, look.seen.status)


@answer("SL-IGNORED", "a field that is not allowed is refused, not overlooked", after=())
def ignored(look: Look) -> Iterator[Finding]:
    """Say that a request was served as if its forbidden or unknown field were not there.

    The contract names a refusal for the field. A client that misspells an option will not notice,
    and gets something else than it asked for: refuse the field by name.
    """
    if _let_through(look) and _keyword(look) in _SWALLOWED:
        yield look.finding("SL-IGNORED", look.case.broken, _refusal(look), look.seen.status)


@answer("SL-COERCED", "a value that is not allowed is refused, not replaced", after=())
def coerced(look: Look) -> Iterator[Finding]:
    """Say that a request was served with another value than it asked for.

    The answer tells (or shows) a legal value in the place of the illegal one: ten pictures for
    eleven, 1024x1024 for 13x13. Refuse the value.
    """
    if not _let_through(look) or _keyword(look) in _SWALLOWED:
        return
    field = look.case.broken.partition(":")[0]
    asked, told = look.case.params.get(field), _told(look, field)
    if told is not None and asked is not None and told != asked:
        yield look.finding("SL-COERCED", field, _refusal(look), {"asked": asked, "made": told})


@answer("SL-ACCEPTED-BILLED", "a request that is wrong is refused before it costs", ("SL-COERCED",))
def accepted(look: Look) -> Iterator[Finding]:
    """Say that a wrong request was accepted, done and, live, paid for.

    Neither was a field overlooked nor a value replaced: the wrong value itself was served. Every
    further request of this kind may cost money; a run stops the whole family.
    """
    if _let_through(look) and _keyword(look) not in _SWALLOWED and _made(look):
        yield look.finding("SL-ACCEPTED-BILLED", look.case.broken, _refusal(look), look.seen.status)


_FIRST = ("SL-SERVER-ERROR", "SL-IGNORED", "SL-COERCED", "SL-ACCEPTED-BILLED")


@answer("SL-STATUS", "an answer has the promised status", after=_FIRST)
def status(look: Look) -> Iterator[Finding]:
    """Say that the status is another one than promised.

    Clients choose by the status what to do: to retry, to ask for another key, to give up. Of a row
    that is marked unverified only the class of the status is promised.
    """
    promised, got = look.case.expects.status, look.seen.status
    loose = look.case.expects.unverified and 400 <= got < 500 and promised < 500
    if got != promised and not loose:
        yield look.finding("SL-STATUS", "status", promised, got)


def _let_through(look: Look) -> bool:
    served = 200 <= look.seen.status < 300 and "error" not in look.told
    return look.case.expects.refuses and served


def _keyword(look: Look) -> str:
    """Return the keyword of the violation that was made: `size:enum`, `a:rule:title`."""
    return look.case.broken.partition(":")[2].partition(":")[0].partition("/")[0]


def _refusal(look: Look) -> str:
    return f"{look.case.expects.status} ({look.case.expects.row})"


def _told(look: Look, field: str) -> Json:
    """Return what an answer shows of a field: its own word for it, or how many answers it has."""
    if field == "n":
        for name in ("data", "images", "choices"):
            if isinstance(look.told.get(name), list):
                return len(look.told[name])
    told = look.told.get(field)
    return told if isinstance(told, (str, int, float)) else None


def _made(look: Look) -> bool:
    """Tell whether an answer holds something that was made: it costs. A list costs nothing."""
    made = any(look.told.get(name) for name in _PRODUCTS) or look.kind == "text/event-stream"
    return made and look.case.method == "POST"


_PRODUCTS = ("data", "images", "choices", "content", "embeddings", "usage", "id")
