"""What tests of the judge share: the emulator as an endpoint, a purse that checks the prices."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import kit
from safelight.core import Emulator
from safelight.messages import Reply, Request
from safelight_contracts.cases import Case, Piece, Seen
from safelight_contracts.sending import written

DAY = datetime.date(2026, 11, 20)


def bases(provider: str) -> str:
    """Return the path below which the emulator speaks as a provider."""
    from safelight.provider import load_provider

    return load_provider(provider).bases[0]


def request_of(case: Case, base: str, key: str = "sk-test") -> Request:
    """Return a case as the emulator reads it in process."""
    body, kind = written(case)
    headers = list(case.headers)
    if case.key != "none":
        headers.append(("authorization", f"Bearer {key if case.key == 'good' else 'sk-invalid-x'}"))
    if kind:
        headers.append(("content-type", kind))
    path, _, query = case.path.partition("?")
    return Request(case.method, base + path, query, tuple(headers), body or b"")


def seen_of(reply: Reply) -> Seen:
    """Return a reply of the emulator as the judge sees one."""
    chunks = [chunk.data for chunk in reply.chunks] if reply.chunks is not None else [reply.body]
    pieces = tuple(Piece(0.0, data) for data in chunks)
    return Seen(reply.status, reply.headers, pieces, began=kit.NOW)


def charged(emu: Emulator, session: str = "") -> Decimal:
    """Return what the session's answers have cost, by the emulator's own prices."""
    page = kit.control(emu, "GET", "journal?limit=10000", session=session)
    return sum(
        (Decimal(one["cost"] or 0) for one in page["exchanges"] if one["billed"]), Decimal(0)
    )


Manner = Callable[["Priced", BaseHTTPRequestHandler, Reply], None]
"""How a fake endpoint answers, once it has charged for the reply."""


@dataclass
class Priced:
    """An endpoint behind a socket that bills by the catalogue, and answers in a manner of its own.

    `charged` is what it has billed, in dollars: what the real bill would say. `lenient` lets it
    accept what it should refuse.
    """

    base: str
    manner: Manner
    lenient: bool = False
    charged: Decimal = Decimal(0)
    asked: list[bytes] = field(default_factory=list)
    billed: list[bytes] = field(default_factory=list)
    origin: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.emulator = kit.emulator(time.time, as_of=DAY, lenient=self.lenient)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Charge for a request, then answer it."""
        size = int(handler.headers.get("content-length") or 0)
        body = handler.rfile.read(size)
        path, _, query = handler.path.partition("?")
        headers = tuple((name.lower(), value) for name, value in handler.headers.items())
        mark = b" ".join((handler.command.encode(), handler.path.encode(), body))
        if path.startswith("/s/"):  # a picture that an answer linked to
            asked = Request("GET", path, query, headers)
            self.manner(self, handler, self.emulator.respond(asked))
            return
        with self.lock:
            world = f"/s/x{len(self.asked)}"
            self.asked.append(mark)
            where = world + self.base + path
            asked = Request(handler.command, where, query, headers, body, self.origin)
            reply = self.emulator.respond(asked)
            cost = charged(self.emulator, world.removeprefix("/s/"))
            self.charged += cost
            if cost:
                self.billed.append(mark)
        self.manner(self, handler, reply)


@contextmanager
def priced(base: str, manner: Manner, *, lenient: bool = False) -> Iterator[Priced]:
    """Serve a fake endpoint on a free port of this machine."""
    fake = Priced(base, manner, lenient)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # one packet for head and body: two would wait for each other

        def do_POST(self) -> None:
            fake.answer(self)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # a client that gave up closes early: that is what some manners are for

    server = Server(("127.0.0.1", 0), Handler)
    fake.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def whole(reply: Reply) -> bytes:
    """Return all bytes of a reply's body."""
    return b"".join(chunk.data for chunk in reply.chunks) if reply.chunks else reply.body


def send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str, *more: tuple[str, str]
) -> None:
    """Write an answer."""
    handler.send_response_only(status)
    for name, value in (("content-type", kind), *more):
        handler.send_header(name, value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def honest(_: Priced, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    """Answer as the emulator does."""
    kind = next((value for name, value in reply.headers if name == "content-type"), "text/plain")
    skip = {"content-type", "content-length"}
    more = [pair for pair in reply.headers if pair[0] not in skip]
    send(handler, reply.status, whole(reply), kind, *more)


def hang(seconds: float) -> Manner:
    """Return a manner that bills and then says nothing for so long."""

    def manner(_: Priced, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.status != 200 or handler.command == "GET":
            honest(_, handler, reply)
        else:
            time.sleep(seconds)
            handler.close_connection = True

    return manner
