"""What the recorder keeps, how often, and for how much money."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
import yaml
from conftest import DAY
from rawclient import Seen, ask
from recording_kit import (
    CHAT,
    JSON,
    Record,
    Recorder,
    Service,
    chat,
    get,
    kept,
    recorded,
    whole,
)

pytest_plugins = ["recording_fixtures"]


# What is kept, how often


def test_the_same_question_again_is_another_turn(
    record: Record, service: Service, tmp_path: Path
) -> None:
    server = record(service.base, tmp_path)
    for number in range(3):
        service.answer(whole(b'{"n":%d}' % number))
        chat(server)
        kept(tmp_path, number + 1)
    service.close()
    again = record(service.base, tmp_path, "--only-missing")
    assert [chat(again).json()["n"] for _ in range(5)] == [0, 1, 2, 2, 2]
    turns = sorted(yaml.safe_load(p.read_text())["match"].get("nth", 9) for p in kept(tmp_path, 3))
    assert turns == [1, 2, 9]


def test_a_new_run_replaces_what_an_earlier_one_kept(
    record: Record, service: Service, tmp_path: Path
) -> None:
    for number in (1, 2):
        service.answer(whole(b'{"run":%d}' % number))
        chat(record(service.base, tmp_path))
        time.sleep(0.2)
    assert recorded(tmp_path)["reply"]["body"] == {"run": 2}


def test_only_what_is_missing_is_asked_for(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b'{"live":true}'))
    chat(record(service.base, tmp_path))
    kept(tmp_path, 1)
    server = record(service.base, tmp_path, "--only-missing")
    spaced = json.dumps(json.loads(CHAT), indent=3)
    turned = json.dumps(dict(reversed(json.loads(CHAT).items())))
    for body in (CHAT, spaced, turned):
        assert chat(server, body).json() == {"live": True}
    assert len(service.seen) == 1
    chat(server, CHAT.replace("Hi", "Ho"))
    assert len(service.seen) == 2
    kept(tmp_path, 2)


def test_another_key_is_the_same_request_unless_it_stands_in_the_body(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b'{"live":true}'))
    server = record(service.base, tmp_path, "--only-missing")

    def tell(key: str, query: str = "", **fields: str) -> int:
        body = json.dumps({**json.loads(CHAT), **fields}).encode()
        headers = (*JSON, ("authorization", f"Bearer {key}"))
        path = f"/openai/v1/chat/completions{query}"
        assert asyncio.run(ask(server.port, "POST", path, headers, body)).json() == {"live": True}
        kept(tmp_path, len(service.seen))
        return len(service.seen)

    assert tell("sk-the-first-one-1") == 1
    assert tell("sk-the-other-one-2") == 1
    assert tell("sk-the-other-one-2", "?api_key=sk-a-third-one-3") == 1
    assert tell("sk-the-other-one-2", password="word-for-4") == 2
    assert tell("sk-the-other-one-2", password="word-for-5") == 3


def test_a_recording_says_when_and_where(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(whole(b"{}"))
    chat(record(service.base, tmp_path))
    found = recorded(tmp_path)
    assert found["source"] == f"recorded from 127.0.0.1:{service.port}"
    assert str(found["recorded"]) == time.strftime("%Y-%m-%d")
    assert found["note"] == "POST /chat/completions"
    wanted = {"provider": "openai", "operation": "chat.create", "model": "gpt-6-astra"}
    wanted["prompt"] = "Hi"
    assert found["match"].items() >= wanted.items()


# Money

IMAGE = json.dumps({"model": "gpt-image-2", "prompt": "a fox", "quality": "low"})


def draw(server: Recorder, body: str = IMAGE) -> Seen:
    path = "/openai/v1/images/generations"
    return asyncio.run(ask(server.port, "POST", path, JSON, body.encode()))


def test_a_budget_is_kept_before_anything_is_forwarded(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    server = record(service.base, tmp_path, "--budget", "0.02", "--as-of", DAY)
    statuses = [draw(server).status for _ in range(6)]
    through = statuses.count(200)
    assert statuses == [200] * through + [402] * (6 - through)
    assert 0 < through < 6
    assert len(service.seen) == through
    error = draw(server).json()["error"]
    assert error["code"] == "budget_exceeded"
    assert "of the budget of $0.0200 there is $" in error["message"]
    assert get(server, "/v1/models").status == 200  # free


@pytest.mark.parametrize("body", [IMAGE.replace("gpt-image-2", "no-such"), '{"model":1}', "{"])
def test_what_has_no_price_is_not_forwarded_within_a_budget(
    record: Record, service: Service, tmp_path: Path, body: str
) -> None:
    seen = draw(record(service.base, tmp_path, "--budget", "100", "--as-of", DAY), body)
    assert (seen.status, seen.json()["error"]["code"]) == (402, "budget_unknown_price")
    assert service.seen == []


def test_an_unknown_price_may_be_told(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(whole(b"{}"))
    flags = ("--budget", "0.05", "--unpriced", "0.02", "--as-of", DAY)
    server = record(service.base, tmp_path, *flags)
    stranger = IMAGE.replace("gpt-image-2", "no-such")
    assert [draw(server, stranger).status for _ in range(3)] == [200, 200, 402]


def test_a_chat_is_priced_by_what_it_may_say(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    flags = ("--budget", "0.01", "--as-of", DAY)
    server = record(service.base, tmp_path, *flags, provider="together")
    model = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    question = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}

    def said(tokens: int) -> int:
        body = json.dumps({**question, "max_tokens": tokens}).encode()
        path = "/together/v1/chat/completions"
        return asyncio.run(ask(server.port, "POST", path, JSON, body)).status

    assert [said(16), said(16_000), said(16)] == [200, 402, 200]


def test_vectors_are_priced_by_their_tokens(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b"{}"))
    flags = ("--budget", "0.0001", "--as-of", DAY)
    server = record(service.base, tmp_path, *flags, provider="vercel")

    def asked(words: int) -> int:
        model = "openai/text-embedding-3-small"
        body = json.dumps({"model": model, "input": "fox " * words}).encode()
        path = "/vercel/v1/embeddings"
        return asyncio.run(ask(server.port, "POST", path, JSON, body)).status

    assert [asked(10), asked(8000)] == [200, 402]
