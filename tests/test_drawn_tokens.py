"""A picture of a model that counts its pictures costs the same by every door, over a socket."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import kit
import pytest
from conftest import LiveServer

KEY = {"authorization": "Bearer sk-test"}
URL = "data:image/png;base64," + base64.b64encode(kit.png(64, 64)).decode()


def ask(server: LiveServer, path: str, model: str, **body: Any) -> Any:
    asked = {"model": model, **body}
    return httpx.post(f"{server.origin}{path}", json=asked, headers=KEY, timeout=30).json()


@pytest.mark.parametrize("model", ["google/gemini-2.5-flash-image", "google/gemini-3-pro-image"])
def test_a_chat_a_generation_and_an_edit_count_alike(live_server: LiveServer, model: str) -> None:
    said = [{"role": "user", "content": "draw a cat"}]
    chat = ask(live_server, "/vercel/v1/chat/completions", model, messages=said)
    made = ask(live_server, "/vercel/v1/images/generations", model, prompt="a cat", n=2)
    images = [{"image_url": URL}]
    edited = ask(live_server, "/vercel/v1/images/edits", model, prompt="a cat", images=images)
    tokens = chat["usage"]["completion_tokens_details"]["image_tokens"]
    assert made["usage"]["output_tokens"] == 2 * tokens
    assert edited["usage"]["output_tokens"] == tokens
