"""Which hosts a recorder answers for: raw requests, as clients of an HTTP proxy would send them."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from recording_kit import Record, Service, kept, whole

pytest_plugins = ["recording_fixtures"]

HOST = "host: example.com"


def said(port: int, first: str, *headers: str) -> tuple[bytes, str, dict[str, str]]:
    """Return status line, the recorder's own mark and the JSON of an answer to a raw request."""
    lines = "\r\n".join((first, *headers, "connection: close", "", ""))
    data = b""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(lines.encode("latin-1"))
        while piece := line.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first_line, *rest = head.decode().split("\r\n")
    found = dict(one.lower().split(": ", 1) for one in rest)
    return first_line.encode(), found.get("x-safelight-record", ""), json.loads(body or b"{}")


@pytest.mark.parametrize(
    "target",
    [
        "http://example.com/v1/models",
        "https://example.com/openai/v1/models",
        "http://example.com:{port}/v1/models",
        "http://localhost:{other}/v1/models",
        "http://127.0.0.1/v1/models",
        "ftp://127.0.0.1:{port}/v1/models",
        "http://127.0.0.1:{port}@example.com/v1/models",
        "http://[::1/v1/models",
        "http://127.0.0.1:x/v1/models",
        "//example.com/v1/models",
    ],
)
def test_a_request_that_names_another_host_is_not_forwarded(
    record: Record, service: Service, tmp_path: Path, target: str
) -> None:
    service.answer(whole(b"{}"))
    port = record(service.base, tmp_path).port
    named = target.format(port=port, other=1)
    first, mark, body = said(port, f"GET {named} HTTP/1.1", HOST)
    assert first.split()[1] in (b"400", b"404")
    assert mark == "not_forwarded"
    assert service.base in body["error"]["message"]
    assert (service.seen, list(tmp_path.iterdir())) == ([], [])


def test_a_tunnel_is_refused(record: Record, service: Service, tmp_path: Path) -> None:
    port = record(service.base, tmp_path).port
    for target in ("example.com:443", f"127.0.0.1:{service.port}"):
        first, mark, body = said(port, f"CONNECT {target} HTTP/1.1", f"host: {target}")
        assert (first.split()[1], mark) == (b"400", "not_forwarded")
        assert f"no tunnel to {target}" in body["error"]["message"]
    assert service.seen == []


@pytest.mark.parametrize(
    "target",
    [
        "/v1/models",
        "http://127.0.0.1:{port}/v1/models",
        "http://localhost:{port}/v1/models",
        "HTTP://LOCALHOST:{port}/v1/models",
        "http://127.0.0.1:{service}/v1/models",
        "http://127.0.0.1:{port}/openai/v1/models?a=http://example.com/",
    ],
)
@pytest.mark.parametrize("host", [HOST, "host: 127.0.0.1", "host: recorder.internal:8080"])
def test_the_recorder_is_reached_by_any_name(
    record: Record, service: Service, tmp_path: Path, target: str, host: str
) -> None:
    service.answer(whole(b'{"data":[]}'))
    port = record(service.base, tmp_path).port
    named = target.format(port=port, service=service.port)
    first, mark, body = said(port, f"GET {named} HTTP/1.1", host)
    assert (first.split()[1], mark, body) == (b"200", "", {"data": []})
    assert service.seen[0].startswith(b"GET /v1/models")
    assert f"host: 127.0.0.1:{service.port}\r\n".encode() in service.seen[0].lower()
    assert "example.com" not in kept(tmp_path, 1)[0].read_text()
