"""What the gateway knows beside its answers: prices and endpoints of models, credits, generations.

Shapes: wire facts A2, B9; flat errors and field lists were observed on 2026-08-04. What must not
enter: how pictures and chats are answered.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from hashlib import blake2b

from safelight.catalog import Model
from safelight.costs import as_text
from safelight.dialects.base import Visit
from safelight.dialects.vercel_routing import (
    Spent,
    duration,
    gateway_options,
    generation_id,
    planned_providers,
    uses_own_key,
)
from safelight.messages import Json
from safelight.operations.chat import ChatResult
from safelight.operations.embeddings import EmbeddingsResult
from safelight.operations.images import ImagesResult
from safelight.refusals import Refusal

_ULID = re.compile(r"gen_[0-9A-HJKMNP-TV-Z]{26}")
_MILLION = Decimal(1_000_000)
_PRICES = {"input": "input", "output": "output", "cached_input": "input_cache_read"}
"""Prices for a token, as the catalogue and as the list calls them."""

_CHAT_PARAMETERS = (
    "max_tokens", "temperature", "top_p", "stop", "tools", "tool_choice", "response_format",
)  # fmt: skip


def pricing(model: Model) -> dict[str, Json]:
    """Return a list entry's `pricing`: decimal strings, for one token or one picture."""
    out: dict[str, Json] = {}
    for key, rate in model.prices.get("token", {}).items():
        if key in _PRICES:
            out[_PRICES[key]] = as_text(Decimal(str(rate)) / _MILLION)
    if "image" in model.prices:
        out["image"] = as_text(Decimal(str(model.prices["image"])))
    if "table" in model.prices:
        out["image_dimension_quality_pricing"] = [
            {**{k: v for k, v in row.items() if k != "price"}, "cost": str(row["price"])}
            for row in model.prices["table"]
        ]
    return out


def endpoints(model: Model) -> dict[str, Json]:
    """Return a model with the providers that serve it."""
    entry, shapes = model.entry, model.entry["modalities"]
    arrow = "+".join(shapes["input"]) + "→" + "+".join(shapes["output"])
    return {
        "id": model.id,
        "name": entry["name"],
        "created": model.created,
        "released": entry["released"],
        "description": entry["description"],
        "architecture": {
            "tokenizer": None,
            "instruct_type": None,
            "modality": arrow,
            "input_modalities": shapes["input"],
            "output_modalities": shapes["output"],
        },
        "endpoints": [_endpoint(model, str(name)) for name in model.traits["providers"]],
    }


def _endpoint(model: Model, provider: str) -> dict[str, Json]:
    """Return one provider of a model; the measured figures follow from the two names."""
    told = blake2b(f"{provider}|{model.id}".encode(), digest_size=8).digest()
    prices, chats = pricing(model), "chat.create" in model.operations
    latency, speed = 300 + told[0] * 5, 40 + told[1] / 4
    return {
        "name": f"{provider} | {model.id}",
        "model_name": model.entry["name"],
        "context_length": model.entry.get("context_window"),
        "pricing": {
            "prompt": prices.get("input", "0"),
            "completion": prices.get("output", "0"),
            "request": "0",
            "image": prices.get("image", "0"),
            "image_output": "0",
            "web_search": "0",
            "internal_reasoning": "0",
            "input_cache_read": prices.get("input_cache_read", "0"),
            "discount": 0,
        },
        "provider_name": provider,
        "tags": model.entry.get("tags", []),
        "quantization": None,
        "max_completion_tokens": model.entry.get("max_tokens"),
        "max_prompt_tokens": None,
        "supported_parameters": [*_CHAT_PARAMETERS] if chats else [],
        "status": 0,
        "uptime_last_15m": 100,
        "uptime_last_1h": round(99.8 + told[2] / 1280, 4),
        "uptime_last_1d": round(99.7 + told[3] / 1280, 4),
        "throughput_last_1h": {"p50": speed, "p95": speed * 1.2},
        "latency_last_1h": {"p50": latency, "p95": latency * 2},
        "supports_implicit_caching": "implicit-caching" in model.entry.get("tags", []),
    }


