"""The recorder between strange clients and strange services: what HTTP allows has to go through."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import LiveServer
from rawclient import ask, parsed
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

POST = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def asked(text: str, *headers: str) -> bytes:
    """Return a question as it is sent on a connection that stays open."""
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]})
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"{POST}{lines}content-length: {len(body)}\r\n\r\n{body}".encode()


def answers(line: socket.socket, count: int) -> list[bytes]:
    """Read so many answers with a length off one connection; return their bodies."""
    found, read = [], line.makefile("rb")
    for _ in range(count):
        size = 0
        while (header := read.readline()) not in (b"\r\n", b""):
            name, _, value = header.lower().partition(b":")
            size = int(value) if name == b"content-length" else size
        found.append(read.read(size))
    return found


# Clients


def test_questions_in_a_row_on_one_connection(
    record: Record, service: Service, tmp_path: Path
) -> None:
    recorder = record(service.base, tmp_path)
    with socket.create_connection(("127.0.0.1", recorder.port), 10) as line:
        for number in range(3):
            service.answer(whole(b'{"n":%d}' % number))
            line.sendall(asked(f"fox {number}"))
            assert answers(line, 1) == [b'{"n":%d}' % number]
    kept(tmp_path, 3)


def test_questions_that_do_not_wait_for_answers(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(0.1, whole(b"{}"))
    recorder = record(service.base, tmp_path)
    with socket.create_connection(("127.0.0.1", recorder.port), 10) as line:
        line.sendall(b"".join(asked(f"fox {number}") for number in range(4)))
        assert answers(line, 4) == [b"{}"] * 4
    kept(tmp_path, 4)
    told = [
        json.loads(seen.partition(b"\r\n\r\n")[2])["messages"][0]["content"]
        for seen in service.seen
    ]
    assert told == [f"fox {number}" for number in range(4)]


def test_a_client_that_asks_before_it_sends(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    recorder = record(service.base, tmp_path)
    head, _, body = asked("fox", "expect: 100-continue").partition(b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", recorder.port), 10) as line:
        line.sendall(head + b"\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 100")
        line.sendall(body)
        assert answers(line, 1) == [b"{}"]
    assert service.seen[0].endswith(body)
    assert b"expect" not in service.seen[0].lower()


def test_a_request_in_chunks_gets_a_length(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    recorder = record(service.base, tmp_path)
    with socket.create_connection(("127.0.0.1", recorder.port), 10) as line:
        line.sendall(f"{POST}transfer-encoding: chunked\r\n\r\n".encode())
        for piece in (CHAT[:10], CHAT[10:], ""):
            line.sendall(chunk(piece.encode()))
        assert answers(line, 1) == [b"{}"]
    head, _, body = service.seen[0].partition(b"\r\n\r\n")
    assert (body, b"transfer-encoding" in head.lower()) == (CHAT.encode(), False)


def test_an_old_client_gets_a_stream(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(chunked(), chunk(b"data: 1\n\n"), 0.1, chunk(b"data: 2\n\n"), chunk(b""))
    recorder = record(service.base, tmp_path)
    with socket.create_connection(("127.0.0.1", recorder.port), 10) as line:
        line.sendall(b"GET /v1/models HTTP/1.0\r\n\r\n")
        data = b"".join(iter(lambda: line.recv(65536), b""))
    seen = parsed(data, "close", 0)
    assert (seen.status, seen.body) == (200, b"data: 1\n\ndata: 2\n\n")
    assert len(recorded(tmp_path)["reply"]["chunks"]) == 2


def test_fifty_streams_at_once_are_not_delayed(
    record: Record, service: Service, tmp_path: Path
) -> None:
    steps = [step for n in range(5) for step in (chunk(b"data: %d\n\n" % n), 0.3)]
    service.answer(chunked(), *steps, chunk(b""))
    recorder = record(service.base, tmp_path)
    path = "/openai/v1/chat/completions"

    async def everyone() -> list[bytes]:
        sent = [asked(f"fox {n}").partition(b"\r\n\r\n")[2] for n in range(50)]
        found = (ask(recorder.port, "POST", path, JSON, body) for body in sent)
        return [one.body for one in await asyncio.gather(*found)]

    began = time.monotonic()
    seen = asyncio.run(everyone())
    assert time.monotonic() - began < 12  # one after the other they take 75 s
    assert set(seen) == {b"".join(b"data: %d\n\n" % n for n in range(5))}
    kept(tmp_path, 50)


# Services


def test_trailers_end_a_stream_as_well(record: Record, service: Service, tmp_path: Path) -> None:
    last = b"0\r\nx-checksum: 12\r\nserver-timing: a;dur=1\r\n\r\n"
    service.answer(chunked("trailer: x-checksum"), chunk(b"data: 1\n\n"), last)
    recorder = record(service.base, tmp_path)
    found, _ = frames(recorder.port, CHAT)
    assert found == [b"data: 1\n\n"]
    assert [one["data"] for one in recorded(tmp_path)["reply"]["chunks"]] == ["data: 1\n\n"]


def test_chunk_extensions_do_not_matter(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(chunked(), b"9;name=v\r\ndata: 1\n\n\r\n", chunk(b""))
    assert frames(record(service.base, tmp_path).port, CHAT)[0] == [b"data: 1\n\n"]


def test_a_service_that_asks_for_more_and_gives_hints(
    record: Record, service: Service, tmp_path: Path
) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 2
    service.answer(b"HTTP/1.1 100 Continue\r\n\r\n", hints, 0.1, whole(b"{}"))
    assert chat(record(service.base, tmp_path)).json() == {}
    assert recorded(tmp_path)["reply"]["status"] == 200


def test_long_headers_go_both_ways(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(whole(b"{}", "application/json", f"x-long: {'b' * 50_000}"))
    recorder = record(service.base, tmp_path)
    sent = (*JSON, ("x-mine", "a" * 20_000))
    seen = asyncio.run(
        ask(recorder.port, "POST", "/openai/v1/chat/completions", sent, CHAT.encode())
    )
    assert (seen.status, seen.headers["x-long"]) == (200, "b" * 50_000)
    assert b"x-mine: " + b"a" * 20_000 in service.seen[0].lower()
    kept(tmp_path, 1)
    service.close()
    again = chat(record(service.base, tmp_path, "--only-missing"))
    assert again.headers["x-long"] == "b" * 50_000


def test_headers_without_end_are_a_502(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(whole(b"{}", "application/json", f"x-long: {'b' * 2_000_000}"))
    seen = chat(record(service.base, tmp_path))
    assert (seen.status, seen.headers["x-safelight-record"]) == (502, "upstream_failed")
    assert files(tmp_path) == []


@pytest.mark.parametrize("slash", ["", "/", "//"])
@pytest.mark.parametrize("path", ["", "/v1", "/tenants/a%20b/v1"])
def test_a_base_url_may_have_any_path(
    record: Record, service: Service, tmp_path: Path, path: str, slash: str
) -> None:
    service.answer(whole(b"{}"))
    recorder = record(f"http://127.0.0.1:{service.port}{path}{slash}", tmp_path)
    assert get(recorder, "/openai/v1/models?limit=1").status == 200
    assert service.seen[0].startswith(f"GET {path}/models?limit=1 HTTP/1.1".encode())


def test_a_service_on_ipv6(record: Record, tmp_path: Path) -> None:
    try:
        door = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    service = Service(door=door)
    service.answer(whole(b"{}"))
    base = f"http://[::1]:{service.port}/v1"
    assert chat(record(base, tmp_path)).status == 200
    service.close()
    assert f"host: [::1]:{service.port}\r\n".encode() in service.seen[0].lower()
    assert recorded(tmp_path)["source"] == f"recorded from [::1]:{service.port}"


def test_a_service_that_answers_before_it_has_heard_all(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.deaf = True
    service.answer(whole(b'{"error":{}}', status="413 Content Too Large"))
    recorder = record(service.base, tmp_path)
    seen = chat(recorder, json.dumps({"model": "gpt-4o", "messages": "x" * 8_000_000}))
    assert (seen.status, seen.json()) == (413, {"error": {}})
    kept(tmp_path, 1)


def test_a_service_with_two_addresses_is_refused_in_plain_words(
    record: Record, service: Service, tmp_path: Path
) -> None:
    base = f"http://localhost:{service.port}/v1"
    recorder = record(base, tmp_path)
    service.answer(whole(b"{}"))
    assert chat(recorder).status == 200
    service.close()
    message = chat(recorder).json()["error"]["message"]
    assert message.endswith(f"localhost:{service.port} cannot be reached: Connection refused")


# A full disk


def test_a_full_disk_is_told_and_leaves_nothing_half(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    server = record_process(service.base, tmp_path)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (200_000, 200_000))
    service.answer(whole(b"\0" * 900_000, "image/png"))

    def asks(text: str) -> int:
        body = asked(text).partition(b"\r\n\r\n")[2]
        path = "/openai/v1/chat/completions"
        seen = asyncio.run(ask(server.port, "POST", path, JSON, body))
        assert seen.whole
        return len(seen.body)

    assert asks("large") == 900_000
    service.answer(whole(b'{"a":"%s"}' % (b"b" * 500_000)))
    assert asks("long") == 500_008
    service.answer(whole(b"{}"))
    assert asks("small") == 2
    kept(tmp_path, 1)
    assert server.stop() == 0
    assert [path.suffix for path in files(tmp_path)] == [".yaml"]
    assert server.stderr.read_text().count("not kept: [Errno 27] File too large") == 2
