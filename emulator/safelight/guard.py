"""Nothing escapes: while a guard stands, no connection leaves this machine unless it is allowed.

Names are judged where they are looked up and addresses where they are connected to (`sentries.py`
says where), so every library meets it. Loopback and Unix sockets are free: applications under test
talk to servers and databases of their own. What must not enter: HTTP, providers, test frameworks.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
"""The port of a URL that names none."""

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Escaped(BaseException):  # no `except Exception` of an application may hide it
    """A call wanted to leave this machine. `url` is what it wanted, as far as that is known."""

    def __init__(self, url: str, message: str) -> None:
        super().__init__(message)
        self.url = url


class Guard:
    """What may be reached. `allow` holds globs of host names, or of `host:port`.

    `hint` adds to the message for a URL what would be right. Every escape is kept in `escapes`,
    for an application may swallow what is raised. `answers` tells which URLs somebody here answers
    for clients that are judged by their URL.
    """

    def __init__(self, allow: Sequence[str] = (), hint: Callable[[str], str] | None = None) -> None:
        self.escapes: list[str] = []
        self.active = False
        self.answers: Callable[[str], bool] = lambda _: False
        self._allow = tuple(pattern.lower() for pattern in allow)
        self._hint = hint or (lambda _: "")
        self._known: set[str] = set()
        self._proxies = dict(_proxies())

    def allows(self, host: str, port: object = None) -> bool:
        """Tell whether a host may be reached: this machine, or one that is allowed."""
        name = host.lower().rstrip(".")
        return not self.active or is_local(name) or name in self._known or self.names(name, port)

    def names(self, host: str, port: object = None) -> bool:
        """Tell whether `allow` names a host."""
        named = (host, f"{host}:{port}")
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
        port = parts.port or PORTS.get(parts.scheme)
        if parts.hostname and not self.allows(parts.hostname, port):
            raise self.refuse(url)

    def check_name(self, host: object, port: object) -> None:
        """Raise Escaped for a name that may not be looked up."""
        __tracebackhide__ = True
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not is_numeric(name) and not self.allows(name, port):
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

    def check_reverse(self, host: object) -> None:
        """Raise Escaped for a name or address whose names may not be looked up."""
        __tracebackhide__ = True
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not self.allows(name):
            raise self.refuse(name)

    def learn(self, host: object, found: list[Any]) -> None:
        """Remember the addresses of a name that was allowed; a bare address is not."""
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not is_numeric(name):
            self._known |= {str(row[4][0]) for row in found if row[4]}


def _proxies() -> Iterator[tuple[tuple[str, int | None], str]]:
    """Yield (host, port) and variable of each proxy that the environment names."""
    for name in (*_PROXIES, *(name.upper() for name in _PROXIES)):
        with suppress(ValueError):
            parts = urlsplit(os.environ.get(name, ""))
            if parts.hostname:
                host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
                yield (host, parts.port), name


def is_numeric(host: str) -> bool:
    """Tell whether this is an address, or nothing at all, and no name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return not host
    return True


def is_local(host: str) -> bool:
    """Tell whether a name or an address, in small letters, is this machine's own."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        own = socket.gethostname().lower()
        return host in ("", "localhost", own) or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified
