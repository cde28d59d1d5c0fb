"""One answer, looked at: everything that several checks ask of it, worked out once.

What must not enter: verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeVar

import orjson
from safelight.catalog import Model
from safelight.errors import Row
from safelight.messages import Json
from safelight.read import media_type
from safelight.schemas import Schema

from safelight_contracts.cases import Case, Seen
from safelight_contracts.findings import Finding, check
from safelight_contracts.promises import Promise, Promises
from safelight_contracts.streams import Event, Transcript, transcript
from safelight_contracts.streams_order import Order
from safelight_contracts.unfolding import read_json

F = TypeVar("F", bound=Callable[..., Iterator[Finding]])

VERDICT = ("SL-STATUS", "SL-SERVER-ERROR", "SL-ACCEPTED-BILLED", "SL-COERCED", "SL-IGNORED")
SHAPE = (*VERDICT, "SL-CONTENT-TYPE", "SL-BODY-SHAPE", "SL-STREAM-FRAMING", "SL-STREAM-SHAPE")
"""What a check of meaning comes after: of an answer of another shape nothing more can be said."""


class _Missing:
    """Stands for a body that is no JSON; false, and equal to nothing else."""

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


def answer(code: str, title: str, after: tuple[str, ...] = SHAPE) -> Callable[[F], F]:
    """Register a function as a check of one answer; it gets a Look and yields findings."""
    return check(code, title, after)


class Look:
    """A case, its answer, and what was promised."""

    def __init__(self, case: Case, seen: Seen, promises: Promises) -> None:
        self.case = case
        self.seen = seen
        self.promises = promises

    @cached_property
    def row(self) -> Promise | None:
        """What is promised of the operation; None where it is no known one."""
        return self.promises.row_of(self.case)

    @cached_property
    def model(self) -> Model | None:
        """The model that was asked."""
        return self.promises.model(self.case.model) if self.case.model else None

    @cached_property
    def refusal(self) -> Row | None:
        """The error row that was promised."""
        rows = self.promises.provider.errors.rows
        return next((row for row in rows if row.id == self.case.expects.row), None)

    @property
    def accepted(self) -> bool:
        """Tell whether the answer is a success that was promised."""
        return not self.case.expects.refuses and self.seen.status == self.case.expects.status

    @property
    def source(self) -> str:
        """Return where the promise stands."""
        return self.case.expects.source or (self.row.source if self.row else "")

    @cached_property
    def streamed(self) -> bool:
        """Tell whether a stream was promised."""
        if self.row is None or not self.row.stream or self.case.expects.refuses:
            return False
        if self.row.stream_header:
            return (self.row.stream_header, "true") in self.case.headers
        return self.case.streams

    @cached_property
    def kind(self) -> str:
        """The media type that the answer says it has."""
        return media_type(self.seen.header("content-type"))

    @cached_property
    def document(self) -> Json:
        """The body as JSON, or MISSING."""
        try:
            return read_json(self.seen.body)
        except ValueError:
            return MISSING

    @property
    def told(self) -> dict[str, Json]:
        """Return the body if it is an object, else an empty one."""
        return self.document if isinstance(self.document, dict) else {}

    @cached_property
    def transcript(self) -> Transcript:
        """The answer as an event stream."""
        return transcript(self.seen.pieces)

    @cached_property
    def events(self) -> list[Event]:
        """The events but those that say `[DONE]`."""
        return [event for event in self.transcript.events if not event.done]

    @cached_property
    def parts(self) -> list[dict[str, Json]]:
        """The events as JSON objects; one that is none is left out, and found by its own check."""
        out = []
        for event in self.events:
            try:
                part = event.json
            except ValueError:
                continue
            if isinstance(part, dict):
                out.append(part)
        return out

    @cached_property
    def amount(self) -> int:
        """How many answers were asked for."""
        asked = self.case.params.get("n")
        return asked if isinstance(asked, int) and not isinstance(asked, bool) else 1

    @cached_property
    def asked(self) -> Order:
        """What a stream was asked for."""
        previews = self.case.params.get("partial_images")
        strict = bool(self.row and self.row.event)
        return Order(self.amount, previews if isinstance(previews, int) else 0, strict)

    def schema(self, name: str) -> Schema:
        """Return a schema of the provider."""
        return self.promises.schema(name)

    def finding(self, code: str, at: str, expected: Json, got: Json) -> Finding:
        """Return a finding, its values short enough to be shown."""
        return Finding(code, at, short(expected), short(got), self.source)


def short(value: Json) -> Json:
    """Return a value that fits in a line: long texts are cut, large structures described."""
    if isinstance(value, str):
        return value if len(value) <= 160 else f"{value[:157]}..."
    if isinstance(value, (dict, list)):
        text = orjson.dumps(value, default=str).decode()
        return value if len(text) <= 160 else f"{text[:157]}..."
    return value
