"""Vercel AI Gateway's chat: the recorded shapes, pictures in message and delta, costs, thoughts."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.messages import Reply
from safelight.schemas import load

PATH = "/vercel/v1/chat/completions"
GEMINI, NANO = "google/gemini-3-pro-image", "openai/gpt-4.1-nano"
BODY, EVENT = load("vercel", "chat.create.reply"), load("vercel", "chat.create.event")
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def send(model: str, *messages: Any, **body: Any) -> Reply:
    turns = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    return kit.post(kit.emulator(), PATH, {"model": model, "messages": turns, **body})


def whole(model: str, *messages: Any, **body: Any) -> Any:
    found = kit.parsed(send(model, *messages, **body))
    assert BODY.check(found) is None, BODY.check(found)
    return found


def streamed(model: str, *messages: Any, **body: Any) -> list[Any]:
    """Return the events of a stream, each of which our own schema accepts; `[DONE]` ends it."""
    reply = send(model, *messages, stream=True, **body)
    assert dict(reply.headers)["content-type"] == "text/event-stream"
    frames = b"".join(chunk.data for chunk in reply.chunks or ()).split(b"\n\n")
    assert frames[-2:] == [b"data: [DONE]", b""]
    events = [json.loads(frame.removeprefix(b"data: ")) for frame in frames[:-2]]
    assert [EVENT.check(event) for event in events] == [None] * len(events)
    return events


def deltas(events: list[Any]) -> list[Any]:
    return [event["choices"][0]["delta"] for event in events]


def pictures(parts: list[Any]) -> list[Any]:
    links = [part["image_url"]["url"].partition(",") for part in parts]
    assert {link[0] for link in links} == {"data:image/png;base64"}
    return [kit.opened(base64.b64decode(link[2], validate=True)) for link in links]


def test_an_answer_has_the_recorded_keys() -> None:
    found = whole(NANO, "Hello")
    assert list(found)[:6] == ["id", "object", "created", "model", "choices", "usage"]
    assert found["id"] == found["generationId"]
    assert found["model"] == NANO
    assert list(found["choices"][0]["message"]) == ["role", "content", "provider_metadata"]
    assert found["choices"][0]["logprobs"] is None


def test_costs_are_numbers_in_usage_and_texts_in_the_metadata() -> None:
    found = whole(NANO, "Hello")
    gateway = found["choices"][0]["message"]["provider_metadata"]["gateway"]
    usage = found["usage"]
    assert Decimal(gateway["cost"]) == Decimal(str(usage["cost"])) > 0
    parts = usage["cost_details"]
    assert usage["cost"] == pytest.approx(
        parts["upstream_inference_prompt_cost"] + parts["upstream_inference_completions_cost"]
    )
    assert gateway["generationId"] == found["id"]


def test_a_wish_brings_pictures_in_the_message() -> None:
    message = whole(GEMINI, "Draw two versions of a fox")["choices"][0]["message"]
    first, second = pictures(message["images"])
    assert message["content"]
    assert first.size == second.size == (1024, 1024)
    assert first.tobytes() != second.tobytes()


def test_talk_brings_no_pictures() -> None:
    assert "images" not in whole(GEMINI, "Hello")["choices"][0]["message"]


def test_modalities_and_response_modalities_bring_pictures() -> None:
    by_field = whole(GEMINI, "A fox", modalities=["text", "image"])
    google = {"responseModalities": ["TEXT", "IMAGE"]}
    by_option = whole(GEMINI, "A fox", providerOptions={"google": google})
    for found in (by_field, by_option):
        assert len(found["choices"][0]["message"]["images"]) == 1


def test_the_image_config_shapes_the_picture() -> None:
    options = {"google": {"imageConfig": {"aspectRatio": "16:9"}}}
    (wide,) = pictures(
        whole(GEMINI, "Draw a fox", providerOptions=options)["choices"][0]["message"]["images"]
    )
    assert abs(wide.width / wide.height - 16 / 9) < 0.02


def test_a_picture_file_is_changed() -> None:
    data = base64.b64encode(kit.png(200, 100, color="red")).decode()
    file = {"type": "file", "file": {"data": data, "media_type": "image/png", "filename": "a.png"}}
    turn = {"role": "user", "content": [{"type": "text", "text": "Make it blue"}, file]}
    (made,) = pictures(whole(GEMINI, turn)["choices"][0]["message"]["images"])
    assert made.size == (200, 100)


def test_a_conversation_goes_on_from_its_last_picture() -> None:
    first = whole(GEMINI, "Draw a fox")["choices"][0]["message"]
    turn = {"role": "assistant", "content": first["content"], "images": first["images"]}
    found = whole(GEMINI, "Draw a fox", turn, "Now add a hat")
    second = found["choices"][0]["message"]
    assert "changed" in second["content"]
    assert second["images"] != first["images"]
    assert found["usage"]["completion_tokens_details"]["image_tokens"] == 1120


def test_a_stream_has_the_recorded_order() -> None:
    events = streamed(NANO, "Hello")
    first, *middle, last = events
    assert deltas(events)[0] == {"role": "assistant"}
    assert all(list(delta) == ["content"] for delta in deltas(middle))
    assert first["choices"][0]["finish_reason"] is None
    assert list(deltas([last])[0]) == ["provider_metadata"]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["total_tokens"] > 0
    assert last["generationId"] == last["id"]
    assert not any("usage" in event or "generationId" in event for event in [first, *middle])


def test_stream_and_answer_say_the_same() -> None:
    found = whole(GEMINI, "Draw two foxes in two pictures")["choices"][0]["message"]
    told = deltas(streamed(GEMINI, "Draw two foxes in two pictures"))
    assert "".join(delta.get("content", "") for delta in told) == found["content"]
    assert [part for delta in told for part in delta.get("images", [])] == found["images"]


def test_each_picture_streams_whole_in_a_delta_of_its_own() -> None:
    told = deltas(streamed(GEMINI, "Draw three versions of a fox"))
    shown = [delta["images"] for delta in told if "images" in delta]
    assert [len(images) for images in shown] == [1, 1, 1]
    assert all(list(delta) == ["images"] for delta in told if "images" in delta)


def test_a_tool_call_streams_after_the_role() -> None:
    told = deltas(streamed(NANO, "What is the weather in Rome?", tools=[TOOL]))
    start = told[1]["tool_calls"][0]
    assert told[0] == {"role": "assistant"}
    assert (start["function"]["name"], start["function"]["arguments"]) == ("get_weather", "")
    arguments = [d["tool_calls"][0]["function"]["arguments"] for d in told[2:-1]]
    assert json.loads("".join(arguments)) == {"city": "Rome"}


def test_a_tool_call_has_no_content() -> None:
    choice = whole(NANO, "What is the weather in Rome?", tools=[TOOL])["choices"][0]
    assert choice["message"]["content"] is None
    assert choice["finish_reason"] == "tool_calls"


def test_thoughts_come_when_asked_for_and_are_counted() -> None:
    effort = {"reasoning": {"effort": "low"}}
    found = whole("openai/gpt-5", "Hello", **effort)
    message = found["choices"][0]["message"]
    assert "Hello" in message["reasoning"]
    assert message["reasoning_details"][0]["text"] == message["reasoning"]
    assert found["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    told = deltas(streamed("openai/gpt-5", "Hello", **effort))
    assert "".join(delta.get("reasoning", "") for delta in told) == message["reasoning"]
    assert list(told[1]) == ["reasoning", "reasoning_details"]


def test_thoughts_can_be_kept_back() -> None:
    found = whole("openai/gpt-5", "Hello", reasoning={"effort": "low", "exclude": True})
    assert "reasoning" not in found["choices"][0]["message"]
    assert found["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert "reasoning" not in whole("openai/gpt-5", "Hello")["choices"][0]["message"]


def test_the_gateways_own_json_format_follows_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
        "additionalProperties": False,
    }
    found = whole(NANO, "Invent a fox", response_format={"type": "json", "schema": schema})
    assert list(json.loads(found["choices"][0]["message"]["content"])) == ["name"]


def test_routing_may_be_told_in_short() -> None:
    found = whole(GEMINI, "Hello", provider={"order": ["google"]})
    routing = found["choices"][0]["message"]["provider_metadata"]["gateway"]["routing"]
    assert routing["finalProvider"] == "google"
    assert "google(system) → vertex(system)" in routing["planningReasoning"]


def test_unknown_fields_are_accepted() -> None:
    assert whole(NANO, "Hello", transforms=["x"], cache_control={"type": "ephemeral"})["choices"]


def test_openai_models_tell_their_service_tier() -> None:
    asked = {"service_tier": "priority"}
    assert whole(NANO, "Hello", **asked)["service_tier"] == "priority"
    assert streamed(NANO, "Hello", **asked)[-1]["service_tier"] == "priority"
    assert "service_tier" not in whole(GEMINI, "Hello")


def test_a_key_of_ones_own_is_told_of() -> None:
    own = {"gateway": {"byok": {"openai": [{"apiKey": "k"}]}}}
    found = whole(NANO, "Hello", providerOptions=own)
    gateway = found["choices"][0]["message"]["provider_metadata"]["gateway"]
    attempt = gateway["routing"]["modelAttempts"][0]["providerAttempts"][0]
    assert attempt["credentialType"] == "byok"
    assert found["usage"]["is_byok"] is True


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "images", "type", "image_url", "file", "reasoning"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
LENIENT = kit.emulator(lenient=True)


@given(st.lists(JUNK, min_size=1, max_size=3), JUNK, JUNK)
@settings(max_examples=80, deadline=None)
def test_lenient_never_fails_on_a_wild_conversation(
    messages: list[Any], reasoning: Any, options: Any
) -> None:
    body = {
        "model": GEMINI,
        "messages": messages,
        "reasoning": reasoning,
        "providerOptions": options,
        "modalities": ["text"],
    }
    assert kit.post(LENIENT, PATH, body).status in (200, 400)
