"""Links that are followed: within limits, on the public network alone, never by default."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import Clock, emulator, error, parsed, picture, png, post
from safelight.core import Emulator, Settings
from safelight.fetch import Fetcher, look_up, public
from safelight.links import FetchError

PICTURE = png(80, 48, color=(200, 30, 30))


def anywhere(_: object) -> bool:
    """Allow every address: the test's server is on loopback."""
    return True


class Pages(BaseHTTPRequestHandler):
    """A web server with a picture, redirects and every kind of trouble."""

    asked: list[str]

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer by path."""
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        getattr(self, "page_" + self.path.strip("/").partition("?")[0].partition("/")[0])()

    def page_picture(self) -> None:
        self.answer(200, PICTURE)

    def page_hop(self) -> None:
        left = int(self.path.rpartition("/")[2])
        self.answer(302, b"", f"/hop/{left - 1}" if left > 1 else "/picture")

    def page_inside(self) -> None:
        self.answer(302, b"", "http://169.254.169.254/latest/meta-data")

    def page_file(self) -> None:
        self.answer(302, b"", "file:///etc/passwd")

    def page_missing(self) -> None:
        self.answer(404, b"no")

    def page_cut(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 10)

    def page_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 1024)
        except OSError:
            return

    def page_drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            return

    def answer(self, status: int, body: bytes, place: str | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if place:
            self.send_header("location", place)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def pages() -> Iterator[ThreadingHTTPServer]:
    """Return a running server; `asked` lists the paths it was asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.asked = []  # type: ignore[attr-defined]
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def at(pages: ThreadingHTTPServer) -> Callable[[str], str]:
    """Return a function from a path to its URL on that server."""
    return lambda path: f"http://127.0.0.1:{pages.server_port}{path}"


def test_a_picture_is_fetched(at: Callable[[str], str]) -> None:
    assert Fetcher(allowed=anywhere)(at("/picture?x=1")) == PICTURE


def test_redirects_are_followed_three_times_and_not_four(at: Callable[[str], str]) -> None:
    fetch = Fetcher(allowed=anywhere)
    assert fetch(at("/hop/3")) == PICTURE
    with pytest.raises(FetchError, match="more than 3 redirects"):
        fetch(at("/hop/4"))


def test_loopback_is_refused_before_anybody_is_asked(
    pages: ThreadingHTTPServer, at: Callable[[str], str]
) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::1]"):
        with pytest.raises(FetchError, match=r"not a public address|unknown"):
            Fetcher()(at("/picture").replace("127.0.0.1", host))
    assert pages.asked == []  # type: ignore[attr-defined]


def test_a_redirect_into_the_inside_is_refused(at: Callable[[str], str]) -> None:
    fetch = Fetcher(allowed=lambda address: address.is_loopback)
    with pytest.raises(FetchError, match=r"169\.254\.169\.254, which is not a public address"):
        fetch(at("/inside"))


def test_a_redirect_to_another_scheme_is_refused(at: Callable[[str], str]) -> None:
    with pytest.raises(FetchError, match="only http"):
        Fetcher(allowed=anywhere)(at("/file"))


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    fetch = Fetcher(resolve=lambda *_: ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(FetchError, match=r"10\.0\.0\.7"):
        fetch("http://rebound.example/")


def test_the_judged_address_is_the_one_that_is_called(
    pages: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["127.0.0.1"], ["192.0.2.1"]])
    fetch = Fetcher(allowed=anywhere, resolve=lambda *_: next(answers))
    monkeypatch.setattr(socket, "gethostbyname", pytest.fail)
    assert fetch(f"http://changes.example:{pages.server_port}/picture") == PICTURE


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing", "the answer was 404"),
        ("/cut", "IncompleteRead|broke off"),
        ("/endless", "larger than 5000 bytes"),
        ("/drip", r"longer than 0\.4 seconds"),
    ],
)
def test_trouble_is_told(at: Callable[[str], str], path: str, words: str) -> None:
    started = time.monotonic()
    with pytest.raises(FetchError, match=words):
        Fetcher(size=5000, seconds=0.4, allowed=anywhere)(at(path))
    assert time.monotonic() - started < 2


