"""Eden AI's chat: who answers, what is added to OpenAI's shape, and how it is streamed (facts 7).

What must not enter: how an answer is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from safelight.catalog import Model
from safelight.costs import chat_cost
from safelight.dialects import chat_chunks, chat_wire
from safelight.dialects.base import Visit
from safelight.dialects.edenai_lists import bare_name, regions
from safelight.dialects.edenai_uploads import find
from safelight.links import data_url
from safelight.messages import Chunk, Json
from safelight.operations.chat import ChatResult
from safelight.refusals import Refusal

ROUTER = "@edenai"
_OBJECTIVES = ("cost", "speed", "latency", "exact")
_STYLE = chat_wire.ChatStyle(
    body_keys=("id", "created", "model", "object", "system_fingerprint", "choices", "usage"),
    chunk_keys=("id", "created", "model", "object", "system_fingerprint"),
    obfuscate=False,
    annotations=False,
    null_logprobs=False,
)


@dataclass(frozen=True, slots=True)
class Routed:
    """Who answers a request: `model` is an id, or the name as it was sent when nobody bears it.

    `strategy` is direct, alias, routed or auto; `pool` are the ids that offer what was asked for;
    `auto` says how the smart router chose.
    """

    requested: str
    model: str
    strategy: str = "direct"
    pool: tuple[str, ...] = ()
    auto: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a reply says beside the answer."""

    model: Model
    head: chat_wire.ChatHead
    free: bool
    metadata: Json

    def cost(self, result: ChatResult) -> float:
        """Return the dollars of an answer."""
        return 0.0 if self.free else float(chat_cost(self.model.prices, result.usage))


def named_models(params: Mapping[str, Json], *, chat: bool) -> list[str]:
    """Return every model that a request names; only a chat has a router and fallbacks."""
    names = [params.get("model")]
    for key in ("fallbacks", "router_candidates") if chat else ():
        more = params.get(key)
        names += more if isinstance(more, list) else []
    plain = (_without_suffix(name) for name in names if isinstance(name, str))
    return list(dict.fromkeys(plain))


def _without_suffix(name: str) -> str:
    """Return a model's name without `@region` and `:objective`."""
    name = name if name.startswith("@") else name.partition("@")[0]
    head, _, objective = name.rpartition(":")
    return head if objective in _OBJECTIVES else name


def route(params: Mapping[str, Json], models: Sequence[Model], defaults: Sequence[str]) -> Routed:
    """Return who of `models` answers. Raises Refusal("router_empty") when no candidate is left."""
    asked = str(params["model"])
    if asked == ROUTER:
        return _ranked(params, models, defaults)
    plain = asked.partition("@")[0]
    region = asked.partition("@")[2]
    here = [m for m in models if not region or region in regions(m)]
    name = _without_suffix(plain)
    if "/" in name:
        exact = next((m for m in here if m.id == name), None)
        if exact is None:
            return Routed(asked, asked)
        alias = "alias" if exact.entry.get("alias_of") else "direct"
        return Routed(asked, exact.id, alias, (exact.id,))
    sellers = _sellers(name, here, params)
    if not sellers:
        return Routed(asked, asked)
    return Routed(asked, sellers[0].id, "routed", tuple(m.id for m in sellers))


def _sellers(name: str, models: Sequence[Model], params: Mapping[str, Json]) -> list[Model]:
    """Return the providers of a bare name, the cheapest first."""
    routing = params.get("routing")
    allowed = routing.get("allowed_providers") if isinstance(routing, dict) else None
    named = [m for m in models if m.id.partition("/")[2] == name]
    if isinstance(allowed, list):
        named = [m for m in named if m.owned_by in allowed]
    return sorted(named, key=_price)


def _price(model: Model) -> float:
    rates = model.prices.get("token", {})
    return float(rates.get("input", 0)) + float(rates.get("output", 0))


def _ranked(params: Mapping[str, Json], models: Sequence[Model], defaults: Sequence[str]) -> Routed:
    """Let the router choose: by price, which stands for quality, as `quality_cost` leans."""
    given = params.get("router_candidates")
    wanted = [c for c in given if isinstance(c, str)] if isinstance(given, list) else []
    by_id = {model.id: model for model in models}
    pool = [by_id[name] for name in dict.fromkeys(wanted or defaults) if name in by_id]
    dropped = [name for name in wanted if name not in by_id]
    if not pool and wanted:
        raise Refusal("router_empty", names=", ".join(dropped))
    pool = pool or list(models[:1])
    routing = params.get("routing")
    lean = routing.get("quality_cost") if isinstance(routing, dict) else None
    share = min(10.0, max(0.0, float(lean))) / 10 if isinstance(lean, (int, float)) else 0.0
    best_first = sorted(pool, key=_price, reverse=True)
    chosen = best_first[round(share * (len(best_first) - 1))]
    auto = {
        "selection": "single" if len(pool) == 1 else "ranked",
        "chosen": chosen.id,
        "dropped": dropped,
        "quality_cost": lean,
    }
    return Routed(ROUTER, chosen.id, "auto", tuple(m.id for m in pool), auto)


