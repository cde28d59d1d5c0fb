"""openai-python against the provider of unknown make, over a real socket."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import openai
import pytest
from conftest import LiveServer
from kit import mask, opened, png

RED = (210, 20, 20)


@pytest.fixture
def client(live_server: LiveServer) -> Iterator[openai.OpenAI]:
    base = f"{live_server.origin}/compatible/v1"
    with openai.OpenAI(base_url=base, api_key="sk-test", max_retries=0) as one:
        yield one


def test_any_model_draws(client: openai.OpenAI) -> None:
    reply = client.images.generate(model="acme/painter", prompt="A lamp", n=2, size="512x512")
    assert reply.data is not None
    sizes = [opened(base64.b64decode(str(item.b64_json))).size for item in reply.data]
    assert sizes == [(512, 512)] * 2


def test_a_url_is_given_when_asked_for(client: openai.OpenAI) -> None:
    reply = client.images.generate(
        model="acme/painter", prompt="A lamp", size="512x512", response_format="url"
    )
    assert reply.data is not None
    assert opened(httpx.get(str(reply.data[0].url)).content).size == (512, 512)


def test_an_edit_keeps_what_the_mask_covers(client: openai.OpenAI) -> None:
    reply = client.images.edit(
        model="acme/painter",
        image=("red.png", png(256, 256, color=RED)),
        mask=("mask.png", mask(256, 256, (0, 0, 128, 256))),
        prompt="A pool",
        size="256x256",
    )
    assert reply.data is not None
    shown = opened(base64.b64decode(str(reply.data[0].b64_json))).convert("RGB")
    assert shown.crop((129, 0, 256, 256)).getcolors() == [(127 * 256, RED)]


def test_models_are_listed_and_any_is_found(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["model-id"]
    assert client.models.retrieve("acme/painter:2").id == "acme/painter:2"


def test_any_model_chats(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(
        model="acme/talker", messages=[{"role": "user", "content": "Reply with exactly: Hello!"}]
    )
    assert (said.model, said.choices[0].message.content) == ("acme/talker", "Hello!")


def test_a_refusal_says_what_would_be_right(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model="acme/painter", prompt="A lamp", size="huge")  # type: ignore[call-overload]
    assert (caught.value.code, caught.value.param) == ("invalid_size", "size")
    assert "write it as 1024x1024" in caught.value.message
