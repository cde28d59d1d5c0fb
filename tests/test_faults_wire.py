"""Replies that no server would send by itself, under either server, without a word on stderr."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from asks import ASKS, Ask
from rawclient import Seen, ask

CHAT = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}).encode()
WIRE = [
    ("connection_refused", 0, "close"),
    ("reset_before_headers", 0, "reset"),
    ("reset_after_headers", 200, "reset"),
    ("reset_mid_body", 200, "reset"),
    ("stall_before_headers; seconds=0.05", 200, "close"),
    ("stall_mid_body; seconds=0.05", 200, "close"),
    ("drip; seconds=0.0001", 200, "close"),
    ("wrong_content_length", 200, "close"),
    ("accepted_then_lost", 0, "reset"),
]
PLAIN = (
    (b'"stream": true', b'"stream": false'),
    (b'"stream"\r\n\r\ntrue', b'"stream"\r\n\r\nfalse'),
    (b', "partial_images": 2', b""),
)
"""How a request that asks for a stream asks for none."""


async def chat(port: int, fault: str) -> Seen:
    headers = (("content-type", "application/json"), ("x-safelight-fault", fault))
    return await ask(port, "POST", "/openai/v1/chat/completions", headers, CHAT)


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_the_wire_is_bent_and_the_server_says_nothing(
    serve: Callable[..., Any], server: str
) -> None:
    running = serve("--server", server)

    async def run() -> list[Seen]:
        return [await chat(running.port, fault) for fault, _, _ in WIRE]

    seen = asyncio.run(run())
    assert [(s.status, s.end) for s in seen] == [(status, end) for _, status, end in WIRE]
    assert running.stop() == 0
    assert running.stderr.read_text() == ""


@pytest.mark.parametrize("wanted", [a for a in ASKS if a.stream], ids=lambda a: a.id)
def test_json_instead_of_a_stream_is_what_comes_without_asking_for_one(wanted: Ask) -> None:
    def answered(body: bytes, streaming: str, *more: tuple[str, str]) -> Any:
        sent = {**dict(wanted.headers), **dict(more)}
        sent |= {"ai-language-model-streaming": streaming}
        request = kit.Request("POST", wanted.path, headers=(kit.KEY, *sent.items()), body=body)
        reply = emu.respond(request)
        assert (reply.status, reply.chunks) == (200, None)
        return kit.parsed(reply)

    emu, plain = kit.emulator(), wanted.body
    for asks, asks_not in PLAIN:
        plain = plain.replace(asks, asks_not)
    found = answered(wanted.body, "true", ("x-safelight-fault", "json_instead_of_stream"))
    assert found.keys() == answered(plain, "false").keys()
    assert found.get("object") != "chat.completion.chunk"
    first, _ = emu.session("").journal
    assert (first.fault, first.notes) == ("json_instead_of_stream", ())
    assert first.params.get("stream") in (True, "true") or "streaming" in str(wanted.headers)


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_a_connection_is_let_go_when_its_client_leaves(
    serve: Callable[..., Any], server: str
) -> None:
    running = serve("--server", server)

    async def run() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET /_safelight/health HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()  # this side is done; the server has to close its own
        rest = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
        return rest

    assert b'"status": "ok"' in asyncio.run(run())
