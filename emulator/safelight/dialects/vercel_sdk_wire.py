"""Writes answers as the AI SDK's gateway protocol does: one JSON body, or parts on an event stream.

Three generations of shapes, told apart by the path (wire facts B2, B6). Pictures stand as holes,
into which the bytes of their base64 are joined. What must not enter: routes, headers, how answers
are made.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from safelight.dialects.images_wire import join, placeholder
from safelight.messages import Chunk, Json
from safelight.operations.chat import ChatUsage, Choice, ToolCall
from safelight.tokens import pieces

DONE = Chunk(b"data: [DONE]\n\n")
_REASONS = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content-filter",
    "tool_calls": "tool-calls",
    "function_call": "tool-calls",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """One generation of the protocol, by the number of its specification: 2, 3 or 4."""

    number: int

    @property
    def version(self) -> str:
        """Return the name that `/config` gives it."""
        return f"v{self.number}"

    @property
    def path(self) -> str:
        """Return where it is served, below a base."""
        return "/v1/ai" if self.number == 2 else f"/v{self.number}/ai"

    @property
    def nested(self) -> bool:
        """Tell whether finish reason and usage are objects."""
        return self.number > 2

    @property
    def tagged(self) -> bool:
        """Tell whether a file's data is an object with a type."""
        return self.number > 3

    @property
    def kinds(self) -> frozenset[str]:
        """Return the model types that all its clients know; another would fail their whole list."""
        return _KINDS if self.number == 2 else _KINDS | _LATER_KINDS


_KINDS = frozenset({"language", "embedding", "image"})
_LATER_KINDS = frozenset({"reranking", "speech", "transcription", "video"})
SPECS = (Spec(2), Spec(3), Spec(4))


@dataclass(frozen=True, slots=True)
class Caution:
    """A setting of the request that the model does not have; `details` says what to use instead."""

    feature: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with all that is said about it, but the bytes of its pictures.

    `files` are the media types of the pictures. `tool` names the provider tool that made them,
    where one did. `created` is in seconds since the epoch.
    """

    id: str
    model: str
    created: float
    choice: Choice
    usage: ChatUsage
    metadata: Json
    files: tuple[str, ...] = ()
    tool: str = ""
    reasoning: str = ""
    cautions: tuple[Caution, ...] = ()


def body(answer: Answer, spec: Spec, pictures: Sequence[bytes], mark: str) -> bytes:
    """Return the whole answer as JSON; `pictures` are base64, `mark` as for `join`."""
    document = {
        "content": [*_content(answer, spec, mark)],
        "finishReason": finish_reason(answer.choice, spec),
        "usage": usage(answer.usage, spec),
        "providerMetadata": answer.metadata,
        "warnings": warnings(answer.cautions, spec),
    }
    return join(document, pictures, mark=mark, indent=False)


def events(answer: Answer, spec: Spec, pictures: Sequence[bytes], mark: str) -> tuple[Chunk, ...]:
    """Return the answer as an event stream, `[DONE]` at the end."""
    left = [(placeholder(mark, index).encode(), art) for index, art in enumerate(pictures)]
    chunks = []
    for part in _parts(answer, spec, mark):
        data = orjson.dumps(part)
        if part["type"] in _HOLDERS and left and left[0][0] in data:
            data = data.replace(*left.pop(0))
        chunks.append(Chunk(b"data: " + data + b"\n\n"))
    return (*chunks, DONE)


_HOLDERS = frozenset({"file", "tool-result"})
"""Parts that hold a picture; they come in the order of the pictures."""


def finish_reason(choice: Choice, spec: Spec) -> Json:
    """Return why the answer ended; an answer that calls tools says so even when one was named."""
    raw = choice.finish_reason
    if choice.tool_calls and raw == "stop":
        raw = "tool_calls"
    unified = _REASONS.get(raw, "other")
    return {"unified": unified, "raw": raw} if spec.nested else unified


def usage(spent: ChatUsage, spec: Spec) -> dict[str, Json]:
    """Return the usage object, flat or nested."""
    if not spec.nested:
        return {
            "inputTokens": spent.prompt_tokens,
            "outputTokens": spent.completion_tokens,
            "totalTokens": spent.total_tokens,
            "reasoningTokens": spent.reasoning_tokens,
            "cachedInputTokens": spent.cached_tokens,
        }
    return {
        "inputTokens": {
            "total": spent.prompt_tokens,
            "noCache": spent.prompt_tokens - spent.cached_tokens,
            "cacheRead": spent.cached_tokens,
            "cacheWrite": 0,
        },
        "outputTokens": {
            "total": spent.completion_tokens,
            "text": spent.completion_tokens - spent.reasoning_tokens,
            "reasoning": spent.reasoning_tokens,
        },
    }


def warnings(cautions: Sequence[Caution], spec: Spec) -> list[dict[str, Json]]:
    """Return the warnings of a language model in the generation's own types."""
    return [_warning(caution, spec) for caution in cautions]


