"""What a picture or a chat costs in US dollars, by the `prices` of a model in the catalogue.

    prices = { image = 0.04 }                                    a picture, whatever its size
    prices = { table = [{ size = "1024x1024", quality = "hd", price = 0.08 }, ...] }
    prices = { megapixel = 0.0027, steps = 4 }                   a megapixel, drawn in 4 steps
    prices = { token = { input = 5, image_input = 10, image_output = 40 } }   a million tokens

A table's row without `size` or `quality` fits any; the first row that fits wins. Keys may stand
together: of a picture's prices the most exact wins (table, image, megapixel, token). Everything is
decimal: 0.1 dollars are 0.1, not a float near it.

What must not enter: prices themselves, currencies, who pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from safelight.messages import Json
from safelight.operations.chat import ChatUsage
from safelight.operations.image_usage import ImageUsage

KEYS = frozenset({"image", "table", "megapixel", "steps", "token"})
"""What `prices` may hold."""

TOKEN_KEYS = frozenset({"input", "cached_input", "image_input", "output", "image_output"})
"""What `prices.token` may hold. Text prices stand in for image and cached ones left out."""

_UNITS = {"image": "an image", "megapixel": "a megapixel"}
_SHOWN = ("input", "output", "image_output")
_MILLION = Decimal(1_000_000)
_PLACES = 12
FREE = Decimal(0)


def image_cost(  # noqa: PLR0913 - each is something that some provider charges by
    prices: Mapping[str, Json],
    *,
    size: str,
    quality: str = "",
    n: int = 1,
    usage: ImageUsage | None = None,
    steps: int | None = None,
) -> Decimal:
    """Return the cost of `n` pictures of `size` ("1024x1024", in pixels).

    `usage` counts the tokens of all of them together. `steps` are those of the request, None for
    the model's usual number. A model without any price is free.
    """
    each = _listed(prices.get("table", ()), size, quality)
    if each is None and "image" in prices:
        each = _decimal(prices["image"])
    if each is None and "megapixel" in prices:
        each = _decimal(prices["megapixel"]) * _megapixels(size) * _effort(prices, steps)
    if each is not None:
        return _rounded(each * n)
    if usage is None:
        return FREE
    rates = prices.get("token", {})
    spent = usage.text_tokens * _rate(rates, "input")
    spent += usage.image_tokens * _rate(rates, "image_input", "input")
    spent += usage.output_tokens * _rate(rates, "image_output", "output")
    return _rounded(spent)


def chat_cost(prices: Mapping[str, Json], usage: ChatUsage, *, images: int = 0) -> Decimal:
    """Return the cost of an answer, and of as many pictures in it where they cost one by one."""
    rates = prices.get("token", {})
    text = usage.prompt_tokens - usage.cached_tokens - usage.image_tokens
    spent = text * _rate(rates, "input")
    spent += usage.cached_tokens * _rate(rates, "cached_input", "input")
    spent += usage.image_tokens * _rate(rates, "image_input", "input")
    spent += (usage.completion_tokens - usage.drawn_tokens) * _rate(rates, "output")
    spent += usage.drawn_tokens * _rate(rates, "image_output", "output")
    return _rounded(spent + images * _decimal(prices.get("image", 0)))


def as_text(cost: Decimal) -> str:
    """Return a cost as a plain decimal text without trailing zeros, such as `0.010975` or `0`."""
    text = f"{cost:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unread(prices: Mapping[str, Json]) -> str | None:
    """Return what is wrong with a model's `prices`, or None: a key that nothing here reads."""
    rows = [key for row in prices.get("table", ()) for key in row]
    for found, known in (
        (prices, KEYS),
        (prices.get("token", {}), TOKEN_KEYS),
        (rows, frozenset({"size", "quality", "price"})),
    ):
        for key in found:
            if key not in known:
                return f"nothing is charged by {key!r}; known are {', '.join(sorted(known))}"
    return None


def _listed(table: Json, size: str, quality: str) -> Decimal | None:
    """Return the price of the first row that fits, or None."""
    for row in table:
        if row.get("size", size) == size and row.get("quality", quality) == quality:
            return _decimal(row["price"])
    return None


def _megapixels(size: str) -> Decimal:
    width, _, height = size.partition("x")
    return Decimal(int(width) * int(height)) / _MILLION


def _effort(prices: Mapping[str, Json], steps: int | None) -> Decimal:
    """Return how much more than the usual drawing was asked for: only steps beyond it count."""
    usual = prices.get("steps")
    if not usual or not steps:
        return Decimal(1)
    return max(Decimal(1), Decimal(steps) / Decimal(usual))


def _rate(rates: Mapping[str, Json], *names: str) -> Decimal:
    """Return the dollars for one token: the first of the names that has a price."""
    return _each(next((str(rates[name]) for name in names if name in rates), "0"))


@lru_cache(maxsize=1024)
def _each(price: str) -> Decimal:
    """Return a price for a million as that for one."""
    return Decimal(price) / _MILLION


def _decimal(value: Json) -> Decimal:
    return Decimal(str(value))


def _rounded(cost: Decimal) -> Decimal:
    return round(cost, _PLACES).normalize() if cost else FREE


def in_words(prices: Mapping[str, Json]) -> str:
    """Return prices as a list shows them, such as `$0.04 an image`; nothing for no price."""
    words = []
    if "table" in prices:
        listed = [_decimal(row["price"]) for row in prices["table"]]
        ends = dict.fromkeys(as_text(end) for end in (min(listed), max(listed)))
        words.append(f"${' to '.join(ends)} an image")
    words += [f"{_dollars(prices[unit])} {_UNITS[unit]}" for unit in _UNITS if unit in prices]
    rates = prices.get("token", {})
    told = [f"{_dollars(rates[kind])} {kind.replace('_', ' ')}" for kind in _SHOWN if kind in rates]
    return ", ".join([*words, *([f"{', '.join(told)} a million tokens"] if told else [])])


def _dollars(price: Json) -> str:
    return f"${as_text(_decimal(price))}"
