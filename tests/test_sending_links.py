"""Links in an answer are followed with care: they may lead anywhere, and answer with anything."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from safelight_contracts.cases import Piece, Seen
from safelight_contracts.sending import Sender

ASKED: list[tuple[str, str | None]] = []


class Odd(BaseHTTPRequestHandler):
    """Answers each path in its own bad way."""

    def do_GET(self) -> None:
        ASKED.append((self.path, self.headers["authorization"]))
        told = {"/gzip": ("content-encoding", "gzip"), "/away": ("location", "/plain")}
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header(*told.get(self.path, ("content-type", "image/png")))
        self.end_headers()
        try:
            for _ in range(10_000 if self.path == "/endless" else 1):
                self.wfile.write(b"no gzip")
                if self.path == "/endless":
                    threading.Event().wait(0.02)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("link", "status", "body"),
    [
        ("{origin}/plain", 200, b"no gzip"),
        ("{origin}/gzip", 200, b"no gzip"),
        ("{origin}/away", 302, b"no gzip"),
        ("{origin}/endless", 0, b""),
        ("http://[::1", 0, b""),
        ("http://127.0.0.1:99999/x", 0, b""),
        ("http://\x00/", 0, b""),
        ("https://xn--\u0430.\U0001f600/", 0, b""),
    ],
)
def test_a_link_may_be_anything_and_never_gets_the_key(
    link: str, status: int, body: bytes, origin: str
) -> None:
    url = link.format(origin=origin)
    answer = json.dumps({"data": [{"url": url}]}).encode()
    with Sender(origin, "sk-mine", timeout=2, patience=0.3) as sender:
        found = sender.follow(Seen(200, pieces=(Piece(0.1, answer),))).fetched[0]
    assert (found.url, found.status, found.body) == (url, status, body)
    assert all(key is None for _, key in ASKED)
