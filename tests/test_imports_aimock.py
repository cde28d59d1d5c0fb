"""Every kind of fixture that aimock 1.43 documents or records is carried over, or told.

The shapes are those of its own documentation, and of files that it recorded of our emulator.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from imports_kit import DRAW, asked, bring, serving
from kit import png
from safelight.cli import main
from safelight.core import Emulator
from safelight.messages import Request

TOOLS = [
    {"type": "function", "function": {"name": "paint", "parameters": {"type": "object"}}},
]


def written(path: Path, *fixtures: Any) -> Path:
    path.write_text(json.dumps({"fixtures": list(fixtures)}))
    return path


def chat(*messages: Any, **more: Any) -> Request:
    told = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    return asked({"model": "gpt-4o-mini", "messages": told, **more}, "/chat/completions")


def said(emu: Emulator, request: Request) -> Any:
    return json.loads(emu.respond(request).body)["choices"][0]["message"]["content"]


def brought(tmp_path: Path, *fixtures: Any) -> tuple[Emulator, str]:
    done = bring("aimock", written(tmp_path / "a.json", *fixtures), tmp_path / "out")
    assert done.exit_code == 0, done.output
    return serving(tmp_path / "out"), done.output


def test_an_agents_second_leg_gets_what_follows_the_tool(tmp_path: Path) -> None:
    call = {"id": "call_blue", "type": "function", "function": {"name": "paint", "arguments": "{}"}}
    called = {"role": "assistant", "content": None, "tool_calls": [call]}
    told = {"role": "tool", "tool_call_id": "call_blue", "content": "painted in blue"}
    emu, _ = brought(
        tmp_path,
        {
            "match": {"userMessage": "blue", "hasToolResult": False},
            "response": {"toolCalls": [{"name": "paint", "arguments": '{"color":"blue"}'}]},
        },
        {"match": {"toolCallId": "call_blue"}, "response": {"content": "by its id"}},
        {
            "match": {
                "userMessage": "blue",
                "hasToolResult": True,
                "toolResultContains": "in blue",
            },
            "response": {"content": "by what it said"},
        },
        {"match": {"toolName": "paint"}, "response": {"content": "by the tool"}},
    )
    first = json.loads(emu.respond(chat("make it blue", tools=TOOLS)).body)["choices"][0]
    assert first["message"]["tool_calls"][0]["function"]["name"] == "paint"
    assert said(emu, chat("make it blue", called, told, tools=TOOLS)) == "by what it said"
    other = {**told, "content": "done"}
    assert said(emu, chat("make it blue", called, other, tools=TOOLS)) == "by its id"
    assert said(emu, chat("something else", tools=TOOLS)) == "by the tool"


def test_turns_tell_apart_what_is_alike_otherwise(tmp_path: Path) -> None:
    turns = [
        {"match": {"userMessage": "next", "turnIndex": n}, "response": {"content": f"turn {n}"}}
        for n in range(3)
    ]
    emu, output = brought(tmp_path, *turns)
    between = {"role": "assistant", "content": "…"}
    assert said(emu, chat("next")) == "turn 0"
    assert said(emu, chat("next", between, "next")) == "turn 1"
    assert said(emu, chat("next", between, "next", between, "next")) == "turn 2"
    assert "`turnIndex`, taken for the user's turn" in output


def test_of_two_that_fit_the_same_requests_the_first_answers(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("a", "b"):
        written(
            source / f"{name}.json", {"match": {"userMessage": "x"}, "response": {"content": name}}
        )
    done = bring("aimock", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "fixtures that fit the same requests as an earlier one: b.json, fixture 1" in done.output
    assert said(serving(tmp_path / "out"), chat("x")) == "a"


def test_what_a_response_overrides_is_sent(tmp_path: Path) -> None:
    emu, output = brought(
        tmp_path,
        {
            "match": {"systemMessage": ["be", "a pirate"], "responseFormat": "json_object"},
            "response": {
                "content": {"ahoy": 1},
                "id": "chatcmpl-own",
                "created": 5,
                "systemFingerprint": "fp_own",
                "finishReason": "length",
                "usage": {
                    "prompt_tokens": 3,
                    "completion_tokens": 4,
                    "total_tokens": 7,
                    "cost": 0.5,
                    "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 0},
                    "completion_tokens_details": {"reasoning_tokens": 0},
                },
            },
        },
    )
    system = {"role": "system", "content": "Talk like a pirate."}
    form = {"type": "json_object"}
    body = json.loads(emu.respond(chat(system, "in json", response_format=form)).body)
    assert (body["id"], body["created"], body["system_fingerprint"]) == (
        "chatcmpl-own",
        5,
        "fp_own",
    )
    choice = body["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", '{"ahoy": 1}')
    assert (body["usage"]["prompt_tokens"], body["usage"]["total_tokens"]) == (3, 7)
    assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == 2
    assert "`cost` of usage: a.json, fixture 1" in output
    assert "texts of `systemMessage` but the longest one" in output
    assert "details" not in output


@pytest.mark.parametrize(
    ("times", "first", "each"),
    [
        ({"recordedTimings": {"ttftMs": 300, "interChunkDelaysMs": [10, 30]}}, 0.3, 0.02),
        (
            {"recordedTimings": {"ttftMs": 300, "interChunkDelaysMs": [10]}, "replaySpeed": 2},
            0.15,
            0.005,
        ),
        ({"streamingProfile": {"ttft": 200, "tps": 40}}, 0.2, 0.025),
        ({"latency": 50}, 0.0, 0.05),
        ({"recordedTimings": {"ttftMs": "soon", "interChunkDelaysMs": None}}, 0.0, 0.0),
    ],
)
def test_the_times_of_a_stream_are_kept(
    times: dict[str, Any], first: float, each: float, tmp_path: Path
) -> None:
    emu, _ = brought(
        tmp_path, {"match": {"userMessage": "x"}, "response": {"content": "a b c"}, **times}
    )
    reply = emu.respond(chat("x", stream=True))
    assert reply.chunks is not None
    assert reply.delay == first
    assert {chunk.wait for chunk in [*reply.chunks][1:]} == {each}


def test_pictures_answer_both_ways_to_ask_for_them(tmp_path: Path) -> None:
    data = base64.b64encode(png(64, 64, color=(200, 20, 20))).decode()
    emu, output = brought(
        tmp_path,
        {
            "match": {"endpoint": "image", "userMessage": "fox", "model": "gpt-image-2"},
            "response": {"images": [{"b64Json": data}, {"url": f"data:image/png;base64,{data}"}]},
        },
        {
            "match": {"endpoint": "image", "userMessage": "hat"},
            "response": {
                "error": {"message": "no hats", "param": None, "metadata": {}},
                "status": 400,
            },
        },
    )
    drawn = json.loads(emu.respond(asked(DRAW, "/images/generations")).body)["data"][0]
    assert base64.b64decode(drawn["b64_json"])[:4] == b"\x89PNG"
    refused = emu.respond(asked({**DRAW, "prompt": "a hat"}, "/images/generations"))
    assert (refused.status, json.loads(refused.body)["error"]["message"]) == (400, "no hats")
    assert "`metadata` of errors: a.json, fixture 2" in output


LOST: dict[str, tuple[Any, str]] = {
    "a regular expression": (
        {"match": {"userMessage": {}}, "response": {"content": "x"}},
        "fixtures whose `userMessage` is no text: regular expressions are not in files",
    ),
    "a function": ({"match": {"userMessage": "x"}}, "fixtures whose `match` or `response` is no"),
    "no object": ("x", "fixtures that are no objects"),
    "another service": (
        {"match": {"endpoint": "video"}, "response": {"video": {"id": "v"}}},
        "the endpoint `video`, which is not served",
    ),
    "an embedding": (
        {"match": {"inputText": "x"}, "response": {"embedding": [0.1]}},
        "responses with `embedding`, which no operation here answers",
    ),
    "an image stream": (
        {"match": {"endpoint": "image", "userMessage": "x"}, "response": {"content": ""}},
        "answers to image requests without a picture: aimock keeps none of an image stream",
    ),
    "a link": (
        {"match": {}, "response": {"image": {"url": "https://x.invalid/a.png"}}},
        "pictures behind links: an import follows none",
    ),
    "a placeholder": (
        {"match": {}, "response": {"image": {"b64Json": "aGVsbG8="}}},
        "base64 that is no picture",
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_what_cannot_be_carried_over_is_told_and_not_made_up(case: str, tmp_path: Path) -> None:
    bad, words = LOST[case]
    good = {"match": {"userMessage": "good"}, "response": {"content": "good"}}
    _, output = brought(tmp_path, bad, good)
    assert output.startswith("1 fixture in ")
    assert f"  {words}" in output
    assert "a.json, fixture 1" in output


@pytest.mark.parametrize("key", ["chaos", "truncateAfterChunks", "disconnectAfterMs", "chunkSize"])
def test_faults_of_aimock_are_told(key: str, tmp_path: Path) -> None:
    _, output = brought(
        tmp_path,
        {"match": {"userMessage": "x"}, "response": {"content": "x"}, key: {"dropRate": 1}},
    )
    assert f"`{key}`; see `timing` and `fault` of a fixture's reply: a.json, fixture 1" in output


def test_what_a_provider_would_not_send_is_taken_out_and_told(tmp_path: Path) -> None:
    source = written(
        tmp_path / "a.json",
        {
            "match": {"userMessage": "x"},
            "response": {"content": "y", "systemFingerprint": "fp_x", "finishReason": "length"},
        },
        {"match": {"userMessage": "z", "model": "no-such"}, "response": {"content": "z"}},
    )
    done = bring("aimock", source, tmp_path / "out", "--provider", "together")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 fixture in ")
    assert "what does not fit: reply.fields.system_fingerprint: " in done.output
    assert "fixtures that nobody could be served: match.model: " in done.output
    assert "a.json, fixture 2" in done.output
    (path,) = (tmp_path / "out").glob("*.yaml")
    assert "finish_reason: length" in path.read_text()
    checked = CliRunner().invoke(main, ["fixtures", "check", str(tmp_path / "out")])
    assert checked.output.startswith("1 fixture good"), checked.output
