"""Nothing escapes: while a guard stands, no connection leaves this machine unless it is allowed.

Names are judged where they are looked up and addresses where they are connected to, so every
library meets it. Clients of HTTP that nobody answers here are judged one step earlier as well,
where the whole URL is still known. Loopback and Unix sockets are free: applications under test talk
to servers and databases of their own. What must not enter: HTTP, providers, test frameworks.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Escaped(BaseException):  # no `except Exception` of an application may hide it
    """A call wanted to leave this machine. `url` is what it wanted, as far as that is known."""

    def __init__(self, url: str, message: str) -> None:
        super().__init__(message)
        self.url = url


class Guard:
    """What may be reached. `allow` holds globs of host names, or of `host:port`.

    `hint` adds to the message for a URL what would be right. Every escape is kept in `escapes`,
    for an application may swallow what is raised.
    """

    def __init__(self, allow: Sequence[str] = (), hint: Callable[[str], str] | None = None) -> None:
        self.escapes: list[str] = []
        self.active = False
        self._allow = tuple(pattern.lower() for pattern in allow)
        self._hint = hint or (lambda _: "")
        self._known: set[str] = set()
        self._proxies = dict(_proxies())

    def allows(self, host: str, port: object = None) -> bool:
        """Tell whether a host may be reached: this machine, or one that is allowed."""
        name = host.lower().rstrip(".")
        if not self.active or _local(name) or name in self._known:
            return True
        named = (name, f"{name}:{port}")
        return any(fnmatchcase(text, pattern) for pattern in self._allow for text in named)

    def refuse(self, url: str) -> Escaped:
        """Return what to raise for a URL, or a `host:port`, that may not be reached."""
        self.escapes.append(url)
        host = urlsplit(url if "://" in url else f"//{url}").hostname or url
        text = (
            f"{url}: nothing may leave this machine while Safelight is active.{self._hint(url)} "
            f'If this call is meant to be real, allow it: @pytest.mark.safelight(allow=["{host}"])'
        )
        return Escaped(url, text)

    def check_url(self, url: str) -> None:
        """Raise Escaped for a URL whose host may not be reached; what is no URL is let pass."""
        __tracebackhide__ = True
        parts = urlsplit(url)
        if parts.hostname and not self.allows(parts.hostname, parts.port):
            raise self.refuse(url)

    def check_name(self, host: object, port: object) -> None:
        """Raise Escaped for a name that may not be looked up."""
        __tracebackhide__ = True
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not _numeric(name) and not self.allows(name, port):
            raise self.refuse(name if port is None else f"{name}:{port}")

    def check_address(self, family: int, address: Any) -> None:  # noqa: ANN401 - sockets take many
        """Raise Escaped for an address that may not be connected to."""
        __tracebackhide__ = True
        if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host, port = str(address[0]), address[1]
        if self.active and (variable := self._proxies.get((host, port))):
            text = f"{host}:{port} is the proxy of {variable}: behind it lies the network"
            raise Escaped(f"{host}:{port}", f"{self.refuse(f'{host}:{port}')} ({text})")
        if not self.allows(host, port):
            raise self.refuse(f"{host}:{port}")

    def learn(self, host: object, found: list[Any]) -> None:
        """Remember the addresses of a name that was allowed; a bare address is not."""
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not _numeric(name):
            self._known |= {str(row[4][0]) for row in found if row[4]}


def _proxies() -> Iterator[tuple[tuple[str, int | None], str]]:
    """Yield (host, port) and variable of each proxy that the environment names."""
    for name in (*_PROXIES, *(name.upper() for name in _PROXIES)):
        with suppress(ValueError):
            parts = urlsplit(os.environ.get(name, ""))
            if parts.hostname:
                host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
                yield (host, parts.port), name


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return not host
    return True


def _local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        own = socket.gethostname().lower()
        return host in ("", "localhost", own) or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


# Where calls are met. Each row: module, class (or ""), function, and what is asked before it runs.

Before = Callable[..., None]


def _sockets(guard: Guard) -> Iterator[tuple[str, str, str, Before]]:
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

    def lookup(*args: object, **named: object) -> None:
        __tracebackhide__ = True
        guard.check_name(_taken(0, "host", args, named), _taken(1, "port", args, named))

    def dial(*args: object, **named: object) -> None:
        __tracebackhide__ = True
        host, port = _taken(2, "host", args, named), _taken(3, "port", args, named)
        guard.check_name(host, port)
        if host is not None and _numeric(str(host)):
            guard.check_address(socket.AF_INET, (host, port))

    for name in ("connect", "connect_ex"):
        yield "socket", "socket", name, connect
    yield "socket", "socket", "sendto", sendto
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        yield "socket", "", name, lookup
    yield "uvloop", "Loop", "create_connection", dial  # in C: it meets no socket of Python's


def _clients(guard: Guard) -> Iterator[tuple[str, str, str, Before]]:
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
        guard.check_url(url if "://" in url else base.rstrip("/") + "/" + url.lstrip("/"))

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
    """Let a guard stand: patch, yield, restore. Libraries that are not loaded are left so."""
    guard.active = True
    undo = []
    for module, owner, name, before in (*_sockets(guard), *_clients(guard)):
        place: Any = sys.modules.get(module)
        place = getattr(place, owner, None) if owner else place
        if place is not None:
            undo.append(_patch(place, name, before, guard))
    try:
        yield guard
    finally:
        guard.active = False
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
        if name == "getaddrinfo":
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
