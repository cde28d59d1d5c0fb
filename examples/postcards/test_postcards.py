"""The postcard service, tested offline with Safelight's pytest plugin.

Everything that the plugin offers is used here once; docs/pytest.md quotes from this file.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import unittest
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import openai
import postcards
import pytest
from PIL import Image
from safelight import World, assert_image, assert_only_masked_changed, assert_same_picture


class Customer:
    """The service, called as its framework calls it."""

    def __init__(self) -> None:
        self.app = postcards.app()

    def ask(
        self, method: str, path: str, body: bytes = b"", query: str = ""
    ) -> tuple[int, Any, bytes]:
        """Return status, headers and body."""
        return asyncio.run(self._ask(method, path, body, query))

    async def _ask(self, method: str, path: str, body: bytes, query: str) -> tuple[int, Any, bytes]:
        sent: list[Any] = []
        scope = {"type": "http", "method": method, "path": path, "headers": []}
        scope["query_string"] = query.encode()

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        async with _living(self.app):
            await self.app(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:])

    def order(self, motif: str = "a harbour", shape: str = "landscape") -> tuple[int, Any, bytes]:
        """Order a card."""
        return self.ask("POST", "/cards", json.dumps({"motif": motif, "shape": shape}).encode())


@asynccontextmanager
async def _living(app: Any) -> Any:
    async with app.router.lifespan_context(app):
        yield


@pytest.fixture
def customer(safelight: World) -> Customer:  # noqa: ARG001 - what makes every test offline
    return Customer()


def test_a_card_has_the_shape_that_was_ordered(customer: Customer, safelight: World) -> None:
    status, headers, card = customer.order(shape="portrait")
    assert (status, headers["content-type"]) == (201, "image/webp")
    assert_image(card, size=(1024, 1536), format="webp", alpha=False)
    safelight.assert_requested("images.generate", times=1, prompt="harbour", quality="low")


def test_a_busy_provider_is_asked_again(customer: Customer, safelight: World) -> None:
    safelight.fail_next("rate_limited", times=2, retry_after=0.01)
    assert customer.order()[0] == 201
    assert [asked.status for asked in safelight.requests] == [429, 429, 200]
    assert [asked.retry for asked in safelight.requests] == [0, 1, 2]
    assert (
        safelight.verdict() == []
    )  # it waited as long as it was told to, and no picture is paid twice


@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "connection_refused"])
def test_a_provider_that_stays_away_is_told_to_the_customer(
    customer: Customer, safelight: World, fault: str
) -> None:
    options = {"retry_after": 0.01} if fault == "rate_limited" else {}
    safelight.fail_next(fault, times=3, **options)
    status, headers, _ = customer.order()
    assert status in (502, 503)
    assert headers.get("retry-after") == ("30" if fault == "rate_limited" else None)
    assert len(safelight.requests) == 3


def test_a_stalled_provider_costs_no_time_in_tests(customer: Customer, safelight: World) -> None:
    before = safelight.clock.now
    safelight.fail_next("stall_before_headers", times=3, seconds=120)
    assert customer.order()[0] == 502
    assert (safelight.clock.now - before).total_seconds() > 3 * postcards.PATIENCE


def test_a_refused_motif_is_not_asked_for_again(customer: Customer, safelight: World) -> None:
    safelight.scenario([{"match": {"prompt": "secret"}, "fault": "moderation_blocked", "times": 1}])
    assert customer.order("the secret base")[0] == 422
    assert len(safelight.requests) == 1


def test_a_new_sky_leaves_the_ground_alone(customer: Customer, safelight: World) -> None:
    card = customer.order()[2]
    status, _, painted = customer.ask("POST", "/sky", card, "mood=a+thunderstorm")
    assert status == 200
    (edit,) = safelight.assert_requested("images.edit", times=1, with_mask=True)
    assert_image(edit.mask, size=(1536, 1024), alpha=True)
    assert_same_picture(edit.image, Image.open(io.BytesIO(card)))
    assert_only_masked_changed(edit.image, painted, edit.mask)


def test_an_edit_beyond_the_mask_would_be_noticed(customer: Customer, safelight: World) -> None:
    card = customer.order()[2]
    safelight.fail_next("mask_ignored", operation="images.edit")
    painted = customer.ask("POST", "/sky", card, "mood=dawn")[2]
    edit = safelight.requests[-1]
    with pytest.raises(AssertionError, match="outside the mask"):
        assert_only_masked_changed(edit.image, painted, edit.mask)


def test_a_card_is_passed_on_as_it_came(customer: Customer, safelight: World) -> None:
    given = Image.linear_gradient("L").resize((1536, 1024))
    safelight.reply_with(picture=given)
    assert_same_picture(customer.order()[2], given)


def test_a_greeting_is_its_first_line(customer: Customer, safelight: World) -> None:
    safelight.reply_with(text="Wish you were here!\n(A second line.)")
    _, _, body = customer.ask("GET", "/greeting", query="motif=the+sea")
    assert json.loads(body) == {"greeting": "Wish you were here!"}


def test_an_unheard_of_answer_is_not_a_greeting(customer: Customer, safelight: World) -> None:
    safelight.reply_with(exchange={"status": 503, "body": {"error": {"message": "tea"}}}, times=3)
    assert customer.ask("GET", "/greeting", query="motif=the+sea")[0] == 502


def test_what_ten_cards_cost_is_in_the_budget(customer: Customer, safelight: World) -> None:
    for number in range(10):
        customer.order(f"harbour number {number}")
    assert safelight.spend.billed == 10
    assert safelight.spend.unpriced == 0
    assert 0 < safelight.spend.usd < 1


def test_other_seeds_draw_other_cards(customer: Customer, safelight: World) -> None:
    first = customer.order()[2]
    safelight.seed = 2
    with pytest.raises(AssertionError, match="pixels"):
        assert_same_picture(first, customer.order()[2])


def test_a_mask_of_the_wrong_size_is_refused(
    customer: Customer, safelight: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = customer.order()[2]
    mask = postcards.sky_mask((64, 64))
    monkeypatch.setattr(postcards, "sky_mask", lambda _: mask)
    with safelight.expect_refusal(operation="images.edit"), pytest.raises(openai.BadRequestError):
        customer.ask("POST", "/sky", card, "mood=dawn")


@pytest.mark.safelight(as_of="2026-05-11")
def test_links_to_pictures_die(safelight: World) -> None:
    """DALL·E 3 answered with links for an hour; it is alive on that day only."""
    with openai.OpenAI() as client:
        url = client.images.generate(model="dall-e-3", prompt="a harbour").data[0].url
        assert client._client.get(url).status_code == 200
        safelight.clock.advance(minutes=61)
        assert client._client.get(url).status_code == 403


@pytest.mark.safelight(lenient=True)
def test_models_that_do_not_exist_yet_are_for_lenient_tests(
    customer: Customer, safelight: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postcards, "MODEL", "gpt-image-99")
    assert customer.order()[0] == 201
    safelight.lenient = False
    with safelight.expect_refusal(), pytest.raises(openai.OpenAIError):
        customer.order()


APP = """
import asyncio, sys, postcards

