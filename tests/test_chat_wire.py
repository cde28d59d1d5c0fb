"""How a chat answer is written: recorded key orders, and bodies that our own schemas accept."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.dialects.chat_chunks import chunks
from safelight.dialects.chat_wire import (
    CANONICAL,
    ChatHead,
    ChatStyle,
    body,
    completion_id,
)
from safelight.operations.chat import ChatResult, ChatUsage, Choice
from safelight.operations.images import Job
from safelight.pixels import Brief, Encoding
from safelight.schemas import load
from test_chat_create import REASONING, ask
from test_chat_tools import SHELL, WEATHER
from test_chat_values import closed

HEAD = ChatHead("chatcmpl-x", 1_700_000_000, "m-1", "fp_1", "default")
REPLY = load("openai", "chat.create.reply")
EVENT = load("openai", "chat.create.event")


def written(*args: Any, **params: Any) -> dict[str, Any]:
    return body(ask(*args, **params), HEAD)


def test_the_body_has_the_recorded_keys_in_order() -> None:
    assert list(written()) == [
        "id", "object", "created", "model", "choices", "usage", "service_tier",
        "system_fingerprint",
    ]  # fmt: skip


def test_moderation_stands_before_the_fingerprint() -> None:
    keys = list(written(moderation={"model": "judge"}))
    assert keys[keys.index("moderation") + 1] == "system_fingerprint"


def test_a_message_has_the_recorded_keys_in_order() -> None:
    plain = written()["choices"][0]
    called = written("Weather in Paris?", tools=[WEATHER])["choices"][0]
    assert list(plain["message"]) == ["role", "content", "refusal", "annotations"]
    assert list(called["message"]) == ["role", "content", "tool_calls", "refusal", "annotations"]
    assert list(plain) == ["index", "message", "logprobs", "finish_reason"]


def test_reasoning_models_leave_logprobs_out() -> None:
    assert "logprobs" not in written(traits=REASONING)["choices"][0]
    assert written()["choices"][0]["logprobs"] is None


def test_logprobs_carry_the_bytes_of_each_token() -> None:
    found = written("Say é", logprobs=True)["choices"][0]["logprobs"]
    assert found["refusal"] is None
    assert bytes(found["content"][0]["bytes"]).decode() == "é"
    assert found["content"][0]["top_logprobs"] == []


def test_a_custom_call_has_an_input_instead_of_arguments() -> None:
    (call,) = written("run_shell `ls`", tools=[SHELL])["choices"][0]["message"]["tool_calls"]
    assert call == {
        "id": call["id"],
        "type": "custom",
        "custom": {"name": "run_shell", "input": "ls"},
    }


def test_a_deprecated_call_is_no_tool_call() -> None:
    message = written("Weather in Rome", functions=[WEATHER["function"]])["choices"][0]["message"]
    assert message["function_call"] == {"name": "get_weather", "arguments": '{"city":"Rome"}'}
    assert "tool_calls" not in message


def test_usage_has_the_recorded_details() -> None:
    usage = written()["usage"]
    assert list(usage) == [
        "prompt_tokens", "completion_tokens", "total_tokens",
        "prompt_tokens_details", "completion_tokens_details",
    ]  # fmt: skip
    assert set(usage["completion_tokens_details"]) == {
        "reasoning_tokens", "audio_tokens", "accepted_prediction_tokens",
        "rejected_prediction_tokens",
    }  # fmt: skip


def test_completion_ids_follow_from_the_seed() -> None:
    assert completion_id(1) == completion_id(1) != completion_id(2)
    assert len(completion_id(1)) == len("chatcmpl-") + 29


def drawn(**fields: Any) -> ChatResult:
    job = Job(Brief("a fox", "m", 64, 64), Encoding(fields.pop("form", "png")))
    return ChatResult((Choice("Here.", drawings=(job, job), **fields),), ChatUsage(1, 2), "m")


def test_pictures_travel_as_data_urls() -> None:
    first, second = body(drawn(), HEAD)["choices"][0]["message"]["images"]
    assert first == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,@chatcmpl-x.0@"},
    }
    assert second["image_url"]["url"].endswith(",@chatcmpl-x.1@")


@pytest.mark.parametrize(("form", "kind"), [("jpeg", "jpeg"), ("webp", "webp"), ("svg", "svg+xml")])
def test_the_format_tells_a_pictures_type(form: str, kind: str) -> None:
    part = body(drawn(form=form), HEAD)["choices"][0]["message"]["images"][0]
    assert part["image_url"]["url"].startswith(f"data:image/{kind};base64,")


def test_a_stream_carries_each_picture_in_a_delta_of_its_own() -> None:
    frames = chunks(drawn(), HEAD, {}, seed=1, pictures=[b"AAAA", b"BBBB"])
    deltas = [json.loads(frame[6:])["choices"][0]["delta"] for frame in frames[:-1]]
    urls = [d["images"][0]["image_url"]["url"] for d in deltas if "images" in d]
    assert urls == ["data:image/png;base64,AAAA", "data:image/png;base64,BBBB"]


GATEWAY = ChatStyle(
    body_keys=("id", "object", "created", "model", "choices", "usage"),
    chunk_keys=("id", "object", "created", "model", "system_fingerprint"),
    obfuscate=False,
    usage_on_finish=True,
    bare_role=True,
    annotations=False,
    null_logprobs=True,
    extra={"generationId": "gen_1"},
    extra_message={"provider_metadata": {"a": 1}},
    extra_last_delta={"provider_metadata": {"a": 1}},
    usage=lambda usage: {"total_tokens": usage.total_tokens},
)
"""A style as a gateway might have it: everything that can differ does."""


def test_another_style_changes_the_body() -> None:
    found = body(drawn(), HEAD, GATEWAY)
    assert list(found) == [*GATEWAY.body_keys, "generationId"]
    assert found["usage"] == {"total_tokens": 3}
    assert list(found["choices"][0]["message"])[-1] == "provider_metadata"


def test_another_style_changes_the_stream() -> None:
    frames = chunks(drawn(), HEAD, {}, seed=1, style=GATEWAY)
    events = [json.loads(frame[6:]) for frame in frames[:-1]]
    assert events[0]["choices"][0]["delta"] == {"role": "assistant"}
    assert list(events[-2]["choices"][0]["delta"]) == ["images"]
    assert events[-1]["choices"][0]["delta"] == {"provider_metadata": {"a": 1}}
    assert events[-1]["usage"] == {"total_tokens": 3}
    assert all(event["generationId"] == "gen_1" for event in events)


PARAMS = st.fixed_dictionaries(
    {
        "messages": st.sampled_from(
            ["Weather in Paris and London?", "Hello, answer in JSON", "Say it 😀", "run_shell `ls`",
             "[[safelight:refusal]]", ""]
        ).map(lambda text: [{"role": "user", "content": text}]),
    },
    optional={
        "n": st.integers(1, 4),
        "max_completion_tokens": st.integers(0, 30),
        "stop": st.sampled_from([None, "a", ["is", "e"]]),
        "logprobs": st.booleans(),
        "top_logprobs": st.integers(0, 3),
        "tools": st.just([WEATHER, SHELL]),
        "functions": st.just([WEATHER["function"]]),
        "parallel_tool_calls": st.booleans(),
        "response_format": st.sampled_from(
            [
                {"type": "text"},
                {"type": "json_object"},
                {"type": "json_schema", "json_schema": {"name": "x", "schema": closed(a={})}},
            ]
        ),
        "moderation": st.just({"model": "judge"}),
        "service_tier": st.sampled_from(["auto", "fast", "flex"]),
        "metadata": st.just({"k": "v"}),
        "store": st.booleans(),
        "reasoning_effort": st.sampled_from(["none", "low", "high"]),
        "stream_options": st.fixed_dictionaries(
            {}, optional={"include_usage": st.booleans(), "include_obfuscation": st.booleans()}
        ),
    },
)  # fmt: skip


@settings(max_examples=200)
@given(PARAMS, st.sampled_from([{}, REASONING]), st.integers(0, 1 << 64))
def test_every_body_and_chunk_is_what_the_schemas_promise(
    params: dict[str, Any],
    traits: dict[str, Any],
    seed: int,
) -> None:
    result = ask(**params, lenient=True, traits=traits)
    document = orjson.loads(orjson.dumps(body(result, HEAD)))
    assert REPLY.violations(document) == []
    for frame in chunks(result, HEAD, params, seed=seed)[:-1]:
        assert EVENT.violations(orjson.loads(frame[6:])) == [], frame


@settings(max_examples=100)
@given(PARAMS, st.integers(0, 1 << 64))
def test_a_stream_says_what_the_body_says(params: dict[str, Any], seed: int) -> None:
    result = ask(**params, lenient=True)
    said = ["" for _ in result.choices]
    for frame in chunks(result, HEAD, params, seed=seed)[:-1]:
        for event in orjson.loads(frame[6:])["choices"]:
            delta = event["delta"]
            said[event["index"]] += delta.get("content") or delta.get("refusal") or ""
    assert said == [choice.text or choice.refusal or "" for choice in result.choices]


def test_the_canonical_style_is_the_default() -> None:
    assert body(ask(), HEAD) == body(ask(), HEAD, CANONICAL)
