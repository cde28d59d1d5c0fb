"""Together's links to pictures, over a socket: a token, an hour, and nobody without a name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from conftest import LiveServer

DRAW = {
    "model": "black-forest-labs/FLUX.1-schnell",
    "prompt": "A kite",
    "width": 256,
    "height": 256,
}
KEY = {"authorization": "Bearer sk-test"}


@pytest.fixture
def client(live_server: LiveServer) -> Iterator[httpx.Client]:
    """Return a client in a session of its own."""
    world = f"{live_server.origin}/s/links"
    with httpx.Client(base_url=world, timeout=20) as client:
        yield client
        client.delete(f"{world}/_safelight/session")


def link(client: httpx.Client, **more: object) -> str:
    reply = client.post("/together/v1/images/generations", json={**DRAW, **more}, headers=KEY)
    url: str = reply.json()["data"][0]["url"]
    return url


@pytest.mark.parametrize("form", ["jpeg", "png"])
def test_a_link_tells_neither_format_nor_end(client: httpx.Client, form: str) -> None:
    url = link(client, output_format=form)
    assert re.fullmatch(r"[A-Za-z0-9]{16}", url.rpartition("/")[2])
    reply = client.get(url)
    assert (reply.status_code, reply.headers["content-type"]) == (200, f"image/{form}")


def test_it_ends_after_an_hour(client: httpx.Client) -> None:
    url = link(client)
    client.post("/_safelight/clock", json={"advance": 3590})
    assert client.get(url).status_code == 200
    client.post("/_safelight/clock", json={"advance": 20})
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("agent", ["", None])
def test_who_does_not_say_what_he_is_gets_nothing(
    live_server: LiveServer, client: httpx.Client, agent: str | None
) -> None:
    path = link(client).removeprefix(live_server.origin)
    line = "" if agent is None else f"User-Agent: {agent}\r\n"
    with live_server.connect() as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{line}Connection: close\r\n\r\n".encode())
        assert sock.recv(65536).startswith(b"HTTP/1.1 403 Forbidden\r\n")