def picture_notes(visit: Visit, result: ImagesResult, cost: Decimal | None) -> list[Json]:
    """Return what the model's provider tells of each picture; most tell nothing (facts A6)."""
    traits = visit.model.traits if visit.model else {}
    if not traits.get("reports_pictures"):
        return [{} for _ in result.jobs]
    return [_picture_note(visit, result, index, cost) for index in range(len(result.jobs))]


def _picture_note(
    visit: Visit, result: ImagesResult, index: int, cost: Decimal | None
) -> dict[str, Json]:
    job, took = result.jobs[index], duration(visit) / 1000
    area = sum(source.width * source.height for source in job.inputs.pictures)
    return {
        "seed": job.brief.seed + index,
        "start_time": visit.now,
        "end_time": visit.now + took,
        "duration": took,
        "cost": float((cost or Decimal(0)) / len(result.jobs)),
        "inputMegapixels": round(area / 1e6, 2),
        "outputMegapixels": round(job.brief.width * job.brief.height / 1e6, 2),
    }


def credit(visit: Visit, start: Decimal) -> dict[str, str]:
    """Return balance and total of the session, in US dollars as decimal strings."""
    name = visit.dialect.provider.name
    sums = (total for (who, _), (_, _, total) in visit.session.spent.items() if who == name)
    used = sum(sums, Decimal(0))
    return {"balance": as_text(max(Decimal(0), start - used)), "total_used": as_text(used)}


def record(visit: Visit, result: object, spent: Spent) -> dict[str, Json]:
    """Return a generation as `/v1/generation` tells it; costs are numbers there.

    Keys that begin with `_` are kept for reports and never told.
    """
    prompt, completion, reasoning, cached = _tokens(result)
    cost, took = float(spent.total), duration(visit)
    moment = datetime.datetime.fromtimestamp(visit.now, datetime.UTC)
    options = gateway_options(visit.params)
    provider = planned_providers(visit, options)[0]
    return {
        "id": generation_id(visit),
        "created_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "model": visit.model_name,
        "provider_name": provider,
        "streamed": bool(visit.params.get("stream")),
        "finish_reason": result.choices[0].finish_reason
        if isinstance(result, ChatResult)
        else "stop",
        "total_cost": cost,
        "upstream_inference_cost": 0,
        "usage": cost,
        "market_cost": cost,
        "surcharge_cost": 0,
        "gateway_cost": cost,
        "is_byok": uses_own_key(visit),
        "latency": took // 4,
        "generation_time": took,
        "tokens_prompt": prompt,
        "tokens_completion": completion,
        "native_tokens_prompt": prompt,
        "native_tokens_completion": completion,
        "native_tokens_reasoning": reasoning,
        "native_tokens_cached": cached,
        "native_tokens_cache_creation": 0,
        "billable_web_search_calls": 0,
        "_user": options.get("user"),
        "_tags": options.get("tags") or [],
    }


def _tokens(result: object) -> tuple[int, int, int, int]:
    """Return the tokens of prompt, answer, reasoning and cache."""
    if isinstance(result, ChatResult):
        usage = result.usage
        return (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
            usage.cached_tokens,
        )
    if isinstance(result, EmbeddingsResult):
        return result.tokens, 0, 0, 0
    assert isinstance(result, ImagesResult)
    return result.usage.input_tokens, result.usage.output_tokens, 0, 0


def recalled(visit: Visit, name: str) -> Json:
    """Return a generation by its id. Raises Refusal for no id, a malformed or an unknown one."""
    if not name:
        raise Refusal("id_missing", "id")
    if not _ULID.fullmatch(name):
        raise Refusal("id_malformed", "id")
    found = visit.session.generations.get(name)
    if found is None:
        raise Refusal("generation_unknown", "id", id=name)
    return {key: value for key, value in found.items() if not key.startswith("_")}