def _warning(caution: Caution, spec: Spec) -> dict[str, Json]:
    details = {"details": caution.details} if caution.details else {}
    if spec.nested:
        return {"type": "unsupported", "feature": caution.feature, **details}
    return {"type": "unsupported-setting", "setting": caution.feature, **details}


def image_warnings(cautions: Sequence[Caution], spec: Spec) -> list[dict[str, Json]]:
    """Return the warnings of an image model; the older clients take the type `other` only."""
    if spec.tagged:
        return warnings(cautions, spec)
    return [
        {"type": "other", "message": f"{c.feature} is not supported. {c.details}".strip()}
        for c in cautions
    ]


def _content(answer: Answer, spec: Spec, mark: str) -> Iterator[dict[str, Json]]:
    """Yield the parts of a whole answer: reasoning, text, pictures, calls."""
    choice = answer.choice
    if answer.reasoning:
        yield {"type": "reasoning", "text": answer.reasoning}
    if answer.tool:
        yield from _drawn_by_tool(answer, spec, mark)
    if text := choice.text or choice.refusal:
        yield {"type": "text", "text": text}
    if not answer.tool:
        yield from _files(answer, spec, mark)
    for call in choice.tool_calls:
        yield _call(call)


def _files(answer: Answer, spec: Spec, mark: str) -> Iterator[dict[str, Json]]:
    for index, kind in enumerate(answer.files):
        data: Json = placeholder(mark, index)
        if spec.tagged:
            data = {"type": "data", "data": data}
        yield {"type": "file", "mediaType": kind, "data": data}


def _drawn_by_tool(answer: Answer, spec: Spec, mark: str) -> Iterator[dict[str, Json]]:
    """Yield a call of the provider's own tool and its result, for each picture."""
    for index, _ in enumerate(answer.files):
        head = {"toolCallId": f"ig_{answer.id[-24:]}{index}", "toolName": answer.tool}
        yield {"type": "tool-call", **head, "input": "{}", "providerExecuted": True}
        ran = {} if spec.nested else {"providerExecuted": True}
        result = {"result": placeholder(mark, index)}
        yield {"type": "tool-result", **head, "result": result, **ran}


def _call(call: ToolCall) -> dict[str, Json]:
    return {
        "type": "tool-call",
        "toolCallId": call.id,
        "toolName": call.name,
        "input": call.arguments,
    }


def _parts(answer: Answer, spec: Spec, mark: str) -> Iterator[dict[str, Json]]:
    """Yield the parts of a stream, `finish` last; every text and tool input starts and ends."""
    yield {"type": "stream-start", "warnings": warnings(answer.cautions, spec)}
    at = datetime.datetime.fromtimestamp(answer.created, datetime.UTC)
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield {
        "type": "response-metadata",
        "id": answer.id,
        "modelId": answer.model,
        "timestamp": stamp,
    }
    told = {"gateway": {"generationId": answer.id}}
    for index, part in enumerate(_content(answer, spec, mark)):
        first = {"providerMetadata": told} if index == 0 else {}
        yield from _unfolded(part, str(index), first)
    yield {
        "type": "finish",
        "finishReason": finish_reason(answer.choice, spec),
        "usage": usage(answer.usage, spec),
        "providerMetadata": answer.metadata,
    }


def _unfolded(part: dict[str, Json], key: str, first: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield a part of a whole answer as the parts that a stream tells it by."""
    kind = part["type"]
    if kind in ("text", "reasoning"):
        yield {"type": f"{kind}-start", "id": key, **first}
        for piece in pieces(part["text"]):
            yield {"type": f"{kind}-delta", "id": key, "delta": piece}
        yield {"type": f"{kind}-end", "id": key}
        return
    if kind == "tool-call" and not part.get("providerExecuted"):
        name = part["toolCallId"]
        yield {"type": "tool-input-start", "id": name, "toolName": part["toolName"], **first}
        for piece in pieces(part["input"]):
            yield {"type": "tool-input-delta", "id": name, "delta": piece}
        yield {"type": "tool-input-end", "id": name}
    yield part