def test_a_length_beyond_the_limit_is_refused_by_its_header(at: Callable[[str], str]) -> None:
    with pytest.raises(FetchError, match="larger than 10 bytes"):
        Fetcher(size=10, allowed=anywhere)(at("/picture"))


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(FetchError, match="longer than"):
            Fetcher(seconds=0.3, allowed=anywhere)(url)
        with pytest.raises(FetchError, match="longer than"):
            Fetcher(seconds=0.3, allowed=anywhere)(url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a.png",
        "http:///a.png",
        "http://user:word@example.com/",
        "http://[::1/",
        "http://example.com:99999/",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        Fetcher(resolve=pytest.fail)(url)


def test_an_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(FetchError, match=r"'nowhere\.example' is unknown"):
        look_up("nowhere.example", 80)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "::127.0.0.1",
        "64:ff9b:1::7f00:1", "fec0::1", "::ffff:0:127.0.0.1",
    ],
)  # fmt: skip
def test_inner_addresses_are_not_public(text: str) -> None:
    assert not public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_outer_addresses_are_public(text: str) -> None:
    assert public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_never_makes_it_public(address: ipaddress.IPv4Address) -> None:
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert public(ipaddress.ip_address(wrapped)) <= public(address)


# Through the emulator


def edit(emu: Emulator, url: str) -> Any:
    body = {"model": "gpt-image-2", "prompt": "a hat", "images": [{"image_url": url}]}
    return post(emu, "/v1/images/edits", body)


def notes(emu: Emulator, name: str = "") -> tuple[str, ...]:
    return list(emu._store.session(name).journal)[-1].notes


def test_by_default_nothing_is_fetched_and_the_journal_says_so() -> None:
    emu = emulator()
    assert edit(emu, "https://example.com/photo.png").status == 200
    assert notes(emu) == ("https://example.com/photo.png: not fetched, a stand-in was drawn",)


def fetching(fetch: Callable[[str], bytes]) -> Emulator:
    return Emulator(Settings(as_of=datetime.date(2026, 11, 20)), clock=Clock(), fetch=fetch)


def test_a_fetched_picture_is_edited() -> None:
    emu = fetching(lambda _: PICTURE)
    reply = edit(emu, "https://example.com/photo.png")
    assert notes(emu) == (f"https://example.com/photo.png: fetched, {len(PICTURE)} bytes",)
    assert reply.body != edit(emulator(), "https://example.com/photo.png").body
    red, green, _ = picture(reply).convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert red > green  # it is still the red picture


def test_a_refused_link_is_an_unreadable_picture_and_the_journal_says_why() -> None:
    def refuse(_: str) -> bytes:
        raise FetchError("inner.example is at 10.0.0.1, which is not a public address")

    emu = fetching(refuse)
    reply = edit(emu, "https://inner.example/")
    assert reply.status == 400
    assert "10.0.0.1" not in error(reply)["message"]
    assert notes(emu)[0].endswith("10.0.0.1, which is not a public address")


def test_links_elsewhere_than_at_pictures_are_left_alone() -> None:
    emu = fetching(pytest.fail)
    text = "https://example.com/in-a-prompt"
    assert (
        post(emu, "/v1/images/generations", {"model": "gpt-image-2", "prompt": text}).status == 200
    )
    ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    assert post(emu, "/v1/chat/completions", ask).status == 200
    assert notes(emu) == ()


def drawn(emu: Emulator, path: str = "") -> str:
    """Return the URL of a picture that the emulator has drawn."""
    body = {"model": "dall-e-2", "prompt": "a red barn", "size": "256x256"}
    url: str = parsed(post(emu, f"{path}/v1/images/generations", body))["data"][0]["url"]
    return url


def test_our_own_urls_are_pictures_without_any_network() -> None:
    clock = Clock()
    emu = Emulator(Settings(as_of=datetime.date(2026, 5, 11)), clock=clock, fetch=pytest.fail)
    url = drawn(emu)
    body = {"model": "gpt-image-1", "prompt": "snow", "images": [{"image_url": url}]}
    first = post(emu, "/v1/images/edits", body)
    assert first.status == 200
    assert notes(emu) == (f"{url}: our own picture",)
    clock.now += 100_000
    assert post(emu, "/v1/images/edits", body).status == 400
    assert notes(emu) == (f"{url}: our own, but expired or unknown",)


def test_chat_sees_our_own_pictures_too() -> None:
    emu = emulator(as_of=datetime.date(2026, 5, 11))
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": drawn(emu)}},
    ]
    reply = post(
        emu,
        "/v1/chat/completions",
        {"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]},
    )
    assert "256" in parsed(reply)["choices"][0]["message"]["content"]


def test_a_session_does_not_see_the_pictures_of_another() -> None:
    emu = emulator(as_of=datetime.date(2026, 5, 11))
    url = drawn(emu, "/s/one")
    body = {"model": "gpt-image-1", "prompt": "snow", "images": [{"image_url": url}]}
    assert post(emu, "/s/two/v1/images/edits", body).status == 200
    assert notes(emu, "two") == (f"{url}: not fetched, a stand-in was drawn",)
    assert post(emu, "/s/one/v1/images/edits", body).status == 200
    assert notes(emu, "one") == (f"{url}: our own picture",)
