"""A client that hides nothing: bytes out, bytes in, and how the connection ended."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

KEY = b"authorization: Bearer sk-test\r\n"
AGENT = b"user-agent: raw\r\n"


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back. `status` is 0 when nothing did; `end` is close or reset, `took` seconds."""

    status: int
    headers: dict[str, str]
    body: bytes
    end: str
    took: float

    @property
    def whole(self) -> bool:
        """Tell whether all came that the headers promised."""
        promised = self.headers.get("content-length")
        return self.end == "close" and promised in (None, str(len(self.body)))

    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


async def ask(
    port: int,
    method: str,
    path: str,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> Seen:
    """Send one request on a connection of its own, and read until the connection ends."""
    began = asyncio.get_running_loop().time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
    length = b"content-length: %d\r\n" % len(body) if body or method == "POST" else b""
    start = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n".encode()
    data, end = bytearray(), "close"
    try:
        writer.write(
            start + KEY + AGENT + b"connection: close\r\n" + lines + length + b"\r\n" + body
        )
        while piece := await reader.read(2**18):
            data += piece
    except ConnectionError:
        end = "reset"
    finally:
        writer.close()
    took = asyncio.get_running_loop().time() - began
    return parsed(bytes(data), end, took)


def parsed(data: bytes, end: str, took: float) -> Seen:
    """Return what the bytes of a connection say."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return Seen(0, {}, b"", end, took)
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Seen(int(first.split()[1]), headers, body, end, took)


def _unchunked(data: bytes) -> bytes:
    out = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size or b"0", 16)
        out.append(rest[:length])
        data = rest[length + 2 :] if length else b""
    return b"".join(out)


def events(body: bytes) -> list[tuple[str, str]]:
    """Return the events of a stream as a browser would see them: (name, data)."""
    text = body.decode().removeprefix("\ufeff")
    found, name, data = [], "", list[str]()
    for line in re.split(r"\r\n|\n|\r", text):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            found += [(name, "\n".join(data))] if data else []
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return found
