"""Event streams as the judge reads them: every cut, every line end, and the order of what comes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import emulator
from safelight.messages import Request
from safelight_contracts.cases import Piece
from safelight_contracts.streams import read, transcript
from safelight_contracts.streams_order import Order, order_faults, tool_faults

TALE = (
    b'\xef\xbb\xbf: a comment\n\nevent: first\ndata: {"a":\ndata:  1}\nid: 7\nretry: 10\n\n'
    b"data:no space\n\n:\n\ndata: [DONE]\n\n"
)
TOLD = [("first", '{"a":\n 1}'), ("", "no space"), ("", "[DONE]")]


def whole(data: bytes) -> list[tuple[str, str]]:
    return [(event.name, event.data) for event in read([Piece(0, data)])]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_of_the_standard_is_read(end: bytes) -> None:
    assert whole(TALE.replace(b"\n", end)) == TOLD


@given(st.lists(st.integers(0, len(TALE)), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_no_cut_of_the_network_changes_what_is_read(cuts: list[int], end: bytes) -> None:
    data = TALE.replace(b"\n", end)
    places = [0, *sorted(cuts), len(data)]
    parts = [data[a:b] for a, b in pairwise(places)]
    pieces = [Piece(float(number), part) for number, part in enumerate(parts)]
    assert [(event.name, event.data) for event in read(pieces)] == TOLD
    assert transcript(pieces).odd == ()


def test_an_event_has_the_time_of_its_last_byte() -> None:
    pieces = [Piece(0.1, b"data: a"), Piece(0.5, b"\n\nda"), Piece(2.0, b"ta: b\n\n")]
    assert [event.at for event in read(pieces)] == [0.5, 2.0]


def test_an_unfinished_event_is_no_event_but_is_told() -> None:
    told = transcript([Piece(0, b"data: a\n\ndata: {")])
    assert [event.data for event in told.events] == ["a"]
    assert told.rest == "data: {"
    assert "ends within an event" in told.odd[0]


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"hello\n\n", "is no field: 'hello'"), (b"data: \xff\n\n", "byte 6 is no UTF-8")],
)
def test_what_is_no_event_stream_is_told(data: bytes, problem: str) -> None:
    assert problem in transcript([Piece(0, data)]).odd[0]


def test_an_emulated_stream_reads_as_its_own_client_reads_it() -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    sent = json.dumps(body).encode()
    heads = (("authorization", "Bearer sk-a"), ("content-type", "application/json"))
    reply = emulator().respond(
        Request("POST", "/openai/v1/chat/completions", headers=heads, body=sent)
    )
    events = read([Piece(0, chunk.data) for chunk in reply.chunks or ()])
    assert events[-1].done
    assert "".join(e.json["choices"][0]["delta"].get("content", "") for e in events[:-1])


# Order

TWO = Order(1, 2)
PREVIEW, FINAL = "image_generation.partial_image", "image_generation.completed"


def images(*parts: tuple[str, Any], asked: Order = TWO) -> list[tuple[str, str]]:
    told = [{"type": kind, "partial_image_index": index} for kind, index in parts]
    names = [kind for kind, _ in parts]
    return [(fault.kind, fault.at) for fault in order_faults("images", names, told, asked)]


def test_a_stream_of_pictures_is_in_order() -> None:
    assert images((PREVIEW, 0), (PREVIEW, 1), (FINAL, None)) == []
    assert images((FINAL, None)) == []
    assert images((FINAL, None), (FINAL, None), asked=Order(2, 0)) == []


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ([(PREVIEW, 1), (FINAL, None)], ("INDEX", "events[0].partial_image_index")),
        ([(PREVIEW, 0), (PREVIEW, 0), (FINAL, None)], ("INDEX", "events[1].partial_image_index")),
        ([(PREVIEW, 0)], ("TERMINAL", "events")),
        ([(FINAL, None), (PREVIEW, 0)], ("TERMINAL", "events[1]")),
        ([(FINAL, None), (FINAL, None)], ("TERMINAL", "events[1]")),
        ([("error", None)], ("TERMINAL", "events[0]")),
        ([(PREVIEW, 0), (PREVIEW, 1), (PREVIEW, 2), (FINAL, None)], ("INDEX", "events")),
    ],
)
def test_a_stream_of_pictures_out_of_order(parts: Any, fault: tuple[str, str]) -> None:
    assert images(*parts) == [fault]


def test_a_frame_is_named_like_its_event() -> None:
    faults = list(order_faults("images", ["message"], [{"type": FINAL}], Order()))
    assert [(fault.kind, fault.expected, fault.got) for fault in faults] == [
        ("ORDER", FINAL, "message")
    ]


def chunk(index: int = 0, *, end: str | None = None, name: str = "a", **delta: Any) -> Any:
    choice = {"index": index, "delta": delta, "finish_reason": end}
    return {"id": name, "created": 1, "model": "m", "choices": [choice]}


def chat(*parts: Any, amount: int = 1) -> list[str]:
    return [fault.kind for fault in order_faults("chat", [], parts, Order(amount))]


ROLE, WORD, END = chunk(role="assistant"), chunk(content="a"), chunk(end="stop")
USAGE = {"id": "a", "created": 1, "model": "m", "choices": [], "usage": {"total_tokens": 2}}


def test_a_chat_is_in_order() -> None:
    assert chat(ROLE, WORD, END, USAGE) == []
    assert chat(chunk(role="assistant", content="a"), END) == []
    assert chat(ROLE, chunk(1, role="assistant"), chunk(1, end="stop"), END, amount=2) == []


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ([WORD, ROLE, END], "ORDER"),
        ([ROLE, chunk(content="a", name="b"), END], "ORDER"),
        ([ROLE, WORD], "TERMINAL"),
        ([ROLE, END, WORD], "TERMINAL"),
        ([ROLE, END, END], "TERMINAL"),
        ([ROLE, {"error": {"message": "no"}}], "TERMINAL"),
        ([ROLE, chunk(1, role="assistant"), END], "INDEX"),
        ([], "TERMINAL"),
    ],
)
def test_a_chat_out_of_order(parts: Any, fault: str) -> None:
    assert chat(*parts) == [fault]


def test_a_role_is_asked_of_those_alone_who_promise_chunks() -> None:
    assert list(order_faults("chat", [], [WORD, END], Order(strict=False))) == []


def parts_of(*kinds: str) -> list[str]:
    told = []
    for kind in kinds:
        word, _, name = kind.partition(" ")
        told.append({"type": word, "id": name or "1", "delta": "a"})
    return [fault.kind for fault in order_faults("sdk", [], told, Order())]


def test_parts_are_in_order() -> None:
    assert parts_of("stream-start", "text-start", "text-delta", "text-end", "finish") == []


@pytest.mark.parametrize(
    ("kinds", "fault"),
    [
        (["text-start", "text-end", "finish"], "ORDER"),
        (["stream-start", "text-delta", "finish"], "ORDER"),
        (["stream-start", "text-start 1", "text-delta 2", "finish"], "ORDER"),
        (["stream-start", "text-start", "finish"], "ORDER"),
        (["stream-start", "stream-start", "finish"], "ORDER"),
        (["stream-start", "text-start", "text-end"], "TERMINAL"),
        (["stream-start", "finish", "finish"], "TERMINAL"),
        (["stream-start", "error"], "TERMINAL"),
    ],
)
def test_parts_out_of_order(kinds: list[str], fault: str) -> None:
    assert parts_of(*kinds) == [fault]


def call(arguments: str, **more: Any) -> Any:
    told = {"index": 0, "function": {"arguments": arguments, **more.pop("function", {})}, **more}
    return chunk(tool_calls=[told])


FIRST = call("", id="call_1", function={"name": "get"})


def test_the_pieces_of_a_tool_call_join_to_json() -> None:
    assert list(tool_faults("chat", [FIRST, call('{"a"'), call(": 1}")])) == []
    assert [f.kind for f in tool_faults("chat", [FIRST, call('{"a"')])] == ["TOOLCALL"]
    assert [f.expected for f in tool_faults("chat", [call("{}")])] == ["id and name first"]


def test_the_pieces_of_a_part_are_its_input() -> None:
    piece = {"type": "tool-input-delta", "id": "1", "delta": '{"a": 1}'}
    good = {"type": "tool-call", "toolCallId": "1", "input": '{"a": 1}'}
    assert list(tool_faults("sdk", [piece, good])) == []
    assert [f.kind for f in tool_faults("sdk", [piece, {**good, "input": "{}"}])] == ["TOOLCALL"]
    assert [f.got for f in tool_faults("sdk", [{**good, "input": "{"}])] == ["{"]
