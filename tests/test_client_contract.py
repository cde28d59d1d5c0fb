"""Good clients pass every lens."""

from __future__ import annotations

import base64
from typing import Any

import openai
import pytest
from safelight_contracts.client import client_contract

pytestmark = pytest.mark.safelight(as_of="2026-11-20")
ASK: dict[str, Any] = {
    "model": "gpt-image-2", "prompt": "a red circle", "size": "1024x1024", "quality": "low",
}  # fmt: skip


@client_contract(provider="openai", operation="images.generate", retry_after=0.02, max_examples=60)
def test_openai_python_asking_for_a_picture() -> bytes:
    client = openai.OpenAI(timeout=2, max_retries=1)
    reply = client.images.generate(**ASK)
    assert reply.data
    return base64.b64decode(reply.data[0].b64_json or "", validate=True)


@client_contract(provider="openai", operation="images.generate", retry_after=0.02, max_examples=60)
def test_openai_python_streaming_a_picture() -> bytes:
    client = openai.OpenAI(timeout=2, max_retries=1)
    for event in client.images.generate(**ASK, stream=True, partial_images=2):
        if event.type == "image_generation.completed":
            return base64.b64decode(event.b64_json, validate=True)
    raise RuntimeError("the stream ended without a picture")


@client_contract(provider="openai", operation="chat.create", retry_after=0.02, max_examples=60)
def test_openai_python_streaming_a_chat() -> str:
    client = openai.OpenAI(timeout=2, max_retries=1)
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "hello “you”"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    text, ended = "", False
    for chunk in stream:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            ended = ended or choice.finish_reason is not None
    if not ended:
        raise RuntimeError("the stream ended early")
    return text