def metadata(routed: Routed, visit: Visit, region: str) -> dict[str, Json]:
    """Return the report of what was decided (facts 2.1): the first attempt always serves."""
    served = routed.model
    pool = routed.pool or (served,)
    offers = [
        {"provider": name.partition("/")[0], "model": name, "primary": name == served}
        for name in pool
    ]
    attempt = {"provider": served.partition("/")[0], "model": served, "status": 200}
    report = {
        "requested": routed.requested,
        "strategy": routed.strategy,
        "region": region,
        "summary": f"available={len(pool)}, served={served}",
        "attempt": 1,
        "is_byok": False,
        "endpoints": {
            "total": len(pool),
            "available": [{**offer, "reachable": True} for offer in offers],
        },
        "attempts": [{**attempt, "region": region}],
        "auto": routed.auto,
    }
    tags = visit.params.get("tags")
    return report if tags is None else {**report, "tags": tags}


def canonical(visit: Visit) -> dict[str, Json]:
    """Return the parameters with uploads in the place of their ids. Raises Refusal."""
    params = dict(visit.params)
    params["messages"] = [
        _with_files(visit, message, f"messages[{i}]")
        for i, message in enumerate(params["messages"])
    ]
    return params


def _with_files(visit: Visit, message: Json, at: str) -> Json:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return message
    parts = [_with_file(visit, part, f"{at}.content[{i}]") for i, part in enumerate(content)]
    return {**message, "content": parts}


def _with_file(visit: Visit, part: Json, at: str) -> Json:
    file = part.get("file") if isinstance(part, dict) else None
    name = file.get("file_id") if isinstance(file, dict) else None
    if not isinstance(name, str) or name.startswith(("http://", "https://")):
        return part
    kept = find(visit, name)
    if kept is None and visit.lenient:
        return part
    if kept is None:
        raise Refusal("upload_not_found", f"{at}.file.file_id", id=name)
    url = data_url(kept.data)
    if url.startswith("data:image/"):  # seen as a picture: as a text it would fill the context
        return {"type": "image_url", "image_url": {"url": url}}
    return {**part, "file": {"filename": kept.name, "file_data": url}}


def body(visit: Visit, result: ChatResult, told: Told) -> dict[str, Json]:
    """Return a whole answer; its `model` is the bare name (facts 7.3)."""
    seconds = _seconds(visit.request_id)
    extra: dict[str, Json] = {
        "cost": told.cost(result),
        "provider": told.model.owned_by,
        "status": "success",
        "provider_time": seconds,
        "edenai_time": round(seconds + 0.021, 3),
    }
    if told.metadata is not None:
        extra["edenai_metadata"] = told.metadata
    head = replace(told.head, model=bare_name(told.model))
    return chat_wire.body(result, head, replace(_STYLE, extra=extra))


def chunks(result: ChatResult, told: Told) -> tuple[Chunk, ...]:
    """Return the stream: the report on the first frame, usage and cost on one after the finish."""
    head = replace(told.head, model=told.model.id)
    frames = chat_chunks.chunks(result, head, {}, seed=0, style=_STYLE)
    first, *rest, done = frames
    if told.metadata is not None:
        first = _with(first, {"edenai_metadata": told.metadata})
    empty = {"index": 0, "delta": {}, "finish_reason": None}
    start = orjson.loads(rest[-1].removeprefix(b"data: "))
    usage = chat_wire.usage_body(result.usage)
    last = {**start, "choices": [empty], "usage": usage, "cost": told.cost(result)}
    frame = b"data: " + orjson.dumps(last) + b"\n\n"
    return tuple(Chunk(data) for data in (first, *rest, frame, done))


def _with(frame: bytes, fields: Mapping[str, Json]) -> bytes:
    """Return a frame whose object has more fields at its end."""
    return frame[:-3] + b"," + orjson.dumps(fields)[1:] + b"\n\n"


def _seconds(request_id: str) -> float:
    """Return how long the provider is said to have taken: it follows from the request's id."""
    return round(0.2 + int(request_id[-4:], 16) % 900 / 1000, 3)
