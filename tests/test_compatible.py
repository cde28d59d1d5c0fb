"""The provider of unknown make: any model's name, base64, errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.messages import Request
from safelight.provider import load_provider
from safelight.schemas import load

BASE = "/compatible/v1"
ASK = {"model": "acme/any-model:7b", "prompt": "A futuristic cityscape at sunset"}
CHAT = {"model": "acme/chat", "messages": [{"role": "user", "content": "Hello"}]}
PNG = ("blob", kit.png(96, 64), "image/png")


def generate(**fields: Any) -> Any:
    return kit.post(kit.emulator(), f"{BASE}/images/generations", {**ASK, **fields})


def edit(*parts: Any, **fields: str) -> Any:
    texts = {"model": "acme/edit", "prompt": "Turn the cat into a dog", "n": "1", **fields}
    return kit.form(kit.emulator(), f"{BASE}/images/edits", [*texts.items(), *parts])


def test_the_first_request_of_the_newest_client_gets_base64() -> None:
    reply = generate(n=1, size="1024x1024")
    assert reply.status == 200
    assert kit.picture(reply).size == (1024, 1024)
    assert load("compatible", "images.reply").check(kit.parsed(reply)) is None


def test_the_older_clients_ask_for_base64_and_get_the_same_picture() -> None:
    told = generate(size="64x64", response_format="b64_json")
    assert kit.parsed(told)["data"] == kit.parsed(generate(size="64x64"))["data"]


def test_a_url_is_given_to_who_asks_for_one_and_shows_the_picture() -> None:
    emu = kit.emulator()
    ask = {**ASK, "response_format": "url", "size": "320x200"}
    link = kit.parsed(kit.post(emu, f"{BASE}/images/generations", ask))["data"][0]["url"]
    shown = kit.get(emu, link.removeprefix("http://127.0.0.1:4010").partition("?")[0])
    assert kit.opened(shown.body).size == (320, 200)


@pytest.mark.parametrize("size", ["1x1", "512x512", "777x333", "1792x1024", "4096x64"])
def test_any_size_is_drawn_as_asked(size: str) -> None:
    width, height = kit.picture(generate(size=size)).size
    assert f"{width}x{height}" == size


@given(name=st.text(min_size=1, max_size=60))
def test_any_name_is_a_model(name: str) -> None:
    reply = generate(model=name, size="16x16")
    assert reply.status == 200
    assert kit.picture(reply).size == (16, 16)


def test_models_are_told_apart() -> None:
    pictures = {
        kit.parsed(generate(model=m, size="64x64"))["data"][0]["b64_json"] for m in ("a", "b")
    }
    assert len(pictures) == 2


@pytest.mark.parametrize("name", ["acme/any-model:7b", "acme%2Fany-model%3A7b"])
def test_any_model_has_an_entry(name: str) -> None:
    reply = kit.get(kit.emulator(), f"{BASE}/models/{name}")
    assert kit.parsed(reply)["id"] == "acme/any-model:7b"
    assert load("compatible", "models.get.reply").check(kit.parsed(reply)) is None


def test_the_list_has_the_model_of_the_seed() -> None:
    reply = kit.get(kit.emulator(), f"{BASE}/models")
    assert [model["id"] for model in kit.parsed(reply)["data"]] == ["model-id"]
    assert load("compatible", "models.list.reply").check(kit.parsed(reply)) is None


def test_unknown_keys_and_provider_options_are_taken() -> None:
    options = {"steps": 4, "acme": {"upscale": True}, "style": "noir", "seed": -3, "user": "u"}
    assert generate(size="64x64", **options).status == 200


def test_an_edit_with_one_image_shows_it() -> None:
    image = kit.encoded(kit.Image.new("RGB", (256, 256), (200, 30, 30)))
    shown = kit.picture(edit(("image", ("blob", image, "image/png")), size="256x256"))
    red, green, _ = shown.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert shown.size == (256, 256)
    assert red > green + 40


def test_an_inpainting_changes_only_what_the_mask_opens() -> None:
    image = kit.png(128, 128, color=(10, 120, 200))
    mask = kit.mask(128, 128, (32, 32, 96, 96))
    parts = [("image", ("blob", image, "image/png")), ("mask", ("blob", mask, "image/png"))]
    shown = kit.picture(edit(*parts, size="128x128")).convert("RGB")
    kept = [shown.getpixel((x, y)) for x in range(128) for y in (0, 16, 31, 96, 127)]
    assert set(kept) == {(10, 120, 200)}
    assert len(shown.crop((32, 32, 96, 96)).getcolors(64 * 64) or []) > 8


@pytest.mark.parametrize("kind", ["application/octet-stream", None, "text/plain"])
def test_the_bytes_say_what_an_upload_is_not_its_label(kind: str | None) -> None:
    assert edit(("image", ("blob", kit.png(), kind)), size="64x64").status == 200


def test_several_images_come_as_a_list() -> None:
    assert edit(("image[]", PNG), ("image[]", PNG), size="64x64").status == 200


def test_options_of_a_form_are_texts() -> None:
    fields = {"draft": "true", "nested": "[object Object]", "tags[]": "a"}
    assert edit(("image", PNG), size="64x64", **fields).status == 200


def test_a_chat_answers_under_any_name() -> None:
    reply = kit.parsed(kit.post(kit.emulator(), f"{BASE}/chat/completions", CHAT))
    assert reply["model"] == "acme/chat"
    assert "Hello" in reply["choices"][0]["message"]["content"]


def test_a_chat_streams_to_the_end() -> None:
    body = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
    reply = kit.post(kit.emulator(), f"{BASE}/chat/completions", body)
    frames = b"".join(chunk.data for chunk in reply.chunks or ()).split(b"\n\n")[:-1]
    assert frames[-1] == b"data: [DONE]"
    assert json.loads(frames[-2][6:])["usage"]["total_tokens"] > 0


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USER = {"role": "user", "content": "Hello"}
BAD = {"name": "s", "schema": {"type": "x"}}
ORPHAN = {"role": "tool", "tool_call_id": "x", "content": ""}
CHOICE = {"type": "function", "function": {"name": "g"}}
FAKE_PICTURE = {"type": "image_url", "image_url": {"url": "ftp://x"}}
WRONG: list[tuple[str, str, Any]] = [
    ("SIZE-BOUNDS", "generations", {"size": "5000x10"}),
    ("SIZE-GRAMMAR", "generations", {"size": "wide"}),
    ("MISSING", "generations", {"prompt": ...}),
    ("TYPE", "generations", {"prompt": {"text": "a", "images": []}}),
    ("CHOICE", "generations", {"response_format": "bytes"}),
    ("HIGH", "generations", {"n": 11}),
    ("LOW", "generations", {"n": 0}),
    ("EMPTY", "generations", {"model": ""}),
    ("LONG", "generations", {"prompt": "x" * 32001}),
    ("IMAGE-BAD", "edits", [("image", ("blob", b"text", "image/png"))]),
    ("MASK-BAD", "edits", [("image", PNG), ("mask", ("blob", b"text", None))]),
    ("MASK-SIZE", "edits", [("image", PNG), ("mask", ("m", kit.mask(8, 8, (0, 0, 4, 4)), None))]),
    ("MASK-ALPHA", "edits", [("image", PNG), ("mask", PNG)]),
    ("MISSING", "edits", []),
    ("IMAGE-LARGE", "edits", [("image", ("blob", bytes(50 * 2**20 + 1), None))]),
    ("BODY-TWICE", "edits", [("image", PNG), ("image", PNG)]),
    ("MISSING", "chat", {"messages": ...}),
    ("EMPTY", "chat", {"messages": []}),
    ("CHAT-JSON-WORD", "chat", {"response_format": {"type": "json_object"}}),
    ("CHAT-TOOL-NAME", "chat", {"tools": [TOOL], "tool_choice": CHOICE}),
    ("CHAT-TOOL-ORPHAN", "chat", {"messages": [USER, ORPHAN]}),
    ("CHAT-TOOL-SILENT", "chat", {"messages": [{"role": "assistant", "tool_calls": [CALL]}, USER]}),
    ("CHAT-PICTURE", "chat", {"messages": [{"role": "user", "content": [FAKE_PICTURE]}]}),
    ("CHAT-SCHEMA", "chat", {"response_format": {"type": "json_schema", "json_schema": BAD}}),
]


def send(kind: str, fields: Any) -> Any:
    if kind == "edits":
        return edit(*fields)
    path = "chat/completions" if kind == "chat" else f"images/{kind}"
    body = {**(CHAT if kind == "chat" else ASK), **fields}
    emu = kit.emulator()
    kept = {key: value for key, value in body.items() if value is not ...}
    return kit.post(emu, f"{BASE}/{path}", kept)


@pytest.mark.parametrize(("row", "kind", "fields"), WRONG, ids=[f"{w[0]}-{w[1]}" for w in WRONG])
def test_a_wrong_request_gets_its_row(row: str, kind: str, fields: Any) -> None:
    reply = send(kind, fields)
    told = next(r for r in load_provider("compatible").errors.rows if r.id == row)
    assert (reply.status, kit.error(reply)["code"]) == (told.status, (told.error or {})["code"])
    assert load("compatible", "error").check(kit.parsed(reply)) is None


BARE: list[tuple[str, Request]] = [
    ("KEY-MISSING", Request("GET", f"{BASE}/models")),
    (
        "KEY-WRONG",
        Request("GET", f"{BASE}/models", headers=(("authorization", "Bearer sk-invalid"),)),
    ),
    ("PATH", Request("GET", f"{BASE}/nothing", headers=(kit.KEY,))),
    ("METHOD", Request("PATCH", f"{BASE}/models", headers=(kit.KEY,))),
    ("BODY-LARGE", Request("POST", f"{BASE}/images/generations", headers=(kit.KEY,), body_limit=9)),
    ("BODY-KIND", Request("POST", f"{BASE}/images/generations", headers=(kit.KEY,), body=b"x")),
    (
        "BODY-JSON",
        Request(
            "POST",
            f"{BASE}/images/generations",
            headers=(kit.KEY, ("content-type", "application/json")),
            body=b"{",
        ),
    ),
    (
        "BODY-FORM",
        Request(
            "POST",
            f"{BASE}/images/edits",
            headers=(kit.KEY, ("content-type", "multipart/form-data; boundary=x")),
            body=b"--y",
        ),
    ),
]


@pytest.mark.parametrize(("row", "request_"), BARE, ids=[b[0] for b in BARE])
def test_a_request_that_never_gets_in_gets_its_row(row: str, request_: Request) -> None:
    reply = kit.emulator().respond(request_)
    told = next(r for r in load_provider("compatible").errors.rows if r.id == row)
    assert (reply.status, kit.error(reply)["code"]) == (told.status, (told.error or {})["code"])


def test_a_file_answers_as_the_provider_does_until_it_expires() -> None:
    clock = kit.Clock()
    emu = kit.emulator(clock, provider="compatible")
    ask = {**ASK, "response_format": "url", "size": "32x32"}
    link = kit.parsed(kit.post(emu, "/v1/images/generations", ask))["data"][0]["url"]
    path = "/" + link.partition("//")[2].partition("/")[2].partition("?")[0]
    assert kit.get(emu, path).status == 200
    clock.now += 3601
    assert kit.error(kit.get(emu, path))["code"] == "expired"
    assert kit.error(kit.get(emu, path + "x"))["code"] == "not_found"


def test_every_row_is_reached_here_or_only_by_a_fault() -> None:
    reached = {w[0] for w in WRONG} | {b[0] for b in BARE} | {"FILE-UNKNOWN", "FILE-EXPIRED"}
    rows = load_provider("compatible").errors.rows
    assert {row.id for row in rows if not row.fault} == reached


def test_the_dialect_is_the_smallest_of_all() -> None:
    folder = Path(__file__).parents[1] / "emulator" / "safelight" / "dialects"
    assert len((folder / "compatible.py").read_text().splitlines()) < 50
