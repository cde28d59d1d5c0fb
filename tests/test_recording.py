"""The recorder on the wire: what it forwards, what it keeps, what it says when things go wrong."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import DAY, LiveServer
from kit import png
from rawclient import Seen, ask
from recording_kit import Record, Recorder, Service, chunk, chunked, frames, kept, whole

pytest_plugins = ["recording_fixtures"]

CHAT = json.dumps({"model": "gpt-6-astra", "messages": [{"role": "user", "content": "Hi"}]})
JSON = (("content-type", "application/json"),)


def chat(server: Recorder, body: str = CHAT) -> Seen:
    path = "/openai/v1/chat/completions"
    return asyncio.run(ask(server.port, "POST", path, JSON, body.encode()))


def get(server: Recorder, path: str, method: str = "GET") -> Seen:
    return asyncio.run(ask(server.port, method, path))


def recorded(out: Path) -> Any:
    """Return the only fixture of a folder."""
    (path,) = kept(out, 1)
    return yaml.safe_load(path.read_text())


def files(out: Path) -> list[Path]:
    return sorted(path for path in out.rglob("*") if path.is_file())


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


def test_a_host_in_the_request_line_changes_nothing(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    seen = get(record(service.base, tmp_path), "http://example.com/v1/models")
    assert seen.status == 200
    assert f"host: 127.0.0.1:{service.port}".encode() in service.seen[0].lower()


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


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--base-url", "ftp://x"), "begins with https://"),
        (("--base-url", "https://"), "names a host"),
        (("--base-url", "https://x/v1?key=1"), "no query"),
        (("--base-url", "https://me:pw@x/v1"), "no user name"),
        (("--base-url", "https://x:99999/v1"), "port"),
        (("--budget", "much"), "US dollars"),
        (("--budget", "-1"), "US dollars"),
        (("--provider", "nobody"), "unknown provider 'nobody'"),
        (("--out", __file__), "is a file"),
    ],
)
def test_a_slip_is_one_line(tmp_path: Path, flags: tuple[str, str], words: str) -> None:
    from click.testing import CliRunner
    from safelight.cli import main

    usual = {"--provider": "openai", "--base-url": "http://x/v1", "--out": str(tmp_path)}
    args = [part for pair in {**usual, flags[0]: flags[1]}.items() for part in pair]
    done = CliRunner().invoke(main, ["record", "--port", "0", *args])
    assert done.exit_code == 2
    assert words in done.output
    assert len(done.output.splitlines()) == 1


# What goes wrong upstream


def test_a_service_that_is_down_is_a_502_of_ours(
    record: Record, service: Service, tmp_path: Path
) -> None:
    server = record(service.base, tmp_path)
    service.close()
    seen = chat(server)
    assert (seen.status, seen.headers["x-safelight-record"]) == (502, "upstream_failed")
    assert f"127.0.0.1:{service.port} cannot be reached" in seen.json()["error"]["message"]
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


# Bodies of every kind


def test_a_compressed_body_is_kept_as_what_it_holds(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(gzip.compress(b'{"a":"b"}'), "application/json", "content-encoding: gzip"))
    seen = chat(record(service.base, tmp_path))
    assert (seen.headers["content-encoding"], gzip.decompress(seen.body)) == ("gzip", b'{"a":"b"}')
    reply = recorded(tmp_path)["reply"]
    assert reply["body"] == {"a": "b"}
    assert "content-encoding" not in dict(reply["headers"])


def test_a_compressed_body_without_its_end_is_not_kept(
    record: Record, service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    half = gzip.compress(os.urandom(900))[:500]
    service.answer(whole(half, "application/json", "content-encoding: gzip"))
    assert chat(record(service.base, tmp_path)).body == half
    time.sleep(0.2)
    assert files(tmp_path) == []
    assert "lacks its end" in caplog.text


@pytest.mark.parametrize("kind", ["br", "zstd", "gzip, br"])
def test_what_cannot_be_searched_for_secrets_is_not_kept(
    record: Record,
    service: Service,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    service.answer(whole(b"\x0b\x02\x80xyz\x03", "application/json", f"content-encoding: {kind}"))
    server = record(service.base, tmp_path)
    assert chat(server).body == b"\x0b\x02\x80xyz\x03"
    time.sleep(0.2)
    assert files(tmp_path) == []
    assert "cannot be searched for secrets" in caplog.text


@pytest.mark.parametrize("answer", [b"HTTP/1.1 204 No Content\r\n\r\n", whole(b"", "text/plain")])
def test_an_answer_without_a_body_is_kept(
    record: Record, service: Service, tmp_path: Path, answer: bytes
) -> None:
    service.answer(answer)
    first = get(record(service.base, tmp_path), "/v1/files/x", "DELETE")
    kept(tmp_path, 1)
    service.close()
    again = get(record(service.base, tmp_path, "--only-missing"), "/v1/files/x", "DELETE")
    assert (again.status, again.body) == (first.status, b"")


def test_a_head_keeps_its_length(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 4711\r\n\r\n")
    first = get(record(service.base, tmp_path), "/v1/files/x", "HEAD")
    kept(tmp_path, 1)
    service.close()
    again = get(record(service.base, tmp_path, "--only-missing"), "/v1/files/x", "HEAD")
    assert [seen.headers["content-length"] for seen in (first, again)] == ["4711", "4711"]
    assert again.body == b""


def test_a_binary_body_is_one_file(record: Record, service: Service, tmp_path: Path) -> None:
    picture = png(50, 60)
    service.answer(whole(picture, "image/png"))
    assert get(record(service.base, tmp_path), "/v1/files/x/content").body == picture
    reply = recorded(tmp_path)["reply"]
    (path,) = (tmp_path / "files").iterdir()
    assert reply["body"] == {"$file": f"files/{path.name}"}
    assert (path.suffix, path.read_bytes()) == (".png", picture)


def test_a_huge_answer_takes_no_memory(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    block = base64.b64encode(os.urandom(3 * 2**18))
    head = base64.b64encode(b"\x89PNG\r\n\x1a\n....")
    body = [b'{"data":[{"b64_json":"', head, *([block] * 96), b'"}]}']
    size = sum(map(len, body))
    start = whole(b"").replace(b"content-length: 0", b"content-length: %d" % size)
    service.answer(start, *body)
    server = record_process(service.base, tmp_path)
    before = resident(server)
    seen = chat(Recorder(server.origin, server.port, server.stop))
    assert len(seen.body) == size > 96 * 2**20
    (path,) = kept(tmp_path, 1)
    assert path.stat().st_size < 2000
    assert peak(server) - before < 24 * 2**20


def resident(server: LiveServer) -> int:
    return _status(server, "VmRSS")


def peak(server: LiveServer) -> int:
    return _status(server, "VmHWM")


def _status(server: LiveServer, name: str) -> int:
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(name))


def test_a_request_over_the_limit_is_refused(
    record: Record, service: Service, tmp_path: Path
) -> None:
    seen = chat(record(service.base, tmp_path, "--max-body", "1k"), "x" * 2000)
    assert (seen.status, seen.headers["x-safelight-record"]) == (413, "body_too_large")
    assert service.seen == []


# What is kept, how often


def test_the_same_question_again_is_another_turn(
    record: Record, service: Service, tmp_path: Path
) -> None:
    server = record(service.base, tmp_path)
    for number in range(3):
        service.answer(whole(b'{"n":%d}' % number))
        chat(server)
        kept(tmp_path, number + 1)
    service.close()
    again = record(service.base, tmp_path, "--only-missing")
    assert [chat(again).json()["n"] for _ in range(5)] == [0, 1, 2, 2, 2]
    turns = sorted(yaml.safe_load(p.read_text())["match"].get("nth", 9) for p in kept(tmp_path, 3))
    assert turns == [1, 2, 9]


def test_a_new_run_replaces_what_an_earlier_one_kept(
    record: Record, service: Service, tmp_path: Path
) -> None:
    for number in (1, 2):
        service.answer(whole(b'{"run":%d}' % number))
        chat(record(service.base, tmp_path))
        time.sleep(0.2)
    assert recorded(tmp_path)["reply"]["body"] == {"run": 2}


def test_only_what_is_missing_is_asked_for(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b'{"live":true}'))
    chat(record(service.base, tmp_path))
    kept(tmp_path, 1)
    server = record(service.base, tmp_path, "--only-missing")
    spaced = json.dumps(json.loads(CHAT), indent=3)
    turned = json.dumps(dict(reversed(json.loads(CHAT).items())))
    for body in (CHAT, spaced, turned):
        assert chat(server, body).json() == {"live": True}
    assert len(service.seen) == 1
    chat(server, CHAT.replace("Hi", "Ho"))
    assert len(service.seen) == 2
    kept(tmp_path, 2)


def test_a_recording_says_when_and_where(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(whole(b"{}"))
    chat(record(service.base, tmp_path))
    found = recorded(tmp_path)
    assert found["source"] == f"recorded from 127.0.0.1:{service.port}"
    assert str(found["recorded"]) == time.strftime("%Y-%m-%d")
    assert found["note"] == "POST /chat/completions"
    wanted = {"provider": "openai", "operation": "chat.create", "model": "gpt-6-astra"}
    wanted["prompt"] = "Hi"
    assert found["match"].items() >= wanted.items()


# Money

IMAGE = json.dumps({"model": "gpt-image-2", "prompt": "a fox", "quality": "low"})


def draw(server: Recorder, body: str = IMAGE) -> Seen:
    path = "/openai/v1/images/generations"
    return asyncio.run(ask(server.port, "POST", path, JSON, body.encode()))


def test_a_budget_is_kept_before_anything_is_forwarded(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    server = record(service.base, tmp_path, "--budget", "0.02", "--as-of", DAY)
    statuses = [draw(server).status for _ in range(6)]
    through = statuses.count(200)
    assert statuses == [200] * through + [402] * (6 - through)
    assert 0 < through < 6
    assert len(service.seen) == through
    error = draw(server).json()["error"]
    assert error["code"] == "budget_exceeded"
    assert "of the budget of $0.0200 there is $" in error["message"]
    assert get(server, "/v1/models").status == 200  # free


@pytest.mark.parametrize("body", [IMAGE.replace("gpt-image-2", "no-such"), '{"model":1}', "{"])
def test_what_has_no_price_is_not_forwarded_within_a_budget(
    record: Record, service: Service, tmp_path: Path, body: str
) -> None:
    seen = draw(record(service.base, tmp_path, "--budget", "100", "--as-of", DAY), body)
    assert (seen.status, seen.json()["error"]["code"]) == (402, "budget_unknown_price")
    assert service.seen == []


def test_an_unknown_price_may_be_told(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(whole(b"{}"))
    flags = ("--budget", "0.05", "--unpriced", "0.02", "--as-of", DAY)
    server = record(service.base, tmp_path, *flags)
    assert [chat(server).status for _ in range(3)] == [200, 200, 402]


def test_a_chat_is_priced_by_what_it_may_say(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    flags = ("--budget", "0.01", "--as-of", DAY)
    server = record(service.base, tmp_path, *flags, provider="together")
    model = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    question = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}

    def said(tokens: int) -> int:
        body = json.dumps({**question, "max_tokens": tokens}).encode()
        path = "/together/v1/chat/completions"
        return asyncio.run(ask(server.port, "POST", path, JSON, body)).status

    assert [said(16), said(16_000), said(16)] == [200, 402, 200]


def test_vectors_are_priced_by_their_tokens(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    flags = ("--budget", "0.0001", "--as-of", DAY)
    server = record(service.base, tmp_path, *flags, provider="vercel")

    def asked(words: int) -> int:
        model = "openai/text-embedding-3-small"
        body = json.dumps({"model": model, "input": "fox " * words}).encode()
        path = "/vercel/v1/embeddings"
        return asyncio.run(ask(server.port, "POST", path, JSON, body)).status

    assert [asked(10), asked(8000)] == [200, 402]
