"""What unmodified clients make of the faults: the error they raise, and how often they ask.

These are facts about the clients, observed here; where one surprises, so will it in production.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from clients import node, packages

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Of an answer that breaks off, clients leave the socket to the garbage collector."""

SCRIPTS = Path(__file__).parent / "clients" / "faults"
ASK: dict[str, Any] = {
    "model": "gpt-image-2", "prompt": "x", "size": "1024x1024", "quality": "low",
}  # fmt: skip
SOON = "; retry_after_ms=1"
"""Retries without a pause: clients obey this header first."""


@pytest.fixture(scope="module", autouse=True)
def leftovers() -> Iterator[None]:
    """Let what the clients left behind go here, and not in the middle of another file's test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def origin(serve: Callable[..., Any]) -> str:
    return str(serve("--as-of", "2026-11-20").origin)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let openai-python retry at once; how long it would wait is not asked here."""
    monkeypatch.setattr("time.sleep", lambda _: None)


def asked(origin: str, session: str) -> int:
    total: int = httpx.get(f"{origin}/s/{session}/_safelight/journal").json()["total"]
    return total


def python(origin: str, session: str, base: str, fault: str) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{origin}/s/{session}{base}",
        api_key="sk-test",
        timeout=2,
        default_headers={"x-safelight-fault": fault},
    )


# openai-python, one body

BODY: list[tuple[str, int, str]] = [
    ("rate_limited" + SOON, 3, "RateLimitError"),
    ("quota_exceeded" + SOON, 3, "RateLimitError"),
    ("billing_hard_limit", 1, "BadRequestError"),
    ("moderation_blocked", 1, "BadRequestError"),
    ("moderation_blocked_output", 1, "BadRequestError"),
    ("overloaded" + SOON, 3, "InternalServerError"),
    ("server_error" + SOON, 3, "InternalServerError"),
    ("bad_gateway" + SOON, 3, "InternalServerError"),
    ("cloudflare_1015" + SOON, 3, "RateLimitError"),
    ("gateway_timeout; seconds=0" + SOON, 3, "InternalServerError"),
    ("model_retired", 1, "BadRequestError"),
    ("permission_denied", 1, "PermissionDeniedError"),
    ("organization_unverified", 1, "PermissionDeniedError"),
    ("region_blocked", 1, "PermissionDeniedError"),
    ("connection_refused", 3, "APIConnectionError"),
    ("reset_before_headers", 3, "APIConnectionError"),
    ("reset_after_headers", 3, "APIConnectionError"),
    ("reset_mid_body", 3, "APIConnectionError"),
    ("accepted_then_lost", 3, "APIConnectionError"),
    ("wrong_content_length", 3, "APIConnectionError"),
    ("truncated_json", 1, "JSONDecodeError"),
    ("malformed_json", 1, "JSONDecodeError"),
    ("empty_body", 1, "JSONDecodeError"),
    ("html_200", 1, "a str"),
    ("json_as_text", 1, "2 pictures"),
    ("drip; seconds=0.0001", 1, "2 pictures"),
    ("fewer_pictures", 1, "1 pictures"),
    ("empty_data", 1, "0 pictures"),
    ("jpeg_labelled_png", 1, "2 pictures"),
    ("corrupt_base64", 1, "2 pictures"),
]


def session(fault: str, mode: str) -> str:
    return f"{mode}-{fault.partition(';')[0]}"


@pytest.mark.parametrize(("fault", "requests", "outcome"), BODY, ids=[row[0] for row in BODY])
def test_openai_python_asking_for_pictures(
    origin: str, fault: str, requests: int, outcome: str
) -> None:
    name = session(fault, "body")
    try:
        reply = python(origin, name, "/openai/v1", fault).images.generate(**ASK, n=2)
        found = "a str" if isinstance(reply, str) else f"{len(reply.data or [])} pictures"
    except (openai.OpenAIError, ValueError) as error:
        found = type(error).__name__
    assert (asked(origin, name), found) == (requests, outcome)


def test_openai_python_gives_up_when_nothing_comes(origin: str) -> None:
    client = python(origin, "timeout", "/openai/v1", "stall_before_headers; seconds=30")
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.3, max_retries=1).images.generate(**ASK)
    assert asked(origin, "timeout") == 2


def test_openai_python_pays_three_times_for_a_lost_answer(origin: str) -> None:
    base = "/vercel/v1"
    client = python(origin, "thrice", base, "accepted_then_lost; times=2")
    client.images.generate(model="bfl/flux-2-pro", prompt="x")
    told = httpx.get(f"{origin}/s/thrice/_safelight/verdict").json()["findings"]
    assert [finding["code"] for finding in told] == ["paid-twice", "paid-twice"]
    assert all(float(finding["cost"]) > 0 for finding in told)


