"""Real clients talk to the real server: chat over a socket, plain and streamed, sync and async."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import LiveServer
from openai import AsyncOpenAI, NotFoundError, OpenAI
from test_chat_tools import WEATHER

MODEL = "gpt-4o-mini"
ASKED: list[Any] = [{"role": "user", "content": "What's the weather in Paris and London?"}]


@pytest.fixture(name="client")
def _client(live_server: LiveServer) -> Iterator[OpenAI]:
    with OpenAI(api_key="sk-test", base_url=f"{live_server.origin}/v1", max_retries=0) as client:
        yield client


def test_a_body_and_a_stream_say_the_same_over_a_socket(client: OpenAI) -> None:
    body = client.chat.completions.create(model=MODEL, messages=ASKED)
    stream = client.chat.completions.create(model=MODEL, messages=ASKED, stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert said == body.choices[0].message.content
    assert body._request_id


def test_parallel_calls_arrive_over_a_socket(client: OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=ASKED, tools=[WEATHER]) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls or []
    cities = [json.loads(call.function.arguments)["city"] for call in calls]
    assert cities == ["Paris", "London"]


async def test_the_async_client_reads_streams_too(live_server: LiveServer) -> None:
    base = f"{live_server.origin}/openai/v1"
    async with AsyncOpenAI(api_key="sk-test", base_url=base, max_retries=0) as client:
        stream = await client.chat.completions.create(
            model=MODEL, messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []


def test_stored_answers_are_found_changed_and_forgotten(client: OpenAI) -> None:
    kept = client.chat.completions.create(
        model=MODEL, messages=ASKED, store=True, metadata={"run": "1"}
    )
    found = client.chat.completions.retrieve(kept.id)
    assert (found.choices, found.metadata) == (kept.choices, {"run": "1"})
    changed = client.chat.completions.update(kept.id, metadata={"run": "2"})
    assert changed.metadata == {"run": "2"}
    assert kept.id in [one.id for one in client.chat.completions.list()]
    assert client.chat.completions.delete(kept.id).deleted
    with pytest.raises(NotFoundError):
        client.chat.completions.retrieve(kept.id)


def test_the_newest_models_tell_what_they_wrote_to_the_cache(client: OpenAI) -> None:
    for model, extra in (("gpt-5.6-terra", ["cache_write_tokens"]), (MODEL, [])):
        asked: Any = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        whole = json.loads(client.chat.completions.with_raw_response.create(**asked).text)
        options = {"include_usage": True}
        *_, last = client.chat.completions.create(**asked, stream=True, stream_options=options)
        told = ["cached_tokens", *extra, "audio_tokens"]
        assert list(whole["usage"]["prompt_tokens_details"]) == told
        assert last.usage.prompt_tokens_details.model_fields_set == set(told)
