"""The rules of a chat stream (wire facts, section 7), each on the bytes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from kit import emulator, header, parsed, post
from safelight.dialects.chat_chunks import chunks
from safelight.dialects.chat_wire import ChatHead
from test_chat_create import REASONING, ask, schema_format, text_of
from test_chat_tools import SHELL, WEATHER

HEAD = ChatHead("chatcmpl-X", 1787981921, "m-1", None, "default")
USAGE = {"include_usage": True}
FORCED = {"type": "function", "function": {"name": "get_weather"}}


def frames(*args: Any, **params: Any) -> list[bytes]:
    return chunks(ask(*args, **params), HEAD, params, seed=7)


def events(*args: Any, **params: Any) -> list[dict[str, Any]]:
    return [json.loads(frame[6:]) for frame in frames(*args, **params)[:-1]]


def choices(found: list[dict[str, Any]], index: int = 0) -> list[dict[str, Any]]:
    """Return the events of one choice."""
    flat = [choice for event in found for choice in event["choices"]]
    return [choice for choice in flat if choice["index"] == index]


def deltas(*args: Any, **params: Any) -> list[dict[str, Any]]:
    return [choice["delta"] for choice in choices(events(*args, **params))]


def test_every_frame_is_one_compact_data_line() -> None:
    for frame in frames("Say one\ntwo"):
        assert re.fullmatch(rb"data: [^\n]+\n\n", frame)
        assert frame == b"data: [DONE]\n\n" or b'": ' not in frame


def test_done_comes_last_and_once() -> None:
    assert [f for f in frames() if b"[DONE]" in f] == [frames()[-1]] == [b"data: [DONE]\n\n"]


def test_rule_1_the_head_is_the_same_on_every_chunk() -> None:
    heads = [
        {
            key: value
            for key, value in event.items()
            if key not in ("choices", "usage", "obfuscation")
        }
        for event in events(n=2, stream_options=USAGE)
    ]
    assert all(head == heads[0] for head in heads)


def test_rule_2_the_keys_come_in_the_recorded_order() -> None:
    start = ["id", "object", "created", "model", "service_tier", "system_fingerprint", "choices"]
    for event in events(stream_options=USAGE)[:-1]:
        assert list(event) == [*start, "usage", "obfuscation"]
    for event in events():
        assert list(event) == [*start, "obfuscation"]


def test_the_first_chunk_is_the_captured_one() -> None:
    captured = (
        b'data: {"id":"chatcmpl-X","object":"chat.completion.chunk","created":1787981921,'
        b'"model":"m-1","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,'
        b'"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],'
        b'"obfuscation":"'
    )
    assert frames(traits=REASONING)[0].startswith(captured)


def test_rule_3_the_role_comes_first() -> None:
    assert deltas()[0] == {"role": "assistant", "content": "", "refusal": None}


def test_rule_4_content_comes_alone_and_piece_by_piece() -> None:
    middle = deltas()[1:-1]
    assert all(list(delta) == ["content"] for delta in middle)
    assert "".join(delta["content"] for delta in middle) == text_of(ask())
    assert len(middle) > 5


def test_rule_5_the_reason_comes_with_an_empty_delta_at_the_end() -> None:
    *before, last = choices(events())
    assert (last["delta"], last["finish_reason"]) == ({}, "stop")
    assert {choice["finish_reason"] for choice in before} == {None}


def test_rule_6_usage_comes_in_a_chunk_of_its_own() -> None:
    *before, last = events(stream_options=USAGE)
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == ask().usage.total_tokens
    assert all(event["usage"] is None for event in before)


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}])
def test_rule_7_without_asking_there_is_no_usage_key(options: Any) -> None:
    assert not any("usage" in event for event in events(stream_options=options))


def test_rule_8_chunks_are_padded_unless_told_otherwise() -> None:
    padded = [event["obfuscation"] for event in events()]
    assert all(padded)
    assert len(set(padded)) > len(padded) / 2
    bare = events(stream_options={"include_obfuscation": False})
    assert not any("obfuscation" in event for event in bare)


def test_rule_8_padding_evens_out_the_sizes() -> None:
    padded = {len(frame) for frame in frames()[:-1]}
    bare = {len(frame) for frame in frames(stream_options={"include_obfuscation": False})[:-1]}
    assert len(padded) < len(bare)


def test_rule_9_classic_models_say_null_where_nobody_asked_for_logprobs() -> None:
    assert all(choice["logprobs"] is None for choice in choices(events()))
    assert list(choices(events())[0]) == ["index", "delta", "logprobs", "finish_reason"]


def test_rule_9_reasoning_models_leave_the_key_out() -> None:
    assert not any("logprobs" in choice for choice in choices(events(traits=REASONING)))


def test_rule_9_asked_for_logprobs_start_empty_and_end_null() -> None:
    first, *middle, last = choices(events(logprobs=True, top_logprobs=2))
    assert first["logprobs"] == {"content": [], "refusal": None}
    assert last["logprobs"] is None
    for choice in middle:
        (item,) = choice["logprobs"]["content"]
        assert item["token"] == choice["delta"]["content"]
        assert len(item["top_logprobs"]) == 2


def test_rule_10_several_choices_interleave() -> None:
    found = events(n=3, stream_options=USAGE)
    order = [choice["index"] for event in found for choice in event["choices"]]
    assert order[:6] == [0, 1, 2, 0, 1, 2]
    for index in range(3):
        mine = choices(found, index)
        assert mine[0]["delta"]["role"] == "assistant"
        assert [c["finish_reason"] for c in mine if c["finish_reason"]] == ["stop"]
    assert sum(bool(event["usage"]) for event in found) == 1


def test_rule_11_a_single_call_starts_in_the_first_chunk() -> None:
    first = deltas("Weather in Paris?", tools=[WEATHER])[0]
    (call,) = first.pop("tool_calls")
    assert first == {"role": "assistant", "content": None, "refusal": None}
    assert call["id"].startswith("call_")
    assert (call["index"], call["type"]) == (0, "function")
    assert call["function"] == {"name": "get_weather", "arguments": ""}


def test_rule_12_several_calls_follow_a_bare_role() -> None:
    first, *rest = deltas("Weather in Paris and London?", tools=[WEATHER])
    assert first == {"role": "assistant", "content": None}
    heads = [d["tool_calls"][0] for d in rest if d and "id" in d["tool_calls"][0]]
    assert [head["index"] for head in heads] == [0, 1]
    assert all(head["function"]["arguments"] == "" for head in heads)
    order = [d["tool_calls"][0]["index"] for d in rest if d]
    assert order == sorted(order)


@pytest.mark.parametrize("text", ["Weather in Paris?", "Weather in Paris and London?"])
def test_rule_13_argument_pieces_carry_only_their_index(text: str) -> None:
    pieces: dict[int, str] = {}
    for delta in deltas(text, tools=[WEATHER])[1:]:
        for call in delta.get("tool_calls", ()):
            if "id" not in call:
                assert set(call) == {"index", "function"}
                assert set(call["function"]) == {"arguments"}
                text = pieces.get(call["index"], "") + call["function"]["arguments"]
                pieces[call["index"]] = text
    assert [json.loads(text)["city"] for text in pieces.values()] == ["Paris", "London"][
        : len(pieces)
    ]


@pytest.mark.parametrize(("choice", "reason"), [("auto", "tool_calls"), (FORCED, "stop")])
def test_rule_14_a_tool_stream_ends_like_its_body(choice: Any, reason: str) -> None:
    last = choices(events("Weather in Paris?", tools=[WEATHER], tool_choice=choice))[-1]
    assert (last["delta"], last["finish_reason"]) == ({}, reason)


def test_rule_15_a_refusal_streams_as_refusal() -> None:
    wanted = schema_format({"type": "object", "properties": {}})
    first, *middle, last = deltas("[[safelight:refusal]]", response_format=wanted)
    assert (first["role"], last) == ("assistant", {})
    assert all(list(delta) == ["refusal"] for delta in middle)
    assert "".join(delta["refusal"] for delta in middle).startswith("I'm sorry")


def test_rule_16_moderation_comes_after_the_usage() -> None:
    *_, usage, moderation = events(moderation={"model": "judge"}, stream_options=USAGE)
    assert usage["usage"]
    assert (moderation["choices"], moderation["usage"]) == ([], None)
    assert moderation["moderation"]["input"]["model"] == "judge"


def test_rule_17_an_error_before_the_answer_is_a_plain_reply() -> None:
    reply = post(emulator(), "/v1/chat/completions", {"model": "gpt-4o", "stream": True})
    assert reply.status == 400
    assert header(reply, "content-type") == "application/json"
    assert parsed(reply)["error"]["param"] == "messages"


def test_custom_tools_stream_their_input() -> None:
    first, *pieces, _ = deltas("run_shell `ls -l /tmp`", tools=[SHELL])
    assert first["tool_calls"][0]["custom"] == {"name": "run_shell", "input": ""}
    joined = "".join(delta["tool_calls"][0]["custom"]["input"] for delta in pieces)
    assert joined == "ls -l /tmp"


def test_deprecated_functions_stream_as_function_call() -> None:
    functions = [WEATHER["function"]]
    first, *pieces, last = deltas("Weather in Rome?", functions=functions)
    assert first["function_call"] == {"name": "get_weather", "arguments": ""}
    joined = "".join(delta["function_call"]["arguments"] for delta in pieces)
    assert json.loads(joined) == {"city": "Rome"}
    assert last == {}


def test_the_server_streams_what_it_would_have_said() -> None:
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say pong"}]}
    emu = emulator()
    reply = post(emu, "/v1/chat/completions", {**asked, "stream": True})
    assert header(reply, "content-type") == "text/event-stream; charset=utf-8"
    sent = b"".join(chunk.data for chunk in reply.chunks or ()).split(b"\n\n")[:-2]
    found = [json.loads(frame[6:]) for frame in sent]
    assert found[0]["model"] == "gpt-4o-mini-2024-07-18"
    body = parsed(post(emu, "/v1/chat/completions", asked))
    said = "".join(choice["delta"].get("content") or "" for choice in choices(found))
    assert said == body["choices"][0]["message"]["content"] == "pong"
