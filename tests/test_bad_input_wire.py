"""What a real server does with what no client library sends: raw bytes on a socket.

The rule for each: an answer or a clean close, nothing on the server's stderr, and it serves on.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse

import pytest
from conftest import DAY, LiveServer

KEY = b"Authorization: Bearer sk-test\r\n"
MODELS = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n" + KEY + b"\r\n"
IMAGES = b"POST /v1/images/generations HTTP/1.1\r\nHost: x\r\n" + KEY
EDITS = b"POST /v1/images/edits HTTP/1.1\r\nHost: x\r\n" + KEY
JSON = b"Content-Type: application/json\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=cut\r\n"
PICTURE = json.dumps({"model": "gpt-image-2", "prompt": "a lamp", "size": "1024x1024"}).encode()


@pytest.fixture(scope="module")
def server(serve: Callable[..., LiveServer]) -> LiveServer:
    """Return a server that has little patience and little room."""
    return serve("--read-timeout", "0.5", "--max-body", "1MiB", "--as-of", DAY)


@pytest.fixture(autouse=True)
def serves_on(server: LiveServer) -> Iterator[None]:
    """After each test the server answers, and has said nothing of what it went through."""
    yield
    with server.connect() as sock:
        sock.sendall(MODELS)
        assert reply(sock).status == 200
    assert server.stderr.read_text() == ""


def reply(sock: socket.socket, method: str = "GET") -> HTTPResponse:
    """Read one whole answer from the socket; its body is in `.body`."""
    answer = HTTPResponse(sock, method=method)
    answer.begin()
    answer.body = answer.read()  # type: ignore[attr-defined]  # kept for the test
    return answer


def ask(server: LiveServer, *parts: bytes) -> HTTPResponse:
    with server.connect() as sock:
        for part in parts:
            sock.sendall(part)
        return reply(sock)


def error(answer: HTTPResponse) -> dict[str, object]:
    """Return the provider's error; there is one, and it has all its keys."""
    found: dict[str, object] = json.loads(answer.body)["error"]  # type: ignore[attr-defined]
    assert {"message", "type", "param", "code"} <= set(found)
    return found


def sized(head: bytes, body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return head + b"Content-Length: %d\r\n\r\n" % size + body


def closed(sock: socket.socket) -> bool:
    """Tell whether the server closed the connection, whatever it said before."""
    try:
        while sock.recv(2**16):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # a TLS hello
        b"GET\r\n\r\n",
        b"GET /v1/models\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /v1/m\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx",
        b"POST /v1/models HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /v1/models HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=lambda junk: junk[:32].decode("latin-1"),
)
def test_malformed_http_is_closed(server: LiveServer, junk: bytes) -> None:
    with server.connect() as sock:
        sock.sendall(junk)
        assert closed(sock)


def test_a_head_that_is_never_finished_is_given_up(server: LiveServer) -> None:
    with server.connect() as sock:
        sock.sendall(b"GET /v1/models HTTP/1.1\r\nHost:")
        began = time.monotonic()
        answer = reply(sock)
        assert answer.status == 408
        assert b"--read-timeout" in answer.body
        assert closed(sock)
    assert 0.4 < time.monotonic() - began < 5


def test_a_head_that_drips_is_given_up_all_the_same(server: LiveServer) -> None:
    began = time.monotonic()
    with server.connect() as sock, contextlib.suppress(ConnectionError):
        sock.sendall(b"GET /v1/models HTTP/1.1\r\nX: ")
        while time.monotonic() - began < 5:
            sock.sendall(b"x")
            time.sleep(0.05)
    assert 0.4 < time.monotonic() - began < 4


def test_a_head_in_pieces_and_a_pause_between_requests_are_fine(server: LiveServer) -> None:
    head = b"GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-x\r\n\r\n"
    with server.connect() as sock:
        for pause in (0.0, 0.8):  # longer than --read-timeout: nothing of a request has come
            time.sleep(pause)
            sock.sendall(head[:30])
            time.sleep(0.2)
            sock.sendall(head[30:])
            assert reply(sock).status == 200
        sock.sendall(head + head[:30])  # the next one begins before this one is answered
        assert reply(sock).status == 200
        assert reply(sock).status == 408
        assert closed(sock)


def test_a_chunked_body_is_read_as_any_other(server: LiveServer) -> None:
    halves = PICTURE[:20], PICTURE[20:]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in halves)
    head = IMAGES + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = ask(server, head, chunks[:30], chunks[30:] + b"0\r\n\r\n")
    assert answer.status == 200


@pytest.mark.parametrize("sent", [b"", b'{"prompt": "a'], ids=["nothing", "half"])
def test_a_declared_length_that_never_comes_is_given_up(server: LiveServer, sent: bytes) -> None:
    with server.connect() as sock:
        sock.sendall(sized(IMAGES + JSON, sent, length=500))
        assert reply(sock).status == 408
        assert closed(sock)


