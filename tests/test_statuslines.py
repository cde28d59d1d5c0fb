"""Status lines have their words, as the live services' have over HTTP/1.1: clients show them."""

from __future__ import annotations

import pytest
import requests
from conftest import LiveServer
from safelight.background import serving
from safelight.core import Emulator

HOST = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
KEY = b"Authorization: Bearer sk-test\r\n"
JSON = b"Content-Type: application/json\r\nContent-Length: 2\r\n"


def told(server: LiveServer, request: bytes) -> list[bytes]:
    """Return the status lines of what comes back for some bytes."""
    with server.connect() as sock:
        sock.sendall(request)
        data = b"".join(iter(lambda: sock.recv(65536), b""))
    return [line for line in data.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (b"GET /v1/models" + HOST + KEY + b"\r\n", b"HTTP/1.1 200 OK"),
        (b"GET /v1/nothing" + HOST + KEY + b"\r\n", b"HTTP/1.1 404 Not Found"),
        (b"GET /v1/models" + HOST + b"\r\n", b"HTTP/1.1 401 Unauthorized"),
        (
            b"POST /v1/images/generations" + HOST + KEY + JSON + b"\r\n{}",
            b"HTTP/1.1 400 Bad Request",
        ),
        (
            b"POST /edenai-eu/v3/images/generations" + HOST + KEY + JSON + b"\r\n{}",
            b"HTTP/1.1 422 Unprocessable Entity",
        ),
        (b"no request\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (
            b"GET /v1/models" + HOST + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
            b"HTTP/1.1 431 Request Header Fields Too Large",
        ),
    ],
)
def test_every_answer_has_words(live_server: LiveServer, request_: bytes, line: bytes) -> None:
    assert told(live_server, request_) == [line]


def test_a_client_that_waits_is_told_to_continue(live_server: LiveServer) -> None:
    head = b"POST /v1/images/generations" + HOST + KEY + JSON + b"Expect: 100-continue\r\n\r\n"
    lines = told(live_server, head + b"{}")
    assert lines == [b"HTTP/1.1 100 Continue", b"HTTP/1.1 400 Bad Request"]


def test_a_stream_has_words_too(live_server: LiveServer) -> None:
    body = b'{"model": "gpt-4.1", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
    head = b"POST /v1/chat/completions" + HOST + KEY + b"Content-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    assert told(live_server, request) == [b"HTTP/1.1 200 OK"]


def test_requests_names_the_error_in_the_server_of_a_test() -> None:
    with serving(Emulator(clock=lambda: 1.8e9)) as origin:
        answer = requests.get(f"{origin}/v1/nothing", timeout=10)
    with pytest.raises(requests.HTTPError, match=r"404 Client Error: Not Found for url: "):
        answer.raise_for_status()
