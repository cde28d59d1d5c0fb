"""OpenAI's API through a plain HTTP client: what the libraries of other languages send."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from conftest import LiveServer
from kit import encode_form, opened, png
from openai_asks import EDITS, GENERATIONS, MODELS, PHOTO

KEY = {"Authorization": "Bearer sk-test"}
FIELDS: list[Any] = [("model", "gpt-image-1.5"), ("prompt", "a hat"), ("quality", "low")]
FORM, KIND = encode_form([*FIELDS, ("image", PHOTO)])
QUICK = json.dumps({"model": "gpt-image-2", "prompt": "a fox", "quality": "low"}).encode()


@pytest.fixture(name="wire")
def _wire(live_server: LiveServer) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", live_server.port, timeout=20)
    yield connection
    connection.close()


def ask(
    wire: HTTPConnection, method: str, path: str, body: Any = None, **headers: str
) -> tuple[HTTPResponse, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    wire.request(method, path, body, KEY | sent)
    answer = wire.getresponse()
    return answer, answer.read()


def test_a_form_may_come_in_chunks(wire: HTTPConnection) -> None:
    pieces = (FORM[at : at + 97] for at in range(0, len(FORM), 97))
    answer, body = ask(wire, "POST", EDITS, pieces, content_type=KIND)
    assert (answer.status, len(json.loads(body)["data"])) == (200, 1)


def test_json_may_come_in_chunks(wire: HTTPConnection) -> None:
    pieces = (bytes([byte]) for byte in QUICK)
    answer, _ = ask(wire, "POST", GENERATIONS, pieces, content_type="application/json")
    assert answer.status == 200


def test_one_connection_serves_many_requests(wire: HTTPConnection) -> None:
    first, _ = ask(wire, "POST", GENERATIONS, QUICK, content_type="application/json")
    refused, _ = ask(wire, "POST", GENERATIONS, b"{", content_type="application/json")
    missing, _ = ask(wire, "GET", "/v1/nothing")
    last, _ = ask(wire, "GET", MODELS)
    assert [a.status for a in (first, refused, missing, last)] == [200, 400, 404, 200]
    assert wire.sock is not None


@pytest.mark.parametrize("path", ["some/model", "some%2Fmodel", "ft:a:b::c", "ft%3Aa%3Ab%3A%3Ac"])
def test_a_models_id_may_be_encoded_or_not(wire: HTTPConnection, path: str) -> None:
    answer, body = ask(wire, "GET", f"{MODELS}/{path}")
    plain = {"some%2Fmodel": "some/model", "ft%3Aa%3Ab%3A%3Ac": "ft:a:b::c"}.get(path, path)
    assert answer.status == 404
    assert json.loads(body)["error"]["message"] == f"The model '{plain}' does not exist"


def test_a_bodyless_delete_may_name_a_content_type(wire: HTTPConnection) -> None:
    path = "/s/wire-delete/openai/v1/models/gpt-image-2"
    answer, body = ask(wire, "DELETE", path, content_type="application/json")
    expected = {"id": "gpt-image-2", "object": "model", "deleted": True}
    assert (answer.status, json.loads(body)) == (200, expected)


def test_accept_never_makes_a_stream(wire: HTTPConnection) -> None:
    kinds = {"accept": "application/json, text/event-stream", "content_type": "application/json"}
    answer, _ = ask(wire, "POST", GENERATIONS, QUICK, **kinds)
    assert answer.headers["content-type"] == "application/json"
    streaming = QUICK[:-1] + b',"stream":true}'
    answer, _ = ask(
        wire, "POST", GENERATIONS, streaming, accept="*/*", content_type="application/json"
    )
    assert answer.headers["content-type"] == "text/event-stream"


def test_a_query_and_an_organization_change_nothing(wire: HTTPConnection) -> None:
    more = {"openai_organization": "org-x", "openai_project": "proj-x"}
    answer, body = ask(wire, "GET", MODELS + "/gpt-image-2?api-version=2024", **more)
    assert (answer.status, json.loads(body)["id"]) == (200, "gpt-image-2")


def test_a_pictures_url_works_and_ends_with_its_session(
    wire: HTTPConnection, serve: Callable[..., LiveServer]
) -> None:
    era = serve("--as-of", "2026-05-11")
    body = json.dumps({"model": "dall-e-2", "prompt": "a fox", "size": "256x256"}).encode()
    old = HTTPConnection("127.0.0.1", era.port, timeout=20)
    _, reply = ask(old, "POST", GENERATIONS, body, content_type="application/json")
    url = json.loads(reply)["data"][0]["url"]
    assert url.startswith(era.origin)
    path = url.removeprefix(era.origin)
    answer, data = ask(old, "GET", path)
    assert (answer.status, opened(data).size) == (200, (256, 256))
    head, none = ask(old, "HEAD", path)
    assert (head.headers["content-length"], none) == (str(len(data)), b"")
    old.close()
    assert ask(wire, "GET", path)[0].status == 403


def test_an_old_client_gets_an_answer_and_the_end(live_server: LiveServer) -> None:
    with socket.create_connection(("127.0.0.1", live_server.port), 10) as sock:
        sock.sendall(f"GET {MODELS} HTTP/1.0\r\nAuthorization: Bearer sk-test\r\n\r\n".encode())
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert b" 200 " in answer.partition(b"\r\n")[0]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["object"] == "list"


def test_a_picture_of_every_size_of_upload_arrives_whole(wire: HTTPConnection) -> None:
    for padding in (0, 1, 65536, 3_000_000):
        photo = ("a.png", png(64, 64) + b"\r\n--cut" * (padding // 7), "image/png")
        form, kind = encode_form([*FIELDS, ("image", photo)])
        form = form.replace(b"--cut\r\nContent", b"--edge\r\nContent").replace(
            b"--cut--", b"--edge--"
        )
        kind = kind.replace("=cut", "=edge")
        answer, _ = ask(wire, "POST", EDITS, form, content_type=kind)
        assert answer.status == 200, padding
