"""Together.ai's chat and control plane in process: shapes as recorded, as its schemas say."""

from __future__ import annotations

import json
from typing import Any

import kit
import pytest
from safelight.core import Emulator
from safelight.schemas import load

LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
HELLO = {"role": "user", "content": "Reply with exactly: Hello!"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
PARIS = {"role": "user", "content": "Call get_weather with city exactly Paris."}
V2 = "/together/v2"


def ask(emulator: Emulator | None = None, **fields: Any) -> Any:
    body = {"model": LLAMA, "messages": [HELLO], **fields}
    return kit.post(emulator or kit.emulator(), "/together/v1/chat/completions", body)


def said(**fields: Any) -> dict[str, Any]:
    reply = kit.parsed(ask(**fields))
    assert load("together", "chat.create.reply").check(reply) is None
    found: dict[str, Any] = reply
    return found


def frames(**fields: Any) -> list[dict[str, Any]]:
    reply = ask(stream=True, **fields)
    assert kit.header(reply, "content-type") == "text/event-stream;charset=utf-8"
    *events, done = b"".join(chunk.data for chunk in reply.chunks or ()).split(b"\n\n")[:-1]
    assert done == b"data: [DONE]"
    found = [json.loads(event.removeprefix(b"data: ")) for event in events]
    schema = load("together", "chat.create.event")
    assert [v for event in found for v in schema.violations(event)] == []
    return found


def test_an_answer_carries_an_empty_prompt_and_a_seed() -> None:
    reply = said()
    assert reply["prompt"] == []
    assert reply["choices"][0]["message"] == {"role": "assistant", "content": "Hello!"}
    assert reply["choices"][0]["seed"] > 0
    assert "cached_tokens" in reply["usage"]


def test_the_prompt_comes_back_when_it_is_to_be_echoed() -> None:
    assert said(echo=True)["prompt"] == [{"text": HELLO["content"]}]
    (echoed,) = said(echo=True, logprobs=2)["prompt"]
    assert "".join(echoed["logprobs"]["tokens"]) == HELLO["content"]


def test_logprobs_are_asked_for_by_number() -> None:
    logprobs = said(logprobs=3)["choices"][0]["logprobs"]
    assert "".join(logprobs["tokens"]) == "Hello!"
    assert len(logprobs["token_ids"]) == len(logprobs["token_logprobs"]) == len(logprobs["tokens"])
    assert said(logprobs=0)["choices"][0]["logprobs"] is None


def test_a_request_s_own_seed_is_the_answer_s() -> None:
    assert said(seed=42)["choices"][0]["seed"] == 42


def test_n_answers_and_a_stop() -> None:
    assert len(said(n=3)["choices"]) == 3
    assert said(stop="!")["choices"][0]["message"]["content"] == "Hello"
    assert said(stop=["llo"])["choices"][0]["message"]["content"] == "He"


def test_a_tool_is_called_by_its_bare_name() -> None:
    choice = said(messages=[PARIS], tools=[WEATHER], tool_choice="get_weather")["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert (call["index"], call["function"]["name"]) == (0, "get_weather")
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}
    assert choice["finish_reason"] == "tool_calls"


def test_json_is_given_without_the_word() -> None:
    content = said(response_format={"type": "json_object"})["choices"][0]["message"]["content"]
    assert isinstance(json.loads(content), dict)


def test_a_conversation_may_be_cut_to_the_context() -> None:
    long = {"role": "user", "content": "word " * 140_000}
    assert ask(messages=[long]).status == 400
    assert ask(messages=[long], context_length_exceeded_behavior="truncate").status == 200


def test_a_text_stream_has_the_recorded_shape() -> None:
    events = frames(stream_options={"include_usage": True})
    assert [e["choices"][0]["text"] for e in events] == ["Hello", "!", ""]
    assert list(events[0]) == ["id", "object", "created", "choices", "model", "usage"]
    assert list(events[0]["choices"][0]) == [
        "index", "text", "logprobs", "finish_reason", "seed", "delta",
    ]  # fmt: skip
    assert list(events[0]["choices"][0]["delta"]) == ["token_id", "role", "content"]
    assert [e["usage"] for e in events[:2]] == [None, None]


def test_the_last_chunk_carries_reason_seed_and_usage_together() -> None:
    last = frames()[-1]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["choices"][0]["delta"] == {"token_id": 128009, "role": "assistant", "content": ""}
    assert last["usage"]["total_tokens"] > 0


def test_a_tool_stream_has_the_recorded_shape() -> None:
    choice = {"type": "function", "function": {"name": "get_weather"}}
    events = frames(messages=[PARIS], tools=[WEATHER], tool_choice=choice)
    choices = [event["choices"][0] for event in events]
    assert ["usage" in event for event in events] == [False, False, False, True]
    assert [c["finish_reason"] for c in choices] == [None, None, "tool_calls", "tool_calls"]
    assert choices[0]["role"] == "assistant"
    begun, rest = (c["delta"]["tool_calls"][0] for c in choices[1:3])
    assert (begun["function"]["arguments"], list(rest)) == ("", ["index", "function"])
    assert json.loads(rest["function"]["arguments"]) == {"city": "Paris"}


def test_a_stream_says_what_the_body_says() -> None:
    fields = {"messages": [{"role": "user", "content": "Tell me about lamps"}], "n": 2}
    told = ["", ""]
    for event in frames(**fields):
        told[event["choices"][0]["index"]] += event["choices"][0]["delta"]["content"]
    assert told == [choice["message"]["content"] for choice in said(**fields)["choices"]]


def test_supported_models_are_searched_and_paged() -> None:
    emulator = kit.emulator()

    def page(query: str) -> Any:
        request = kit.Request("GET", f"{V2}/supported-models", query=query, headers=(kit.KEY,))
        return kit.parsed(emulator.respond(request))

    found = page("search=kontext&limit=2")
    after = page(f"search=kontext&after={found['next_cursor']}")
    names = [entry["name"] for entry in found["data"] + after["data"]]
    assert names == [f"black-forest-labs/FLUX.1-kontext-{k}" for k in ("pro", "max", "dev")]
    assert page("product=PRODUCT_DEDICATED")["data"][0]["displayType"] == "chat"
    assert page("modality=MODALITY_AUDIO")["data"] == []


def test_a_project_s_model_is_registered_changed_listed_and_deleted() -> None:
    emulator = kit.emulator()
    path = f"{V2}/projects/darkroom/models"
    body = {"name": "mine", "type": "model", "baseModelId": "base"}
    made = kit.parsed(kit.post(emulator, path, body))
    assert made["name"] == "darkroom/mine"
    one = f"{path}/{made['id']}"
    patch = kit.Request(
        "PATCH", one, headers=(kit.KEY, ("content-type", "application/json")), body=b'{"name":"x"}'
    )
    assert kit.parsed(emulator.respond(patch))["name"] == "x"
    assert [m["name"] for m in kit.parsed(kit.get(emulator, path))["data"]] == ["x"]
    assert kit.parsed(kit.get(emulator, f"{one}/files"))["data"] == []
    assert kit.parsed(kit.get(emulator, one, "DELETE")) == {}
    assert kit.get(emulator, one).status == 404


def test_an_import_is_done_at_once() -> None:
    emulator = kit.emulator()
    path = f"{V2}/projects/darkroom/models/uploads"
    job = kit.parsed(kit.post(emulator, path, {"modelId": "m", "remoteUrl": "https://x/y"}))
    assert kit.parsed(kit.get(emulator, f"{path}/{job['id']}")) == job
    (event,) = kit.parsed(kit.get(emulator, f"{path}/{job['id']}/events"))["data"]
    assert event["level"] == "LEVEL_INFO"
    assert kit.parsed(kit.get(emulator, path))["data"] == [job]


@pytest.mark.parametrize("other", ["projects/other/models", "projects/darkroom/configs"])
def test_a_list_holds_what_belongs_to_it(other: str) -> None:
    emulator = kit.emulator()
    body = {"name": "mine", "type": "model", "baseModelId": "base"}
    kit.post(emulator, f"{V2}/projects/darkroom/models", body)
    assert kit.parsed(kit.get(emulator, f"{V2}/{other}"))["data"] == []
    assert len(kit.parsed(kit.get(emulator, f"{V2}/organizations/o/models"))["data"]) == 1
