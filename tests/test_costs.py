"""Costs: what the catalogue's prices make of pictures, tokens and megapixels."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.catalog import load_catalog
from safelight.costs import as_text, chat_cost, image_cost, in_words, unread
from safelight.dialects import REGISTRY
from safelight.operations.chat import ChatUsage
from safelight.operations.image_usage import ImageUsage

TABLE = {
    "table": [
        {"size": "1024x1024", "quality": "hd", "price": 0.08},
        {"size": "1024x1024", "price": 0.04},
        {"quality": "hd", "price": 0.12},
    ],
    "image": 0.06,
}


def test_tokens_of_a_recorded_reply_cost_what_it_says() -> None:
    prices = {"token": {"input": 5, "image_output": 40}}
    spent = image_cost(prices, size="1024x1024", usage=ImageUsage(19, 0, 272))
    assert spent == Decimal("0.010975")


@pytest.mark.parametrize(
    ("size", "quality", "each"),
    [
        ("1024x1024", "hd", "0.08"),
        ("1024x1024", "standard", "0.04"),
        ("512x512", "hd", "0.12"),
        ("512x512", "standard", "0.06"),
    ],
)
def test_a_table_is_read_from_the_top_and_the_picture_price_is_left(
    size: str, quality: str, each: str
) -> None:
    assert image_cost(TABLE, size=size, quality=quality, n=3) == 3 * Decimal(each)


def test_megapixels_cost_by_area_and_by_steps_beyond_the_usual() -> None:
    prices = {"megapixel": 0.0027, "steps": 4}
    assert image_cost(prices, size="1000x1000") == Decimal("0.0027")
    assert image_cost(prices, size="2000x1000", n=2) == Decimal("0.0108")
    assert image_cost(prices, size="1000x1000", steps=8) == Decimal("0.0054")
    assert image_cost(prices, size="1000x1000", steps=1) == Decimal("0.0027")


def test_a_chat_costs_by_kind_of_token() -> None:
    prices = {"token": {"input": 2, "cached_input": 0.5, "image_input": 3, "output": 8}}
    usage = ChatUsage(prompt_tokens=100, completion_tokens=10, cached_tokens=40, image_tokens=20)
    assert chat_cost(prices, usage) == Decimal("0.00024")
    assert chat_cost({**prices, "image": 0.04}, usage, images=2) == Decimal("0.08024")


def test_input_prices_stand_in_for_those_that_are_not_told() -> None:
    usage = ImageUsage(10, 10, 10)
    told = {"token": {"input": 1, "output": 2}}
    assert image_cost(told, size="1x1", usage=usage) == Decimal("0.00004")


def test_what_has_no_price_is_free() -> None:
    assert image_cost({}, size="1024x1024", usage=ImageUsage(1, 1, 1)) == 0
    assert image_cost({"token": {"input": 1}}, size="1024x1024") == 0
    assert chat_cost({}, ChatUsage(10, 10)) == 0


@given(st.decimals(0, 10_000, places=9))
def test_a_cost_as_text_is_plain_and_exact(cost: Decimal) -> None:
    text = as_text(cost)
    assert Decimal(text) == cost
    assert "E" not in text.upper()
    assert "." not in text or text[-1] not in "0."


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10))
def test_more_of_anything_never_costs_less(text: int, output: int, n: int) -> None:
    prices = {"token": {"input": 0.3, "output": 30}}
    less = image_cost(prices, size="64x64", n=n, usage=ImageUsage(text, 0, output))
    more = image_cost(prices, size="64x64", n=n, usage=ImageUsage(text + 1, 0, output + 1))
    assert less < more


@pytest.mark.parametrize(
    "prices",
    [{"imgae": 1}, {"token": {"text": 1}}, {"table": [{"size": "1x1", "cost": 1}]}],
)
def test_a_key_that_nobody_reads_is_found(prices: dict[str, Any]) -> None:
    assert "known are" in (unread(prices) or "")


@pytest.mark.parametrize("name", REGISTRY)
def test_every_price_of_the_catalogue_is_understood(name: str) -> None:
    found = [(m.id, unread(m.prices)) for m in load_catalog(name).models]
    assert [one for one in found if one[1]] == []


def test_drawn_tokens_of_a_chat_have_their_own_price() -> None:
    prices = {"token": {"input": 1, "output": 10, "image_output": 100}}
    usage = ChatUsage(prompt_tokens=5, completion_tokens=30, drawn_tokens=20)
    assert chat_cost(prices, usage) == Decimal(5 + 10 * 10 + 20 * 100) / 1_000_000


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ({}, ""),
        ({"image": 0.04}, "$0.04 an image"),
        (TABLE, "$0.04 to 0.12 an image, $0.06 an image"),
        ({"megapixel": 0.03, "steps": 4}, "$0.03 a megapixel"),
        (
            {"token": {"input": 5, "image_output": 40}},
            "$5 input, $40 image output a million tokens",
        ),
    ],
)
def test_prices_are_told_in_words(prices: dict[str, Any], words: str) -> None:
    assert in_words(prices) == words
