"""The recorder on the wire: what it forwards, what it refuses, what it does when things break."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import time
from pathlib import Path

import pytest
from kit import png
from rawclient import ask
from recording_kit import (
    CHAT,
    JSON,
    Record,
    Service,
    chat,
    chunk,
    chunked,
    files,
    frames,
    get,
    kept,
    recorded,
    whole,
)

pytest_plugins = ["recording_fixtures"]


# What is passed on, and when


def test_the_first_byte_is_not_delayed(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(chunked(), chunk(b"data: 1\n\n"), 1.5, chunk(b"data: 2\n\n"), chunk(b""))
    found, times = frames(record(service.base, tmp_path).port, CHAT)
    assert found == [b"data: 1\n\n", b"data: 2\n\n"]
    assert times[0] < 1 < times[1]


def test_chunks_are_kept_as_they_were_cut(record: Record, service: Service, tmp_path: Path) -> None:
    picture = base64.b64encode(png(300, 300, "RGB", (7, 8, 9)) + os.urandom(90_000))
    event = b'data: {"b64_json":"' + picture + b'"}\n\n'
    pieces = [event[:5], event[5:40_001], event[40_001:], "data: é\n\n".encode()[:7], b"\xa9\n\n"]
    service.answer(chunked(), *(step for p in pieces for step in (chunk(p), 0.06)), chunk(b""))
    found, _ = frames(record(service.base, tmp_path).port, CHAT)
    assert found == pieces
    reply = recorded(tmp_path)["reply"]
    assert len(reply["chunks"]) == len(pieces)
    assert [path.read_bytes() for path in (tmp_path / "files").iterdir()] == [
        base64.b64decode(picture)
    ]
    service.close()
    again = record(service.base, tmp_path, "--only-missing", "--pace", "recorded")
    assert frames(again.port, CHAT)[0] == pieces


EVENTS = [b"data: 1\n\n", b"data: 2\n\n"]
PLAIN = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
LENGTH = b"content-length: %d\r\n\r\n" % sum(map(len, EVENTS))


@pytest.mark.parametrize(
    "head",
    [
        PLAIN + b"\r\n",
        PLAIN.replace(b"1.1", b"1.0") + b"\r\n",
        PLAIN + LENGTH,
        b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n" + PLAIN + LENGTH,
    ],
)
def test_a_stream_without_chunks_is_cut_where_it_paused(
    record: Record, service: Service, tmp_path: Path, head: bytes
) -> None:
    service.answer(head, EVENTS[0], 0.7, EVENTS[1])
    seen = chat(record(service.base, tmp_path))
    assert (seen.status, seen.body) == (200, b"".join(EVENTS))
    chunks = recorded(tmp_path)["reply"]["chunks"]
    assert [one["data"].encode() for one in chunks] == EVENTS
    assert chunks[1]["wait"] > 0.3


def test_a_replay_takes_the_time_that_is_asked_for(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(chunked(), chunk(b"data: 1\n\n"), 0.8, chunk(b"data: 2\n\n"), chunk(b""))
    frames(record(service.base, tmp_path, "--pace", "recorded").port, CHAT)
    kept(tmp_path, 1)
    service.close()
    _, real = frames(record(service.base, tmp_path, "--only-missing").port, CHAT)
    _, fast = frames(record(service.base, tmp_path, "--only-missing", "--speed", "8x").port, CHAT)
    assert real[1] - real[0] > 0.7
    assert fast[1] - fast[0] < 0.6  # a tenth of a second, on a machine that has time


def test_the_request_arrives_as_it_was_sent(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    server = record(service.base, tmp_path)
    sent = (*JSON, ("x-own", "kept"), ("accept-encoding", "gzip"), ("connection", "close"))
    path = "/openai/v1/chat/completions?a=1&b=%2F"
    asyncio.run(ask(server.port, "POST", path, sent, CHAT.encode()))
    head, _, body = service.seen[0].decode().partition("\r\n\r\n")
    first, *lines = head.lower().split("\r\n")
    assert first == "post /v1/chat/completions?a=1&b=%2f http/1.1"
    assert body == CHAT
    assert {"x-own: kept", f"host: 127.0.0.1:{service.port}", "accept-encoding: identity"} <= {
        *lines
    }


# What is refused


@pytest.mark.parametrize(
    "path",
    ["/v2/models", "/", "/v1x/models", "/openai/v1/../v2", "/v1/%2e%2e/keys", "/v1/a/.%2E/b"],
)
def test_nothing_but_the_base_url_is_forwarded_to(
    record: Record, service: Service, tmp_path: Path, path: str
) -> None:
    server = record(service.base, tmp_path)
    seen = get(server, path)
    assert seen.status in (400, 404)
    assert seen.headers["x-safelight-record"] == "not_forwarded"
    assert service.base in seen.json()["error"]["message"]
    assert service.seen == []


def test_a_redirect_is_passed_on_and_not_followed(
    record: Record, service: Service, tmp_path: Path
) -> None:
    other = Service([whole(b"secret of another host")])
    place = f"location: {other.base}/x"
    service.answer(whole(b"", "text/plain", place, status="307 Temporary Redirect"))
    seen = get(record(service.base, tmp_path), "/v1/models")
    assert (seen.status, seen.headers["location"]) == (307, f"{other.base}/x")
    assert other.seen == []
    other.close()
    assert recorded(tmp_path)["reply"]["status"] == 307


# What goes wrong upstream


def test_a_service_that_is_down_is_a_502_of_ours(
    record: Record, service: Service, tmp_path: Path
) -> None:
    server = record(service.base, tmp_path)
    service.close()
    seen = chat(server)
    assert (seen.status, seen.headers["x-safelight-record"]) == (502, "upstream_failed")
    reason = f"127.0.0.1:{service.port} cannot be reached: Connection refused"
    assert seen.json()["error"]["message"] == f"safelight record: {reason}"
    assert files(tmp_path) == []


@pytest.mark.parametrize("reset", [False, True])
def test_an_answer_that_breaks_off_is_broken_off_and_not_kept(
    record: Record,
    service: Service,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    reset: bool,
) -> None:
    picture = base64.b64encode(png(40, 40) + bytes(9000))
    service.reset = reset
    service.answer(chunked(), chunk(b'data: {"b64_json":"' + picture + b'"}\n\n'), 0.2, b"5\r\nda")
    server = record(service.base, tmp_path)
    with pytest.raises((ConnectionError, ValueError)):  # no last chunk
        frames(server.port, CHAT)
    time.sleep(0.2)
    assert files(tmp_path) == []
    assert "nothing was kept" in caplog.text


def test_a_body_shorter_than_it_says_is_not_kept(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}").replace(b"content-length: 2", b"content-length: 99"))
    assert not chat(record(service.base, tmp_path)).whole
    assert files(tmp_path) == []


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nbroken"])
def test_nonsense_is_a_502(record: Record, service: Service, tmp_path: Path, answer: bytes) -> None:
    service.answer(answer)
    assert chat(record(service.base, tmp_path)).status == 502
    assert files(tmp_path) == []


def test_a_client_that_leaves_loses_nothing_that_is_paid_for(
    record: Record, service: Service, tmp_path: Path
) -> None:
    steps = [step for n in range(5) for step in (chunk(b"data: %d\n\n" % n), 0.1)]
    service.answer(chunked(), *steps, chunk(b""))
    server = record(service.base, tmp_path)
    request = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(CHAT)}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 10) as line:
        line.sendall(f"{request}content-type: application/json\r\n\r\n{CHAT}".encode())
        assert line.recv(100)
    assert [piece["data"] for piece in recorded(tmp_path)["reply"]["chunks"]] == [
        f"data: {n}\n\n" for n in range(5)
    ]
