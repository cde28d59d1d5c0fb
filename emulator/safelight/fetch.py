"""Follows links to pictures on the public network, for users who ask for that.

The one room that opens a connection to elsewhere. A server that fetches what strangers name can be
turned against its own network, so a name is resolved first, every address it has must be public,
and the connection goes to the very address that was judged; each redirect is judged anew. Size,
time and the number of redirects are limited. Proxies of the environment are not used.

What must not enter: what the bytes mean, who asked.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Timer
from time import monotonic
from urllib.parse import SplitResult, urljoin, urlsplit

from safelight.links import FetchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024
_HEADERS = {"accept": "image/*", "accept-encoding": "identity", "user-agent": "safelight"}
_EMBEDDED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""IPv6 networks whose last 32 bits are an IPv4 address (RFC 6052, RFC 4291)."""
_OUTER = (ipaddress.ip_network("2000::/3"), ipaddress.ip_network("64:ff9b::/96"))
"""All of IPv6 that the public network is made of: global unicast, and IPv4 behind the well-known
translation. Not 64:ff9b:1::/48 (RFC 8215), fec0::/10 and others, which Python calls global."""


def public(address: Address) -> bool:
    """Tell whether an address belongs to the public network, whatever IPv4 it wraps included."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo:
            inner = address.teredo[1]
        if any(address in network for network in _EMBEDDED):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not public(inner):
            return False
        if not any(address in network for network in _OUTER):
            return False
    return address.is_global and not address.is_multicast


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises FetchError when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"the host {host!r} is unknown") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Fetcher:
    """Fetches what a URL holds, within limits: `size` in bytes, `seconds` for everything.

    `allowed` judges addresses, `resolve` finds them, `context` is for TLS (None: the system's).
    """

    size: int = 32 * 1024 * 1024
    seconds: float = 10.0
    redirects: int = 3
    allowed: Callable[[Address], bool] = public
    resolve: Callable[[str, int], Iterable[str]] = look_up
    context: ssl.SSLContext | None = None

    def __call__(self, url: str) -> bytes:
        """Return the body behind a URL. Raises FetchError, saying which rule or what failed."""
        deadline = monotonic() + self.seconds
        for _ in range(self.redirects + 1):
            found = self._ask(url, deadline)
            if isinstance(found, bytes):
                return found
            url = urljoin(url, found)
        raise FetchError(f"more than {self.redirects} redirects")

    def _ask(self, url: str, deadline: float) -> bytes | str:
        """Return the body, or where a redirect leads."""
        parts, port = _split(url)
        host = str(parts.hostname)
        tls = self._tls if parts.scheme == "https" else None
        connection = _Pinned(host, port, self._judged(host, port), deadline, tls)
        watchdog = Timer(max(0.0, deadline - monotonic()), connection.cut)
        watchdog.daemon = True
        watchdog.start()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with closing(connection):
                connection.request("GET", target, headers=_HEADERS)
                answer = self._answer(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            if monotonic() >= deadline:
                raise self._late() from error
            raise FetchError(f"{host} did not answer: {type(error).__name__}") from error
        finally:
            watchdog.cancel()
        if monotonic() >= deadline:  # cut, which looks like the end of a body without a length
            raise self._late()
        return answer

    def _answer(self, response: http.client.HTTPResponse) -> bytes | str:
        place = response.getheader("location")
        if response.status in _REDIRECTS and place:
            return place
        if response.status != 200:
            raise FetchError(f"the answer was {response.status}")
        told = response.getheader("content-length") or ""
        if told.isdecimal() and int(told) > self.size:
            raise self._large()
        body = bytearray()
        while piece := response.read1(_CHUNK):
            body += piece
            if len(body) > self.size:
                raise self._large()
        if told.isdecimal() and len(body) != int(told):
            raise FetchError("the answer broke off")
        return bytes(body)

    def _judged(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, all of them allowed."""
        addresses = list(self.resolve(host, port))
        for text in addresses:
            if not self.allowed(ipaddress.ip_address(text.partition("%")[0])):
                raise FetchError(f"{host} is at {text}, which is not a public address")
        return addresses

    def _large(self) -> FetchError:
        return FetchError(f"the answer is larger than {self.size} bytes")

    def _late(self) -> FetchError:
        return FetchError(f"it took longer than {self.seconds:g} seconds")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()


def _split(url: str) -> tuple[SplitResult, int]:
    """Return a URL's parts and port. Raises FetchError for what must not be followed."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise FetchError("it is not a URL") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise FetchError("only http:// and https:// are followed")
    if parts.username is not None:
        raise FetchError("a URL with a user name is not followed")
    return parts, port


class _Pinned(http.client.HTTPConnection):
    """A connection to one of the addresses that were judged, and to no other."""

    def __init__(
        self,
        host: str,
        port: int,
        addresses: list[str],
        deadline: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, port)
        self._addresses = addresses
        self._deadline = deadline
        self._tls = tls
        self._line: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first address that answers; a certificate has to name the host."""
        self.sock = self._line = self._dial()
        if self._tls is not None:
            wrapped = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = self._line = wrapped  # now, so that `cut` can end a handshake too
            wrapped.do_handshake()

    def _dial(self) -> socket.socket:
        problem: OSError = ConnectionError("it has no address")
        for address in self._addresses:
            left = self._deadline - monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                return socket.create_connection((address, self.port), left)
            except OSError as error:
                problem = error
        raise problem

    def cut(self) -> None:
        """End the connection from another thread: whoever reads is told at once."""
        if self._line is not None:  # `sock` itself is gone once a body without a length is read
            with suppress(OSError):  # it may have ended by itself
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)