def test_openai_python_gives_up_on_a_chat_that_no_limit_will_ever_hold(
    serve: Callable[..., Any],
) -> None:
    small = str(serve("--rate-limit", "tokens=20; operation=chat.*").origin)
    client = openai.OpenAI(base_url=f"{small}/s/large/openai/v1", api_key="sk-test")
    with pytest.raises(openai.RateLimitError, match="Request too large for gpt-4o") as refused:
        client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "Hello"}], max_tokens=60
        )
    assert (refused.value.type, refused.value.code) == ("tokens", "rate_limit_exceeded")
    assert "retry-after" not in refused.value.response.headers
    assert asked(small, "large") == 3


def test_openai_python_waits_two_minutes_but_no_longer(origin: str) -> None:
    for wait, requests in ((120, 3), (121, 1)):
        name = f"patience-{wait}"
        client = python(origin, name, "/openai/v1", f"rate_limited; retry_after={wait}")
        with pytest.raises(openai.RateLimitError):
            client.images.generate(**ASK)
        assert asked(origin, name) == requests


# openai-python, a stream

STREAM: list[tuple[str, int, str]] = [
    ("rate_limited" + SOON, 3, "RateLimitError"),
    ("reset_before_headers", 3, "APIConnectionError"),
    ("reset_mid_stream", 1, "APIConnectionError"),
    ("reset_mid_body", 1, "APIConnectionError"),
    ("malformed_json", 1, "JSONDecodeError"),
    ("sse_error_mid", 1, "APIError"),
    ("html_200", 1, "0 events"),
    ("empty_body", 1, "0 events"),
    ("json_instead_of_stream", 1, "0 events"),
    ("truncated_json", 1, "1 events"),
    ("sse_no_final_blank", 1, "2 events"),
    ("sse_no_completed", 1, "2 events"),
    ("fewer_pictures", 1, "0 events"),
    ("sse_split; bytes=997", 1, "3 events"),
    ("sse_crlf", 1, "3 events"),
    ("sse_cr", 1, "3 events"),
    ("sse_comments", 1, "3 events"),
    ("sse_bom", 1, "3 events"),
    ("sse_joined", 1, "3 events"),
    ("sse_no_done", 1, "3 events"),
    ("sse_preview_as_final", 1, "3 events"),
    ("sse_long_line", 1, "3 events"),
]


@pytest.mark.parametrize(("fault", "requests", "outcome"), STREAM, ids=[row[0] for row in STREAM])
def test_openai_python_reading_a_stream(
    origin: str, fault: str, requests: int, outcome: str
) -> None:
    name = session(fault, "stream")
    try:
        client = python(origin, name, "/openai/v1", fault)
        stream = client.images.generate(**ASK, stream=True, partial_images=2)
        found = f"{len(list(stream))} events"
    except (openai.OpenAIError, ValueError) as error:
        found = type(error).__name__
    assert (asked(origin, name), found) == (requests, outcome)


# openai-python, the other providers' own statuses

FLUX = "black-forest-labs/FLUX.1-dev"
FAMILIES: list[tuple[str, str, str, str, int]] = [
    ("/edenai/v3", "google/gemini-2.5-flash-image", "rate_limited" + SOON, "RateLimitError", 3),
    ("/edenai/v3", "google/gemini-2.5-flash-image", "quota_exceeded", "APIStatusError", 1),
    ("/edenai/v3", "google/gemini-2.5-flash-image", "region_blocked", "APIStatusError", 1),
    ("/vercel/v1", "bfl/flux-2-pro", "quota_exceeded", "APIStatusError", 1),
    ("/vercel/v1", "bfl/flux-2-pro", "permission_denied", "PermissionDeniedError", 1),
    ("/vercel/v1", "bfl/flux-2-pro", "model_retired", "NotFoundError", 1),
    ("/vercel/v1", "bfl/flux-2-pro", "overloaded" + SOON, "InternalServerError", 3),
    ("/together/v1", FLUX, "moderation_blocked", "UnprocessableEntityError", 1),
    ("/together/v1", FLUX, "rate_limited" + SOON, "RateLimitError", 3),
    ("/together/v1", FLUX, "reset_mid_body", "APIConnectionError", 3),
    ("/compatible/v1", "acme/any", "bad_gateway" + SOON, "InternalServerError", 3),
    ("/compatible/v1", "acme/any", "truncated_json", "JSONDecodeError", 1),
]  # fmt: skip


@pytest.mark.parametrize("row", FAMILIES, ids=[f"{row[0]}-{row[2]}" for row in FAMILIES])
def test_openai_python_at_the_other_providers(
    origin: str, row: tuple[str, str, str, str, int]
) -> None:
    base, model, fault, error, requests = row
    name = session(fault, base.strip("/").replace("/", "-"))
    with pytest.raises((openai.OpenAIError, ValueError)) as raised:
        python(origin, name, base, fault).images.generate(model=model, prompt="x")
    assert (type(raised.value).__name__, asked(origin, name)) == (error, requests)


# openai-node

