"""One request to the live service, and its answer piece by piece as it comes.

A connection of its own for each request, to the one origin that was named and no other; nothing is
followed, nothing decoded. A piece of a chunked answer is a chunk as the service cut it, so that a
replay can cut it there again. What must not enter: which requests are forwarded, what is kept.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

import h11

from safelight.messages import Headers
from safelight.refusals import UsageError

_READ = 256 * 1024
_WRITE = 1024 * 1024
_HEADERS = 512 * 1024
_CONNECT = 30.0
"""Seconds to have a connection."""

_NEXT = 0.25
"""Seconds after which another address of the service is tried as well."""

_SILENCE = 600.0
"""Seconds without a byte after which an answer counts as broken off: models think for long."""

HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding")
) | {"upgrade", "proxy-authenticate", "proxy-authorization"}
"""Headers that belong to one connection, and go no further."""


class UpstreamError(Exception):
    """The service could not be reached, or its answer broke off. The text says which."""


class UnreachableError(UpstreamError):
    """The service was never reached: it has heard nothing, and bills nothing."""


@dataclass(frozen=True, slots=True)
class Head:
    """How an answer begins; `chunked` tells whether the service cut its body itself."""

    status: int
    headers: Headers
    chunked: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of an answer's body; `ends` a chunk, as far as the service said."""

    data: bytes
    ends: bool


@dataclass(frozen=True)
class Origin:
    """The service: `base` is its base URL without a slash at its end."""

    base: str
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        """Refuse an address that nothing can be forwarded to. Raises UsageError."""
        problem = _problem(self.base)
        if problem:
            raise UsageError(f"--base-url {self.base}: no base URL; {problem}")

    @cached_property
    def host(self) -> str:
        """The host, as a connection wants it."""
        return str(urlsplit(self.base).hostname)

    @cached_property
    def authority(self) -> str:
        """Host and port, as the Host header wants them."""
        return urlsplit(self.base).netloc

    @cached_property
    def port(self) -> int:
        """The port."""
        parts = urlsplit(self.base)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @cached_property
    def path(self) -> str:
        """The path of the base URL, without a slash at its end."""
        return urlsplit(self.base).path.rstrip("/")

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """How to speak TLS, or None where it is not spoken."""
        if not self.base.startswith("https:"):
            return None
        return self.context or ssl.create_default_context()

    def same(self, link: str) -> bool:
        """Tell whether a link leads to this very origin."""
        parts, own = urlsplit(link), urlsplit(self.base)
        return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


class Exchange:
    """One request on its way: `begin` it, then read `parts`, and `close` it whatever happens."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS)
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.StreamReader | None = None

    async def begin(self, method: str, target: str, headers: Headers, body: bytes) -> Head:
        """Send the request; return how its answer begins. Raises UpstreamError.

        `target` is the path below the origin, with its query.
        """
        host = self._origin.authority
        try:
            async with asyncio.timeout(_CONNECT):
                self._reader, self._writer = await asyncio.open_connection(
                    self._origin.host,
                    self._origin.port,
                    ssl=self._origin.tls,
                    limit=2 * _READ,
                    happy_eyeballs_delay=_NEXT,
                )
        except TimeoutError as error:
            raise UnreachableError(f"{host} took no connection for {_CONNECT:g} seconds") from error
        except OSError as error:
            raise UnreachableError(f"{host} cannot be reached: {_why(error)}") from error
        try:
            sending = asyncio.create_task(self._send(method, target, headers, body))
            try:
                return await self._head()
            finally:
                if sending.done():
                    sending.result()
                else:  # it answered before it had heard all
                    sending.cancel()
        except (h11.ProtocolError, OSError) as error:
            raise UpstreamError(f"{host} did not answer: {_said(error)}") from error

    async def _send(self, method: str, target: str, headers: Headers, body: bytes) -> None:
        assert self._writer is not None
        sent = [("host", self._origin.authority), *headers, ("connection", "close")]
        request = h11.Request(method=method, target=target, headers=sent)
        with suppress(ConnectionError):  # a service may answer and close without reading all
            self._writer.write(self._wire.send(request) or b"")
            for at in range(0, len(body), _WRITE):  # what waits in the transport is a copy
                data = memoryview(body)[at : at + _WRITE]
                for piece in self._wire.send_with_data_passthrough(h11.Data(data)) or ():  # type: ignore[arg-type]  # anything with a length
                    self._writer.write(piece)
                await self._writer.drain()
            self._writer.write(self._wire.send(h11.EndOfMessage()) or b"")
            await self._writer.drain()

    async def _head(self) -> Head:
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                named = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers)
                chunked = any(n == "transfer-encoding" and "chunked" in v for n, v in named)
                kept = tuple(pair for pair in named if pair[0] not in HOP)
                return Head(event.status_code, kept, chunked)
            if not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the connection ended without an answer")

    async def parts(self) -> AsyncIterator[Part]:
        """Yield the body as it comes. Raises UpstreamError where it breaks off."""
        try:
            while True:
                event = await self._next()
                if isinstance(event, h11.Data):
                    yield Part(bytes(event.data), event.chunk_end)
                else:
                    return
        except (h11.ProtocolError, OSError) as error:
            host = self._origin.authority
            raise UpstreamError(f"{host} broke off in the middle: {_said(error)}") from error

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        assert self._reader is not None
        while True:
            event = self._wire.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]  # NEED_DATA is the other sentinel
            async with asyncio.timeout(_SILENCE):
                self._wire.receive_data(await self._reader.read(_READ))

    async def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await self._writer.wait_closed()


def _problem(base: str) -> str | None:
    """Return what is wrong with a base URL, or None."""
    if not base.isascii() or not base.isprintable() or " " in base:
        return "it has only ASCII letters and no spaces: xn--... for other names, %C3%A9 in paths"
    try:
        parts = urlsplit(base)
    except ValueError:
        return "an IPv6 address stands in brackets, as in http://[::1]:8080/v1"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it begins with https:// or http:// and names a host"
    if parts.query or parts.fragment or "?" in base or "#" in base:
        return "it has no query and no fragment"
    if parts.username is not None:
        return "it has no user name; send the key from your client as usual"
    try:
        known = parts.port != 0
    except ValueError:
        known = False
    return None if known else "its port is a number from 1 to 65535"


def _why(error: OSError) -> str:
    """Return why there is no connection, without addresses and the places of OpenSSL's sources."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: {error.verify_message}; SSL_CERT_FILE names your own"
        )
    number = re.search(r"\[Errno (\d+)\]", str(error))  # of several addresses the first one's
    if number and not isinstance(error, (ssl.SSLError, socket.gaierror)):
        return os.strerror(int(number[1]))
    return (error.strerror or str(error)).partition(" (")[0]


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no byte for {_SILENCE:g} seconds"
    return str(error).strip() or type(error).__name__
