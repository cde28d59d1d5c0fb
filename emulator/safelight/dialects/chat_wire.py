"""Writes a ChatResult as the chat completion JSON that many providers speak; see `chat_chunks.py`.

A dialect gives a `ChatHead` and a `ChatStyle`; all that differs between speakers is in those two.
Key orders and chunk rules are the recorded ones of the canonical chat API (captures of 2026-08).

The base64 of a picture never goes through a JSON encoder: a hole stands for it in the JSON, and
is filled in the bytes.

What must not enter: providers, HTTP headers, anything about how an answer is made.
"""

from __future__ import annotations

from itertools import count

from safelight.dialects.chat_style import (
    CANONICAL,
    ChatHead,
    ChatStyle,
    completion_id,
    usage_body,
)
from safelight.dialects.images_wire import placeholder
from safelight.files import MEDIA_TYPES
from safelight.messages import Json
from safelight.operations.chat import ChatResult, Choice, TokenLogprob, ToolCall

__all__ = [
    "CANONICAL",
    "ChatHead",
    "ChatStyle",
    "body",
    "completion_id",
    "image_part",
    "mark_of",
    "usage_body",
]


def body(result: ChatResult, head: ChatHead, style: ChatStyle = CANONICAL) -> dict[str, Json]:
    """Return the whole answer as the object of a non-streamed reply, keys in recorded order.

    Pictures are holes, numbered from 0 over all choices, that begin with `mark_of(head)`.
    """
    holes = holes_of(result, head)
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


def holes_of(result: ChatResult, head: ChatHead) -> list[list[Json]]:
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
        out["logprobs"] = logprobs_json(choice, choice.logprobs)
    elif says_null(result, style):
        out["logprobs"] = None
    return {**out, "finish_reason": choice.finish_reason}


def says_null(result: ChatResult, style: ChatStyle) -> bool:
    """Tell whether `logprobs: null` is written: reasoning models leave the key out."""
    return not result.reasoning if style.null_logprobs is None else style.null_logprobs


def _message(choice: Choice, style: ChatStyle, shown: list[Json]) -> dict[str, Json]:
    out: dict[str, Json] = {"role": "assistant", "content": choice.text}
    if choice.legacy_function:
        call = choice.tool_calls[0]
        out["function_call"] = {"name": call.name, "arguments": call.arguments}
    elif choice.tool_calls:
        out["tool_calls"] = [call_json(call, call.arguments) for call in choice.tool_calls]
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


def call_json(call: ToolCall, text: str) -> dict[str, Json]:
    """Return a call of a tool; `text` stands for its arguments, of which it may be a piece."""
    return {"id": call.id, "type": call.kind, **called_json(call, text, named=True)}


def called_json(call: ToolCall, text: str, *, named: bool) -> dict[str, Json]:
    """Return the inner object of a call: a function's arguments or a custom tool's input."""
    key = "arguments" if call.kind == "function" else "input"
    return {call.kind: {"name": call.name, key: text} if named else {key: text}}


def logprobs_json(choice: Choice, items: tuple[TokenLogprob, ...]) -> dict[str, Json]:
    """Return tokens with their chances, beside the text or the refusal that they are of."""
    written = [_logprob(item) for item in items]
    if choice.refusal is not None:
        return {"content": None, "refusal": written}
    return {"content": written if choice.text is not None else None, "refusal": None}


def _logprob(item: TokenLogprob) -> dict[str, Json]:
    top = [_ranked(token, logprob) for token, logprob in item.top]
    return {**_ranked(item.token, item.logprob), "top_logprobs": top}


def _ranked(token: str, logprob: float) -> dict[str, Json]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
