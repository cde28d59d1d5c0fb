"""Answers that a test puts into the emulator's mouth: pictures, texts, tool calls, whole exchanges.

All else about the reply stays the provider's own: its shape, its ids, its usage. What must not
enter: wire shapes, providers, how a session keeps an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import blake2b
from itertools import cycle
from typing import Any

import orjson

from safelight.messages import Json, Reply
from safelight.operations.chat import ChatResult, Choice, ToolCall
from safelight.operations.chat.usage import choice_tokens
from safelight.operations.images import ImagesResult, Job
from safelight.pixels import Rendered
from safelight.refusals import UsageError
from safelight.store import Answer

_EXCHANGE = ("status", "headers", "body")


@dataclass(frozen=True)
class _Given(Job):
    """A job that is done: `given` is the file."""

    given: bytes = b""

    @cached_property
    def key(self) -> bytes:
        """Return what names the file and its previews."""
        return blake2b(self.given + bytes([self.previews]), digest_size=16).digest()

    def render(self) -> Rendered:
        """Return the file, as the picture that was asked for and as every preview of it."""
        return Rendered(
            data=self.given,
            format=self.encoding.format,
            width=self.brief.width,
            height=self.brief.height,
            has_alpha=self.brief.transparent,
            previews=(self.given,) * self.previews,
        )


def pictures(files: Sequence[bytes], operation: str) -> Answer:
    """Return an answer with these files as its pictures; with fewer than asked for they recur."""
    if not files:
        raise UsageError("picture: an empty list holds no picture")

    def change(result: object) -> object:
        if isinstance(result, ImagesResult):
            return replace(result, jobs=_given(result.jobs, files))
        if isinstance(result, ChatResult):
            drawn = (replace(c, drawings=_given(c.drawings, files)) for c in result.choices)
            return replace(result, choices=tuple(drawn))
        return result

    return Answer(operation, change=change)


def _given(jobs: Sequence[Job], files: Sequence[bytes]) -> tuple[Job, ...]:
    pairs = zip(jobs, cycle(files), strict=False)
    return tuple(_Given(**_fields(job), given=given) for job, given in pairs)


def _fields(job: Job) -> dict[str, Any]:
    return {field.name: getattr(job, field.name) for field in fields(Job)}


def text(words: str, operation: str) -> Answer:
    """Return an answer in which the model says these words."""
    return _spoken(Choice(words), operation)


def tool_calls(calls: Sequence[tuple[str, Json]], operation: str) -> Answer:
    """Return an answer in which the model calls these tools: (name, arguments) each."""
    return _spoken(Choice(None, made_calls(calls), finish_reason="tool_calls"), operation)


def made_calls(calls: Sequence[tuple[str, Json]]) -> tuple[ToolCall, ...]:
    """Return calls of tools: arguments are an object, or the JSON text itself if they are none."""
    made = []
    for number, (name, given) in enumerate(calls):
        arguments = given if isinstance(given, str) else orjson.dumps(given).decode()
        told = f"{number}|{name}|{arguments}".encode()
        call_id = "call_" + blake2b(told, digest_size=12).hexdigest()
        made.append(ToolCall(call_id, "function", name, arguments))
    return tuple(made)


def _spoken(said: Choice, operation: str) -> Answer:
    def change(result: object) -> object:
        if not isinstance(result, ChatResult):
            return result
        return recounted(result, (said,) * len(result.choices))

    return Answer(operation, change=change)


def recounted(result: ChatResult, choices: tuple[Choice, ...]) -> ChatResult:
    """Return a result with these choices instead, and the tokens that they take."""
    before = sum(map(choice_tokens, result.choices))
    spoken = result.usage.completion_tokens - before + sum(map(choice_tokens, choices))
    usage = replace(result.usage, completion_tokens=max(0, spoken))
    return replace(result, choices=choices, usage=usage)


def exchange(given: Mapping[str, Json], operation: str) -> Answer:
    """Return an answer that is this reply as it stands: `status`, `headers`, `body`.

    A body that is neither text nor bytes is written as JSON. Raises UsageError.
    """
    for key in given:
        if key not in _EXCHANGE:
            raise UsageError(f"exchange: unknown key {key!r}; known are {', '.join(_EXCHANGE)}")
    body, headers = given.get("body", b""), dict(given.get("headers", {}))
    named = {name.lower(): str(value) for name, value in headers.items()}
    if not isinstance(body, (str, bytes)):
        body = orjson.dumps(body)
        named.setdefault("content-type", "application/json")
    data = body.encode() if isinstance(body, str) else body
    named["content-length"] = str(len(data))
    return Answer(operation, reply=Reply(int(given.get("status", 200)), tuple(named.items()), data))
