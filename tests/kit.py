"""What tests share: an emulator in this process, requests built in a line, replies opened."""

from __future__ import annotations

import base64
import datetime
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PIL import Image
from safelight.core import Emulator, Settings
from safelight.messages import Reply, Request

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC).timestamp()
KEY = ("authorization", "Bearer sk-test")
AGENT = ("user-agent", "kit")
ERA = datetime.date(2026, 5, 11)
"""A day on which the oldest image models still answered."""

File = tuple[str | None, bytes, str | None]


@dataclass
class Clock:
    """A clock that tests move."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def emulator(clock: Callable[[], float] | None = None, **settings: Any) -> Emulator:
    """Return an emulator that stands at noon of 2026-11-20 unless told otherwise."""
    return Emulator(Settings(**settings), clock=clock or Clock())


def post(emu: Emulator, path: str, body: Any, *headers: tuple[str, str]) -> Reply:
    """Send a JSON body (bytes go as they are)."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = (*headers, ("content-type", "application/json"))
    return emu.respond(Request("POST", path, headers=(KEY, *sent), body=data))


def get(emu: Emulator, path: str, method: str = "GET") -> Reply:
    """Send a request without a body."""
    return emu.respond(Request(method, path, headers=(KEY, AGENT)))


def control(emu: Emulator, method: str, page: str, body: Any = None, *, session: str = "") -> Any:
    """Ask the control plane of a session; what it says, as JSON."""
    world = f"/s/{session}" if session else ""
    path, _, query = page.partition("?")
    data = b"" if body is None else json.dumps(body).encode()
    return parsed(emu.respond(Request(method, f"{world}/_safelight/{path}", query, body=data)))


def steps(emu: Emulator, *wanted: Any, session: str = "") -> None:
    """Give a session a scenario."""
    control(emu, "PUT", "scenario", {"steps": list(wanted)}, session=session)


def form(emu: Emulator, path: str, parts: Iterable[tuple[str, str | File]]) -> Reply:
    """Send a multipart form: a text, or (filename, data, content type) for a file."""
    body, kind = encode_form(parts)
    return emu.respond(Request("POST", path, headers=(KEY, ("content-type", kind)), body=body))


def encode_form(parts: Iterable[tuple[str, str | File]]) -> tuple[bytes, str]:
    """Return a multipart body and its content type."""
    out = []
    for name, value in parts:
        head = f'Content-Disposition: form-data; name="{name}"'
        data = value.encode() if isinstance(value, str) else value[1]
        if not isinstance(value, str):
            head += f'; filename="{value[0]}"' if value[0] is not None else ""
            head += f"\r\nContent-Type: {value[2]}" if value[2] else ""
        out.append(b"--cut\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n")
    return b"".join((*out, b"--cut--\r\n")), "multipart/form-data; boundary=cut"


def parsed(reply: Reply) -> Any:
    """Return a reply's JSON."""
    return json.loads(reply.body)


def error(reply: Reply) -> dict[str, Any]:
    """Return a reply's error object."""
    found: dict[str, Any] = parsed(reply)["error"]
    return found


def header(reply: Reply, name: str) -> str | None:
    """Return a reply's header, or None."""
    return dict(reply.headers).get(name)


def picture(reply: Reply, index: int = 0) -> Image.Image:
    """Return a reply's picture, decoded."""
    return opened(base64.b64decode(parsed(reply)["data"][index]["b64_json"], validate=True))


def opened(data: bytes) -> Image.Image:
    """Return a picture, decoded."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def stream(reply: Reply) -> list[tuple[str, Any]]:
    """Return a stream's events as (name, JSON), checking the framing of each."""
    assert reply.chunks is not None
    events = []
    for frame in b"".join(chunk.data for chunk in reply.chunks).split(b"\n\n")[:-1]:
        first, second = frame.split(b"\n")
        assert first.startswith(b"event: "), first
        assert second.startswith(b"data: "), second[:40]
        events.append((first[7:].decode(), json.loads(second[6:])))
    return events


def png(width: int = 64, height: int = 64, mode: str = "RGB", color: Any = None) -> bytes:
    """Return a one-coloured PNG."""
    return encoded(Image.new(mode, (width, height), color))


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    """Return an image's file."""
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def mask(width: int, height: int, hole: tuple[int, int, int, int]) -> bytes:
    """Return a mask: opaque, with a fully transparent box (left, upper, right, lower)."""
    image = Image.new("RGBA", (width, height), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), hole)
    return encoded(image)
