"""The emulator as a block: the keys it lends, and what is the same in every run."""

from __future__ import annotations

import os
import socket

import httpx
import openai
import pytest
import safelight


def test_keys_are_lent_to_the_environment_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("TOGETHER_API_KEY", "mine")
    with safelight.Emulator():
        assert os.environ["OPENAI_API_KEY"].startswith("sk-")
        assert os.environ["TOGETHER_API_KEY"] == "mine"
    assert "OPENAI_API_KEY" not in os.environ


def test_an_empty_key_is_none_and_is_empty_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")  # what CI makes of a secret that it may not have
    with safelight.Emulator():
        assert os.environ["OPENAI_API_KEY"].startswith("sk-")
    assert os.environ["OPENAI_API_KEY"] == ""


def test_a_block_gives_the_same_ids_again_and_one_within_it_others() -> None:
    def asked() -> str:
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
        url = "https://api.openai.com/v1/chat/completions"
        reply = httpx.post(url, json=body, headers={"authorization": "Bearer sk-x"})
        found: str = reply.json()["id"]
        return found

    ids = []
    for _ in range(2):
        with safelight.Emulator():
            ids.append(asked())
            with safelight.Emulator():
                assert asked() != ids[0]
    assert ids[0] == ids[1]


def test_the_first_of_very_many_requests_is_not_forgotten() -> None:
    block = safelight.Emulator()
    world = block.__enter__()
    with httpx.Client(headers={"authorization": "Bearer sk-x"}) as client:
        client.get("https://api.openai.com/v1/nowhere")
        for _ in range(1001):
            client.get("https://api.openai.com/v1/models/gpt-4o-mini")
    assert len(world.requests) == 1002
    with pytest.raises(AssertionError, match="emulates nothing at this address"):
        block.__exit__(None, None, None)


def test_an_exchange_answers_also_where_no_operation_is() -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
    with safelight.Emulator() as world:
        world.reply_with(exchange={"body": {"object": "list", "data": [vector], "model": "m"}})
        world.reply_with(exchange={"status": 503, "body": "later"})
        found = openai.OpenAI().embeddings.create(model="text-embedding-3-small", input="a lamp")
        later = httpx.delete("https://api.openai.com/v1/images/generations")
        assert found.data[0].embedding == [0.5]
        assert (later.status_code, later.text) == (503, "later")
        assert [asked.status for asked in world.assert_requested(times=2)] == [200, 503]


def test_only_a_whole_answer_for_anybody_goes_where_no_operation_is() -> None:
    with safelight.Emulator(leftovers="ignore") as world:
        world.reply_with(text="words need a chat", operation="*")
        world.reply_with(exchange={"body": "for pictures"}, operation="images.*")
        with world.expect_refusal(status=404):
            httpx.get("https://api.openai.com/v1/nowhere", headers={"authorization": "Bearer x"})
        assert len(world.leftovers()) == 2


def test_the_innermost_block_alone_says_what_may_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: ["found"])
    with safelight.Emulator() as whole:
        with safelight.Emulator(allow=["weather.example"]):
            assert socket.getaddrinfo("weather.example", 443) == ["found"]
        assert whole.escapes == []
        with pytest.raises(safelight.Escaped):
            socket.getaddrinfo("weather.example", 443)
        whole.escapes.clear()
    assert socket.getaddrinfo("weather.example", 443) == ["found"]
