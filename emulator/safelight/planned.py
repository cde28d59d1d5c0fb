"""The control plane's pages about answers that wait for a session's next requests.

A refusal by the id of its row, or the true reply with changes; and what was really given, to be
kept. What must not enter: how a reply is changed (`edits.py`), what a client makes of it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from functools import partial

from safelight.desk import Desk
from safelight.edits import changed, read_change
from safelight.messages import Chunk, Json, Reply
from safelight.refusals import UsageError
from safelight.store import Answer, Given

_KEYS = ("operation", "times", "row", "change", "label")
_MANY = 10_000
"""Requests that one answer may wait for."""


def get_answers(desk: Desk) -> Json:
    """Return how many answers wait for whom, and the last ones that were given, whole.

    The bytes of chunks are told as Latin-1: one character each. With `brief=true` only who was
    given something.
    """
    brief = desk.query("brief").get("brief") == "true"
    waiting: dict[str, int] = {}
    for answer in desk.session.answers:
        waiting[answer.operation] = waiting.get(answer.operation, 0) + 1
    return {"waiting": waiting, "given": [_given(one, brief=brief) for one in desk.session.given]}


def append_answers(desk: Desk) -> Json:
    """Let the next requests get `answers`: each has `operation`, `times`, `row`, `change`.

    `label` is the fault that the journal names for it.
    """
    body = desk.body()
    raw = body.pop("answers", None)
    if body:
        raise UsageError(f"unknown key {next(iter(body))!r}; known is answers")
    if not isinstance(raw, list):
        raise UsageError(f"answers is a list of answers, got {raw!r}")
    read = [one for number, each in enumerate(raw) for one in _read(each, f"answers[{number}]")]
    desk.session.answers += read
    return {"waiting": len(desk.session.answers)}


def clear_answers(desk: Desk) -> Json:
    """Forget the answers that wait, and those that were given."""
    desk.session.answers.clear()
    desk.session.given.clear()
    return {"waiting": 0}


def _read(raw: Json, where: str) -> Iterator[Answer]:
    if not isinstance(raw, Mapping):
        raise UsageError(f"{where}: expected an object, got {raw!r}")
    for key in raw:
        if key not in _KEYS:
            raise UsageError(f"{where}: unknown key {key!r}; known are {', '.join(_KEYS)}")
    operation, row, times = raw.get("operation", "*"), raw.get("row"), raw.get("times", 1)
    if not isinstance(operation, str):
        raise UsageError(f"{where}.operation: expected a glob such as images.*, got {operation!r}")
    if row is not None and not isinstance(row, str):
        raise UsageError(f"{where}.row: expected the id of an error row, got {row!r}")
    label = raw.get("label")
    if label is not None and not isinstance(label, str):
        raise UsageError(f"{where}.label: expected a text, got {label!r}")
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= _MANY:
        raise UsageError(f"{where}.times: expected a number from 1 to {_MANY}, got {times!r}")
    change = read_change(raw.get("change", {}), f"{where}.change")
    answer = Answer(
        operation, row=row, bend=partial(changed, change=change), label=label, kept=True
    )
    yield from [answer] * times


def _given(given: Given, *, brief: bool) -> Json:
    reply = given.reply
    said: dict[str, Json] = {"number": given.number, "operation": given.operation}
    if brief:
        return said
    said |= {"status": reply.status, "headers": [list(pair) for pair in reply.headers]}
    if reply.wire is not None:
        return {**said, "wire": _chunks(reply.wire), "end": reply.end}
    if reply.chunks is not None:
        return {**said, "chunks": _chunks(reply.chunks)}
    return {**said, **_body(reply)}


def _body(reply: Reply) -> dict[str, Json]:
    """Return a body as text where it is one."""
    try:
        return {"text": reply.body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(reply.body).decode()}


def _chunks(chunks: tuple[Chunk, ...]) -> list[Json]:
    return [[chunk.wait, chunk.data.decode("latin-1")] for chunk in chunks]
