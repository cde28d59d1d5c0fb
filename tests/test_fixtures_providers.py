"""Fixtures at every provider, for every kind of operation."""

from __future__ import annotations

import base64
import datetime
from pathlib import Path
from typing import Any

import aisdk
import kit
import pytest
from asks import ASKS, Ask
from fixtures_kit import CHAT, IMAGES, SIMPLE, draw, emulator, library, spoken, write
from safelight.core import Emulator, Settings
from safelight.messages import Request

RED = (255, 0, 0)
FILE = "00000000-0000-4000-8000-000000000001"

DRAWN: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/openai" + IMAGES, {"model": "gpt-image-2"}),
    "compatible": ("/compatible" + IMAGES, {"model": "anything"}),
    "vercel": ("/vercel" + IMAGES, {"model": "bfl/flux-2-pro"}),
    "edenai": ("/edenai/v3/images/generations", {"model": "openai/gpt-image-2"}),
    "together": (
        "/together" + IMAGES,
        {"model": "black-forest-labs/FLUX.1-schnell", "response_format": "base64"},
    ),
}


@pytest.mark.parametrize("provider", DRAWN)
def test_every_provider_gives_a_fixtures_picture(provider: str, tmp_path: Path) -> None:
    emu = emulator(tmp_path, SIMPLE)
    path, body = DRAWN[provider]
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


@pytest.mark.parametrize("spec", aisdk.PATHS)
def test_the_ai_sdks_protocol_tells_fixtures_too(spec: int, tmp_path: Path) -> None:
    files = {
        "a": "match: {operation: chat.create, prompt: {contains: lamp}, turn: 2}\n"
        "reply: {text: Aye aye}\n",
        "b": "match: {operation: images.generate, fields: {n: 1}}\nreply: {picture: cat.png}\n",
    }
    emu = emulator(tmp_path, files)
    first = aisdk.user("hello")
    stream = aisdk.parts(aisdk.language(emu, spec, first, "a lamp", stream=True))
    assert "".join(p["delta"] for p in stream if p["type"] == "text-delta") == "Aye aye"
    whole = kit.parsed(aisdk.language(emu, spec, first, "a lamp"))
    assert [part["text"] for part in whole["content"]] == ["Aye aye"]
    drawn = kit.parsed(aisdk.image(emu, spec, prompt="x", size="1024x1024"))["images"][0]
    assert kit.opened(base64.b64decode(drawn)).getpixel((9, 9)) == RED


WHOLE = b'{"name":"n","type":"model","baseModelId":"b","modelId":"m","remoteUrl":"http://h/w"}'
"""A body for operations whose usual question is an empty one, which is refused."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Emulator]:
    """Give an emulator for each day, whose one fixture says the same to everybody."""
    text = "match: {}\nreply: {status: 503, headers: {x-shop: closed}, body: Closed on Mondays.}\n"
    folder = tmp_path_factory.mktemp("closed")
    write(folder, {"one": text})
    days = {datetime.date.fromisoformat(ask.as_of) for ask in ASKS}
    return {
        str(day): Emulator(Settings(as_of=day), clock=kit.Clock(), library=library(folder, day))
        for day in days
    }


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.id)
def test_every_operation_of_every_provider_obeys_a_fixture(
    ask: Ask, closed: dict[str, Emulator]
) -> None:
    emu = closed[ask.as_of]
    session = f"/s/{ask.id}"
    path, _, query = ask.path.partition("?")
    body = WHOLE if ask.body == b"{}" else ask.body
    request = Request(ask.method, session + path, query, (kit.KEY, *ask.headers), body)
    reply = emu.respond(request)
    assert (reply.status, reply.body) == (503, b"Closed on Mondays.")
    (entry,) = emu.session(ask.id).journal
    assert (entry.operation, entry.billed, entry.notes) == (
        ask.operation,
        False,
        ("fixture one.yaml",),
    )


def test_a_wide_match_is_used_only_where_its_reply_could_be_sent(tmp_path: Path) -> None:
    files = {"one": "match: {}\nreply: {text: Aye aye, fields: {house: ours}}\n"}
    emu = emulator(tmp_path, files)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}
    free = kit.parsed(kit.post(emu, "/compatible" + CHAT, body))
    strict = kit.parsed(kit.post(emu, "/openai" + CHAT, body))
    assert (free["house"], "house" in strict) == ("ours", False)
    assert strict["choices"][0]["message"]["content"] != "Aye aye"
    assert draw(emu).status == 200
    assert list(emu.session("").used.values()) == [1]
    notes = [entry.notes for entry in emu.session("").journal]
    why = "reply.fields.house: chat.create tells no such field; "
    assert notes[1][0].startswith(f"fixture one.yaml is not sent here: {why}")
