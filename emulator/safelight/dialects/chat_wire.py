"""Writes a ChatResult as the chat completion JSON and event stream that many providers speak.

A dialect gives a `ChatHead` and a `ChatStyle`; all that differs between speakers is in those two.
Key orders and chunk rules are the recorded ones of the canonical chat API (captures of 2026-08).

The base64 of a picture never goes through a JSON encoder: a hole stands for it in the JSON, and
is filled in the bytes.

What must not enter: providers, HTTP headers, anything about how an answer is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

import orjson

from safelight.dialects.chat_style import (
    CANONICAL,
    LETTERS,
    ChatHead,
    ChatStyle,
    completion_id,
    usage_body,
)
from safelight.dialects.images_wire import placeholder
from safelight.files import MEDIA_TYPES
from safelight.messages import Json
from safelight.operations.chat import ChatResult, ChatUsage, Choice, TokenLogprob, ToolCall
from safelight.operations.chat.chance import seeded
from safelight.tokens import pieces

__all__ = [
    "CANONICAL",
    "ChatHead",
    "ChatStyle",
    "body",
    "chunks",
    "completion_id",
    "image_part",
    "mark_of",
    "usage_body",
]

_EVEN = 16
"""Chunks are padded to a multiple of this many bytes, so that their size tells nothing."""


def body(result: ChatResult, head: ChatHead, style: ChatStyle = CANONICAL) -> dict[str, Json]:
    """Return the whole answer as the object of a non-streamed reply, keys in recorded order.

    Pictures are holes, numbered from 0 over all choices, that begin with `mark_of(head)`.
    """
    holes = _holes(result, head)
    values = {
        "id": head.id,
        "object": "chat.completion",
        "created": head.created,
        "model": head.model,
        "choices": [_choice(i, c, result, style, holes[i]) for i, c in enumerate(result.choices)],
        "usage": style.usage(result.usage),
        "service_tier": head.service_tier,
        "moderation": result.moderation,
        "system_fingerprint": head.system_fingerprint,
        "metadata": result.metadata,
        **style.extra,
    }
    absent = {key for key in ("moderation", "metadata") if values[key] is None}
    return {key: values[key] for key in (*style.body_keys, *style.extra) if key not in absent}


def mark_of(head: ChatHead) -> str:
    """Return how the holes of a reply begin: by its id, which nobody can have said before."""
    return f"@{head.id}."


def _holes(result: ChatResult, head: ChatHead) -> list[list[Json]]:
    """Return the picture parts of each choice, with holes where their base64 goes."""
    numbers, mark = count(), mark_of(head)
    return [
        [image_part(job.label, placeholder(mark, next(numbers))) for job in c.drawings]
        for c in result.choices
    ]


def _choice(
    index: int, choice: Choice, result: ChatResult, style: ChatStyle, shown: list[Json]
) -> dict[str, Json]:
    out: dict[str, Json] = {"index": index, "message": _message(choice, style, shown)}
    if choice.logprobs is not None:
        out["logprobs"] = _logprobs(choice, choice.logprobs)
    elif _says_null(result, style):
        out["logprobs"] = None
    return {**out, "finish_reason": choice.finish_reason}


def _says_null(result: ChatResult, style: ChatStyle) -> bool:
    """Tell whether `logprobs: null` is written: reasoning models leave the key out."""
    return not result.reasoning if style.null_logprobs is None else style.null_logprobs


def _message(choice: Choice, style: ChatStyle, shown: list[Json]) -> dict[str, Json]:
    out: dict[str, Json] = {"role": "assistant", "content": choice.text}
    if choice.legacy_function:
        call = choice.tool_calls[0]
        out["function_call"] = {"name": call.name, "arguments": call.arguments}
    elif choice.tool_calls:
        out["tool_calls"] = [_call(call, call.arguments) for call in choice.tool_calls]
    if shown:
        out["images"] = shown
    if style.null_refusal or choice.refusal is not None:
        out["refusal"] = choice.refusal
    if style.annotations:
        out["annotations"] = []
    return {**out, **style.extra_message}


def image_part(form: str, payload: str) -> dict[str, Json]:
    """Return a picture as a content part: a `data:` URL of that format and base64 (or a hole)."""
    url = f"data:{MEDIA_TYPES[form]};base64,{payload}"
    return {"type": "image_url", "image_url": {"url": url}}


def _call(call: ToolCall, text: str) -> dict[str, Json]:
    return {"id": call.id, "type": call.kind, **_called(call, text, named=True)}


def _called(call: ToolCall, text: str, *, named: bool) -> dict[str, Json]:
    """Return the inner object of a call: a function's arguments or a custom tool's input."""
    key = "arguments" if call.kind == "function" else "input"
    return {call.kind: {"name": call.name, key: text} if named else {key: text}}


def _logprobs(choice: Choice, items: tuple[TokenLogprob, ...]) -> dict[str, Json]:
    written = [_logprob(item) for item in items]
    if choice.refusal is not None:
        return {"content": None, "refusal": written}
    return {"content": written if choice.text is not None else None, "refusal": None}


def _logprob(item: TokenLogprob) -> dict[str, Json]:
    top = [_ranked(token, logprob) for token, logprob in item.top]
    return {**_ranked(item.token, item.logprob), "top_logprobs": top}


def _ranked(token: str, logprob: float) -> dict[str, Json]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def chunks(  # noqa: PLR0913 - a reply, how to write it, and the pictures in it
    result: ChatResult,
    head: ChatHead,
    params: Mapping[str, Json],
    *,
    seed: int,
    style: ChatStyle = CANONICAL,
    pictures: Sequence[bytes] = (),
) -> list[bytes]:
    """Return the event stream of an answer, one SSE frame an item, the last one `[DONE]`.

    `params` is the request: its `stream_options` say whether usage is told and chunks are padded.
    `pictures` is the base64 of the answer's drawings.
    """
    options = params.get("stream_options") or {}
    options = options if isinstance(options, dict) else {}
    frames = _Frames(head, style, seed, options)
    holes = _holes(result, head)
    out = [frames.delta(event) for event in _interleaved(result, style, holes)]
    if pictures:
        out = _filled(out, pictures, mark_of(head))
    if style.usage_on_finish:
        return [*out[:-1], frames.last(result.usage, out[-1]), b"data: [DONE]\n\n"]
    if options.get("include_usage") is True:
        out.append(frames.closing({"usage": style.usage(result.usage)}))
    if result.moderation is not None:
        out.append(frames.closing({**frames.null_usage, "moderation": result.moderation}))
    return [*out, b"data: [DONE]\n\n"]


def _filled(frames: list[bytes], pictures: Sequence[bytes], mark: str) -> list[bytes]:
    """Return the frames with pictures in their holes; frames may show them in any order."""
    for index, picture in enumerate(pictures):
        hole = placeholder(mark, index).encode()
        frames = [frame.replace(hole, picture) if hole in frame else frame for frame in frames]
    return frames


class _Frames:
    """Serialises chunks that share one head. Its state is the random stream of the padding."""

    def __init__(
        self, head: ChatHead, style: ChatStyle, seed: int, options: Mapping[str, Json]
    ) -> None:
        values = {
            "id": head.id,
            "object": "chat.completion.chunk",
            "created": head.created,
            "model": head.model,
            "service_tier": head.service_tier,
            "system_fingerprint": head.system_fingerprint,
        }
        shown = {key: values[key] for key in style.chunk_keys}
        self._style = style
        self._start = b"data: " + orjson.dumps({**shown, **style.extra})[:-1] + b',"choices":'
        tells = options.get("include_usage") is True and not style.usage_on_finish
        self.null_usage: dict[str, Json] = {"usage": None} if tells else {}
        self._middle = b',"usage":null' if tells else b""
        padded = style.obfuscate and options.get("include_obfuscation") is not False
        self._noise = _noise(seed) if padded else None

    def delta(self, choice: dict[str, Json]) -> bytes:
        data = orjson.dumps(choice)
        padding = b""
        if self._noise is not None:
            padding = b',"obfuscation":"' + self._noise[: _EVEN - len(data) % _EVEN] + b'"'
            self._noise = self._noise[1:] + self._noise[:1]
        return self._start + b"[" + data + b"]" + self._middle + padding + b"}\n\n"

    def closing(self, fields: Mapping[str, Json]) -> bytes:
        """Return a chunk without choices that carries those fields."""
        return self._start + b"[]," + orjson.dumps(fields)[1:] + b"\n\n"

    def last(self, usage: ChatUsage, frame: bytes) -> bytes:
        """Return the finish chunk with the usage on it, and what a style tells at the end."""
        told = {"usage": self._style.usage(usage), **self._style.extra_last}
        return frame[:-3] + b"," + orjson.dumps(told)[1:] + b"\n\n"


def _noise(seed: int) -> bytes:
    return "".join(seeded(seed, 0x0BF).choices(LETTERS, k=211)).encode()


def _interleaved(
    result: ChatResult, style: ChatStyle, holes: list[list[Json]]
) -> Iterator[dict[str, Json]]:
    """Yield the events of all choices in turn: each starts, they take turns, each ends."""
    running = [_events(i, c, result, style, holes[i]) for i, c in enumerate(result.choices)]
    while running:
        going = []
        for events in running:
            event = next(events, None)
            if event is not None:
                yield event
                going.append(events)
        running = going


def _events(
    index: int, choice: Choice, result: ChatResult, style: ChatStyle, shown: list[Json]
) -> Iterator[dict[str, Json]]:
    asked = choice.logprobs is not None
    nothing: dict[str, Json] = {"logprobs": None} if asked or _says_null(result, style) else {}
    empty: dict[str, Json] = {"logprobs": {"content": [], "refusal": None}} if asked else nothing

    def event(
        delta: Json, logprobs: Mapping[str, Json], reason: str | None = None
    ) -> dict[str, Json]:
        return {"index": index, "delta": delta, **logprobs, "finish_reason": reason}

    first, *rest = _deltas(choice, style, shown)
    yield event(first, empty)
    yield from (event(delta, nothing) for delta in style.first_deltas)
    items = iter(choice.logprobs or ())
    for delta in rest:
        item = next(items, None)
        yield event(delta, nothing if item is None else {"logprobs": _logprobs(choice, (item,))})
    yield event(dict(style.extra_last_delta), nothing, choice.finish_reason)


def _deltas(choice: Choice, style: ChatStyle, shown: list[Json]) -> Iterator[dict[str, Json]]:
    """Yield the deltas of one choice but the last: who speaks, then what, piece by piece."""
    start: dict[str, Json] = {"role": "assistant"}
    if choice.tool_calls:
        yield from _call_deltas(choice, style)
        return
    yield start if style.bare_role else {**start, "content": "", "refusal": None}
    key, text = (
        ("refusal", choice.refusal) if choice.refusal is not None else ("content", choice.text)
    )
    for piece in pieces(text or ""):
        yield {key: piece}
    for part in shown:
        yield {"images": [part]}


def _call_deltas(choice: Choice, style: ChatStyle) -> Iterator[dict[str, Json]]:
    """One call starts in the role's own chunk; of several, each starts in a chunk after it."""
    start: dict[str, Json] = {"role": "assistant", "content": None}
    calls = list(enumerate(choice.tool_calls))
    if choice.legacy_function:
        call = choice.tool_calls[0]
        yield {**start, "function_call": {"name": call.name, "arguments": ""}, "refusal": None}
        for piece in pieces(call.arguments):
            yield {"function_call": {"arguments": piece}}
        return
    if style.bare_role:
        yield {"role": "assistant"}
    elif len(calls) == 1:
        yield {**start, "tool_calls": [_header(0, calls[0][1])], "refusal": None}
    else:
        yield start
    for index, call in calls:
        if style.bare_role or len(calls) > 1:
            yield {"tool_calls": [_header(index, call)]}
        for piece in pieces(call.arguments):
            yield {"tool_calls": [{"index": index, **_called(call, piece, named=False)}]}


def _header(index: int, call: ToolCall) -> dict[str, Json]:
    return {"index": index, **_call(call, "")}
