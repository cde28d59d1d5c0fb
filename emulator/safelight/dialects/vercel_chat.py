"""The gateway's chat: its request in the words of the chat operation, its replies' own fields.

Shapes: wire facts A3 to A5 (recorded). What must not enter: routes, pictures' bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from safelight.catalog import Model
from safelight.dialects.base import Visit
from safelight.dialects.chat_style import ChatStyle
from safelight.dialects.vercel_routing import Spent, generation_id, uses_own_key
from safelight.messages import Json
from safelight.operations.chat import ChatResult, ChatUsage
from safelight.operations.chat.conversation import messages_of, parts_of, text_of
from safelight.tokens import count_text, pieces

_DRAWING = ("size", "output_format", "output_compression", "quality", "background", "seed")
_QUOTE = 160


def canonical(params: Mapping[str, Json], said: Mapping[str, Json]) -> dict[str, Json]:
    """Return a request in canonical fields; `said` is what its provider options say."""
    out = dict(params)
    if "modalities" in said:
        out.setdefault("modalities", said["modalities"])
    out["drawing"] = {key: said[key] for key in _DRAWING if key in said}
    out["messages"] = [_message(message) for message in messages_of(params)]
    wanted = params.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") == "json":
        schema = wanted.get("schema") or {"type": "object"}
        about = {"name": wanted.get("name") or "answer", "schema": schema}
        out["response_format"] = {"type": "json_schema", "json_schema": about}
    return out


def _message(message: Mapping[str, Json]) -> dict[str, Json]:
    content = message.get("content")
    if not isinstance(content, list):
        return dict(message)
    return {**message, "content": [_part(part) for part in parts_of(content)]}


def _part(part: Mapping[str, Json]) -> Json:
    """Return a file that is a picture as the picture it is (facts A3)."""
    file = part.get("file") if part.get("type") == "file" else None
    kind = str(file.get("media_type")) if isinstance(file, dict) else ""
    if not isinstance(file, dict) or not kind.startswith("image/"):
        return part
    data = str(file.get("data") or "")
    url = data if data.startswith(("data:", "http")) else f"data:{kind};base64,{data}"
    return {"type": "image_url", "image_url": {"url": url}}


def thoughts(params: Mapping[str, Json], model: Model | None) -> str:
    """Return what a reasoning model thinks aloud; nothing unless the request asks it to reason."""
    if model is None or "reasoning" not in model.entry.get("tags", ()):
        return ""
    given = params.get("reasoning")
    wish = given if isinstance(given, dict) else {}
    effort = wish.get("effort") or params.get("reasoning_effort")
    asked = wish.get("enabled") is True or wish.get("max_tokens") or effort
    if not asked or wish.get("enabled") is False or effort == "none":
        return ""
    turns = [m.get("content") for m in messages_of(params) if m.get("role") == "user"]
    line = " ".join(text_of(turns[-1] if turns else "").split())[:_QUOTE]
    return f"The user says “{line}”. I look at what is asked, and answer that in a few words."


def thoughtful(result: object, text: str) -> object:
    """Return an answer whose usage counts the thoughts before it."""
    if not text or not isinstance(result, ChatResult):
        return result
    tokens, usage = count_text(text), result.usage
    counted = replace(
        usage,
        completion_tokens=usage.completion_tokens + tokens,
        reasoning_tokens=usage.reasoning_tokens + tokens,
    )
    return replace(result, usage=counted)


def style(visit: Visit, told: Mapping[str, Json], spent: Spent, tier: str) -> ChatStyle:
    """Return how this reply differs from the canonical ones; `told` is its metadata."""
    streamed = bool(visit.params.get("stream"))
    tiered = bool(visit.model and visit.model.traits.get("tiered"))
    end: dict[str, Json] = {"generationId": generation_id(visit)}
    thought = thoughts(visit.params, visit.model)
    wish = visit.params.get("reasoning")
    if isinstance(wish, dict) and wish.get("exclude"):
        thought = ""
    return ChatStyle(
        body_keys=(
            *("id", "object", "created", "model", "choices", "usage", "system_fingerprint"),
            *(("service_tier",) if tiered else ()),
        ),
        chunk_keys=("id", "object", "created", "model", "system_fingerprint"),
        obfuscate=False,
        usage_on_finish=True,
        bare_role=True,
        annotations=False,
        null_logprobs=True,
        null_refusal=False,
        extra={} if streamed else end,
        extra_message={**_reasoning(thought), "provider_metadata": told},
        first_deltas=tuple(_reasoning(piece) for piece in pieces(thought)),
        extra_last_delta={"provider_metadata": told},
        extra_last={**({"service_tier": tier} if tiered else {}), **end},
        usage=lambda usage: usage_json(usage, spent, byok=uses_own_key(visit)),
    )


def _reasoning(text: str) -> dict[str, Json]:
    if not text:
        return {}
    detail = {"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}
    return {"reasoning": text, "reasoning_details": [detail]}


def usage_json(usage: ChatUsage, spent: Spent, *, byok: bool) -> dict[str, Json]:
    """Return the recorded usage; costs are numbers here, and texts in the metadata (facts A5)."""
    cost, for_input = float(spent.total), float(spent.input)
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "cost": cost,
        "is_byok": byok,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "audio_tokens": usage.audio_tokens,
            "video_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "image_tokens": usage.drawn_tokens,
        },
        "cost_details": {
            "upstream_inference_cost": None,
            "upstream_inference_prompt_cost": for_input,
            "upstream_inference_completions_cost": float(spent.total - spent.input),
        },
        "cache_creation_input_tokens": 0,
        "market_cost": cost,
        "gateway_cost": cost,
    }
