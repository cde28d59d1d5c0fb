"""What a question can cost in US dollars: the price of its likely answer, and of the dearest one.

Read from the `prices` of the catalogue (what they mean is said in `safelight.costs`; the judge
counts by itself). What a request leaves open (`auto`, no limit of tokens) counts as the dearest
that it allows, so nothing that is answered as asked can cost more than `Quote.worst`.

What must not enter: what may be spent; sending.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

import orjson
from safelight.catalog import Model
from safelight.messages import Json, Upload
from safelight.provider import Provider

from safelight_contracts.cases import Case

ZERO = Decimal(0)
MOST_OUTPUT = 131_072
"""Output tokens of an answer whose request sets no limit: no model of the catalogue has more."""
PREVIEW = 100
"""Output tokens of a streamed preview (facts/openai.md 3.8)."""
PICTURE_IN = 65 + 129 * 3
"""Input tokens of a picture of three tiles: one edge is at most three times the other."""
FIDELITY = 6240
"""More input tokens of an oblong picture that is read in high fidelity (facts/openai.md 3.8)."""

_CELL = {"low": 64, "standard": 32, "medium": 32, "high": 16, "hd": 16, "xhigh": 12, "max": 8}
_DRAWN = 1290
_EDGE = 1024
"""Pixels of an edge that a request does not name."""
_MILLION = Decimal(1_000_000)
_DATA_URL = re.compile(rb"data:[\w/+.;=-]+,[A-Za-z0-9+/=%_-]*")
_OVERHEAD = 2_000
"""Prompt tokens that a provider may add to a chat: roles, tools' wrapping, a system text."""
_WRAPPING = 200
"""The same for a picture's prompt."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What an answer costs: as a rule, and at most. Both are 0 for what is never charged."""

    expected: Decimal = ZERO
    worst: Decimal = ZERO

    def __or__(self, other: Quote) -> Quote:
        """Return the dearer of two."""
        return Quote(max(self.expected, other.expected), max(self.worst, other.worst))


FREE = Quote()


def quote(provider: Provider, case: Case, day: datetime.date) -> Quote | None:
    """Return what the answer to a case costs if it is accepted; None where no price is known.

    A model that the catalogue does not know counts as the dearest that has a price: who accepts it
    answers with some other one.
    """
    sold = [m for m in provider.catalog.models if m.alive(day) and case.operation in m.operations]
    if case.method != "POST" or not sold:
        return FREE
    named = [model for model in sold if model.id == case.model]
    priced = [model for model in named or sold if model.prices]
    if not priced:
        return None
    found = FREE
    for model in priced:
        found |= price(model, case)
    return found


