"""What an answer says that it cost: a price of its own, or its usage times the catalogue's prices.

Both are the endpoint's word; where it stands is data (`schemas/costs.toml`). What must not enter:
what is believed of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache

import orjson
from safelight.catalog import Model
from safelight.datafiles import data_dir, known_keys, read_toml
from safelight.messages import Json

from safelight_contracts.cases import Seen
from safelight_contracts.money import ZERO

_MILLION = Decimal(1_000_000)
_SANE = Decimal(10_000)
"""Dollars beyond which a reported cost is a mistake, not a price."""


def reported(seen: Seen, model: Model | None) -> Decimal | None:
    """Return the dollars that an answer reports; None where it says nothing that can be read."""
    documents = list(_documents(seen.body))
    for document in reversed(documents):
        for path in _costs():
            told = _amount(_at(document, path))
            if told is not None:
                return told
    if model is None or not model.prices:
        return None
    for document in reversed(documents):
        usage = document.get("usage")
        if isinstance(usage, dict):
            return _by_tokens(usage, model.prices.get("token", {}))
    return None


@cache
def _costs() -> tuple[tuple[str, ...], ...]:
    """Return the places where answers tell dollars. Raises DataError for a bad row."""
    path = data_dir("schemas") / "costs.toml"
    table = read_toml(path)
    known_keys(table, frozenset({"told"}), path, "(top)")
    for row in table["told"]:
        known_keys(row, frozenset({"at", "source", "checked"}), path, "told", sourced=True)
    return tuple(tuple(row["at"]) for row in table["told"])


def _by_tokens(usage: Mapping[str, Json], rates: Mapping[str, Json]) -> Decimal | None:
    """Return the price of the tokens, images' and chats' names of them alike."""
    if not rates:
        return None
    inside = usage.get("input_tokens_details") or usage.get("prompt_tokens_details") or {}
    inside = inside if isinstance(inside, dict) else {}
    asked = _count(usage, "input_tokens", "prompt_tokens")
    said = _count(usage, "output_tokens", "completion_tokens")
    if asked is None and said is None:
        return None
    pictures = min(_count(inside, "image_tokens") or 0, asked or 0)
    spent = (asked or 0) - pictures
    drawn = "output_tokens" in usage
    dollars = spent * _rate(rates, "input") + pictures * _rate(rates, "image_input", "input")
    dollars += (said or 0) * (
        _rate(rates, "image_output", "output") if drawn else _rate(rates, "output")
    )
    return dollars if dollars <= _SANE else None


def _documents(body: bytes) -> Iterator[dict[str, Json]]:
    lines = body.splitlines() if body.lstrip()[:1] not in {b"{", b"["} else [b"data:" + body]
    for line in lines:
        if line.startswith(b"data:"):
            try:
                document = orjson.loads(line[5:])
            except orjson.JSONDecodeError:
                continue
            if isinstance(document, dict):
                yield document


def _at(node: Json, path: tuple[str, ...]) -> Json:
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
    return node


def _amount(value: Json) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and ZERO <= amount <= _SANE else None


def _count(table: Mapping[str, Json], *names: str) -> int | None:
    for name in names:
        value = table.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _rate(rates: Mapping[str, Json], *names: str) -> Decimal:
    return Decimal(str(next((rates[name] for name in names if name in rates), 0))) / _MILLION
