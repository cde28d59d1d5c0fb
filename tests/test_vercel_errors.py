"""Vercel AI Gateway's refusals on its OpenAI surface: every row reached, in one envelope."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from safelight.core import Emulator
from safelight.datafiles import data_dir, read_toml
from safelight.messages import Reply, Request
from safelight.provider import load_provider
from safelight.schemas import load

BASE = "/vercel/v1"
OURS = {row["id"] for row in read_toml(data_dir("schemas") / "vercel" / "errors.toml")["row"]}
ROWS = {row.id: row for row in load_provider("vercel").errors.rows if row.id in OURS}
FLUX, GPT, NANO = "bfl/flux-2-pro", "openai/gpt-image-2", "openai/gpt-4.1-nano"
SMALL = "openai/text-embedding-3-small"
PHOTO = kit.png(64, 64, color=(20, 120, 200))
ENVELOPE = load("vercel", "error")
BEARER = "authorization"


def url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def generate(**body: Any) -> Callable[[Emulator], Reply]:
    asked = {"model": FLUX, "prompt": "A fox", **body}
    sent = {key: value for key, value in asked.items() if value != "ABSENT"}
    return lambda emu: kit.post(emu, f"{BASE}/images/generations", sent)


def edit(image: Any = PHOTO, **body: Any) -> Callable[[Emulator], Reply]:
    images = [{"image_url": url(image) if isinstance(image, bytes) else image}]
    asked = {"model": GPT, "prompt": "A fox", "images": images, **body}
    return lambda emu: kit.post(emu, f"{BASE}/images/edits", asked)


def masked(mask: bytes) -> Callable[[Emulator], Reply]:
    return edit(mask={"image_url": url(mask)})


def chat(*messages: Any, **body: Any) -> Callable[[Emulator], Reply]:
    turns = [
        {"role": "user", "content": m} if isinstance(m, str) else m for m in messages or ["Hi"]
    ]
    asked = {"model": NANO, "messages": turns, **body}
    return lambda emu: kit.post(emu, f"{BASE}/chat/completions", asked)


def shown(link: str) -> Callable[[Emulator], Reply]:
    return chat({"role": "user", "content": [{"type": "image_url", "image_url": {"url": link}}]})


def embed(**body: Any) -> Callable[[Emulator], Reply]:
    return lambda emu: kit.post(emu, f"{BASE}/embeddings", {"model": SMALL, "input": "a", **body})


def send(method: str, path: str, query: str = "", **request: Any) -> Callable[[Emulator], Reply]:
    asked = Request(method, path, query, **{"headers": (kit.KEY,), **request})
    return lambda emu: emu.respond(asked)


def posted(body: bytes, kind: str, **more: Any) -> Callable[[Emulator], Reply]:
    headers = (kit.KEY, ("content-type", kind))
    return send("POST", f"{BASE}/images/generations", headers=headers, body=body, **more)


def called(identifier: str) -> dict[str, Any]:
    function = {"name": "add", "arguments": "{}"}
    call = {"id": identifier, "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def tool(identifier: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identifier, "content": "4"}


def twice(emu: Emulator) -> Reply:
    file = ("image", ("a.png", PHOTO, "image/png"))
    fields: list[Any] = [("model", GPT), ("prompt", "A fox"), file, file]
    return kit.form(emu, f"{BASE}/images/edits", fields)


ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
BAD = {"type": "function", "function": {"name": "add", "parameters": {"type": "nonsense"}}}
UNKNOWN = "gen_01KZ7DPJ3VGJXG6NF1WEJWE03M"

CASES: dict[str, Callable[[Emulator], Reply]] = {
    "V-PATH": send("GET", "/vercel/models"),
    "V-METHOD": send("POST", f"{BASE}/nothing"),
    "V-KEY-MISSING": send("GET", f"{BASE}/credits", headers=()),
    "V-KEY-WRONG": send("GET", f"{BASE}/credits", headers=((BEARER, "Bearer sk-invalid-1"),)),
    "V-MODEL": generate(model="acme/none"),
    "V-MODEL-KIND-IMAGE": generate(model=NANO),
    "V-MODEL-KIND-CHAT": chat(model=FLUX),
    "V-MODEL-KIND": embed(model=FLUX),
    "V-REQUIRED": generate(prompt="ABSENT"),
    "V-FILE-ID": edit(images=[{"image_url": url(PHOTO), "file_id": "file-1"}]),
    "V-EFFORT": chat(reasoning={"effort": "low", "max_tokens": 100}),
    "V-TYPE": generate(n="two"),
    "V-ENUM": chat({"role": "robot", "content": "Hi"}),
    "V-RANGE": generate(n=0),
    "V-LENGTH": generate(prompt=""),
    "V-INVALID": generate(size="big"),
    "V-JSON": posted(b"{", "application/json"),
    "V-CONTENT-TYPE": posted(b"{}", "text/plain"),
    "V-DUPLICATE": twice,
    "V-TOO-LARGE": posted(b"", "application/json", body_limit=10, body_read=11),
    "V-IMAGE": edit(b"no picture at all"),
    "V-MASK": masked(b"no picture at all"),
    "V-MASK-SIZE": masked(kit.mask(32, 32, (0, 0, 9, 9))),
    "V-MASK-ALPHA": masked(kit.png(64, 64)),
    "V-DATA-URL": edit("data:image/png;base64,%%%"),
    "V-SIZE": generate(providerOptions={"blackForestLabs": {"width": 9}}),
    "V-DIMENSIONS": embed(dimensions=2000),
    "V-CHAT-IMAGE": shown("data:image/png;base64,AAAA"),
    "V-CHAT-IMAGE-URL": shown("ftp://example.com/a.png"),
    "V-TOOL-ORPHAN": chat("Hi", tool("call_1")),
    "V-TOOL-UNKNOWN": chat("Hi", called("call_1"), tool("call_2")),
    "V-TOOL-UNANSWERED": chat("Hi", called("call_1"), "Well?"),
    "V-TOOL-CHOICE": chat(
        tools=[ADD], tool_choice={"type": "function", "function": {"name": "subtract"}}
    ),
    "V-TOOL-SCHEMA": chat(tools=[BAD]),
    "V-CHAT-JSON": chat(response_format={"type": "json_object"}),
    "V-CHAT-BLIND": chat(
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url(PHOTO)}}]},
        model="deepseek/deepseek-v4.1-flash",
    ),
    "V-GENERATION-ID-MISSING": send("GET", f"{BASE}/generation"),
    "V-GENERATION-ID-FORMAT": send("GET", f"{BASE}/generation", "id=notaulid"),
    "V-GENERATION-UNKNOWN": send("GET", f"{BASE}/generation", f"id={UNKNOWN}"),
    "V-FILE": send("GET", "/_safelight/files/none.png"),
}

ELSEWHERE = {
    "V-FILE-EXPIRED": "no reply of this provider links to a picture",
    "V-CHAT-CONTEXT": "no model of this catalogue has the trait `context`",
    "V-CHAT-PARAMETER": "no model of this catalogue is of the family that refuses parameters",
}


def test_every_row_is_reached_or_says_why_not() -> None:
    by_fault = {name for name, row in ROWS.items() if row.fault}
    assert set(ROWS) - by_fault == {*CASES, *ELSEWHERE}


@pytest.mark.parametrize("name", CASES)
def test_a_row_is_reached_and_keeps_the_envelope(name: str) -> None:
    emu, row = kit.emulator(provider="vercel"), ROWS[name]
    reply = CASES[name](emu)
    (exchange,) = emu._store.session("").journal
    assert (exchange.row, reply.status) == (name, row.status)
    if row.text is None:
        assert ENVELOPE.check(kit.parsed(reply)) is None
        assert kit.error(reply)["type"] == (row.error or {})["type"]


@pytest.mark.parametrize("path", ["images/generations", "chat/completions", "embeddings"])
def test_an_unknown_model_is_told_in_exactly_three_keys(path: str) -> None:
    body = {"model": "acme/none", "prompt": "A", "messages": [{"role": "user"}], "input": "a"}
    reply = kit.post(kit.emulator(), f"{BASE}/{path}", body)
    assert reply.status == 404
    assert kit.parsed(reply) == {
        "error": {
            "message": "Model 'acme/none' not found",
            "type": "model_not_found",
            "param": {"modelId": "acme/none"},
        }
    }


@pytest.mark.parametrize("path", ["/models/acme/none", "/models/acme%2Fnone/endpoints"])
def test_an_unknown_entry_is_told_alike(path: str) -> None:
    reply = kit.get(kit.emulator(), BASE + path)
    assert (reply.status, kit.error(reply)["param"]) == (404, {"modelId": "acme/none"})


def test_a_missing_parameter_is_named() -> None:
    found = kit.error(generate(prompt="ABSENT")(kit.emulator()))
    assert (found["param"], found["code"]) == ("prompt", "missing_parameter")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/vercel/models", 404),
        ("POST", "/vercel/chat/completions", 405),
        ("GET", f"{BASE}/chat/completions", 405),
        ("DELETE", f"{BASE}/models", 405),
    ],
)
def test_a_wrong_path_is_404_and_a_wrong_method_an_empty_405(
    method: str, path: str, status: int
) -> None:
    reply = send(method, path)(kit.emulator())
    assert reply.status == status
    assert (reply.body == b"") is (status == 405)


def test_a_generations_errors_are_flat() -> None:
    found = kit.parsed(CASES["V-GENERATION-UNKNOWN"](kit.emulator()))
    assert found == {
        "error": "Usage event not found",
        "id": UNKNOWN,
        "message": f"No usage event found with ID {UNKNOWN}",
    }
    malformed = CASES["V-GENERATION-ID-FORMAT"](kit.emulator())
    assert json.loads(malformed.body) == {
        "error": "Invalid generation ID format. Expected format: gen_<ulid>"
    }


def test_the_urls_of_other_providers_expire_in_their_own_words() -> None:
    clock = kit.Clock()
    emu = kit.emulator(clock, provider="vercel")
    asked = {"model": "acme/any", "prompt": "A fox", "size": "64x64", "response_format": "url"}
    made = kit.parsed(kit.post(emu, "/compatible/v1/images/generations", asked))
    path, _, query = made["data"][0]["url"].removeprefix("http://127.0.0.1:4010").partition("?")
    clock.now += 10 * 24 * 3600
    reply = emu.respond(Request("GET", path, query))
    assert (reply.status, kit.error(reply)["type"]) == (403, "invalid_request_error")


def test_lenient_answers_for_a_model_that_nobody_sells() -> None:
    reply = generate(model="acme/none")(kit.emulator(lenient=True))
    assert reply.status == 200
    assert kit.picture(reply).format == "PNG"