def test_an_oversize_body_by_declared_length_gets_413(server: LiveServer) -> None:
    answer = ask(server, sized(IMAGES + JSON, b"x" * (2 * 2**20)))
    assert answer.status == 413
    assert error(answer)["message"]


def test_an_oversize_body_in_chunks_gets_413(server: LiveServer) -> None:
    piece = b"%x\r\n%s\r\n" % (2**16, b"x" * 2**16)
    head = EDITS + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = ask(server, head, *[piece] * 32, b"0\r\n\r\n")
    assert answer.status == 413
    assert error(answer)["message"]


def test_a_body_just_within_the_limit_is_read(server: LiveServer) -> None:
    filler = PICTURE[:-1] + b" " * (2**20 - len(PICTURE)) + b"}"
    assert ask(server, sized(IMAGES + JSON, filler)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"prompt": "\xff\xfe"}',
        b'{"prompt": "\\ud800"}',
        b"\x00" * 100,
        b'{"prompt": ' + b"9" * 10_000 + b"}",
        b'{"prompt": 1e999}',
        b'{"prompt": NaN}',
    ],
    ids=lambda body: repr(body[:16]),
)
def test_json_that_is_none_is_refused_in_the_providers_shape(
    server: LiveServer, body: bytes
) -> None:
    answer = ask(server, sized(IMAGES + JSON, body))
    assert 400 <= answer.status < 500
    assert error(answer)["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--cut\r\n",
        b'--cut\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nnever en',
        b"--cut\r\nContent-Disposition: form-data\r\n\r\nx\r\n--cut--\r\n",
        b"--cut\r\nno colon\r\n\r\nx\r\n--cut--\r\n",
        b"--other\r\n\r\nx\r\n--other--\r\n",
        b'--cut\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--cut--\r\n',
        b"--cut\r\n\r\n" * 5000,
    ],
    ids=range(8),
)
def test_a_form_that_is_none_is_refused_in_the_providers_shape(
    server: LiveServer, body: bytes
) -> None:
    answer = ask(server, sized(EDITS + FORM, body))
    assert 400 <= answer.status < 500
    assert error(answer)["message"]


def test_a_picture_with_an_index_is_an_unknown_parameter(server: LiveServer) -> None:
    file = b'name="image[0]"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nx'
    texts = [b'name="model"\r\n\r\ngpt-image-2', b'name="prompt"\r\n\r\nA kite', file]
    parts = [b"--cut\r\nContent-Disposition: form-data; " + text + b"\r\n" for text in texts]
    found = error(ask(server, sized(EDITS + FORM, b"".join(parts) + b"--cut--\r\n")))
    assert (found["message"], found["param"]) == ("Unknown parameter: 'image[0]'.", "image[0]")


def test_a_client_that_hangs_up_in_its_upload_harms_nobody(server: LiveServer) -> None:
    part = b'--cut\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    with server.connect() as sock:
        sock.sendall(sized(EDITS + FORM, part + b"x" * 5000, length=500_000))


def test_a_client_that_resets_in_its_upload_harms_nobody(server: LiveServer) -> None:
    with server.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(sized(EDITS + FORM, b"x" * 5000, length=500_000))


@pytest.mark.parametrize("linger", [False, True], ids=["closes", "resets"])
def test_a_client_that_hangs_up_in_its_stream_harms_nobody(
    server: LiveServer, *, linger: bool
) -> None:
    body = json.dumps(json.loads(PICTURE) | {"stream": True, "partial_images": 3}).encode()
    with server.connect() as sock:
        if linger:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(sized(IMAGES + JSON, body))
        assert sock.recv(100).startswith(b"HTTP/1.1 200")


def test_a_client_that_does_not_wait_for_its_picture_harms_nobody(server: LiveServer) -> None:
    for _ in range(5):
        with server.connect() as sock:
            sock.sendall(sized(IMAGES + JSON, PICTURE))


def test_requests_in_a_pipeline_are_answered_in_order(server: LiveServer) -> None:
    second = b"GET /v1/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + KEY + b"\r\n"
    with server.connect() as sock:
        sock.sendall(MODELS * 2 + second)
        answers = b"".join(iter(lambda: sock.recv(2**16), b""))
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"200", b"200", b"404"]


def test_a_client_that_waits_for_leave_to_send_gets_it(server: LiveServer) -> None:
    with server.connect() as sock:
        length = b"Content-Length: %d\r\n" % len(PICTURE)
        sock.sendall(IMAGES + JSON + length + b"Expect: 100-continue\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 100")
        sock.sendall(PICTURE)
        assert reply(sock).status == 200


def test_a_head_request_gets_no_body(server: LiveServer) -> None:
    with server.connect() as sock:
        sock.sendall(MODELS.replace(b"GET", b"HEAD"))
        answer = reply(sock, "HEAD")
        assert (answer.status < 500, answer.body) == (True, b"")  # type: ignore[attr-defined]
        sock.sendall(MODELS)
        assert reply(sock).status == 200
