"""Eden AI's lists: models by endpoint and by name, and the expert features (facts 4).

What must not enter: requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from safelight.catalog import Model
from safelight.messages import Json
from safelight.refusals import Refusal

_MODES = {"image": "image_generation"}
_TOKEN_KEYS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "image_input": "input_cost_per_image_token",
    "image_output": "output_cost_per_image_token",
}
_AUTHORS = {"azure": "openai", "vertex": "google"}
"""Who made the models that these resell: a grouped row names the author."""

_REGIONS = {"eu": {"code": "eu", "name": "Europe"}}


def bare_name(model: Model) -> str:
    """Return a model's name without its provider; an alias has the name of what it stands for."""
    return str(model.entry.get("alias_of") or model.id).partition("/")[2]


def regions(model: Model) -> list[str]:
    """Return the codes of the regions that serve a model."""
    return [region["code"] for region in model.entry.get("regions", ())]


def endpoints(models: Iterable[Model]) -> list[Json]:
    """Return one row for each provider's model."""
    return [endpoint(model) for model in models]


def endpoint(model: Model) -> dict[str, Json]:
    """Return a model's row."""
    price = pricing(model)
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
        "model_name": bare_name(model),
        "context_length": None,
        "description": None,
        "source": None,
        "pricing": price,
        "list_pricing": price,
        "discount": 0,
        **model.entry,
    }


def pricing(model: Model) -> dict[str, float]:
    """Return the prices as the list names them: dollars for one token or for one picture."""
    rates = model.prices.get("token", {})
    told = {key: rates[name] for name, key in _TOKEN_KEYS.items() if name in rates}
    out = {key: float(Decimal(str(rate)) / 1_000_000) for key, rate in told.items()}
    table = [row["price"] for row in model.prices.get("table", ())]
    if "image" in model.prices or table:
        out["output_cost_per_image"] = float(model.prices.get("image", min(table, default=0)))
    return out


def names(models: Iterable[Model]) -> list[Json]:
    """Return one row for each name, with the endpoints that sell it."""
    grouped: dict[str, list[Model]] = {}
    for model in models:
        grouped.setdefault(model.id.partition("/")[2], []).append(model)
    return [_name(name, sellers) for name, sellers in grouped.items()]


def _name(name: str, sellers: Sequence[Model]) -> Json:
    first = sellers[0]
    return {
        "id": name,
        "object": "model",
        "created": max(model.created for model in sellers),
        "owned_by": _AUTHORS.get(first.owned_by, first.owned_by),
        "mode": _MODES.get(first.kind, first.kind),
        "endpoint_count": len(sellers),
        "endpoints": endpoints(sellers),
    }


def features(told: Sequence[Json], region: str | None) -> Json:
    """Return every expert feature; a region's host tells only of models that it serves."""
    return {"features": [_feature(feature, region) for feature in told]}


def feature(told: Sequence[Json], path: str, region: str | None) -> Json:
    """Return one feature, or for `feature/subfeature` that one. Raises Refusal when unknown."""
    name, _, inner = path.partition("/")
    found = _named(told, name)
    if not inner:
        return _feature(found, region)
    sub = _named(found["subfeatures"], inner)
    return {
        "feature": name,
        "feature_fullname": found["fullname"],
        "subfeature": inner,
        "subfeature_fullname": sub["fullname"],
        "description": sub["description"],
        "mode": sub["mode"],
        "endpoints": {"create": "POST /v3/universal-ai"},
        "input_schema": {"fields": sub["input"]},
        "output_schema": {"fields": sub["output"]},
        "models": _offers(sub, region),
    }


def _named(entries: Sequence[Json], name: str) -> Json:
    found = next((entry for entry in entries if entry["name"] == name), None)
    if found is None:
        raise Refusal("feature_not_found")
    return found


def _feature(feature: Json, region: str | None) -> Json:
    subs = [
        {
            **{key: sub[key] for key in ("name", "fullname", "description", "mode")},
            "models": _offers(sub, region),
        }
        for sub in feature["subfeatures"]
    ]
    about = {"name": feature["name"], "fullname": feature["fullname"], "description": None}
    return {**about, "subfeatures": subs}


def _offers(sub: Json, region: str | None) -> list[Json]:
    """Return the models of a subfeature with their prices, those of the region only."""
    return [
        {
            "model": offer["model"],
            "pricing": {
                "price": offer["price"],
                "price_unit_quantity": offer.get("quantity", 1),
                "price_unit_type": "request",
            },
            "regions": [_REGIONS[code] for code in offer["regions"]],
        }
        for offer in sub["models"]
        if region is None or region in offer["regions"]
    ]
