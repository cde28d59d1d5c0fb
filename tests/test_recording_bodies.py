"""Bodies of every kind through the recorder: compressed, empty, binary, huge."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import LiveServer
from kit import encode_form, png
from rawclient import ask
from recording_kit import (
    Record,
    Recorder,
    Service,
    chat,
    files,
    get,
    kept,
    recorded,
    whole,
)

pytest_plugins = ["recording_fixtures"]


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


def test_a_huge_upload_takes_less_than_three_times_its_size(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    server = record_process(service.base, tmp_path)
    size, before = 64 * 2**20, resident(server)
    assert upload(server, b"\x89PNG\r\n\x1a\n" + os.urandom(size)) == 200
    kept(tmp_path, 1)
    assert peak(server) - before < 3 * size


def test_many_uploads_take_no_more_memory_than_a_few(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    server = record_process(service.base, tmp_path)

    def send(count: int) -> int:
        for _ in range(count):
            assert upload(server, os.urandom(4 * 2**20)) == 200
            service.seen.clear()
        return resident(server)

    few = send(8)
    assert send(32) - few < 12 * 2**20


def upload(server: LiveServer, picture: bytes) -> int:
    """Edit a picture, and return the status of the answer."""
    file = ("a.png", picture, "image/png")
    body, kind = encode_form([("model", "gpt-image-2"), ("prompt", "a fox"), ("image", file)])
    headers = (("content-type", kind),)
    asked = ask(server.port, "POST", "/openai/v1/images/edits", headers, body)
    return asyncio.run(asked).status


def resident(server: LiveServer) -> int:
    return _status(server, "VmRSS")


def peak(server: LiveServer) -> int:
    return _status(server, "VmHWM")


def _status(server: LiveServer, name: str) -> int:
    if sys.platform != "linux":
        pytest.skip("only Linux tells it under /proc")
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(name))


def test_a_request_over_the_limit_is_refused(
    record: Record, service: Service, tmp_path: Path
) -> None:
    seen = chat(record(service.base, tmp_path, "--max-body", "1k"), "x" * 2000)
    assert (seen.status, seen.headers["x-safelight-record"]) == (413, "body_too_large")
    assert service.seen == []
