"""Fixtures at every provider, for every kind of operation."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import kit
import pytest
from fixtures_kit import CHAT, IMAGES, SIMPLE, draw, emulator, spoken, write
from safelight.core import Emulator

RED = (255, 0, 0)
FILE = "00000000-0000-4000-8000-000000000001"

ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/openai" + IMAGES, {"model": "gpt-image-2"}),
    "compatible": ("/compatible" + IMAGES, {"model": "anything"}),
    "vercel": ("/vercel" + IMAGES, {"model": "bfl/flux-2-pro"}),
    "edenai": ("/edenai/v3/images/generations", {"model": "openai/gpt-image-2"}),
    "together": (
        "/together" + IMAGES,
        {"model": "black-forest-labs/FLUX.1-schnell", "response_format": "base64"},
    ),
}


@pytest.mark.parametrize("provider", ASKS)
def test_every_provider_gives_a_fixtures_picture(provider: str, tmp_path: Path) -> None:
    emu = emulator(tmp_path, SIMPLE)
    path, body = ASKS[provider]
    reply = kit.post(emu, path, {**body, "prompt": "a cat"})
    assert reply.status == 200, reply.body
    pixel = kit.picture(reply).convert("RGB").getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) < 9 for a, b in zip(pixel, RED, strict=True))


@pytest.mark.parametrize(
    ("path", "model"),
    [
        (CHAT, "gpt-4o"),
        ("/compatible" + CHAT, "x"),
        ("/vercel" + CHAT, "google/gemini-2.5-flash-image"),
        ("/edenai/v3/chat/completions", "google/gemini-flash-latest"),
        ("/together" + CHAT, "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    ],
)
def test_every_provider_says_a_fixtures_text(path: str, model: str, tmp_path: Path) -> None:
    emu = emulator(tmp_path, {"one": "match: {operation: chat.create}\nreply: {text: Aye aye}\n"})
    messages = [{"role": "user", "content": "x"}]
    whole = kit.post(emu, path, {"model": model, "messages": messages})
    assert kit.parsed(whole)["choices"][0]["message"]["content"] == "Aye aye"
    streamed = kit.post(emu, path, {"model": model, "messages": messages, "stream": True})
    assert spoken(streamed) == "Aye aye"


def test_a_chat_shows_the_pictures_of_a_fixture(tmp_path: Path) -> None:
    text = (
        "match: {provider: vercel, operation: chat.create}\nreply: {text: Look, picture: cat.png}\n"
    )
    emu = emulator(tmp_path, {"one": text})
    body = {
        "model": "google/gemini-2.5-flash-image",
        "messages": [{"role": "user", "content": "x"}],
    }
    message = kit.parsed(kit.post(emu, "/vercel" + CHAT, body))["choices"][0]["message"]
    url = message["images"][0]["image_url"]["url"]
    shown = kit.opened(base64.b64decode(url.partition(",")[2]))
    assert (message["content"], shown.size, shown.getpixel((0, 0))) == ("Look", (300, 200), RED)


def test_uploads_and_lists_are_given_too(tmp_path: Path) -> None:
    files = {
        "a": "match: {operation: models.list, provider: openai}\n"
        "reply: {fields: {data.0.id: mine}}\n",
        "b": f"match: {{operation: uploads.create}}\nreply: {{fields: {{file_id: {FILE}}}}}\n",
    }
    emu = emulator(tmp_path, files)
    assert kit.parsed(kit.get(emu, "/v1/models"))["data"][0]["id"] == "mine"
    parts = [("file", ("a.png", kit.png(), "image/png")), ("purpose", "vision")]
    reply = kit.form(emu, "/edenai/v3/upload", parts)
    assert (reply.status, kit.parsed(reply).get("file_id")) == (
        200,
        "00000000-0000-4000-8000-000000000001",
    ), reply.body


def test_the_control_plane_tells_what_was_used(tmp_path: Path) -> None:
    emu: Emulator = emulator(tmp_path, {**SIMPLE, "two": "match: {prompt: z}\nreply: {text: y}\n"})
    draw(emu)
    write(tmp_path, {"bad": "match: {}\n"})
    page = kit.control(emu, "GET", "fixtures")
    used = {one["name"]: (one["fitted"], one["used"], one["reply"]) for one in page["fixtures"]}
    assert used == {"one.yaml": (1, 1, "partial"), "two.yaml": (0, 0, "partial")}
    assert kit.control(emu, "GET", "fixtures", session="s")["fixtures"][0]["used"] == 0
    empty = kit.control(kit.emulator(), "GET", "fixtures")
    assert empty == {"fixtures": [], "problems": [], "unmatched": "make"}
