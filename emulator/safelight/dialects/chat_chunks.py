"""Writes a ChatResult as the event stream of chat completions: which chunks, in which turn.

Key orders and chunk rules are the recorded ones of the canonical chat API (captures of 2026-08);
what is the same in a whole body stands in `chat_wire.py`. What must not enter: providers, HTTP
headers, anything about how an answer is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson

from safelight.dialects.chat_style import CANONICAL, LETTERS, ChatHead, ChatStyle
from safelight.dialects.chat_wire import (
    call_json,
    called_json,
    holes_of,
    logprobs_json,
    mark_of,
    says_null,
)
from safelight.dialects.images_wire import placeholder
from safelight.messages import Json
from safelight.operations.chat import ChatResult, ChatUsage, Choice, ToolCall
from safelight.operations.chat.chance import seeded
from safelight.tokens import pieces

_EVEN = 16
"""Chunks are padded to a multiple of this many bytes, so that their size tells nothing."""


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
    holes = holes_of(result, head)
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
    nothing: dict[str, Json] = {"logprobs": None} if asked or says_null(result, style) else {}
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
        yield event(
            delta, nothing if item is None else {"logprobs": logprobs_json(choice, (item,))}
        )
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
            yield {"tool_calls": [{"index": index, **called_json(call, piece, named=False)}]}


def _header(index: int, call: ToolCall) -> dict[str, Json]:
    return {"index": index, **call_json(call, "")}