def price(model: Model, case: Case) -> Quote:
    """Return what the answer of one model costs. Free only where its prices say 0."""
    if case.operation.startswith("images."):
        return _pictures(model, case.operation, case.params)
    if case.operation.startswith("chat."):
        return _talk(model, case.params)
    tokens = _prompt_tokens(case.params)
    rate = _rate(model.prices.get("token", {}), "input")
    return Quote(rate * (tokens // 4), rate * (tokens + _OVERHEAD))


def _pictures(model: Model, operation: str, params: Mapping[str, Json]) -> Quote:
    """Return what pictures cost: each of the sizes and qualities that the request leaves open."""
    amount = _whole(params.get("n"), 10)
    sizes, qualities = _sizes(model, params), _qualities(model, params)
    shown = sum(1 for _ in _uploads(params)) or (operation != "images.generate")
    reading = Quote(ZERO, ZERO)
    rates = model.prices.get("token", {})
    if rates:
        text = _prompt_tokens({name: value for name, value in params.items() if name != "n"})
        low, high = text // 4, text + _WRAPPING
        picture = _rate(rates, "image_input", "input")
        rich = PICTURE_IN + FIDELITY
        reading = Quote(
            low * _rate(rates, "input") + shown * PICTURE_IN * picture,
            high * _rate(rates, "input") + shown * rich * picture,
        )
    previews = _whole(params.get("partial_images"), 3) if params.get("partial_images") else 0
    each = [
        _picture(model, size, quality, params, previews) for size in sizes for quality in qualities
    ]
    usual = _picture(model, sizes[0], qualities[0], params, previews)
    return Quote(amount * (usual + reading.expected), amount * (max(each) + reading.worst))


def _picture(
    model: Model, size: tuple[int, int], quality: str, params: Mapping[str, Json], previews: int
) -> Decimal:
    """Return what one picture costs, without what the request's own words and pictures do."""
    prices = model.prices
    rows = prices.get("table", ())
    fitting = [r for r in rows if r.get("size", f"{size[0]}x{size[1]}") == f"{size[0]}x{size[1]}"]
    fitting = [row for row in fitting if row.get("quality", quality) == quality]
    if rows and (fitting or not {"image", "megapixel", "token"} & set(prices)):
        return max(_decimal(row["price"]) for row in fitting or rows)
    if "image" in prices:
        return _decimal(prices["image"])
    if "megapixel" in prices:
        area = Decimal(size[0] * size[1]) / _MILLION
        return _decimal(prices["megapixel"]) * area * _effort(prices, params.get("steps"))
    cell = _CELL.get(quality, _CELL["high"])
    tokens = ceil(size[1] / cell) * (ceil(size[0] / cell) + 1) + PREVIEW * previews
    drawn = int(model.traits.get("drawn_tokens", _DRAWN)) if model.kind == "chat" else 0
    return max(tokens, drawn) * _rate(prices.get("token", {}), "image_output", "output")


def _sizes(model: Model, params: Mapping[str, Json]) -> list[tuple[int, int]]:
    """Return the sizes that an answer may have, the usual one first."""
    wide, high = params.get("width"), params.get("height")
    if _is_whole(wide) or _is_whole(high):
        return [(_whole(wide or _EDGE, _EDGE), _whole(high or _EDGE, _EDGE))]
    asked = _parsed(params.get("size"))
    if asked:
        return [asked]
    usual = [size for size in map(_parsed, model.traits.get("sizes", ())) if size]
    found = usual or [(1024, 1024), (1536, 1024), (1024, 1536), (1344, 768), (1152, 864)]
    if params.get("size") not in {None, "auto"} or model.traits.get("size_grid"):
        most = int(model.traits.get("size_grid", {}).get("max_edge", 4096))
        found = [*found, (most, most)]
    if model.traits.get("keeps_shape") and any(_uploads(params)):
        found = [*found, (2048, 2048)]
    return found


def _qualities(model: Model, params: Mapping[str, Json]) -> list[str]:
    """Return the qualities that an answer may have, the usual one first."""
    asked = params.get("quality")
    if isinstance(asked, str) and asked != "auto":
        return [asked]
    usual = str(model.traits.get("auto_quality", "medium"))
    return list(dict.fromkeys([usual, "low", "medium", "high", "standard", "hd"]))


def _talk(model: Model, params: Mapping[str, Json]) -> Quote:
    """Return what an answer in words costs, with a picture where the model may draw one."""
    rates = model.prices.get("token", {})
    tokens, choices = _prompt_tokens(params), _whole(params.get("n"), 128)
    pictures = len(_DATA_URL.findall(_dumped(params)))
    limits = [params.get(name) for name in ("max_completion_tokens", "max_tokens")]
    told = [int(limit) for limit in limits if limit is not None and _is_whole(limit)]
    most = max(told) if told else MOST_OUTPUT
    spoken = _rate(rates, "output")
    draws = "images.generate" in model.operations or _asks_for_pictures(params)
    drawn = int(model.traits.get("drawn_tokens", _DRAWN)) * _rate(rates, "image_output", "output")
    drawing = (max(drawn, FIDELITY * _rate(rates, "image_output", "output")), ZERO)[not draws]
    drawing += _decimal(model.prices.get("image", 0)) if draws else ZERO
    shown = pictures * PICTURE_IN * _rate(rates, "image_input", "input")
    heard = _rate(rates, "input")
    expected = heard * (tokens // 4) + shown + choices * min(most, 200) * spoken
    worst = heard * (tokens + _OVERHEAD) + shown + choices * (most * spoken + drawing)
    worst += pictures * FIDELITY * _rate(rates, "image_input", "input")
    return Quote(expected, worst)


def _asks_for_pictures(params: Mapping[str, Json]) -> bool:
    modalities = params.get("modalities")
    tools = _dumped(params.get("tools"))
    return b"image" in _dumped(modalities) or b"image_generation" in tools


def _prompt_tokens(params: Mapping[str, Json]) -> int:
    """Return at most how many tokens a request's text is: none is shorter than a byte."""
    return len(_DATA_URL.sub(b"", _dumped(params)))


def _dumped(value: Json) -> bytes:
    try:
        return orjson.dumps(value, default=_brief, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # an integer beyond 64 bits, or half of a character
        return json.dumps(value, default=_brief).encode()


def _brief(value: Any) -> str:  # noqa: ANN401 - orjson hands over whatever it cannot write
    return "" if isinstance(value, Upload) else str(value)


def _uploads(params: Mapping[str, Json]) -> list[Json]:
    """Return the pictures of a request, whichever way they came."""
    found: list[Json] = []
    for name in ("image", "images", "image[]", "reference_images", "image_url"):
        value = params.get(name)
        found += value if isinstance(value, list) else [value] * (value is not None)
    return found


def _parsed(text: Json) -> tuple[int, int] | None:
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found else None


def _is_whole(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1


def _whole(value: Json, otherwise: int) -> int:
    """Return a count that somebody may take at its word; `otherwise` for what is no number."""
    if value is None:
        return 1
    return int(value) if _is_whole(value) else (1 if value in (0, False) else otherwise)


def _effort(prices: Mapping[str, Json], steps: Json) -> Decimal:
    usual = prices.get("steps")
    if not usual or not _is_whole(steps):
        return Decimal(1)
    return max(Decimal(1), Decimal(int(steps)) / Decimal(usual))


def _rate(rates: Mapping[str, Json], *names: str) -> Decimal:
    """Return the dollars for one token: the first of the names that has a price."""
    return _decimal(next((rates[name] for name in names if name in rates), 0)) / _MILLION


def _decimal(value: Json) -> Decimal:
    return Decimal(str(value))
