"""Links in an answer are followed with care: they may lead anywhere, and answer with anything."""

from __future__ import annotations

import contextlib
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from judge_kit import DAY
from safelight_contracts.cases import Case, Fetched, Piece, Seen
from safelight_contracts.checks import judge
from safelight_contracts.linking import PUBLIC, Reach
from safelight_contracts.promises import Promises
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


# What lies beside the endpoint


def followed(origin: str, link: str, reach: Reach = PUBLIC) -> Fetched:
    answer = json.dumps({"data": [{"url": link}]}).encode()
    with Sender(origin, "sk-mine", timeout=2, patience=2, reach=reach) as sender:
        return sender.follow(Seen(200, pieces=(Piece(0.1, answer),))).fetched[0]


@pytest.fixture
def neighbour() -> Iterator[tuple[int, list[bytes]]]:
    """A service in the same private network, which nobody may be led to; what it has heard."""
    heard: list[bytes] = []

    class Service(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.append(self.request.recv(4096))
            self.request.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\nsecret")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], heard
        server.shutdown()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::1]",
     "me@127.0.0.1"],
)  # fmt: skip
def test_no_link_leads_to_a_neighbour_of_the_endpoint_on_a_private_address(
    host: str, origin: str, neighbour: tuple[int, list[bytes]]
) -> None:
    port, heard = neighbour
    got = followed(origin, f"http://{host}:{port}/secret")
    assert (got.status, got.body) == (0, b"")
    assert got.why.startswith("not followed: ")
    assert got.why.endswith(" is no public address")
    assert heard == []


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.7"], ["93.184.215.14", "169.254.169.254"], ["fd00::1"], ["64:ff9b::a00:1"]],
)
def test_a_name_that_leads_into_a_private_network_is_not_followed(
    addresses: list[str], origin: str
) -> None:
    reach = Reach(resolve=lambda *_: addresses)
    got = followed(origin, "https://pictures.example/a.png", reach)
    told = f"not followed: pictures.example is at {addresses[-1]}, which is no public address"
    assert (got.status, got.why) == (0, told)


def test_a_public_link_is_followed_to_the_very_address_that_was_judged(
    origin: str, neighbour: tuple[int, list[bytes]]
) -> None:
    port, heard = neighbour
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    reach = Reach(resolve, allowed=lambda _: True)
    got = followed(origin, f"http://user:word@pictures.example:{port}/a%20b.png?sig=1%2F2", reach)
    assert (got.status, got.content_type, got.body) == (200, "image/png", b"secret")
    assert asked == ["pictures.example"]
    head = heard[0].decode().lower()
    assert head.startswith("get /a%20b.png?sig=1%2f2 http/1.1\r\n")
    assert f"host: pictures.example:{port}\r\n" in head
    assert "authorization" not in head


def test_a_certificate_has_to_be_for_the_name_and_not_for_the_address(origin: str) -> None:
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _, name, __: named.append(name)

    class Handshake(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                context.wrap_socket(self.request, server_side=True)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handshake) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        reach = Reach(lambda *_: ["127.0.0.1"], allowed=lambda _: True)
        link = f"https://pictures.example:{server.server_address[1]}/a.png"
        got = followed(origin, link, reach)
        server.shutdown()
    assert named == ["pictures.example"]
    assert (got.status, got.why) == (0, "no answer: ConnectError")


def test_a_private_link_is_a_finding_that_says_where_it_leads() -> None:
    promises = Promises("together", DAY)
    model = "black-forest-labs/FLUX.1-schnell"
    case = Case(
        "together", "images.generate", "POST", "/v1/images/generations", "a picture", model=model,
        body="json", params={"model": model, "prompt": "x"},
    )  # fmt: skip
    link = "http://169.254.169.254/latest"
    item = {"index": 0, "type": "url", "url": link}
    body = json.dumps({"id": "x", "model": model, "object": "list", "data": [item]}).encode()
    why = "not followed: 169.254.169.254 is no public address"
    headers = (("content-type", "application/json"), ("x-request-id", "x"))
    seen = Seen(200, headers, (Piece(0.1, body),))
    seen = replace(seen, fetched=(Fetched(link, 0, why=why),))
    found = [(f.code, f.at, f.expected, f.got) for f in judge(case, seen, promises)]
    assert found == [("SL-URL", "data[0].url", 200, why)]
