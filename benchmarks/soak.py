"""A long day in a minute: streams held open, tens of thousands of requests, faults, and SIGTERM.

    python benchmarks/soak.py [--streams 1000] [--requests 50000] [--share 0.1] [--server uvicorn]

A share of the requests meets a fault. Prints what it cost (Linux only), and fails when memory keeps
growing, a connection is left behind, the server says a traceback, or takes two seconds to stop.
What must not enter: comparisons with other servers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import Server

FAULTS = (
    "rate_limited", "moderation_blocked", "server_error", "bad_gateway", "connection_refused",
    "reset_before_headers", "reset_after_headers", "reset_mid_body", "wrong_content_length",
    "truncated_json", "malformed_json", "html_200", "json_as_text", "empty_body",
    "accepted_then_lost", "drip; seconds=0.0001", "stall_mid_body; seconds=0.01",
    "reset_mid_stream", "sse_crlf", "sse_error_mid", "fewer_pictures", "corrupt_base64",
)  # fmt: skip
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
DRAW = {"model": "acme/any", "prompt": "A kite", "size": "64x64"}
SESSIONS = 5
"""Few enough for their journals to be full after the first fifth: what grows then is a leak."""
GROWTH = 0.10
"""What memory may grow by between the first fifth of the requests and the last."""


@dataclass(frozen=True)
class Kind:
    """One kind of request of the mix."""

    path: str
    body: bytes

    def bytes(self, session: str, fault: str = "") -> bytes:
        """Return the request as it goes over the wire."""
        head = (
            f"POST /s/{session}{self.path} HTTP/1.1\r\nhost: soak\r\n"
            "authorization: Bearer sk-soak-0123456789\r\ncontent-type: application/json\r\n"
            f"content-length: {len(self.body)}\r\n"
        )
        head += f"x-safelight-fault: {fault}\r\n" if fault else ""
        return (head + "\r\n").encode() + self.body


MIX = (
    Kind("/openai/v1/chat/completions", json.dumps(CHAT).encode()),
    Kind("/openai/v1/chat/completions", json.dumps({**CHAT, "stream": True}).encode()),
    Kind("/compatible/v1/images/generations", json.dumps(DRAW).encode()),
    Kind("/edenai/v3/chat/completions", json.dumps({**CHAT, "model": "@edenai"}).encode()),
)


async def held(port: int, amount: int) -> list[asyncio.StreamWriter]:
    """Return so many connections, each with a stream that has begun and stalls for an hour."""
    ask = MIX[1].bytes("held", "stall_mid_stream; seconds=3600")
    writers: list[asyncio.StreamWriter] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ask)
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(1)
        writers.append(writer)

    for start in range(0, amount, 100):
        await asyncio.gather(*(one() for _ in range(min(100, amount - start))))
    return writers


async def answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one reply; return its status, and whether the connection may be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    if "transfer-encoding: chunked" in head:
        while True:
            size = int((await reader.readline()).strip() or b"0", 16)
            await reader.readexactly(size + 2)
            if size == 0:
                return status, "connection: close" not in head
    length = head.partition("content-length:")[2].partition("\r\n")[0].strip()
    if length:
        await reader.readexactly(int(length))
        return status, "connection: close" not in head
    await reader.read()
    return status, False


async def client(port: int, todo: list[int], seen: Counter[str], share: float) -> None:
    """Make requests until none is left to do; a connection that breaks is made anew."""
    pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while todo:
        number = todo.pop()
        chance = random.Random(number)
        fault = chance.choice(FAULTS) if chance.random() < share else ""
        pair = pair or await asyncio.open_connection("127.0.0.1", port)
        reader, writer = pair
        again = False
        try:
            writer.write(chance.choice(MIX).bytes(f"soak{number % SESSIONS}", fault))
            status, again = await answer(reader)
            seen[str(status)] += 1
        except (ConnectionError, asyncio.IncompleteReadError):
            seen["broken" if fault else "BROKEN WITHOUT A FAULT"] += 1
        if not again:
            writer.close()
            pair = None
    if pair:
        pair[1].close()


def descriptors(server: Server) -> int:
    """Return how many files and sockets the server has open."""
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


async def soak(server: Server, streams: int, requests: int, share: float) -> dict[str, object]:
    """Run the whole day; return its figures."""
    before, files = server.rss_mib(), descriptors(server)
    began = time.perf_counter()
    writers = await held(server.port, streams)
    opened, holding = time.perf_counter() - began, server.rss_mib()
    todo, seen = list(range(requests)), Counter[str]()
    began, sizes = time.perf_counter(), list[float]()

    async def watch() -> None:
        for fifth in range(1, 6):
            while len(todo) > requests * (5 - fifth) / 5:  # noqa: ASYNC110 - a list tells nobody
                await asyncio.sleep(0.1)
            sizes.append(server.rss_mib())

    await asyncio.gather(watch(), *(client(server.port, todo, seen, share) for _ in range(32)))
    took = time.perf_counter() - began
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(1)
    left = descriptors(server) - files
    each = (holding - before) / max(1, streams) * 1024
    return {
        "streams open": f"{streams} in {opened:.1f} s, {each:.0f} KiB each",
        "requests": f"{requests} in {took:.0f} s, {requests / took:.0f} a second",
        "answers": dict(sorted(seen.items())),
        "memory by fifths, MiB": [round(size) for size in sizes],
        "growth": sizes[-1] / sizes[0] - 1,
        "sockets left": left,
        "unexplained": seen["BROKEN WITHOUT A FAULT"],
    }


async def farewell(server: Server, streams: int) -> float:
    """Return how many seconds the server takes to stop with streams open."""
    writers = await held(server.port, streams)  # kept: a writer that nobody has closes itself
    assert server.process is not None
    began = time.perf_counter()
    server.process.send_signal(signal.SIGTERM)
    while server.process.poll() is None:  # noqa: ASYNC110 - a process offers no event
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    for writer in writers:
        writer.transport.abort()
    return took


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server, and make sure that it is gone afterwards."""
    server.start()
    assert server.process is not None
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--server", default="hypercorn")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    with tempfile.NamedTemporaryFile("r") as said:
        serve = f"-m safelight serve --port {{port}} --server {options.server}"
        command = ["sh", "-c", f"exec {sys.executable} {serve} 2>{said.name}"]
        with running(Server("safelight", command, "/_safelight/ready")) as server:
            figures = asyncio.run(soak(server, options.streams, options.requests, options.share))
            stopped = asyncio.run(farewell(server, options.streams))
        figures["stop with streams open, s"] = round(stopped, 2)
        figures["tracebacks"] = said.read().count("Traceback")
    for name, value in figures.items():
        print(f"{name:28}{value}")
    sys.exit(_wrong(figures))


def _wrong(figures: dict[str, object]) -> int:
    """Return 1 when a promise was broken, saying which."""
    broken = [
        name
        for name, limit in (
            ("growth", GROWTH), ("sockets left", 2), ("unexplained", 0), ("tracebacks", 0),
            ("stop with streams open, s", 2.0),
        )
        if float(str(figures[name])) > limit
    ]  # fmt: skip
    print("broken:", ", ".join(broken) or "nothing")
    return bool(broken)


if __name__ == "__main__":
    main()
