"""A request that found nothing is told, beside the provider's own answer, where it may belong."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import kit
import pytest
from conftest import DAY, LiveServer
from openai import NotFoundError, OpenAI
from safelight.messages import Request

ASKED = {"model": "gpt-image-2", "prompt": "A kite"}


def hint(reply: httpx.Response) -> str:
    return reply.headers["x-safelight-hint"].partition("; ")[2]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/images/generations", "/v1/images/generations"),
        ("/openai/images/generations", "/openai/v1/images/generations"),
        ("/openai/v1/v1/images/generations", "/openai/v1/images/generations"),
        ("/openai/v1/images/generations/", "/openai/v1/images/generations"),
        ("/openai//v1/images/generation", "/openai/v1/images/generations"),
        ("/together/images/generations", "/together/v1/images/generations"),
        ("/edenai/v1/images/generations", "/edenai/v3/images/generations"),
        ("/vercel/images/generations", "/vercel/v1/images/generations"),
        ("/s/mine/openai/images/generations", "/s/mine/openai/v1/images/generations"),
    ],
)
def test_a_base_with_a_slip_is_told_the_right_one(
    live_server: LiveServer, path: str, near: str
) -> None:
    reply = httpx.post(live_server.origin + path, json=ASKED)
    assert reply.status_code in {404, 405}
    assert hint(reply) == f"near is POST {near}"
    key = {"authorization": "Bearer sk-test"}
    right = httpx.post(live_server.origin + near, json=ASKED, headers=key)
    assert "x-safelight-hint" not in right.headers


def test_a_wrong_method_is_told_the_right_one(live_server: LiveServer) -> None:
    reply = httpx.get(f"{live_server.origin}/v1/images/generations")
    assert hint(reply) == "near is POST /v1/images/generations"
    model = httpx.post(f"{live_server.origin}/openai/models/gpt-image-2")
    assert hint(model) == "near is GET /openai/v1/models/gpt-image-2"


def test_what_is_near_nothing_is_told_where_the_bases_are(live_server: LiveServer) -> None:
    for path in ("/", "/v1/responses", "/v1/audio/speech"):
        reply = httpx.get(live_server.origin + path)
        assert (reply.status_code, reply.content) == (404, b"")
        assert hint(reply) == "GET /_safelight/providers lists the bases that are served"


def test_a_retired_operation_is_told_its_day(live_server: LiveServer) -> None:
    reply = httpx.post(f"{live_server.origin}/v1/images/variations")
    said = "images.variation was retired on 2026-05-12; --as-of an earlier day serves it"
    assert (reply.content, reply.headers["x-safelight-hint"]) == (b"", said)


def test_a_client_has_it_in_its_error(live_server: LiveServer) -> None:
    client = OpenAI(base_url=live_server.origin, api_key="sk-test", max_retries=0)
    with client, pytest.raises(NotFoundError) as lost:
        client.images.generate(model="gpt-image-2", prompt="A kite")
    assert hint(lost.value.response) == "near is POST /v1/images/generations"


def test_the_log_has_it(serve: Callable[..., LiveServer]) -> None:
    server = serve("--as-of", DAY, "--log-level", "info")
    httpx.post(f"{server.origin}/images/edits")
    server.stop()
    assert "near is POST /v1/images/edits'" in server.stderr.read_text()


def test_what_is_found_has_none(live_server: LiveServer) -> None:
    for path in ("/v1/models", "/v1/models/none", "/_safelight/nothing"):
        reply = httpx.get(live_server.origin + path, headers={"authorization": "Bearer sk-test"})
        assert "x-safelight-hint" not in reply.headers


def test_a_path_of_anything_makes_a_header_that_can_be_sent() -> None:
    for path in ("/\r\nx: y", "/ä/☃", "/" + "v" * 9000, "/%0a/{model}/\\1", "//"):
        reply = kit.emulator().respond(Request("GET", path))
        told = kit.header(reply, "x-safelight-hint")
        assert told is not None
        assert told.isascii()
        assert told.isprintable()
        assert len(told) < 700
