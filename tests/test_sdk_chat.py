"""openai-python talks chat over a real socket: blocking, with asyncio, strict about every reply."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import openai
import pytest
from clients.driver import Driver, drawn
from pydantic import BaseModel

pytest_plugins = ["clients.fixtures"]

CLASSIC, REASONING = "gpt-4o-mini", "gpt-5.6-terra"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class Scene(BaseModel):
    """What the model is asked to answer with."""

    subject: str
    colors: list[str]
    indoors: bool


def said(text: Any) -> list[Any]:
    return [{"role": "user", "content": text}]


def chat(sdk: Driver, text: Any = "Tell me of red foxes", **fields: Any) -> Any:
    fields = {"model": CLASSIC, "messages": said(text), **fields}
    return sdk.call(lambda c: c.chat.completions.create(**fields))


def streamed(sdk: Driver, text: Any = "Tell me of red foxes", **fields: Any) -> list[Any]:
    fields = {"model": CLASSIC, "messages": said(text), "stream": True, **fields}
    return sdk.events(lambda c: c.chat.completions.create(**fields))


@pytest.mark.parametrize("model", [CLASSIC, REASONING])
def test_an_answer_is_whole(sdk: Driver, model: str) -> None:
    reply = chat(sdk, model=model)
    (choice,) = reply.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    assert "foxes" in choice.message.content
    spent = reply.usage
    assert spent.total_tokens == spent.prompt_tokens + spent.completion_tokens
    assert reply.id.startswith("chatcmpl-")
    assert (len(reply.id), reply.object) == (38, "chat.completion")


def test_several_choices_count_the_prompt_once(sdk: Driver) -> None:
    one, two = chat(sdk), chat(sdk, n=2)
    assert [choice.index for choice in two.choices] == [0, 1]
    assert two.usage.prompt_tokens == one.usage.prompt_tokens


@pytest.mark.parametrize("model", [CLASSIC, REASONING])
def test_a_stream_says_what_a_body_says(sdk: Driver, model: str) -> None:
    chunks = streamed(sdk, model=model, stream_options={"include_usage": True})
    first, last = chunks[0], chunks[-1]
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert (last.choices, last.usage.total_tokens) == (
        [],
        chat(sdk, model=model).usage.total_tokens,
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks[:-1])
    assert text == chat(sdk, model=model).choices[0].message.content
    assert len({(c.id, c.created, c.model) for c in chunks}) == 1


def test_a_tool_is_called_when_it_fits(sdk: Driver) -> None:
    reply = chat(sdk, "What is the weather in Oslo?", tools=[WEATHER])
    (call,) = reply.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == (
        "get_weather",
        {"city": "Oslo"},
    )
    assert (reply.choices[0].finish_reason, reply.choices[0].message.content) == (
        "tool_calls",
        None,
    )


def test_a_forced_tool_stops(sdk: Driver) -> None:
    forced = {"type": "function", "function": {"name": "get_weather"}}
    reply = chat(sdk, "hello", tools=[WEATHER], tool_choice=forced)
    assert reply.choices[0].message.tool_calls[0].function.name == "get_weather"
    assert reply.choices[0].finish_reason == "stop"


def test_parallel_calls_stream_in_pieces(sdk: Driver) -> None:
    messages = said("What is the weather in Oslo and Rome?")
    fields = {"model": CLASSIC, "messages": messages, "tools": [WEATHER]}
    _, whole = sdk.managed(lambda c: c.chat.completions.stream(**fields))
    calls = whole.choices[0].message.tool_calls
    assert [json.loads(c.function.arguments)["city"] for c in calls] == ["Oslo", "Rome"]
    assert len({call.id for call in calls}) == 2


def test_a_whole_tool_turn_ends_in_text(sdk: Driver) -> None:
    call = chat(sdk, "What is the weather in Oslo?", tools=[WEATHER]).choices[0].message
    result = {"role": "tool", "tool_call_id": call.tool_calls[0].id, "content": "12 degrees, rain"}
    turn = [*said("What is the weather in Oslo?"), call, result]
    reply = chat(sdk, messages=turn, tools=[WEATHER])
    assert "12 degrees" in reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"


def test_structured_output_parses_into_the_users_class(sdk: Driver) -> None:
    fields = {"model": CLASSIC, "messages": said("A cat by the sea"), "response_format": Scene}
    reply = sdk.call(lambda c: c.chat.completions.parse(**fields))
    assert isinstance(reply.choices[0].message.parsed, Scene)
    events, whole = sdk.managed(lambda c: c.chat.completions.stream(**fields))
    assert whole.choices[0].message.parsed == reply.choices[0].message.parsed
    assert [event.type for event in events][-1] == "content.done"


def test_json_mode_answers_json(sdk: Driver) -> None:
    reply = chat(sdk, "Answer in JSON: which fox?", response_format={"type": "json_object"})
    assert isinstance(json.loads(reply.choices[0].message.content), dict)


def test_logprobs_spell_the_answer(sdk: Driver) -> None:
    (choice,) = chat(sdk, logprobs=True, top_logprobs=2).choices
    assert "".join(item.token for item in choice.logprobs.content) == choice.message.content
    assert {len(item.top_logprobs) for item in choice.logprobs.content} == {2}
    chunks = streamed(sdk, logprobs=True)
    items = [i for c in chunks if (found := c.choices[0].logprobs) for i in found.content]
    assert "".join(item.token for item in items) == choice.message.content


def test_a_token_limit_cuts(sdk: Driver) -> None:
    reply = chat(sdk, max_completion_tokens=3)
    assert (reply.choices[0].finish_reason, reply.usage.completion_tokens) == ("length", 3)


def test_a_picture_is_looked_at(sdk: Driver) -> None:
    url = "data:image/png;base64," + b64encode(drawn((320, 200))).decode()
    picture = {"type": "image_url", "image_url": {"url": url}}
    content = [{"type": "text", "text": "What is this?"}, picture]
    raw = sdk.call(
        lambda c: c.chat.completions.with_raw_response.create(model=CLASSIC, messages=said(content))
    )
    text = raw.parse().choices[0].message.content
    assert "320" in text
    assert "200" in text
    assert raw.headers["x-ratelimit-remaining-input-images"].isdigit()


def test_raw_replies_carry_rate_limits(sdk: Driver) -> None:
    ask = {"model": CLASSIC, "messages": said("hi")}
    raw = sdk.call(lambda c: c.chat.completions.with_raw_response.create(**ask))
    limits = {name for name in raw.headers if name.startswith("x-ratelimit")}
    kinds, things = ("limit", "remaining", "reset"), ("requests", "tokens")
    assert limits == {f"x-ratelimit-{kind}-{thing}" for kind in kinds for thing in things}
    assert raw.headers["x-request-id"] == raw.parse()._request_id


def test_a_bad_request_names_its_field(sdk: Driver) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat(sdk, temperature=9)
    assert (caught.value.code, caught.value.param) == ("decimal_above_max_value", "temperature")
    text = "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 9"
    assert caught.value.body["message"].startswith(text)
    assert len(sdk.sent) == 1


def test_stored_answers_can_be_read_changed_and_deleted(connect: Callable[..., Driver]) -> None:
    sdk = connect()
    kept = chat(sdk, store=True, metadata={"run": "1"})
    read = sdk.call(lambda c: c.chat.completions.retrieve(kept.id))
    assert read.choices == kept.choices
    sdk.call(lambda c: c.chat.completions.update(kept.id, metadata={"run": "2"}))
    assert kept.id in [one.id for one in sdk.events(lambda c: c.chat.completions.list())]
    assert sdk.call(lambda c: c.chat.completions.delete(kept.id)).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.call(lambda c: c.chat.completions.retrieve(kept.id))
