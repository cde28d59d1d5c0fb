"""HTTP for the small clients: one request, a status, a body. What must not enter: mistakes."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PICTURE = {"model": "gpt-image-2", "prompt": "a red circle", "size": "1024x1024", "quality": "low"}
CHAT = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "say “hello”"}],
    "stream": True,
}
DRAWING = {"model": "black-forest-labs/FLUX.1-schnell", "prompt": "a red circle", "steps": 1}
TIMEOUT = 10


class ClientError(Exception):
    """What a client reports when it has no result."""


@dataclass
class Client:
    """Where a client asks, and with which key."""

    base: str
    key: str
    timeout: float | None = TIMEOUT

    def open(self, path: str, body: Any) -> http.client.HTTPResponse:
        """Send JSON and return the response, whatever its status."""
        place = urlsplit(self.base + path)
        wire = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.timeout)
        try:
            wire.request("POST", place.path, json.dumps(body), self.headers())
            return wire.getresponse()
        except BaseException:
            wire.close()
            raise

    def headers(self) -> dict[str, str]:
        """Return what every request carries."""
        return {
            "authorization": f"Bearer {self.key}",
            "content-type": "application/json",
            "connection": "close",
        }

    def ask(self, path: str, body: Any) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return status, headers and body of one request."""
        reply = self.open(path, body)
        with reply:
            return reply.status, reply.headers, reply.read()

    def picture(self, body: Any = None) -> Any:
        """Return the JSON of a good reply. Raises ClientError for any other."""
        status, _, data = self.ask("/images/generations", body or PICTURE)
        if status != 200:
            raise ClientError(f"status {status}")
        return json.loads(data)

    def stream(self, path: str, body: Any) -> http.client.HTTPResponse:
        """Return a stream that began well. Raises ClientError for any other answer."""
        reply = self.open(path, body)
        if reply.status != 200 or "event-stream" not in reply.headers.get("content-type", ""):
            with reply:
                raise ClientError(f"no stream: {reply.status}")
        return reply


def packets(reply: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield what the network gives, as it gives it."""
    with reply:
        while piece := reply.read1(65536):
            yield piece


def events(reply: http.client.HTTPResponse) -> Iterator[str]:
    """Yield the data of each event, as the format of event streams has it."""
    data: list[str] = []
    with reply:
        for raw in reply:
            line = raw.decode().rstrip("\r\n")
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                yield "\n".join(data)
                data = []


def get(url: str) -> tuple[int, bytes]:
    """Download something."""
    place = urlsplit(url)
    wire = http.client.HTTPConnection(place.hostname or "", place.port, timeout=TIMEOUT)
    wire.request(
        "GET",
        f"{place.path}?{place.query}",
        headers={"connection": "close", "user-agent": "pictures/1"},
    )
    with wire.getresponse() as reply:
        return reply.status, reply.read()


def pause(headers: http.client.HTTPMessage) -> None:
    """Wait as long as a reply asks for."""
    time.sleep(float(headers.get("retry-after", "0.01")))


FAILURES = (ClientError, OSError, http.client.HTTPException, socket.timeout)
"""What goes wrong on the way."""
