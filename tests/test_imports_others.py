"""aimock's fixtures and bare bodies are served again, and what was lost is told."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from imports_kit import (
    DRAW,
    REQUESTS,
    asked,
    bring,
    live,
    serving,
    whole,
)
from kit import emulator, png
from safelight.messages import Request

# aimock


def aimock(path: Path, *fixtures: Any) -> Path:
    path.write_text(json.dumps({"fixtures": list(fixtures)}))
    return path


def said(prompt: str, **more: Any) -> Request:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}], **more}
    return asked(body, "/chat/completions")


def test_fixtures_of_aimock_answer_as_they_did(tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    call = {"name": "weather", "arguments": {"city": "Oslo"}}
    picture = base64.b64encode(png(64, 64, color=(200, 20, 20))).decode()
    source = aimock(
        tmp_path / "a.json",
        {"match": {"userMessage": "hello"}, "response": {"content": "Hi there!"}},
        {"match": {"userMessage": "weather"}, "response": {"toolCalls": [call]}},
        {"match": {"userMessage": "fox"}, "response": {"image": {"b64Json": picture}}},
        {"match": {"userMessage": "json"}, "response": {"content": {"a": 1}}},
        {
            "match": {"userMessage": "limit"},
            "response": {"error": {"message": "Slow down", "type": "rate"}, "status": 429},
        },
    )
    done = bring("aimock", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    emu = serving(tmp_path / "out")
    message = json.loads(emu.respond(said("well, Hello you")).body)["choices"][0]["message"]
    assert message["content"] == "Hi there!"
    called = json.loads(emu.respond(said("the weather?", tools=[tool])).body)["choices"][0]
    assert json.loads(called["message"]["tool_calls"][0]["function"]["arguments"]) == {
        "city": "Oslo"
    }
    text = json.loads(emu.respond(said("as json")).body)["choices"][0]["message"]["content"]
    assert json.loads(text) == {"a": 1}
    limited = emu.respond(said("the limit"))
    assert (limited.status, json.loads(limited.body)["error"]["message"]) == (429, "Slow down")
    drawn = json.loads(emu.respond(asked(DRAW, "/images/generations")).body)["data"][0]
    assert base64.b64decode(drawn["b64_json"])[:4] == b"\x89PNG"
    usual = json.loads(emulator().respond(asked(DRAW, "/images/generations")).body)["data"][0]
    assert drawn["b64_json"] != usual["b64_json"]


def test_turns_of_aimock_come_in_their_order(tmp_path: Path) -> None:
    turns = [
        {"match": {"userMessage": "go", "sequenceIndex": n}, "response": {"content": f"answer {n}"}}
        for n in range(3)
    ]
    done = bring("aimock", aimock(tmp_path / "a.json", *turns), tmp_path / "out")
    assert done.exit_code == 0, done.output
    emu = serving(tmp_path / "out")
    replies = [json.loads(emu.respond(said("go")).body) for _ in range(3)]
    texts = [reply["choices"][0]["message"]["content"] for reply in replies]
    assert texts == ["answer 0", "answer 1", "answer 2"]


def test_what_aimock_says_and_a_fixture_cannot_is_told(tmp_path: Path) -> None:
    source = aimock(
        tmp_path / "a.json",
        {
            "match": {"userMessage": "a", "context": "x", "systemMessage": "y"},
            "response": {"content": "b", "reasoning": "c"},
            "chaos": {"dropRate": 1},
            "chunkSize": 3,
        },
        {"match": {"endpoint": "speech"}, "response": {"audio": "AAAA"}},
        {"match": {"userMessage": "p"}, "response": {"image": {"url": "https://x.invalid/a.png"}}},
    )
    done = bring("aimock", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    for words in (
        "the condition `context`: a.json, fixture 1",
        "system messages but the first one: `systemMessage` is looked for there: a.json",
        "`reasoning` of responses",
        "`chaos`; see `timing` and `fault`",
        "`chunkSize`",
        "the endpoint `speech`, which is not served: a.json, fixture 2",
        "pictures behind links: an import follows none: a.json, fixture 3",
        "that the first match wins",
    ):
        assert words in done.output


# Bodies without requests


def test_bodies_without_requests_answer_in_their_order(tmp_path: Path) -> None:
    source = tmp_path / "external"
    source.mkdir()
    bodies = []
    for number, prompt in enumerate(("one fox", "two foxes")):
        reply = live(said(prompt, stream=True))
        bodies.append(whole(reply))
        (source / f"{number}.bin").write_bytes(whole(reply))
    whole_reply = live(said("three foxes")).body
    (source / "2.json").write_bytes(whole_reply)
    (source / "3.bin").write_bytes(b"\x00\x01")
    done = bring("snapshots", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "bodies that are no answer of a known operation: 3.bin" in done.output
    assert "the requests: an answer fits any of its model" in done.output
    emu = serving(tmp_path / "out")
    got = [whole(emu.respond(said("whatever", stream=True))) for _ in range(2)]
    assert got == bodies
    assert emu.respond(said("whatever")).body == whole_reply


def test_bodies_in_the_tests_themselves_are_read_and_never_run(tmp_path: Path) -> None:
    parsed, streamed = live(said("parsed")).body, whole(live(said("streamed", stream=True)))
    (tmp_path / "test_chat.py").write_text(
        "raise SystemExit('run')\n"
        "class TestChat:\n"
        "    async def test_parse(self) -> None:\n"
        f"        await ask(lambda c: c, content_snapshot=snapshot({parsed.decode()!r}))\n"
        "def test_stream() -> None:\n"
        f"    ask(content_snapshot=snapshot({streamed!r}), path='/chat/completions')\n"
        "    assert shown(1) == snapshot('a picture of it')\n"
        "    ask(content_snapshot=snapshot('{}'))\n"
        "    ask(content_snapshot=snapshot(external('e2aad469b71d*.bin')))\n"
    )
    done = bring("snapshots", tmp_path, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("2 fixtures in ")
    assert "bodies that are no answer of a known operation: test_chat.py, line 8" in done.output
    names = sorted(path.name for path in (tmp_path / "out").glob("*.yaml"))
    assert names == ["chat.create-test-parse.yaml", "chat.create-test-stream.yaml"]
    emu = serving(tmp_path / "out")
    assert emu.respond(said("whatever")).body == parsed
    assert whole(emu.respond(said("whatever", stream=True))) == streamed


def test_bare_pictures_models_and_streams_of_pictures_are_known(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    drawn = live(REQUESTS["generate"]).body
    (source / "1.json").write_bytes(b"\xef\xbb\xbf" + drawn)
    (source / "2.sse").write_bytes(whole(live(REQUESTS["image stream"])))
    (source / "3.json").write_bytes(live(REQUESTS["chat"]).body)
    (source / "4.json").write_bytes(b'{"object": "list", "data": [{"object": "batch"}]}')
    done = bring("snapshots", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "whether a picture was made or edited: taken as made: 1.json" in done.output
    assert "bodies that are no answer of a known operation: 4.json" in done.output
    emu = serving(tmp_path / "out")
    assert emu.respond(REQUESTS["generate"]).body == drawn
    stream = whole(live(REQUESTS["image stream"]))
    assert whole(emu.respond(REQUESTS["image stream"])) == stream


def test_a_users_own_secrets_are_hidden_in_bare_bodies_and_fixtures(tmp_path: Path) -> None:
    body = json.loads(live(said("hush")).body) | {"system_fingerprint": "hush-hush-4711"}
    (tmp_path / "1.json").write_text(json.dumps(body))
    done = bring(
        "snapshots", tmp_path / "1.json", tmp_path / "out", "--secret", "system_fingerprint"
    )
    assert done.exit_code == 0, done.output
    made = "".join(path.read_text() for path in (tmp_path / "out").glob("*.yaml"))
    assert "hush-hush" not in made
