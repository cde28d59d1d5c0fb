"""What an answer means for its case: passed, failed, or nobody can say.

Inconclusive is what the world did and no contract speaks of: no answer, 429, a 5xx of a busy
service, a moderator's no. A refusal that was due is never excused that way.

What must not enter: checks of single promises; money.
"""

from __future__ import annotations

import orjson
from safelight.messages import Json
from safelight.provider import Provider

from safelight_contracts.cases import Case, Seen
from safelight_contracts.findings import Finding, Outcome

BUG = "x-safelight-bug"
"""The header by which the emulator owns up to a bug: never the world's fault."""

_FAILURES = {
    "refused": "no connection could be made",
    "timeout": "no whole answer came in time; what became of the call is unknown",
    "cut": "the connection ended before the answer did",
    "garbage": "what came back is no HTTP",
}


def outcome(
    case: Case, seen: Seen, findings: tuple[Finding, ...], provider: Provider
) -> tuple[Outcome, str]:
    """Return the outcome of one exchange and, where it is inconclusive, why."""
    if seen.failure:
        return Outcome.INCONCLUSIVE, _FAILURES.get(seen.failure, seen.failure)
    if case.expects.refuses and seen.status == case.expects.status:
        return (Outcome.FAILED if findings else Outcome.PASSED), ""
    if seen.status == 429:
        return Outcome.INCONCLUSIVE, "429: too many requests"
    if seen.status >= 500 and seen.header(BUG) is None and _busy(case, seen):
        return Outcome.INCONCLUSIVE, f"{seen.status}: the service failed, not the contract"
    if not case.expects.refuses and moderated(seen, provider):
        return Outcome.INCONCLUSIVE, f"{seen.status}: a moderator refused a neutral prompt"
    return (Outcome.FAILED if findings else Outcome.PASSED), ""


def accepted(seen: Seen) -> bool:
    """Tell whether an answer says yes, which is what providers charge for."""
    return 200 <= seen.status < 300


def refused(seen: Seen) -> bool:
    """Tell whether an answer certainly says no: nobody charges for a 4xx, or for no connection."""
    return 400 <= seen.status < 500 or (seen.status == 0 and seen.failure == "refused")


def may_repeat(seen: Seen) -> bool:
    """Tell whether a question may be asked again without the risk of paying twice."""
    return seen.status == 429 or (seen.status == 0 and seen.failure == "refused")


def moderated(seen: Seen, provider: Provider) -> bool:
    """Tell whether an answer is a moderator's no, by the codes of the provider's own rows."""
    if not 400 <= seen.status < 500:
        return False
    rows = provider.errors.rows
    named = (row for row in rows if any("moderation" in name for name in row.refusal + row.fault))
    codes = {(row.error or {}).get("code") for row in named}
    return _code(seen.body) in codes - {None}


def _busy(case: Case, seen: Seen) -> bool:
    """Tell whether a 5xx may be the world's: a 500 for a faulty request is the request's fault."""
    return seen.status != 500 or not case.expects.refuses


def _code(body: bytes) -> Json:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    error = document.get("error") if isinstance(document, dict) else None
    return error.get("code") if isinstance(error, dict) else None
