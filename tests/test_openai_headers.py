"""The dress of every kind of answer: headers and layouts as they were recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx
import pytest
from conftest import LiveServer
from kit import ERA, emulator, parsed
from openai_asks import CHAT, EDITS, GENERATIONS, MODELS, Ask, edit, generate, of_json, send
from safelight.messages import Reply, Request

ROUTED = {
    "content-type",
    "content-length",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "x-request-id",
    "x-openai-proxy-wasm",
}
KNOWN = {"openai-version", "openai-organization", "openai-project", "openai-processing-ms"}
PLAIN = {"x-content-type-options"}
LIMITS = {
    f"x-ratelimit-{kind}-{thing}"
    for kind in ("limit", "remaining", "reset")
    for thing in ("requests", "tokens")
}
HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}
TALK, QUICK = of_json(CHAT, HI), generate(quality="low")
BAD_KEY = "fake_key"


def keyed(method: str, path: str, key: str | None = BAD_KEY) -> Reply:
    """Send a request with a key that this emulator does not know, or with none."""
    return send(method, path, key=key)(emulator(api_keys=("sk-good",)))


def names(reply: Reply) -> set[str]:
    return {name for name, _ in reply.headers}


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (QUICK, ROUTED | KNOWN | PLAIN),
        (edit(quality="low"), ROUTED | KNOWN | PLAIN),
        (send("GET", MODELS), ROUTED | KNOWN | PLAIN),
        (send("GET", MODELS + "/nobody"), ROUTED | KNOWN | PLAIN),
        (generate(n=0), ROUTED | KNOWN | PLAIN),
        (generate(stream=True, quality="low"), (ROUTED | KNOWN | PLAIN) - {"content-length"}),
        (TALK, ROUTED | KNOWN | LIMITS),
        (of_json(CHAT, {**HI, "stream": True}), (ROUTED | KNOWN | LIMITS) - {"content-length"}),
    ],
    ids=["picture", "edit", "models", "404", "400", "stream", "chat", "chat stream"],
)
def test_an_answer_to_a_good_key_has_these_headers(ask: Ask, expected: set[str]) -> None:
    assert names(ask(emulator())) == expected


@pytest.mark.parametrize(
    ("method", "path", "key", "more"),
    [
        ("GET", MODELS, None, PLAIN),
        ("POST", CHAT, None, {"vary"}),
        ("POST", CHAT, BAD_KEY, {"vary"}),
        ("GET", MODELS, BAD_KEY, PLAIN),
        (
            "POST",
            GENERATIONS,
            BAD_KEY,
            PLAIN | {"www-authenticate", "openai-version", "openai-processing-ms"},
        ),
    ],
)
def test_an_answer_without_a_good_key_says_less(
    method: str, path: str, key: str | None, more: set[str]
) -> None:
    reply = keyed(method, path, key)
    assert (reply.status, names(reply)) == (401, ROUTED | more)


def test_the_values_have_the_recorded_shapes() -> None:
    found = dict(TALK(emulator()).headers)
    shapes = {
        "x-request-id": r"req_[0-9a-f]{32}",
        "openai-version": "2020-10-01",
        "openai-processing-ms": r"\d+",
        "x-openai-proxy-wasm": r"v0\.1",
        "x-ratelimit-limit-requests": r"\d+",
        "x-ratelimit-remaining-tokens": r"\d+",
        "x-ratelimit-reset-requests": r"\d+ms|[\d.]+s|\d+m[\d.]+s",
        "access-control-expose-headers": "X-Request-ID, CF-Ray, CF-Ray",
    }
    assert {n: s for n, s in shapes.items() if not re.fullmatch(s, found[n])} == {}


def test_images_401_names_its_scheme() -> None:
    found = dict(keyed("POST", EDITS).headers)
    assert found["www-authenticate"] == 'Bearer realm="OpenAI API"'
    assert dict(keyed("POST", CHAT).headers)["vary"] == "Origin"


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (QUICK, "application/json"),
        (generate(stream=True, quality="low"), "text/event-stream"),
        (TALK, "application/json"),
        (of_json(CHAT, {**HI, "stream": True}), "text/event-stream; charset=utf-8"),
        (of_json(CHAT, {**HI, "n": 0}), "application/json"),
        (of_json(CHAT, {**HI, "model": "nobody"}), "application/json; charset=utf-8"),
        (send("POST", CHAT, b"{", "application/json"), "application/json; charset=utf-8"),
        (send("POST", CHAT, key=None), "application/json; charset=utf-8"),
        (send("POST", GENERATIONS, key=None), "application/json"),
    ],
)
def test_the_content_type_is_the_recorded_one(ask: Ask, kind: str) -> None:
    assert dict(ask(emulator()).headers)["content-type"] == kind


@pytest.mark.parametrize(
    ("reply", "indent", "end"),
    [
        (lambda: TALK(emulator()), 2, "\n"),
        (lambda: keyed("POST", CHAT), 4, "\n"),
        (lambda: keyed("POST", CHAT, None), 4, "\n"),
        (lambda: of_json(CHAT, {**HI, "n": 0})(emulator()), 2, ""),
        (lambda: keyed("POST", GENERATIONS), 2, ""),
        (lambda: generate(model="dall-e-3")(emulator(as_of=ERA)), 2, ""),
        (lambda: send("GET", MODELS + "/nobody")(emulator()), 2, "\n"),
    ],
    ids=["chat", "chat wrong key", "chat no key", "chat 400", "images 401", "url", "models 404"],
)
def test_a_body_is_laid_out_as_recorded(reply: Callable[[], Reply], indent: int, end: str) -> None:
    body = reply().body.decode()
    text = json.dumps(json.loads(body), indent=indent, ensure_ascii=False)
    assert body == text + end


def test_bodies_have_the_recorded_lengths() -> None:
    """The lengths are recorded, the keys are not: these are of the size that gives them."""
    chat, images = keyed("POST", CHAT, "x" * 38), keyed("POST", GENERATIONS, "x" * 8)
    assert (len(chat.body), len(images.body)) == (288, 237)


def test_the_recorded_order_of_keys_is_kept() -> None:
    assert list(parsed(QUICK(emulator()))) == [
        *("created", "background", "data", "output_format", "quality", "size", "usage")
    ]
    era = emulator(as_of=ERA)
    url = parsed(generate(model="dall-e-3")(era))
    data = parsed(generate(model="dall-e-3", response_format="b64_json")(era))
    assert (list(url), list(url["data"][0])) == (["created", "data"], ["revised_prompt", "url"])
    assert list(data["data"][0]) == ["b64_json", "revised_prompt"]


@pytest.mark.parametrize("path", [GENERATIONS, CHAT, MODELS])
def test_a_browser_may_ask_first(path: str) -> None:
    asked = (("origin", "https://example.com"), ("access-control-request-method", "POST"))
    reply = emulator().respond(Request("OPTIONS", path, headers=asked))
    found = dict(reply.headers)
    assert (reply.status, reply.body) == (200, b"")
    assert found["access-control-allow-methods"] == "GET, OPTIONS, POST"
    assert found["access-control-max-age"] == "86400"


def test_the_spending_cap_is_told_in_172_bytes_code_first(live_server: LiveServer) -> None:
    headers = {"authorization": "Bearer sk-test", "x-safelight-fault": "billing_hard_limit"}
    body = {"model": "gpt-image-2", "prompt": "A kite"}
    url = f"{live_server.origin}/openai/v1/images/generations"
    reply = httpx.post(url, json=body, headers=headers)
    assert (reply.status_code, reply.headers["content-length"]) == (400, "172")
    assert list(reply.json()["error"]) == ["code", "message", "param", "type"]