NODE: dict[str, tuple[str, list[Any]]] = {
    "rate_limited": (SOON, [3, "RateLimitError"]),
    "moderation_blocked": ("", [1, "BadRequestError"]),
    "overloaded": (SOON, [3, "InternalServerError"]),
    "bad_gateway": (SOON, [3, "InternalServerError"]),
    "permission_denied": ("", [1, "PermissionDeniedError"]),
    "accepted_then_lost": ("; times=1", [2, "pictures"]),
    "truncated_json": ("", [1, "SyntaxError"]),
    "html_200": ("", [1, "text"]),
    "json_as_text": ("", [1, "text"]),
    "empty_data": ("", [1, "pictures"]),
    "malformed_json stream": ("", [1, "SyntaxError"]),
    "html_200 stream": ("", [1, "0 events"]),
    "json_as_text stream": ("", [1, "1 events"]),
    "empty_body stream": ("", [1, "0 events"]),
    "sse_crlf stream": ("", [1, "1 events"]),
    "sse_split stream": ("; bytes=997", [1, "1 events"]),
    "sse_error_mid stream": ("", [1, "APIError"]),
    "json_instead_of_stream stream": ("", [1, "0 events"]),
}


def faults(table: dict[str, tuple[str, list[Any]]]) -> str:
    named = {key.removesuffix(" stream"): options for key, (options, _) in table.items()}
    return json.dumps({name: name + options for name, options in named.items()})


@pytest.mark.parametrize("package", ["openai6", "openai7"])
def test_openai_node(origin: str, tmp_path: Path, package: str) -> None:
    node.installed()
    (tmp_path / "node_modules").symlink_to(node.MODULES)
    shutil.copy(SCRIPTS / "openai.mjs", tmp_path)
    world = {
        **os.environ,
        "OPENAI_PACKAGE": package,
        "BASE": f"{origin}/s/{package}/openai/v1",
        "FAULTS": faults(NODE),
    }
    command = [node.node(20), "openai.mjs"]
    done = subprocess.run(
        command, cwd=tmp_path, env=world, capture_output=True, text=True, timeout=120, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: found[name] for name in NODE} == {n: wanted for n, (_, wanted) in NODE.items()}


# The AI SDK on its own gateway

SDK: dict[str, tuple[str, list[Any]]] = {
    "rate_limited": (SOON, [3, "AI_RetryError GatewayRateLimitError"]),
    "quota_exceeded": ("", [1, "GatewayInternalServerError"]),
    "server_error": (SOON, [3, "AI_RetryError GatewayInternalServerError"]),
    "bad_gateway": (SOON, [3, "AI_RetryError GatewayResponseError"]),
    "permission_denied": ("", [1, "GatewayForbiddenError"]),
    "accepted_then_lost": ("; times=1", [2, "1 pictures"]),
    "truncated_json": ("", [1, "GatewayResponseError"]),
    "html_200": ("", [1, "GatewayResponseError"]),
    "json_as_text": ("", [1, "1 pictures"]),
    "empty_data": ("; times=1", [2, "1 pictures"]),
    "corrupt_base64": ("", [1, "1 pictures"]),
    "data_uri_prefix": ("", [1, "InvalidCharacterError"]),
}


@pytest.mark.parametrize(("generation", "path"), [("ai5", "v1"), ("ai6", "v3"), ("ai7", "v4")])
def test_the_ai_sdk(origin: str, tmp_path: Path, generation: str, path: str) -> None:
    folder = node.project(tmp_path, generation)
    shutil.copy(SCRIPTS / "gateway.mjs", folder)
    base = f"{origin}/s/{generation}/vercel/{path}/ai"
    found = node.drive(
        folder, generation, "gateway.mjs", origin=origin, BASE=base, FAULTS=faults(SDK)
    )
    assert found == {name: wanted for name, (_, wanted) in SDK.items()}


# Together's own client

TOGETHER: dict[str, tuple[str, list[Any]]] = {
    "rate_limited": (SOON, [3, "RateLimitError"]),
    "quota_exceeded": ("", [1, "APIStatusError"]),
    "moderation_blocked": ("", [1, "UnprocessableEntityError"]),
    "overloaded": (SOON, [3, "InternalServerError"]),
    "bad_gateway": (SOON, [3, "InternalServerError"]),
    "connection_refused": ("; times=1", [2, "1 pictures"]),
    "reset_mid_body": ("", [3, "APIConnectionError"]),
    "truncated_json": ("", [1, "JSONDecodeError"]),
    "json_as_text": ("", [1, "1 pictures"]),
    "empty_data": ("", [1, "0 pictures"]),
}


def test_togethers_own_client(origin: str) -> None:
    python = packages.environment("together")
    world = {"BASE": f"{origin}/s/together/together", "FAULTS": faults(TOGETHER)}
    done = subprocess.run(
        [str(python), str(SCRIPTS / "together_faults.py")],
        env={**os.environ, **world},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found == {name: wanted for name, (_, wanted) in TOGETHER.items()}
