"""The checks of event streams: framing, shape, order, end, usage, tool calls, time.

What must not enter: how a stream is read (see `streams`), the automata (see `streams_order`).
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.messages import Json
from safelight.phrases import path_text

from safelight_contracts.checks.looking import VERDICT, Look, answer
from safelight_contracts.findings import Finding
from safelight_contracts.streams_order import Fault, order_faults, tool_faults
from safelight_contracts.unfolding import table

GAP = 60.0
"""Seconds of silence within a stream after which most proxies and clients give up."""

_FRAMED = (*VERDICT, "SL-CONTENT-TYPE")
_SHAPED = (*_FRAMED, "SL-STREAM-FRAMING", "SL-STREAM-SHAPE")
_ORDERED = (*_SHAPED, "SL-STREAM-ORDER", "SL-STREAM-INDEX", "SL-STREAM-TERMINAL")


@answer("SL-STREAM-FRAMING", "a stream is written as the standard says", after=_FRAMED)
def framing(look: Look) -> Iterator[Finding]:
    """Say that a stream is no event stream: lines that are no fields, or bytes that are no UTF-8.

    An event that the end of the stream cuts off is told as a missing end, not here.
    """
    if not _streams(look):
        return
    whole = [text for text in look.transcript.odd if not text.startswith("the stream ends")]
    for text in whole[:1]:
        yield look.finding("SL-STREAM-FRAMING", "stream", "lines of fields", text)
    if not whole and not look.transcript.events and not look.transcript.rest:
        begin = look.seen.body[:80].decode("utf-8", "replace")
        yield look.finding("SL-STREAM-FRAMING", "stream", "events", begin)


@answer("SL-STREAM-SHAPE", "every event has the promised shape", (*_FRAMED, "SL-STREAM-FRAMING"))
def shape(look: Look) -> Iterator[Finding]:
    """Say where an event is no JSON, or leaves its schema. Told is the first such place."""
    row = look.row
    if not _streams(look) or row is None:
        return
    for number, event in enumerate(look.events):
        at = f"events[{number}]"
        try:
            part = event.json
        except ValueError:
            yield look.finding("SL-STREAM-SHAPE", at, "JSON", event.data)
            return
        violation = (
            look.schema(row.event).check(part) if row.event and "error" not in table(part) else None
        )
        if violation:
            wanted = {violation.rule or violation.keyword: violation.limit}
            place = f"{at}.{path_text(violation.at)}".rstrip(".")
            yield look.finding("SL-STREAM-SHAPE", place, wanted, violation.value)
            return


@answer("SL-STREAM-ORDER", "events come in order", _SHAPED)
def order(look: Look) -> Iterator[Finding]:
    """Say that an event comes before its time: content before the role, a delta of what is closed.

    Also that events which belong to one answer name another: its id, its model, its time.
    """
    yield from _faults(look, "ORDER")


@answer("SL-STREAM-INDEX", "indices count what they say", _SHAPED)
def index(look: Look) -> Iterator[Finding]:
    """Say that an index is skipped, repeated, or of something that nobody asked for."""
    yield from _faults(look, "INDEX")


@answer("SL-STREAM-TERMINAL", "a stream has one end", _SHAPED)
def terminal(look: Look) -> Iterator[Finding]:
    """Say that the event which ends an answer is missing, comes twice, or is not the last.

    A client that waits for it takes half an answer for a whole one, or hangs.
    """
    yield from _faults(look, "TERMINAL")


@answer("SL-STREAM-DONE", "`[DONE]` ends a stream where it is promised", _ORDERED)
def done(look: Look) -> Iterator[Finding]:
    """Say that `[DONE]` is missing, not last, repeated, or sent where no stream has it."""
    row = look.row
    if not _streams(look) or row is None:
        return
    marks = [number for number, event in enumerate(look.transcript.events) if event.done]
    last = len(look.transcript.events) - 1
    if row.done == "never" and marks:
        yield look.finding("SL-STREAM-DONE", "stream", "no [DONE]", len(marks))
    elif row.done == "always" and not marks:
        yield look.finding("SL-STREAM-DONE", "stream", "[DONE] last", "none")
    elif marks and marks != [last]:
        got = f"[DONE] at events {marks} of {last + 1}"
        yield look.finding("SL-STREAM-DONE", "stream", "[DONE] once and last", got)


@answer("SL-STREAM-USAGE", "a stream tells its usage as often as was asked", _ORDERED)
def usage(look: Look) -> Iterator[Finding]:
    """Say that usage is missing from a stream, comes twice, or comes though nobody asked for it."""
    row = look.row
    if not _streams(look) or row is None:
        return
    told = [number for number, part in enumerate(look.parts) if part.get("usage")]
    wanted = _told_usage(look, row.stream_usage)
    if wanted is None or len(told) == wanted:
        return
    yield look.finding("SL-STREAM-USAGE", "stream", f"{wanted} usage", f"at events {told}")


def _told_usage(look: Look, rule: str) -> int | None:
    """Return how many events tell usage; None where nothing is promised."""
    if rule == "always":
        images = look.row is not None and look.row.stream == "images"
        return look.amount if images else 1
    if rule == "asked":
        options: Json = look.case.params.get("stream_options") or {}
        return 1 if options.get("include_usage") is True else 0
    return None


@answer("SL-STREAM-TOOLCALL", "the pieces of a tool call join to JSON", _ORDERED)
def toolcall(look: Look) -> Iterator[Finding]:
    """Say that a tool call's pieces do not join to a JSON object, or begin without id and name."""
    if _streams(look) and look.row is not None:
        for fault in tool_faults(look.row.stream, look.parts):
            yield _finding(look, fault)


@answer("SL-STREAM-TIMING", "a stream is never silent for long", _ORDERED)
def timing(look: Look) -> Iterator[Finding]:
    """Say that nothing came for a minute within a stream: proxies cut such connections."""
    if not _streams(look):
        return
    for before, after in zip(look.seen.pieces, look.seen.pieces[1:], strict=False):
        if after.at - before.at > GAP:
            got = f"{after.at - before.at:.1f} s"
            yield look.finding("SL-STREAM-TIMING", "stream", f"at most {GAP:.0f} s of silence", got)
            return


def _faults(look: Look, kind: str) -> Iterator[Finding]:
    """Yield the first fault of a stream's order if it is of that kind."""
    if not _streams(look) or look.row is None:
        return
    names = [event.name for event in look.events]
    first = next(order_faults(look.row.stream, names, look.parts, look.asked), None)
    if first is not None and first.kind == kind:
        yield _finding(look, first)


def _finding(look: Look, fault: Fault) -> Finding:
    return look.finding(f"SL-STREAM-{fault.kind}", fault.at, fault.expected, fault.got)


def _streams(look: Look) -> bool:
    return look.accepted and look.streamed
