"""Nothing escapes: whatever library asks, by name or by address, unless it is allowed."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
import uvloop
from safelight.guard import Escaped, Guard
from safelight.sentries import standing

ADDRESS = ("203.0.113.7", 443)  # TEST-NET-3, RFC 5737: nobody's
URL = "https://example.com/v1/images?x=1"


@pytest.fixture
def guard() -> Iterator[Guard]:
    with standing(Guard()) as guard:
        yield guard


async def _aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(url):
        pass


async def _aiohttp_based(url: str) -> None:
    async with aiohttp.ClientSession("https://example.com") as client:
        await client.get(url.removeprefix("https://example.com"))


async def _stream(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    await writer.wait_closed()


def _udp(address: tuple[str, int]) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(b"?", address)


def _message(address: tuple[str, int]) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendmsg([b"?"], [], 0, address)


async def _endpoint(address: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=address)


async def _named(address: tuple[str, int]) -> None:
    await asyncio.get_running_loop().getnameinfo(address)


async def _looked_up(host: str) -> None:
    await asyncio.get_running_loop().getaddrinfo(host, 443)


def _dial(address: tuple[str, int]) -> None:
    with socket.socket() as sock:
        sock.connect_ex(address)


CLIENTS: dict[str, Callable[[], Any]] = {
    "requests": lambda: requests.get(URL, timeout=5),
    "urllib3": lambda: urllib3.PoolManager().request("GET", URL),
    "aiohttp": lambda: asyncio.run(_aiohttp(URL)),
    "aiohttp with a base": lambda: asyncio.run(_aiohttp_based(URL)),
    "urllib": lambda: urllib.request.urlopen(URL),
    "urllib with a request": lambda: urllib.request.urlopen(urllib.request.Request(URL)),
}
SOCKETS: dict[str, Callable[[], Any]] = {
    "by address": lambda: socket.create_connection(ADDRESS),
    "connect_ex": lambda: _dial(ADDRESS),
    "by datagram": lambda: _udp(ADDRESS),
    "by message": lambda: _message(ADDRESS),
    "by datagram on a loop in C": lambda: uvloop.run(_endpoint(ADDRESS)),
    "on a loop": lambda: asyncio.run(_stream(*ADDRESS)),
    "on a loop in C": lambda: uvloop.run(_stream(*ADDRESS)),
}
NAMES: dict[str, Callable[[], Any]] = {
    "by name": lambda: socket.create_connection(("example.com", 443)),
    "looked up": lambda: socket.getaddrinfo("example.com", 443),
    "looked up as bytes": lambda: socket.getaddrinfo(host=b"example.com", port=443),
    "looked up, the old way": lambda: socket.gethostbyname("example.com"),
    "looked up with aliases": lambda: socket.gethostbyname_ex("example.com"),
    "looked up from behind": lambda: socket.gethostbyaddr("example.com"),
    "looked up on a loop": lambda: asyncio.run(_looked_up("example.com")),
    "looked up on a loop in C": lambda: uvloop.run(_looked_up("example.com")),
    "httpx": lambda: httpx.get("https://example.com:443/"),
    "on a loop": lambda: asyncio.run(_stream("example.com", 443)),
    "on a loop in C": lambda: uvloop.run(_stream("example.com", 443)),
}


REVERSE: dict[str, Callable[[], Any]] = {
    "gethostbyaddr": lambda: socket.gethostbyaddr(ADDRESS[0]),
    "getnameinfo": lambda: socket.getnameinfo(ADDRESS, 0),
    "getfqdn": lambda: socket.getfqdn(ADDRESS[0]),
    "on a loop": lambda: asyncio.run(_named(ADDRESS)),
    "on a loop in C": lambda: uvloop.run(_named(ADDRESS)),
}


@pytest.mark.parametrize("call", CLIENTS.values(), ids=list(CLIENTS))
def test_a_client_of_http_is_stopped_and_its_url_named(
    guard: Guard, call: Callable[[], Any]
) -> None:
    with pytest.raises(Escaped) as error:
        call()
    assert str(error.value).startswith(f"{URL}: nothing may leave this machine")
    assert 'allow=["example.com"]' in str(error.value)
    assert guard.escapes[0] == error.value.url == URL


@pytest.mark.parametrize("call", SOCKETS.values(), ids=list(SOCKETS))
def test_a_bare_socket_is_stopped_and_its_address_named(
    guard: Guard, call: Callable[[], Any]
) -> None:
    with pytest.raises(Escaped, match=r"^203\.0\.113\.7:443: nothing"):
        call()
    assert guard.escapes == ["203.0.113.7:443"]


@pytest.mark.parametrize("call", NAMES.values(), ids=list(NAMES))
def test_a_name_is_not_even_looked_up(guard: Guard, call: Callable[[], Any]) -> None:
    with pytest.raises(Escaped, match=r"^example\.com:"):
        call()
    assert guard.escapes in (["example.com:443"], ["example.com"])


@pytest.mark.parametrize("call", REVERSE.values(), ids=list(REVERSE))
def test_the_name_of_an_address_is_not_looked_up(guard: Guard, call: Callable[[], Any]) -> None:
    with pytest.raises(Escaped, match=r"^203\.0\.113\.7: nothing"):
        call()
    assert guard.escapes == ["203.0.113.7"]


def test_names_of_this_machine_and_numbers_may_be_looked_up(guard: Guard) -> None:
    numbers = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    assert socket.getnameinfo(ADDRESS, numbers) == ("203.0.113.7", "443")
    assert socket.getfqdn()
    assert socket.gethostbyaddr("127.0.0.1")[2] == ["127.0.0.1"]
    assert guard.escapes == []


def swallowing() -> None:
    """Do as applications do."""
    try:
        requests.get(URL, timeout=5)
    except Exception:  # noqa: BLE001
        pytest.fail("swallowed")


@pytest.mark.usefixtures("guard")
def test_an_application_cannot_swallow_it() -> None:
    with pytest.raises(Escaped):
        swallowing()


def test_this_machine_is_free(guard: Guard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port)).close()
        asyncio.run(_stream("localhost", port))
        uvloop.run(_stream("127.0.0.1", port))
    assert guard.allows(socket.gethostname())
    assert guard.allows("app.localhost")
    assert guard.escapes == []


def test_a_unix_socket_is_free(guard: Guard, tmp_path: Any) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
    assert guard.escapes == []


@pytest.mark.parametrize(
    ("allow", "host", "allowed"),
    [
        ("example.com", "example.com", True),
        ("example.com", "Example.COM.", True),
        ("example.com", "evil-example.com", False),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("db:5432", "db", False),
        ("db:443", "db", True),
        ("203.0.113.*", "203.0.113.9", True),
    ],
)
def test_what_is_allowed_is_a_glob_of_name_or_name_and_port(
    allow: str, host: str, *, allowed: bool
) -> None:
    with standing(Guard([allow])) as guard:
        assert guard.allows(host, 443) is allowed


def test_a_url_without_a_port_has_that_of_its_scheme() -> None:
    with standing(Guard(["example.com:443"])) as guard:
        guard.check_url("https://example.com/a")
        with pytest.raises(Escaped):
            guard.check_url("http://example.com/a")


def test_the_addresses_of_an_allowed_name_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ADDRESS)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with standing(Guard(["example.com"])) as guard:
        assert not guard.allows(ADDRESS[0])
        socket.getaddrinfo("example.com", 443)
        assert guard.allows(ADDRESS[0])


def test_a_bare_address_does_not_allow_itself(guard: Guard) -> None:
    socket.getaddrinfo(*ADDRESS)
    assert not guard.allows(ADDRESS[0])


def test_a_proxy_on_this_machine_is_no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:3128")
    with standing(Guard()), pytest.raises(Escaped, match="proxy of HTTPS_PROXY"):
        socket.create_connection(("127.0.0.1", 3128))


def test_guards_stand_within_each_other() -> None:
    with standing(Guard(["example.com"])) as outer:
        with standing(Guard()) as inner, pytest.raises(Escaped):
            socket.getaddrinfo("example.com", 443)
        assert (len(outer.escapes), len(inner.escapes)) == (0, 1)


def test_a_guard_that_has_gone_lets_all_pass() -> None:
    """Also through a patch that somebody put over ours and took back after it was gone."""
    with standing(Guard()) as guard:
        kept = socket.getaddrinfo
    guard.check_address(socket.AF_INET, ADDRESS)
    guard.check_url(URL)
    assert kept("127.0.0.1", 80)
    assert guard.escapes == []
