"""The golden exchanges: one for every operation, as documented, served back byte for byte."""

from __future__ import annotations

import datetime
import http.client
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import golden
import kit
import pytest
from golden import EXCHANGES, HOME, Exchange
from safelight.core import Emulator, Settings
from safelight.dialects import load_dialects
from safelight.fixtures.loading import load_library
from safelight.messages import Reply, Request
from safelight.provider import load_provider
from safelight_contracts.promises import Promises

NAMES = [exchange.name for exchange in EXCHANGES]
RETIRED = datetime.date(2026, 5, 11)


@cache
def told() -> dict[str, tuple[Exchange, Request, Reply]]:
    """Return each exchange with its request and what the emulator answers today."""
    return {exchange.name: (exchange, *rest) for exchange, *rest in golden.answered()}


@cache
def canned(day: datetime.date) -> Emulator:
    """Return an emulator that answers from the golden exchanges."""
    library = load_library([HOME], load_dialects(), day)
    return Emulator(Settings(as_of=day), clock=kit.Clock(), library=library)


def body(reply: Reply) -> bytes:
    return b"".join(c.data for c in reply.chunks) if reply.chunks is not None else reply.body


def bare(data: bytes) -> str:
    """Return a body without its pictures' bytes and the server's own address."""
    text = re.sub(r"[A-Za-z0-9+/]{400,}={0,2}", "<picture>", data.decode())
    return re.sub(r"http://[^\s\"]+/_safelight/files/[^\s\"]+", "<link>", text)


def replayed(name: str) -> Reply:
    exchange, request, _ = told()[name]
    return canned(datetime.date.fromisoformat(exchange.ask.as_of)).respond(request)


def test_every_operation_of_every_provider_has_a_golden_exchange() -> None:
    there = {(e.ask.provider, e.ask.operation) for e in EXCHANGES}
    every = set()
    for name, dialect in load_dialects().items():
        for speaker in (dialect, *dialect.annexes().values()):
            every |= {(name, route.operation) for route in speaker.routes}
    assert every - there == set()
    assert {path.relative_to(HOME).as_posix()[:-5] for path in HOME.rglob("*.yaml")} == set(NAMES)


def test_every_stream_and_every_body_that_can_be_wrong_has_one_too() -> None:
    marks = {(e.ask.provider, e.ask.operation, e.name.rpartition(".")[2]) for e in EXCHANGES}
    for name, dialect in load_dialects().items():
        for row in Promises(name, golden.DAY).rows:
            assert not row.stream or (name, row.operation, "stream") in marks, row.operation
        for route in dialect.routes:
            schemas = [dialect.provider.catalog.schema(s).document for s in route.bodies.values()]
            if any(schema.get("required") for schema in schemas):
                assert (name, route.operation, "error") in marks, route


def test_no_file_of_ours_is_bad() -> None:
    library = load_library([HOME], load_dialects(), RETIRED)
    assert len(library.folders.state.fixtures) == len(EXCHANGES)


@pytest.mark.parametrize("name", NAMES)
def test_the_emulator_still_answers_so(name: str) -> None:
    """The wire has not changed by accident: status, keys and their order, all but the pictures."""
    _, _, today = told()[name]
    kept = replayed(name)
    assert kept.status == today.status
    assert bare(body(kept)) == bare(body(today))
    assert kept.chunks is None or today.chunks is not None
    if kept.chunks and today.chunks:
        assert len(kept.chunks) == len(today.chunks)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_served_back_byte_stable(name: str) -> None:
    first, second = replayed(name), replayed(name)
    assert bare(body(first)) == bare(body(second)) != ""
    if "<link>" not in bare(body(first)):  # a link names the request that it was given to
        assert body(first) == body(second)
    kinds = [dict(reply.headers).get("content-type") for reply in (first, told()[name][2])]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("name", [n for n in NAMES if ".images." in n.replace("/", ".")])
def test_its_pictures_open(name: str) -> None:
    exchange, _, _ = told()[name]
    if "error" in name:
        return
    shown = list(_pictures(replayed(name), canned(datetime.date.fromisoformat(exchange.ask.as_of))))
    assert shown, name
    assert all(min(kit.opened(data).size) >= 64 for data in shown)


def _pictures(reply: Reply, emu: Emulator) -> Iterator[bytes]:
    text = body(reply).decode()
    yield from map(kit.base64.b64decode, re.findall(r"[A-Za-z0-9+/]{400,}={0,2}", text))
    for link in re.findall(r"/_safelight/files/[^\s\"]+", text):
        path, _, query = link.partition("?")
        got = emu.respond(Request("GET", path, query, headers=(kit.AGENT,)))
        assert got.status == 200, link
        yield got.body


SOCKET = [
    "openai/images.generate", "openai/images.edit.stream", "openai/chat.create.stream",
    "openai/images.edit", "vercel/sdk.v4.chat.create.stream", "edenai/images.generate.error",
    "together/images.generate.url", "compatible/models.list",
]  # fmt: skip


def test_a_server_serves_them_over_its_socket(serve: Callable[..., Any]) -> None:
    server = serve("--fixtures", str(HOME))
    for name in SOCKET:
        _, request, _ = told()[name]
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        target = f"{request.path}?{request.query}" if request.query else request.path
        wire.request(request.method, target, request.body, dict(request.headers))
        got = wire.getresponse()
        data = got.read()
        assert got.status == replayed(name).status
        assert bare(data) == bare(body(replayed(name))), name
        wire.close()
    wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    wire.request("GET", "/_safelight/fixtures")
    listed = json.loads(wire.getresponse().read())
    used = {
        row["file"] if "file" in row else row["name"] for row in listed["fixtures"] if row["used"]
    }
    assert {name.partition("/")[2] for name in SOCKET} <= {u.rpartition("/")[2][:-5] for u in used}
    wire.close()


@pytest.mark.parametrize("exchange", EXCHANGES, ids=NAMES)
def test_it_has_a_source_and_a_date(exchange: Exchange) -> None:
    text = (HOME / f"{exchange.name}.yaml").read_text()
    assert text.startswith("source: facts/")
    assert f"recorded: {exchange.ask.as_of}" in text
    assert load_provider(exchange.ask.provider).title
