"""Imports hide what any exchange of the source says to be secret, in all that was imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from imports_kit import CHAT, V1, bring

SECRET = "Zq4-namedLast88"
STARS = "*" * len(SECRET)


def entry(said: str, reply: dict[str, Any]) -> dict[str, Any]:
    """Return an exchange as a HAR has it."""
    body = json.dumps({**CHAT, "messages": [{"role": "user", "content": said}]})
    kind = {"name": "content-type", "value": "application/json"}
    post = {"mimeType": "application/json", "text": body}
    asked = {"method": "POST", "url": f"{V1}/chat/completions", "headers": [kind], "postData": post}
    content = {"mimeType": "application/json", "text": json.dumps(reply)}
    answer = {"status": 200, "headers": [kind], "content": content}
    return {"startedDateTime": "2026-11-20T10:00:00Z", "request": asked, "response": answer}


def brought(tmp_path: Path, form: str, name: str, data: str) -> list[str]:
    """Import a file; return the texts that came of it, none of which holds the secret."""
    out, source = tmp_path / "out", tmp_path / name
    source.write_text(data)
    assert bring(form, source, out).exit_code == 0
    found = [path for path in out.rglob("*") if path.is_file()]
    assert [path for path in found if SECRET in path.read_text() + path.name] == []
    return [path.read_text() for path in found]


def test_a_secret_that_the_last_exchange_of_a_har_names_leaves_the_first(tmp_path: Path) -> None:
    entries = [
        entry(f"I am {SECRET}", {"id": "1", "say": f"hello {SECRET}"}),
        entry("who am I?", {"id": "2", "account_id": SECRET}),
    ]
    texts = brought(tmp_path, "har", "a.har", json.dumps({"log": {"entries": entries}}))
    first = next(yaml.safe_load(text) for text in texts if "say:" in text)
    assert first["match"]["prompt"] == f"I am {STARS}"
    assert first["reply"]["body"] == {"id": "1", "say": f"hello {STARS}"}


def test_a_secret_in_a_snapshot_is_not_imported(tmp_path: Path) -> None:
    said = f"it is {SECRET}: {json.dumps({'api_key': SECRET})}"
    message = {"role": "assistant", "content": said, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1790000000}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    body = {**head, "model": "gpt-4o-mini", "choices": [choice], "usage": usage}
    (found,) = brought(tmp_path, "snapshots", "a.json", json.dumps(body))
    content = yaml.safe_load(found)["reply"]["body"]["choices"][0]["message"]["content"]
    assert content == f"it is {STARS}: {json.dumps({'api_key': STARS})}"


LOOKS = "sk-proj-A1b2C3d4E5f6G7h8"


@pytest.mark.parametrize("place", ["match", "response"])
def test_a_key_in_a_fixture_of_aimock_is_not_imported(tmp_path: Path, place: str) -> None:
    one: dict[str, Any] = {"match": {"userMessage": "hi"}, "response": {"content": "hello"}}
    one[place] = {key: f"{value} {LOOKS}" for key, value in one[place].items()}
    (found,) = brought(tmp_path, "aimock", "a.json", json.dumps({"fixtures": [one]}))
    assert LOOKS not in found
    assert "*" * len(LOOKS) in found
