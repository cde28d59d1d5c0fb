"""Follows the links in an answer to what they lead to, with care: an endpoint may name any address.

A link to the endpoint's own origin is asked for there. Any other has to lead to the public network,
or an answer could have the machine that judges it look into a network that only that machine
reaches: a name is resolved first, every address it has must be public, and the connection goes to
one of those that were judged. Redirects are answers, not orders. No link gets a key.

What must not enter: judging, money.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx
import orjson
from safelight.fetch import Address, look_up, public
from safelight.links import FetchError

from safelight_contracts.cases import Fetched, Seen

MOST_BYTES = 256 * 1024 * 1024
"""A body that goes on beyond this is cut: no answer of any contract is that long."""

AGENT = "safelight-check"
_LINKS = 10
"""Links of one answer that are followed."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Reach:
    """Where links may lead beside the endpoint itself: `allowed` judges the addresses of a name."""

    resolve: Callable[[str, int], list[str]] = look_up
    allowed: Callable[[Address], bool] = public


PUBLIC = Reach()


class Links:
    """Follows links for one endpoint. `own` speaks with its origin, `patience` is in seconds."""

    def __init__(
        self, base_url: str, own: httpx.Client, *, patience: float, reach: Reach = PUBLIC
    ) -> None:
        self._origin = _origin(urlsplit(base_url))
        self._own = own
        self._patience = patience
        self._reach = reach
        self._others: httpx.Client | None = None

    def close(self) -> None:
        """Close the connections to others."""
        if self._others is not None:
            self._others.close()

    def follow(self, seen: Seen) -> tuple[Fetched, ...]:
        """Return what the links to pictures in an answer lead to."""
        links = list(dict.fromkeys(_links(seen)))[:_LINKS]
        return tuple(map(self._followed, links))

    def _followed(self, url: str) -> Fetched:
        try:
            parts = urlsplit(url)
            if _origin(parts) == self._origin:
                return self._fetched(url, self._own, httpx.Request("GET", url))
            return self._fetched(url, self._strangers, self._pinned(parts))
        except FetchError as error:
            return Fetched(url, 0, why=str(error))
        except (
            httpx.RequestError,
            httpx.InvalidURL,
            ValueError,
        ) as error:  # a link may be anything
            return Fetched(url, 0, why=f"no answer: {type(error).__name__}")

    @property
    def _strangers(self) -> httpx.Client:
        """The client for other origins: proxies would connect to addresses that nobody judged."""
        if self._others is None:
            verify = httpx.create_ssl_context()
            self._others = httpx.Client(timeout=self._own.timeout, trust_env=False, verify=verify)
        return self._others

    def _pinned(self, parts: SplitResult) -> httpx.Request:
        """Return the request for a link, to an address that was judged. Raises FetchError."""
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        if not host:
            raise FetchError("it names no host")
        addresses = self._reach.resolve(host, port)
        for text in addresses:
            if not self._reach.allowed(ipaddress.ip_address(text.partition("%")[0])):
                at = host if host == text else f"{host} is at {text}, which"
                raise FetchError(f"not followed: {at} is no public address")
        url = httpx.URL(parts.geturl()).copy_with(host=addresses[0], username="", password="")
        named = f"[{host}]" if ":" in host else host
        named += f":{port}" if parts.port else ""
        extensions = {"sni_hostname": host} if parts.scheme == "https" else {}
        return httpx.Request("GET", url, headers={"host": named}, extensions=extensions)

    def _fetched(self, url: str, client: httpx.Client, request: httpx.Request) -> Fetched:
        request.headers.update({"user-agent": AGENT, "accept-encoding": "identity"})
        request.extensions["timeout"] = client.timeout.as_dict()
        start, body = time.perf_counter(), bytearray()
        answer = client.send(request, stream=True)
        try:
            for data in answer.iter_raw():
                body += data
                if time.perf_counter() - start > self._patience:
                    return Fetched(url, 0, why=f"it took longer than {self._patience:g} seconds")
                if len(body) > MOST_BYTES:
                    return Fetched(url, 0, why=f"it is larger than {MOST_BYTES} bytes")
        finally:
            answer.close()
        return Fetched(url, answer.status_code, answer.headers.get("content-type"), bytes(body))


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Return what two addresses of one origin share. Raises ValueError for no port."""
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _links(seen: Seen) -> Iterator[str]:
    """Yield the links to pictures in a JSON answer: every `url` that is an address."""
    if not 200 <= seen.status < 300 or b'"url"' not in seen.body:
        return
    try:
        open_ = [orjson.loads(seen.body)]
    except orjson.JSONDecodeError:
        return
    while open_:
        node = open_.pop(0)
        if isinstance(node, dict):
            link = node.get("url")
            if isinstance(link, str) and link.startswith(("http://", "https://")):
                yield link
            open_ += node.values()
        elif isinstance(node, list):
            open_ += node
