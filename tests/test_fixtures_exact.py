"""Exact replies: the very bytes, the very chunks, and files in place of what is large."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from pathlib import Path

import kit
import pytest
from fixtures_kit import CHAT, draw, emulator, say
from safelight.bending import whole
from safelight.faults import FAULTS
from safelight.fixtures.digest import digest

RED = (255, 0, 0)

EXACT = """
match: {operation: images.generate}
reply:
  status: 200
  headers: [[Content-Type, application/json], [X-Twice, a], [X-Twice, b]]
  layout: indent2nl
  body:
    created: 1713833628
    data:
      - b64_json: {$file: cat.png, as: base64}
"""


def test_an_exact_reply_comes_byte_for_byte(tmp_path: Path) -> None:
    reply = draw(emulator(tmp_path, {"one": EXACT}))
    data = base64.b64encode((tmp_path / "cat.png").read_bytes()).decode()
    document = {"created": 1713833628, "data": [{"b64_json": data}]}
    assert reply.body == json.dumps(document, indent=2).encode() + b"\n"
    assert [value for name, value in reply.headers if name == "x-twice"] == ["a", "b"]
    assert kit.header(reply, "content-length") == str(len(reply.body))


def test_a_link_in_an_exact_reply_is_served_by_us(tmp_path: Path) -> None:
    text = EXACT.replace("b64_json: {$file: cat.png, as: base64}", "url: {$url: cat.png}")
    emu = emulator(tmp_path, {"one": text})
    url = kit.parsed(draw(emu))["data"][0]["url"]
    path = "/" + url.split("/", 3)[3].partition("?")[0]
    reply = kit.get(emu, path)
    assert (reply.status, reply.body) == (200, (tmp_path / "cat.png").read_bytes())
    assert kit.header(reply, "content-type") == "image/png"


STREAM = """
match: {operation: chat.create, fields: {stream: true}}
reply:
  headers: {content-type: text/event-stream}
  pace: PACE
  chunks:
    - data: "da"
    - {wait: 0.5, data: "ta: [DO"}
    - {wait: 2, data: {$base64: TkVdCgo=}}
"""


@pytest.mark.parametrize(("pace", "waits"), [("recorded", [0, 0.5, 2]), ("none", None)])
def test_recorded_chunks_stay_apart_and_wait_if_asked_to(
    pace: str, waits: list[float] | None, tmp_path: Path
) -> None:
    reply = say(emulator(tmp_path, {"one": STREAM.replace("PACE", pace)}), "x", stream=True)
    assert [chunk.data for chunk in reply.chunks] == [b"da", b"ta: [DO", b"NE]\n\n"]
    found = [chunk.wait for chunk in reply.chunks]
    assert found == waits if waits else all(0 < wait < 0.001 for wait in found)


def test_a_picture_cut_into_chunks_is_stored_once(tmp_path: Path) -> None:
    encoded = base64.b64encode(kit.png(300, 200, color=RED)).decode()
    cuts = [0, 10, 57, len(encoded)]
    pieces = [
        f"    - data: {{$file: cat.png, as: base64, from: {a}, to: {b}}}" for a, b in pairwise(cuts)
    ]
    text = STREAM.partition("  chunks:")[0] + "  chunks:\n" + "\n".join(pieces)
    emu = emulator(tmp_path, {"one": text.replace("PACE", "none")})
    reply = say(emu, "x", stream=True)
    assert [chunk.data.decode() for chunk in reply.chunks] == [
        encoded[a:b] for a, b in pairwise(cuts)
    ]


def test_a_stream_promises_no_length(tmp_path: Path) -> None:
    head = "  headers: {content-type: text/event-stream, content-length: '5'}\n"
    text = f"match: {{}}\nreply:\n  status: 500\n{head}  chunks: [{{data: more than five}}]\n"
    reply = say(emulator(tmp_path, {"one": text}), "x", stream=True)
    assert [chunk.data for chunk in reply.chunks] == [b"more than five"]
    assert [name for name, _ in reply.headers if name == "content-length"] == []


def test_a_recording_answers_its_very_request_whatever_the_catalogue_knows(tmp_path: Path) -> None:
    asked = {"model": "gpt-9-unheard-of", "messages": [{"role": "user", "content": "x"}]}
    told = json.dumps(asked, indent=3).encode()
    name = digest("POST", "/chat/completions", "", (("content-type", "application/json"),), told)
    head = f'recorded: "2026-11-01"\nmatch: {{provider: openai, digest: "{name}"}}\n'
    files = {
        "first": head.replace("}", ", nth: 1}") + "reply: {status: 404, body: {error: gone}}\n",
        "later": head + "reply: {body: {id: found}}\n",
    }
    emu = emulator(tmp_path, files)
    replies = [kit.post(emu, CHAT, asked) for _ in range(3)]
    assert [reply.status for reply in replies] == [404, 200, 200]
    assert kit.parsed(replies[2]) == {"id": "found"}
    other = kit.post(emu, CHAT, {**asked, "n": 2})
    assert kit.error(other)["code"] == "model_not_found"


BARE = """
match: {operation: chat.create, fields: {stream: true}}
reply: {status: 529, headers: {content-type: text/event-stream}, chunks: []}
"""


@pytest.mark.parametrize("fault", [n for n, fault in FAULTS.items() if fault.needs == "stream"])
def test_a_fault_makes_up_no_event_of_a_stream_without_any(fault: str, tmp_path: Path) -> None:
    ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    emu = emulator(tmp_path, {"one": BARE.replace("529", "200")})
    assert b"data:" not in whole(kit.post(emu, CHAT, ask, ("x-safelight-fault", fault)))


def test_a_status_without_a_name_is_broken_off_like_any_other(tmp_path: Path) -> None:
    ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    emu = emulator(tmp_path, {"one": BARE})
    reply = kit.post(emu, CHAT, ask, ("x-safelight-fault", "reset_after_headers"))
    assert reply.wire[0].data.startswith(b"HTTP/1.1 529 \r\ncontent-type: text/event-stream\r\n")
    assert reply.end == "reset"
