"""Where calls that leave this machine are met: each place is patched while a guard stands.

Sockets and resolvers, for whatever library uses them; and the clients of HTTP that nobody answers
here, one step earlier, where the whole URL is still known. What must not enter: what may be reached
(`guard.py`), answers.
"""

from __future__ import annotations

import functools
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from safelight.guard import Escaped, Guard, is_numeric

Before = Callable[..., None]
Post = tuple[str, str, str, Before]
"""Where a call is met: module, class (or ""), function, and what is asked before it runs."""


_STANDING: list[Guard] = []
"""The guards whose blocks are open, the outermost first."""


def _sockets(guard: Guard) -> Iterator[Post]:
    """Yield where addresses are connected or sent to."""

    def connect(sock: Any, address: Any, *_: object) -> None:  # noqa: ANN401 - any socket
        __tracebackhide__ = True
        try:
            guard.check_address(sock.family, address)
        except Escaped:
            sock.close()  # callers close it for an OSError only
            raise

    def sendto(sock: Any, *args: Any) -> None:  # noqa: ANN401 - flags may come between
        __tracebackhide__ = True
        guard.check_address(sock.family, args[-1])

    def sendmsg(sock: Any, *args: Any) -> None:  # noqa: ANN401 - as `sendto`
        __tracebackhide__ = True
        if len(args) > 3:
            guard.check_address(sock.family, args[3])

    yield "socket", "socket", "connect", connect
    yield "socket", "socket", "connect_ex", connect
    yield "socket", "socket", "sendto", sendto
    yield "socket", "socket", "sendmsg", sendmsg


def _resolvers(guard: Guard) -> Iterator[Post]:
    """Yield where names and addresses are looked up."""

    def lookup(*args: object, **named: object) -> None:
        __tracebackhide__ = True
        guard.check_name(_taken(0, "host", args, named), _taken(1, "port", args, named))

    def reverse(host: object) -> None:
        __tracebackhide__ = True
        guard.check_reverse(host)

    def name_of(address: Any, flags: int) -> None:  # noqa: ANN401 - any address
        __tracebackhide__ = True
        if not flags & socket.NI_NUMERICHOST:
            guard.check_reverse(address[0])

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        yield "socket", "", name, lookup
    yield "socket", "", "gethostbyaddr", reverse
    yield "socket", "", "getnameinfo", name_of


def _loops(guard: Guard) -> Iterator[Post]:
    """Yield the same places of a loop in C, which meets no socket of Python's."""

    def dial(host: object, port: object) -> None:
        __tracebackhide__ = True
        guard.check_name(host, port)
        if host is not None and is_numeric(str(host)):
            guard.check_address(socket.AF_INET, (host, port))

    def connection(*args: object, **named: object) -> None:
        __tracebackhide__ = True
        dial(_taken(2, "host", args, named), _taken(3, "port", args, named))

    def datagrams(*args: object, **named: object) -> None:
        __tracebackhide__ = True
        remote = _taken(3, "remote_addr", args, named)
        if isinstance(remote, tuple):
            dial(*remote[:2])

    def lookup(*args: object, **named: object) -> None:
        __tracebackhide__ = True
        guard.check_name(_taken(1, "host", args, named), _taken(2, "port", args, named))

    def name_of(_: object, address: Any, flags: int = 0) -> None:  # noqa: ANN401 - any address
        __tracebackhide__ = True
        if not flags & socket.NI_NUMERICHOST:
            guard.check_reverse(address[0])

    yield "uvloop", "Loop", "create_connection", connection
    yield "uvloop", "Loop", "create_datagram_endpoint", datagrams
    yield "uvloop", "Loop", "getaddrinfo", lookup
    yield "uvloop", "Loop", "getnameinfo", name_of


def _clients(guard: Guard) -> Iterator[Post]:
    def urllib3(pool: Any, *args: object, **named: object) -> None:  # noqa: ANN401 - not imported
        __tracebackhide__ = True
        url = str(_taken(1, "url", args, named))
        if "://" not in url:
            port = "" if pool.port in (None, 80, 443) else f":{pool.port}"
            url = f"{pool.scheme}://{pool.host}{port}{url}"
        guard.check_url(url)

    def aiohttp(client: Any, *args: object, **named: object) -> None:  # noqa: ANN401 - as above
        __tracebackhide__ = True
        url = str(_taken(1, "str_or_url", args, named))
        base = str(getattr(client, "_base_url", None) or "")
        whole = url if "://" in url else base.rstrip("/") + "/" + url.lstrip("/")
        if not guard.answers(whole):
            guard.check_url(whole)

    def opener(*args: object, **named: object) -> None:
        __tracebackhide__ = True
        url: Any = _taken(1, "fullurl", args, named)
        guard.check_url(url if isinstance(url, str) else url.full_url)

    yield "urllib3.connectionpool", "HTTPConnectionPool", "urlopen", urllib3
    yield "aiohttp.client", "ClientSession", "_request", aiohttp
    yield "urllib.request", "OpenerDirector", "open", opener


def _taken(at: int, name: str, args: Sequence[object], named: Mapping[str, object]) -> object:
    """Return an argument, however it was passed; None where it was not."""
    return args[at] if len(args) > at else named.get(name)


@contextmanager
def standing(guard: Guard) -> Iterator[Guard]:
    """Let a guard stand: patch, yield, restore. Libraries that are not loaded are left so.

    Within the block of another one this one alone decides: what a test allows, the guard of a whole
    module does not refuse.
    """
    outer = [other for other in _STANDING if other.active]
    _STANDING.append(guard)
    for other in outer:
        other.active = False
    guard.active = True
    undo = []
    posts = (*_sockets(guard), *_resolvers(guard), *_loops(guard), *_clients(guard))
    for module, owner, name, before in posts:
        place: Any = sys.modules.get(module)
        place = getattr(place, owner, None) if owner else place
        if place is not None:
            undo.append(_patch(place, name, before, guard))
    try:
        yield guard
    finally:
        guard.active = False
        _STANDING.remove(guard)
        for other in outer:
            other.active = True
        for restore in reversed(undo):
            restore()


def _patch(place: Any, name: str, before: Before, guard: Guard) -> Callable[[], None]:  # noqa: ANN401
    """Ask `before` ahead of a function; return what takes that back."""
    real = getattr(place, name)
    own = name in vars(place)

    @functools.wraps(real)
    def asked(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever it takes
        __tracebackhide__ = True
        before(*args, **kwargs)
        found = real(*args, **kwargs)
        if place is socket and name == "getaddrinfo":
            guard.learn(args[0] if args else kwargs.get("host"), found)
        return found

    def restore() -> None:
        if vars(place).get(name) is asked:  # else somebody patched over it, and will put it back
            if own:
                setattr(place, name, real)
            else:
                delattr(place, name)

    setattr(place, name, asked)
    return restore
