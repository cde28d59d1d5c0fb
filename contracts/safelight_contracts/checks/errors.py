"""What a refusal says: the right reason, and then its param, code and type.

What must not enter: statuses (see `checks.verdicts`), shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safelight.messages import Json

from safelight_contracts.checks.looking import SHAPE, Look, answer
from safelight_contracts.findings import Finding
from safelight_contracts.promises import ANY

_NAMES = ("message", "type", "param", "code")


@answer("SL-ERROR-REASON", "a refusal gives the right reason")
def reason(look: Look) -> Iterator[Finding]:
    """Say that a request was refused for another reason than its violation.

    The wording and at least one of type, param and code belong to another refusal. Somebody who
    reads it will mend what is not broken. Often a check that comes too early, or a default text.
    """
    off = _differing(look)
    if "message" in off and len(off) > 1:
        yield look.finding("SL-ERROR-REASON", "error", _wanted(look), _got(look))


_AFTER = (*SHAPE, "SL-ERROR-REASON")


@answer("SL-ERROR-PARAM", "a refusal names the field that is wrong", _AFTER)
def param(look: Look) -> Iterator[Finding]:
    """Say that the error's `param` is not the wrong field. Forms mark the field it names."""
    yield from _one(look, "SL-ERROR-PARAM", "param")


@answer("SL-ERROR-CODE", "a refusal has the promised code", _AFTER)
def code(look: Look) -> Iterator[Finding]:
    """Say that the error's `code` is another one. Programs branch on it; texts are for people."""
    yield from _one(look, "SL-ERROR-CODE", "code")


@answer("SL-ERROR-TYPE", "a refusal has the promised type", _AFTER)
def kind(look: Look) -> Iterator[Finding]:
    """Say that the error's `type` is another one. Clients make their exceptions by it."""
    yield from _one(look, "SL-ERROR-TYPE", "type")


@answer("SL-ERROR-MESSAGE", "a refusal is worded as promised", _AFTER)
def message(look: Look) -> Iterator[Finding]:
    """Say that only the wording of a refusal differs.

    The least of the findings: type, param and code are right. Some clients match on texts all the
    same, and a text that has changed is the first sign of drift.
    """
    yield from _one(look, "SL-ERROR-MESSAGE", "message")


def _one(look: Look, code: str, name: str) -> Iterator[Finding]:
    if name in _differing(look):
        yield look.finding(code, f"error.{name}", _wanted(look).get(name), _got(look).get(name))


def _differing(look: Look) -> list[str]:
    """Return the names of the error's fields that are not as promised."""
    expects = look.case.expects
    if not expects.refuses or expects.error is None or expects.unverified:
        return []
    wanted, got = _wanted(look), _got(look)
    return [name for name in wanted if not _same(wanted[name], got.get(name))]


def _wanted(look: Look) -> dict[str, Json]:
    error = look.case.expects.error or {}
    if "detail" in error or "msg" in error:
        return {"message": error.get("detail", error.get("msg"))}
    return {name: error.get(name) for name in _NAMES}


def _got(look: Look) -> dict[str, Json]:
    """Return the error of an answer, whichever of the known envelopes it stands in."""
    error, detail = look.told.get("error"), look.told.get("detail")
    if isinstance(error, dict):
        return {name: error.get(name) for name in _NAMES}
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        return {"message": detail[0].get("msg")}
    return {"message": detail if detail is not None else error}


def _same(wanted: Json, got: Json) -> bool:
    if wanted == ANY:
        return True
    if isinstance(wanted, str) and ANY in wanted:
        pattern = ".*".join(re.escape(part) for part in wanted.split(ANY))
        return isinstance(got, str) and re.fullmatch(pattern, got, re.DOTALL) is not None
    return bool(wanted == got)
