"""Answers that wait for a session's next requests: refusals by row, and true replies changed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import kit
import pytest
from safelight.core import Emulator

ASK = {"model": "gpt-image-2", "prompt": "x", "size": "1024x1024", "quality": "low"}
PATH = "/openai/v1/images/generations"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "stream": True}


def plan(emu: Emulator, *answers: Any) -> Any:
    return kit.control(emu, "POST", "answers", {"answers": list(answers)})


def change(emu: Emulator, **how: Any) -> None:
    plan(emu, {"change": how})


@pytest.fixture
def emu() -> Emulator:
    return kit.emulator()


def test_fields_are_set_and_dropped_in_the_true_reply(emu: Emulator) -> None:
    wanted = [{"at": ["data", 0, "more"], "set": {"a": None}}, {"at": ["usage"], "drop": True}]
    change(emu, json=wanted)
    reply = kit.parsed(kit.post(emu, PATH, ASK))
    assert reply["data"][0]["more"] == {"a": None}
    assert "usage" not in reply
    assert kit.picture(kit.post(emu, PATH, ASK)).size == (1024, 1024)
    assert "usage" in kit.parsed(kit.post(emu, PATH, ASK))


def test_an_edit_below_nothing_is_lost(emu: Emulator) -> None:
    change(emu, json=[{"at": ["data", 7, "x", "y"], "set": 1}])
    assert len(kit.parsed(kit.post(emu, PATH, ASK))["data"]) == 1


def test_status_headers_and_body_are_replaced(emu: Emulator) -> None:
    change(emu, status=202, headers={"X-More": "1", "content-type": None}, body="hi")
    reply = kit.post(emu, PATH, ASK)
    assert (reply.status, reply.body) == (202, b"hi")
    assert kit.header(reply, "x-more") == "1"
    assert kit.header(reply, "content-length") == "2"
    assert kit.header(reply, "content-type") is None


def test_a_row_refuses_by_its_id_once_a_request_is_a_right_one(emu: Emulator) -> None:
    rows = {"E-RATE-CHAT": 429, "E-IMG-MODEL": 400}
    plan(emu, *({"operation": "images.*", "row": row} for row in rows))
    assert kit.post(emu, PATH, {**ASK, "n": 99}).status == 400
    assert [kit.post(emu, PATH, ASK).status for _ in range(3)] == [*rows.values(), 200]


def test_every_row_of_every_provider_can_be_asked_for(emu: Emulator) -> None:
    rows = emu._mounts.providers()[0].errors.rows
    for row in rows:
        plan(emu, {"row": row.id, "change": {"delay": 0}})
        assert kit.post(emu, PATH, ASK).status == row.status, row.id


def test_an_unknown_row_names_near_ones(emu: Emulator) -> None:
    plan(emu, {"row": "E-RATE-CHATS"})
    assert "E-RATE-CHAT" in kit.error(kit.post(emu, PATH, ASK))["message"]


def test_events_are_edited_inserted_and_framed_anew(emu: Emulator) -> None:
    extra = 'data: {"extra": true}'
    edit = {"event": 0, "at": ["id"], "set": "mine"}
    change(emu, json=[edit], insert=[[1, extra]], newline="\r\n", comment="hush")
    reply = kit.post(emu, "/openai/v1/chat/completions", CHAT)
    assert reply.chunks is not None
    lines = b"".join(c.data for c in reply.chunks).split(b"\r\n")
    assert lines[0] == b": hush"
    assert json.loads(lines[2][6:])["id"] == "mine"
    assert extra.encode() in lines


def test_what_was_given_can_be_looked_at(emu: Emulator) -> None:
    plan(emu, {"operation": "chat.*", "times": 2})
    body = kit.post(emu, "/openai/v1/chat/completions", CHAT).chunks
    told = kit.control(emu, "GET", "answers")
    assert told["waiting"] == {"chat.*": 1}
    assert [(g["number"], g["operation"]) for g in told["given"]] == [(1, "chat.create")]
    assert body is not None
    assert [data for _, data in told["given"][0]["chunks"]] == [
        c.data.decode("latin-1") for c in body
    ]
    kit.control(emu, "DELETE", "answers")
    assert kit.control(emu, "GET", "answers") == {"waiting": {}, "given": []}


def test_pieces_arrive_apart_over_a_socket(serve: Callable[..., Any]) -> None:
    origin = serve("--as-of", "2026-11-20").origin
    httpx.post(f"{origin}/_safelight/answers", json={"answers": [{"change": {"every": 40}}]})
    with httpx.stream("POST", origin + PATH.replace("images/generations", "chat/completions"),
                      json=CHAT, headers=[kit.KEY]) as reply:  # fmt: skip
        pieces = list(reply.iter_raw())
    assert len(pieces) > 10
    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")


def test_a_stream_ends_too_early_clean_reset_or_late(serve: Callable[..., Any]) -> None:
    origin = serve("--as-of", "2026-11-20").origin
    url = f"{origin}/openai/v1/chat/completions"

    def ask(**how: Any) -> bytes:
        httpx.post(f"{origin}/_safelight/answers", json={"answers": [{"change": how}]})
        return httpx.post(url, json=CHAT, headers=[kit.KEY], timeout=0.5).content

    assert len(ask(keep=100)) == 100
    with pytest.raises(httpx.TransportError):
        ask(keep=100, end="reset")
    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        ask(keep=100, stall=30)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ("x", "answers is a list"),
        ([1], "answers[0]: expected an object"),
        ([{"rows": 1}], "unknown key 'rows'; known are operation, times, row, change"),
        ([{"times": 0}], "answers[0].times: expected a number from 1"),
        ([{"change": {"status": 99}}], "change.status: expected a number from 200 to 599, got 99"),
        ([{"change": {"status": 1000}}], "change.status: expected a number from 200 to 599"),
        ([{"change": {"every": 0}}], "change.every: expected a number from 1 to 2147483648, got 0"),
        ([{"change": {"delay": 1e308}}], "change.delay: expected a number from 0 to 86400, got 1e"),
        ([{"change": {"stall": 86401}}], "change.stall: expected a number from 0 to 86400, got 86"),
        ([{"change": {"headers": {"x\n": "y"}}}], "change.headers: no header can be called 'x"),
        ([{"change": {"headers": {"": "y"}}}], "change.headers: no header can be called ''"),
        ([{"change": {"stal": 1}}], "answers[0].change: unknown key 'stal'"),
        ([{"change": {"keep": -1}}], "answers[0].change.keep: expected a whole number"),
        ([{"change": {"newline": "x"}}], "answers[0].change.newline: expected LF, CRLF or CR"),
        ([{"change": {"end": "x"}}], "expected close or reset"),
        ([{"change": {"headers": {"a": "b\nc"}}}], "headers.a: expected a text of one line"),
        ([{"change": {"json": [{"at": ["a"]}]}}], "json[0]: needs either `set` or `drop: true`"),
        ([{"change": {"json": [{"at": [], "set": 1}]}}], "json[0].at: expected a list of keys"),
        ([{"change": {"insert": [1]}}], "insert[0]: expected [before which event, its text]"),
    ],
)
def test_a_slip_is_told_by_its_place(emu: Emulator, answers: Any, says: str) -> None:
    told = kit.control(emu, "POST", "answers", {"answers": answers})
    assert says in told["error"]["message"]
    assert kit.control(emu, "GET", "answers")["waiting"] == {}
