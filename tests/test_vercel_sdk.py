"""The AI SDK's own protocol: three generations of shapes, chosen by the path (wire facts B)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from aisdk import DRAW, DRAWER, PATHS, TALKER, image, language, parts, payload, send, user
from hypothesis import given
from hypothesis import strategies as st
from kit import emulator, error, get, opened, parsed
from safelight.dialects import load_dialect
from safelight.messages import Request

SPECS = [2, 3, 4]
EMU = emulator()
MODELS = load_dialect("vercel").provider.catalog.models
TALKERS = [m.id for m in MODELS if "chat.create" in m.operations]
PAINTERS = [m.id for m in MODELS if m.operations[0] == "images.generate"]


@pytest.mark.parametrize("model", TALKERS)
@pytest.mark.parametrize("spec", SPECS)
def test_every_language_model_answers(spec: int, model: str) -> None:
    answer = parsed(language(EMU, spec, "How are you?", model=model))
    assert [part["type"] for part in answer["content"]] == ["text"]
    assert answer["warnings"] == []
    assert answer["providerMetadata"]["gateway"]["routing"]["originalModelId"] == model


@pytest.mark.parametrize("model", PAINTERS)
def test_every_image_model_paints(model: str) -> None:
    reply = parsed(image(EMU, 3, model=model, prompt="A boat", providerOptions={}))
    picture = opened(base64.b64decode(reply["images"][0], validate=True))
    assert min(picture.size) >= 256
    assert len(reply["images"]) == 1


@pytest.mark.parametrize("spec", SPECS)
def test_a_whole_answer_and_its_stream_say_the_same(spec: int) -> None:
    whole = parsed(language(emulator(), spec, "Draw two versions of a fox", model=DRAWER))
    streamed = parts(
        language(emulator(), spec, "Draw two versions of a fox", model=DRAWER, stream=True)
    )
    said = "".join(part["delta"] for part in streamed if part["type"] == "text-delta")
    files = [part for part in streamed if part["type"] == "file"]
    assert [{"type": "text", "text": said}, *files] == whole["content"]
    assert streamed[-1] == {
        "type": "finish",
        **{key: whole[key] for key in ("finishReason", "usage", "providerMetadata")},
    }


@pytest.mark.parametrize("spec", SPECS)
def test_every_delta_stands_between_its_start_and_end(spec: int) -> None:
    streamed = parts(language(EMU, spec, "Say hello", stream=True))
    kinds = [part["type"] for part in streamed]
    assert kinds[:3] == ["stream-start", "response-metadata", "text-start"]
    assert kinds[-2:] == ["text-end", "finish"]
    assert set(kinds[3:-2]) == {"text-delta"}
    assert {part["id"] for part in streamed[2:-1]} == {"0"}


def test_the_first_content_part_names_the_generation() -> None:
    streamed = parts(language(EMU, 4, "Say hello", stream=True))
    told = streamed[-1]["providerMetadata"]["gateway"]["generationId"]
    assert streamed[2]["providerMetadata"]["gateway"]["generationId"] == told
    assert streamed[1]["id"] == told


def test_the_second_generation_is_flat() -> None:
    answer = parsed(language(EMU, 2, "Say hello"))
    assert answer["finishReason"] == "stop"
    assert set(answer["usage"]) == {
        "inputTokens", "outputTokens", "totalTokens", "reasoningTokens", "cachedInputTokens",
    }  # fmt: skip
    assert answer["usage"]["totalTokens"] == (
        answer["usage"]["inputTokens"] + answer["usage"]["outputTokens"]
    )


@pytest.mark.parametrize("spec", [3, 4])
def test_the_later_generations_are_nested(spec: int) -> None:
    flat = parsed(language(emulator(), 2, "Say hello"))["usage"]
    answer = parsed(language(emulator(), spec, "Say hello"))
    assert answer["finishReason"] == {"unified": "stop", "raw": "stop"}
    assert answer["usage"]["inputTokens"]["total"] == flat["inputTokens"]
    assert answer["usage"]["outputTokens"]["total"] == flat["outputTokens"]


@pytest.mark.parametrize("spec", SPECS)
def test_a_file_is_bare_base64_and_tagged_since_the_fourth(spec: int) -> None:
    answer = parsed(language(EMU, spec, "a fox", model=DRAWER, providerOptions=DRAW))
    text, picture = answer["content"]
    assert text["type"] == "text"
    assert isinstance(picture["data"], dict if spec == 4 else str)
    assert picture["mediaType"] == "image/png"
    assert opened(payload(picture)).format == "PNG"


def test_the_path_decides_and_not_the_header() -> None:
    reply = send(
        EMU,
        "/vercel/v1/ai/language-model",
        {"prompt": [user("Hi")]},
        ai_language_model_specification_version="3",
        ai_language_model_id=TALKER,
    )
    assert parsed(reply)["finishReason"] == "stop"


def test_lenient_follows_the_header() -> None:
    reply = send(
        emulator(lenient=True),
        "/vercel/v1/ai/language-model",
        {"prompt": [user("Hi")]},
        ai_language_model_specification_version="3",
        ai_language_model_id=TALKER,
    )
    assert parsed(reply)["finishReason"] == {"unified": "stop", "raw": "stop"}


def test_only_the_header_switches_streaming() -> None:
    body = {"prompt": [user("Hi")], "stream": True, "model": "somebody/else"}
    reply = send(EMU, f"{PATHS[3]}/language-model", body, ai_language_model_id=TALKER)
    assert parsed(reply)["providerMetadata"]["gateway"]["routing"]["originalModelId"] == TALKER


def test_stray_keys_of_the_clients_are_tolerated() -> None:
    stray = {"headers": {"user-agent": "ai"}, "includeRawChunks": False, "another": [1]}
    assert language(EMU, 4, "Hi", toolChoice={"type": "auto"}, **stray).status == 200


def test_text_only_gets_no_picture() -> None:
    for options in ({}, {"google": {"responseModalities": ["TEXT"]}}):
        answer = parsed(language(EMU, 3, "What is a fox?", model=DRAWER, providerOptions=options))
        assert [part["type"] for part in answer["content"]] == ["text"]


def test_only_pictures_when_only_pictures_are_asked_for() -> None:
    options = {"google": {"responseModalities": ["IMAGE"]}}
    answer = parsed(language(EMU, 3, "A fox", model=DRAWER, providerOptions=options))
    assert [part["type"] for part in answer["content"]] == ["file"]


def test_settings_reach_the_answer() -> None:
    short = parsed(language(EMU, 3, "Tell me about foxes", maxOutputTokens=3))
    assert short["finishReason"] == {"unified": "length", "raw": "length"}
    assert short["usage"]["outputTokens"]["total"] == 3
    cut = parsed(language(EMU, 3, "Say one two three", model=DRAWER, stopSequences=[" two"]))
    assert cut["content"][0]["text"] == "one"


WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city",
    "inputSchema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_tool_is_called(spec: int) -> None:
    asked = {"tools": [WEATHER], "toolChoice": {"type": "tool", "toolName": "weather"}}
    answer = parsed(language(EMU, spec, "The weather in Paris?", **asked))
    (call,) = answer["content"]
    assert (call["type"], call["toolName"]) == ("tool-call", "weather")
    assert set(json.loads(call["input"])) == {"city"}
    reason = answer["finishReason"]
    assert (reason if spec == 2 else reason["unified"]) == "tool-calls"


def test_a_streamed_call_tells_its_input_piece_by_piece() -> None:
    asked = {"tools": [WEATHER], "toolChoice": {"type": "required"}}
    streamed = parts(language(EMU, 4, "The weather in Paris?", stream=True, **asked))
    kinds = [part["type"] for part in streamed[2:-1]]
    assert (kinds[0], kinds[-2:]) == ("tool-input-start", ["tool-input-end", "tool-call"])
    pieces = [part["delta"] for part in streamed if part["type"] == "tool-input-delta"]
    assert "".join(pieces) == streamed[-2]["input"]


def test_json_follows_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = parsed(language(EMU, 3, "A person", responseFormat={"type": "json", "schema": schema}))
    value = json.loads(answer["content"][0]["text"])
    assert (set(value), type(value["age"])) == ({"name", "age"}, int)


def test_json_without_a_schema_is_an_object() -> None:
    answer = parsed(language(EMU, 2, "A person", responseFormat={"type": "json"}))
    assert isinstance(json.loads(answer["content"][0]["text"]), dict)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (2, {"type": "unsupported-setting", "setting": "topK"}),
        (3, {"type": "unsupported", "feature": "topK"}),
        (4, {"type": "unsupported", "feature": "topK"}),
    ],
)
def test_a_setting_that_the_provider_lacks_is_warned_of(spec: int, told: Any) -> None:
    assert parsed(language(EMU, spec, "Hi", topK=3))["warnings"] == [told]
    assert parts(language(EMU, spec, "Hi", topK=3, stream=True))[0]["warnings"] == [told]
    assert parsed(language(EMU, spec, "Hi", model=DRAWER, topK=3))["warnings"] == []


TOOL = {"type": "provider", "id": "openai.image_generation", "name": "painter", "args": {}}


@pytest.mark.parametrize("spec", SPECS)
def test_a_drawing_tool_gives_its_picture_as_a_result(spec: int) -> None:
    kind = "provider-defined" if spec == 2 else "provider"
    tools = [{**TOOL, "type": kind, "args": {"size": "1536x1024", "outputFormat": "webp"}}]
    answer = parsed(language(EMU, spec, "Draw a fox", model="openai/gpt-5", tools=tools))
    call, result, text = answer["content"]
    assert (call["toolName"], call["providerExecuted"], text["type"]) == ("painter", True, "text")
    assert result["toolCallId"] == call["toolCallId"]
    picture = opened(base64.b64decode(result["result"]["result"], validate=True))
    assert (picture.format, picture.size) == ("WEBP", (1536, 1024))


def test_a_foreign_tool_is_left_alone_and_noted() -> None:
    emu = emulator()
    tools = [{"type": "provider", "id": "google.google_search", "name": "search", "args": {}}]
    assert parsed(language(emu, 3, "Hi", tools=tools))["warnings"] == []
    (exchange,) = emu._store.session("").journal
    assert exchange.notes == (
        "provider tool google.google_search: not emulated, it was never called",
    )


@pytest.mark.parametrize("spec", SPECS)
def test_config_lists_what_the_generation_knows(spec: int) -> None:
    models = parsed(get(EMU, f"{PATHS[spec]}/config"))["models"]
    assert {m["specification"]["specificationVersion"] for m in models} == {f"v{spec}"}
    assert {m["modelType"] for m in models} == {"embedding", "image", "language"}
    for model in models:
        pricing = model["pricing"] or {"input": "0", "output": "0"}
        assert {type(value) for value in pricing.values()} == {str}
    assert {m["id"] for m in models} == {m.id for m in MODELS}


def test_config_wants_a_key() -> None:
    reply = EMU.respond(Request("GET", "/vercel/v3/ai/config"))
    assert (reply.status, error(reply)["type"]) == (401, "authentication_error")


@given(st.text(max_size=40), st.sampled_from(SPECS), st.booleans())
def test_any_text_is_answered(text: str, spec: int, stream: bool) -> None:  # noqa: FBT001 - drawn
    reply = language(EMU, spec, text, stream=stream)
    assert reply.status == 200
    told = parts(reply)[-1] if stream else parsed(reply)
    assert told["usage"]


def test_the_same_request_draws_the_same_picture() -> None:
    first, second = (language(emulator(), 4, "Draw a fox", model=DRAWER) for _ in range(2))
    assert first.body == second.body
    other = language(emulator(seed=1), 4, "Draw a fox", model=DRAWER)
    assert parsed(first)["content"][1] != parsed(other)["content"][1]
