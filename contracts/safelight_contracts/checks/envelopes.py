"""The outside of an answer: its media type, its headers, the shape of its body.

What must not enter: what a field means, streams (see `checks.streams`).
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.phrases import path_text
from safelight.schemas import Schema

from safelight_contracts.checks.looking import MISSING, VERDICT, Look, answer
from safelight_contracts.findings import Finding

_JSON = "application/json"
_EVENTS = "text/event-stream"


@answer("SL-CONTENT-TYPE", "an answer says truly what it is", after=VERDICT)
def content_type(look: Look) -> Iterator[Finding]:
    """Say that the media type is not the promised one.

    JSON that is called text is given to the wrong parser, and a stream that is called JSON is
    waited for until its end. Parameters such as a charset do not count.
    """
    wanted = _media(look)
    if wanted and look.kind != wanted:
        told = look.seen.header("content-type")
        yield look.finding("SL-CONTENT-TYPE", "headers.content-type", wanted, told)


def _media(look: Look) -> str | None:
    if look.case.expects.refuses:
        row = look.refusal
        if row is None or look.case.expects.error is None or row.unverified:
            return None
        return (row.content_type or _JSON).partition(";")[0]
    if look.row is None:
        return None
    return _EVENTS if look.streamed else _JSON


@answer("SL-HEADER", "an answer carries the promised headers", after=VERDICT)
def headers(look: Look) -> Iterator[Finding]:
    """Say that a promised header is missing or empty.

    An id of the request is what a provider's support asks for; the headers of a refusal tell when
    to come back.
    """
    promised = () if look.row is None else look.row.headers
    row = look.refusal
    if look.case.expects.refuses:
        if row is None or row.unverified or look.case.expects.error is None:
            return
        promised = (*promised, *(name.lower() for name in row.headers))
    for name in promised:
        if not look.seen.header(name):
            yield look.finding("SL-HEADER", f"headers.{name}", "a value", look.seen.header(name))


@answer("SL-BODY-SHAPE", "a body has the promised shape", (*VERDICT, "SL-CONTENT-TYPE"))
def body_shape(look: Look) -> Iterator[Finding]:
    """Say where a body leaves its schema.

    The schema is that of the reply, or of the error envelope for a refusal. Told is the first place
    where the two part: a field that is missing, null, of another type or out of range.
    """
    schema = _schema(look)
    if schema is None or look.streamed:
        return
    if look.document is MISSING:
        text = look.seen.body[:80].decode("utf-8", "replace")
        yield look.finding("SL-BODY-SHAPE", "body", "JSON", text)
        return
    violation = schema.check(look.document)
    if violation:
        wanted = {violation.rule or violation.keyword: violation.limit}
        at = path_text(violation.at) or "body"
        yield look.finding("SL-BODY-SHAPE", at, wanted, violation.value)


def _schema(look: Look) -> Schema | None:
    if look.case.expects.refuses:
        plain = look.case.expects.error is None or look.case.expects.unverified
        if plain or (look.row is not None and look.row.below):
            return None
        return look.promises.error
    if look.row is None or not look.row.reply:
        return None
    return look.schema(look.row.reply)
