"""The real client reads our streams: openai-python over a transport in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from kit import KEY, emulator
from openai import APIError, BadRequestError, OpenAI
from pydantic import BaseModel
from safelight.messages import Request
from test_chat_tools import TIME, WEATHER

USER: list[Any] = [{"role": "user", "content": "What's the weather in Paris and London?"}]
MODEL = "gpt-4o-mini"


def client_of(handler: Any) -> OpenAI:
    transport = httpx2.MockTransport(handler)
    http = httpx2.Client(transport=transport)
    return OpenAI(api_key="sk-test", base_url="http://test/v1", http_client=http, max_retries=0)


@pytest.fixture(name="client")
def _client() -> Iterator[OpenAI]:
    emu = emulator()

    def answer(request: httpx2.Request) -> httpx2.Response:
        headers = (KEY, ("content-type", request.headers["content-type"]))
        asked = Request(request.method, request.url.path, headers=headers, body=request.content)
        reply = emu.respond(asked)
        body = reply.body or b"".join(chunk.data for chunk in reply.chunks or ())
        return httpx2.Response(reply.status, headers=list(reply.headers), content=body)

    with client_of(answer) as client:
        yield client


def test_the_client_reads_a_stream_to_its_end(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL, messages=USER, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "Paris" in "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens > 10


def test_the_clients_accumulator_rebuilds_parallel_calls(client: OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=USER, tools=[WEATHER]) as stream:
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    assert [json.loads(c.function.arguments)["city"] for c in message.tool_calls or ()] == [
        "Paris",
        "London",
    ]


def test_the_accumulated_stream_is_the_body(client: OpenAI) -> None:
    asked: Any = {"model": MODEL, "messages": USER, "n": 2, "logprobs": True, "top_logprobs": 2}
    with client.chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion()
    whole = client.chat.completions.create(**asked)
    for one, two in zip(streamed.choices, whole.choices, strict=True):
        assert one.message.content == two.message.content
        assert one.finish_reason == two.finish_reason
        assert one.logprobs is not None
        assert two.logprobs is not None
        assert [i.token for i in one.logprobs.content or ()] == [
            i.token for i in two.logprobs.content or ()
        ]


class Trip(BaseModel):
    """What the client's own parser asks for."""

    city: str
    days: int
    stops: list[str]
    note: str | None


def test_structured_outputs_parse_into_the_users_model(client: OpenAI) -> None:
    parsed = client.chat.completions.parse(model=MODEL, messages=USER, response_format=Trip)
    trip = parsed.choices[0].message.parsed
    assert trip is not None
    assert trip.city == "Paris"


def test_streamed_structured_outputs_parse_too(client: OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=USER, response_format=Trip) as stream:
        trip = stream.get_final_completion().choices[0].message.parsed
    assert isinstance(trip, Trip)


def test_a_refusal_reaches_the_client_as_refusal(client: OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "Please refuse this request."}]
    with client.chat.completions.stream(
        model=MODEL, messages=asked, response_format=Trip
    ) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.refusal == "I'm sorry, but I can't help with that request."
    assert message.parsed is None


def test_a_whole_tool_turn_works(client: OpenAI) -> None:
    asked: list[Any] = [{"role": "user", "content": "What is the local time in Oslo?"}]
    first = client.chat.completions.create(model=MODEL, messages=asked, tools=[TIME, WEATHER])
    (call,) = first.choices[0].message.tool_calls or ()
    told = {"role": "tool", "tool_call_id": call.id, "content": "14:05"}
    asked += [first.choices[0].message, told]
    second = client.chat.completions.create(model=MODEL, messages=asked, tools=[TIME, WEATHER])
    assert "get_local_time returned: 14:05" in (second.choices[0].message.content or "")


def test_an_error_before_the_stream_is_a_status_error(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(
            model=MODEL, messages=USER, stream=True, temperature=3, top_logprobs=None
        )
    assert caught.value.code == "decimal_above_max_value"
    assert caught.value.param == "temperature"


def test_rule_17_an_error_in_mid_stream_raises_in_the_client() -> None:
    error = {"message": "broke", "type": "server_error", "param": None, "code": None}
    body = b"data: " + json.dumps({"error": error}).encode() + b"\n\ndata: [DONE]\n\n"
    headers = {"content-type": "text/event-stream"}
    client = client_of(lambda _: httpx2.Response(200, headers=headers, content=body))
    with client, pytest.raises(APIError, match="broke"):
        list(client.chat.completions.create(model=MODEL, messages=USER, stream=True))
