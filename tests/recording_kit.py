"""What tests of the recorder share: recorders in processes of their own, services that misbehave.

The fixtures that hand them out are in `recording_fixtures`.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rawclient import Seen, ask
from safelight.fixtures.model import Exact, Fixture, Match
from safelight.fixtures.reading import read_file
from safelight.fixtures.serving import replayed
from safelight.fixtures.writing import dump
from safelight.messages import Reply
from safelight.recording.blobs import BlobStore
from safelight.recording.secrets import Secrets
from safelight.recording.taking import Taking
from safelight.recording.upstream import Head

CHAT = json.dumps({"model": "gpt-6-astra", "messages": [{"role": "user", "content": "Hi"}]})
JSON = (("content-type", "application/json"),)

Step = bytes | float
"""What a service sends next, or how many seconds it waits."""


@dataclass
class Service:
    """A service on a real socket that answers every request with the same steps, then closes.

    `seen` are the requests, whole, as they came; one that is `deaf` answers without reading, and
    then lingers as servers do, for a reset would take its answer away from who has not read it.
    """

    steps: list[Step] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)
    reset: bool = False
    tls: ssl.SSLContext | None = None
    deaf: bool = False
    door: socket.socket | None = None

    def __post_init__(self) -> None:
        self._door = self.door or socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self, *steps: Step) -> None:
        """Answer so from now on."""
        self.steps = list(steps)

    def close(self) -> None:
        """Take no more connections: whoever asks is refused."""
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _met(self, line: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(line, server_side=True) if self.tls else line

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError), self._met(line) as talk:
            self.seen.append(b"" if self.deaf else _request(talk))
            for step in list(self.steps):
                if isinstance(step, float):
                    time.sleep(step)
                else:
                    talk.sendall(step)
            if self.deaf:
                talk.shutdown(socket.SHUT_WR)
                while talk.recv(2**16):
                    time.sleep(0.01)
            if self.reset:
                talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _request(line: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    missing = int(found[1]) - len(body) if found else 0
    while missing > 0:
        piece = line.recv(min(missing, 1 << 20))
        if not piece:
            break
        data += piece
        missing -= len(piece)
    return data


def whole(
    body: bytes, kind: str = "application/json", *headers: str, status: str = "200 OK"
) -> bytes:
    """Return a whole answer."""
    lines = [
        f"HTTP/1.1 {status}",
        f"content-type: {kind}",
        f"content-length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*headers: str, kind: str = "text/event-stream") -> bytes:
    """Return the head of a chunked answer."""
    lines = ["HTTP/1.1 200 OK", f"content-type: {kind}", "transfer-encoding: chunked", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """Return a chunk; of nothing, the last one."""
    return b"%x\r\n%s\r\n" % (len(data), data)


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder that runs in this process."""

    origin: str
    port: int
    stop: Callable[[], None]


Record = Callable[..., Recorder]


def kept(out: Path, count: int, patience: float = 10) -> list[Path]:
    """Return the fixtures in a folder once there are so many: they are written after the reply."""
    until = time.monotonic() + patience
    while len(found := sorted(out.glob("*.yaml"))) < count and time.monotonic() < until:
        time.sleep(0.01)
    assert len(found) == count, [path.name for path in found]
    return found


def frames(port: int, body: str) -> tuple[list[bytes], list[float]]:
    """Return the chunks of an answer as the wire has them, and when each had come."""
    request = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-test\r\n"
    request += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(request.encode())
        began, read = time.monotonic(), line.makefile("rb")
        while read.readline() != b"\r\n":
            pass
        found, times = [], []
        while size := int(read.readline(), 16):
            found.append(read.read(size))
            times.append(time.monotonic() - began)
            assert read.readline() == b"\r\n"
    return found, times


def round_trip(
    folder: Path, kind: str, parts: list[tuple[bytes, float]], status: int, *, chunked: bool
) -> Reply:
    """Record parts, write the fixture, read it, and return its reply."""
    secrets = Secrets()
    head = Head(status, (("content-type", kind), ("x-request-id", "req_1")), chunked)
    taking = Taking(head, BlobStore(folder, secrets.hide_values), secrets, method="POST")
    for data, at in parts:
        taking.part(data, at, ends=True)
    exact = taking.finish(lambda _: {}, paced=True)
    fixture = Fixture(
        Match(provider="openai", digest="sha256:" + "0" * 64),
        exact,
        recorded=datetime.date(2026, 11, 20),
    )
    (folder / "one.yaml").write_text(dump(fixture), encoding="utf-8")
    found, problems = read_file(folder, "one.yaml")
    assert problems == []
    assert found is not None
    assert isinstance(found.reply, Exact)
    return replayed(found, lambda name: name)


def whole_body(reply: Reply) -> Iterator[bytes]:
    """Yield the body of a reply, piece by piece."""
    if reply.chunks is None:
        yield reply.body
    else:
        yield from (chunk.data for chunk in reply.chunks)


def chat(server: Recorder, body: str = CHAT) -> Seen:
    """Ask a chat."""
    path = "/openai/v1/chat/completions"
    return asyncio.run(ask(server.port, "POST", path, JSON, body.encode()))


def get(server: Recorder, path: str, method: str = "GET") -> Seen:
    """Send a request without a body."""
    return asyncio.run(ask(server.port, method, path))


def recorded(out: Path) -> Any:
    """Return the only fixture of a folder."""
    (path,) = kept(out, 1)
    return yaml.safe_load(path.read_text())


def files(out: Path) -> list[Path]:
    """Return every file below a folder."""
    return sorted(path for path in out.rglob("*") if path.is_file())
