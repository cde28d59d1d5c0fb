"""Together.ai's chat: its request as the shared operation understands it, its body and stream.

Shapes: wire facts together.md 4 (spec, recordings of 2026-04-28). What must not enter: HTTP
headers, how an answer is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from zlib import crc32

import orjson

from safelight.messages import Call, Json
from safelight.operations.chat import ChatResult, ChatUsage, Choice, TokenLogprob, ToolCall
from safelight.operations.chat.chance import seeded
from safelight.operations.chat.conversation import messages_of, text_of
from safelight.operations.chat.logprobs import logprobs_for
from safelight.tokens import pieces

_VOCABULARY = 128_000
_MODES = ("auto", "none", "required")


@dataclass(frozen=True, slots=True)
class Head:
    """What a reply says beside the answer; `created` in epoch seconds, `params` the request."""

    id: str
    created: int
    model: str
    params: Mapping[str, Json]
    stop_token: int | None = None


def canonical(call: Call) -> Call:
    """Return the call under the shared names: logprobs by number, a tool by its bare name."""
    params, traits = dict(call.params), dict(call.traits)
    top = params.pop("logprobs", 0)
    if top:
        params |= {"logprobs": True, "top_logprobs": top}
    choice = params.get("tool_choice")
    if isinstance(choice, str) and choice not in _MODES:
        params["tool_choice"] = {"type": "function", "function": {"name": choice}}
    if params.get("context_length_exceeded_behavior") == "truncate":
        traits.pop("context", None)
    return replace(call, params=params, traits=traits)


def body(result: ChatResult, head: Head) -> dict[str, Json]:
    """Return the whole answer as the object of a non-streamed reply."""
    return {
        "id": head.id,
        "object": "chat.completion",
        "created": head.created,
        "model": head.model,
        "prompt": _prompt(head),
        "choices": [_choice(i, choice, head) for i, choice in enumerate(result.choices)],
        "usage": usage_json(result.usage),
    }


def usage_json(usage: ChatUsage) -> dict[str, int]:
    """Return the usage, with the count of cached tokens at its top level."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def _prompt(head: Head) -> list[Json]:
    """Return the prompt as `echo` wants it back: empty without."""
    if not head.params.get("echo"):
        return []
    text = "\n".join(text_of(message.get("content")) for message in messages_of(head.params))
    top = head.params.get("logprobs")
    if not top:
        return [{"text": text}]
    return [{"text": text, "logprobs": _logprobs(logprobs_for(text, top, seeded(0)))}]


def _choice(index: int, choice: Choice, head: Head) -> dict[str, Json]:
    message: dict[str, Json] = {"role": "assistant", "content": _text(choice)}
    if choice.tool_calls:
        message["tool_calls"] = [_call(i, call) for i, call in enumerate(choice.tool_calls)]
    return {
        "index": index,
        "finish_reason": _reason(choice),
        "seed": _seed(head, index),
        "logprobs": _logprobs(choice.logprobs) if choice.logprobs else None,
        "message": message,
    }


def _text(choice: Choice) -> str | None:
    """Return what was said; a model that declines says so in plain words."""
    return choice.text if choice.refusal is None else choice.refusal


def _reason(choice: Choice) -> str:
    """Return why it ended: calls end with `tool_calls`, also one that was demanded by name."""
    return "tool_calls" if choice.tool_calls else choice.finish_reason


def _call(index: int, call: ToolCall) -> dict[str, Json]:
    named = {"name": call.name, "arguments": call.arguments}
    return {"index": index, "id": call.id, "type": "function", "function": named}


def _logprobs(items: tuple[TokenLogprob, ...]) -> dict[str, Json]:
    return {
        "tokens": [item.token for item in items],
        "token_ids": [_token_id(item.token) for item in items],
        "token_logprobs": [item.logprob for item in items],
        "top_logprobs": {token: value for item in items for token, value in item.top},
    }


def _token_id(token: str) -> int:
    """Return a number below the size of a usual vocabulary; the same token, the same number."""
    return crc32(token.encode()) % _VOCABULARY


def _seed(head: Head, index: int) -> int:
    """Return the seed of an answer: the request's own, else one larger than 63 bits can hold."""
    own = head.params.get("seed")
    if isinstance(own, int):
        return own
    drawn = seeded(crc32(f"{head.id}{index}".encode())).getrandbits(64)
    return drawn - drawn % 1000


def chunks(result: ChatResult, head: Head) -> list[bytes]:
    """Return the event stream of an answer, one SSE frame an item, the last one `[DONE]`."""
    calls = any(choice.tool_calls for choice in result.choices)
    events = [e for i, choice in enumerate(result.choices) for e in _events(i, choice, head)]
    frames = []
    for number, event in enumerate(events, start=1):
        last = number == len(events)
        told = {"usage": usage_json(result.usage) if last else None} if last or not calls else {}
        document = {
            "id": head.id,
            "object": "chat.completion.chunk",
            "created": head.created,
            "choices": [event],
            "model": head.model,
            **told,
        }
        frames.append(b"data: " + orjson.dumps(document) + b"\n\n")
    return [*frames, b"data: [DONE]\n\n"]


def _events(index: int, choice: Choice, head: Head) -> Iterator[dict[str, Json]]:
    """Yield one answer's chunks: texts or calls, then an empty one with the reason and the seed."""
    if choice.tool_calls:
        yield from _call_events(index, choice)
    else:
        items = iter(choice.logprobs or ())
        for piece in pieces(_text(choice) or ""):
            item = next(items, None)
            event = _event(index, piece, _token_id(piece))
            yield {**event, "logprobs": item.logprob if item else None}
    end = _event(index, "", head.stop_token)
    yield {**end, "finish_reason": _reason(choice), "seed": _seed(head, index)}


def _event(index: int, text: str, token: int | None, **delta: Json) -> dict[str, Json]:
    said = {"token_id": token, "role": "assistant", "content": text, **delta}
    return {
        "index": index,
        "text": text,
        "logprobs": None,
        "finish_reason": None,
        "seed": None,
        "delta": said,
    }


def _call_events(index: int, choice: Choice) -> Iterator[dict[str, Json]]:
    """Yield the opener, then each call: its name, its arguments; the last ones bring the reason."""
    opener = _event(index, "", None)
    yield {"index": index, "role": "assistant", **_without_seed(opener)}
    last = len(choice.tool_calls) - 1
    for number, call in enumerate(choice.tool_calls):
        begun = _call(number, replace(call, arguments=""))
        yield _without_seed(_event(index, "", None, tool_calls=[begun]))
        said = {"index": number, "function": {"arguments": call.arguments}}
        event = _without_seed(_event(index, "", None, tool_calls=[said]))
        yield {**event, "finish_reason": "tool_calls" if number == last else None}


def _without_seed(event: dict[str, Json]) -> dict[str, Json]:
    """Return a chunk as tool streams have it: the seed comes with the very last one only."""
    return {key: value for key, value in event.items() if key != "seed"}