async def main():
    async with postcards.AsyncOpenAI() as client:
        sys.stdout.buffer.write(await postcards.Studio(client).card("a harbour"))

asyncio.run(main())
"""


def test_the_service_in_a_process_of_its_own(safelight_server: World) -> None:
    env = {**os.environ, **safelight_server.env}
    here = Path(__file__).parent
    card = subprocess.run(
        [sys.executable, "-c", APP], env=env, cwd=here, capture_output=True, check=True
    )
    assert_image(card.stdout, size=(1536, 1024), format="webp")
    safelight_server.assert_requested("images.generate", provider="openai")


class TestAsUnittest(unittest.TestCase):
    """For suites that are written so: a fixture hands the world over."""

    @pytest.fixture(autouse=True)
    def _offline(self, safelight: World) -> None:
        self.safelight = safelight

    def test_a_shape_that_is_none_is_not_asked_for(self) -> None:
        assert Customer().order(shape="round")[0] == 400
        assert self.safelight.requests == ()


@contextmanager
def without_pytest() -> Iterator[World]:
    """Do the same in a script."""
    import safelight

    with safelight.Emulator(provider="openai", seed=7) as world:
        yield world


def test_it_works_in_a_script_too() -> None:
    with without_pytest() as world:
        assert Customer().order()[0] == 201
        assert world.seed == 7
