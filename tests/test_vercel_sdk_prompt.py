"""Prompts of the AI SDK: files in every encoding, histories, tools, and refusals (B5, B10)."""

from __future__ import annotations

from typing import Any

import pytest
from aisdk import (
    DRAWER,
    PAINTER,
    PATHS,
    b64,
    file,
    image,
    language,
    likeness,
    painted,
    parsed_files,
    send,
    user,
)
from hypothesis import given
from hypothesis import strategies as st
from kit import emulator, encoded, error, mask, parsed, png
from safelight.dialects.vercel_sdk_prompt import chat_params

EMU = emulator()
RED = png(64, 48, color=(220, 20, 20))
ENCODINGS = {
    "data URL": f"data:image/png;base64,{b64(RED)}",
    "base64": b64(RED),
    "tagged data": {"type": "data", "data": b64(RED)},
    "tagged data URL": {"type": "url", "url": f"data:image/png;base64,{b64(RED)}"},
}


def messages(*prompt: Any) -> list[Any]:
    found: list[Any] = chat_params({"prompt": list(prompt)})["messages"]
    return found


@pytest.mark.parametrize("data", ENCODINGS.values(), ids=ENCODINGS)
def test_a_file_of_every_encoding_is_seen(data: Any) -> None:
    answer = parsed(language(EMU, 4, user("What is this?", file(data))))
    assert "48 PNG." in answer["content"][0]["text"]


@pytest.mark.parametrize("data", ENCODINGS.values(), ids=ENCODINGS)
def test_a_file_of_every_encoding_is_edited(data: Any) -> None:
    (picture,) = parsed_files(language(EMU, 4, user("Make it darker", file(data)), model=DRAWER))
    red, green, _ = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert picture.width / picture.height == pytest.approx(64 / 48, rel=0.01)
    assert red > green


def test_links_never_leave_the_machine_and_are_noted() -> None:
    for data in (
        "https://example.com/fox.png",
        {"type": "url", "url": "https://example.com/fox.png"},
    ):
        emu = emulator()
        shown = file(data, "image/*")
        assert len(parsed_files(language(emu, 3, user("Make it night", shown), model=DRAWER))) == 1
        (exchange,) = emu._store.session("").journal
        assert any("example.com/fox.png" in note for note in exchange.notes)


def test_text_as_a_file_is_read_as_text() -> None:
    (turn,) = messages(user(file({"type": "text", "text": "a note"}, "text/plain")))
    assert turn["content"] == [{"type": "text", "text": "a note"}]


def test_other_media_keep_their_kind() -> None:
    (turn,) = messages(user(file("AAAA", "audio/mp3"), file("JVBE", "application/pdf")))
    sound, paper = turn["content"]
    assert sound["input_audio"] == {"data": "AAAA", "format": "mp3"}
    assert paper["file"]["file_data"] == "data:application/pdf;base64,JVBE"


def turn_of(picture: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": "Here."}, file(picture)]
    return {"role": "assistant", "content": content}


@pytest.mark.parametrize("spec", [2, 3, 4])
def test_the_next_turn_edits_the_picture_of_the_last(spec: int) -> None:
    (first,) = parsed_files(language(EMU, spec, "Draw a red fox in the snow", model=DRAWER))
    data: Any = b64(encoded(first))
    history = turn_of({"type": "data", "data": data} if spec == 4 else data)
    talk = (user("Draw a red fox in the snow"), history, user("Make it night"))
    (second,) = parsed_files(language(EMU, spec, *talk, model=DRAWER))
    (fresh,) = parsed_files(language(EMU, spec, "Make it night, a drawing", model=DRAWER))
    assert second.size == first.size
    assert first.tobytes() != second.tobytes()
    assert likeness(first, second) > 0.8
    assert likeness(first, fresh) < 0.3


def test_a_picture_of_a_drawing_tool_is_edited_too() -> None:
    call = {"toolCallId": "ig_1", "toolName": "image_generation"}
    made = {"type": "json", "value": {"result": b64(RED)}}
    history = {
        "role": "assistant",
        "content": [
            {"type": "tool-call", **call, "input": {}, "providerExecuted": True},
            {"type": "tool-result", **call, "output": made},
            {"type": "text", "text": "Here."},
        ],
    }
    prompt = [user("Draw"), history, user("Make it darker")]
    (_, turn, _) = messages(*prompt)
    assert turn["images"][0]["image_url"]["url"] == f"data:image/png;base64,{b64(RED)}"
    assert "tool_calls" not in turn


RESULT = {"toolCallId": "call_1", "toolName": "weather"}


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ({"type": "text", "value": "sunny"}, "sunny"),
        ({"type": "json", "value": {"sky": "blue"}}, '{"sky": "blue"}'),
        ({"type": "error-text", "value": "no such city"}, "no such city"),
        ({"type": "execution-denied"}, "The user did not allow this."),
        (
            {"type": "content", "value": [{"type": "text", "text": "a"}, {"type": "media"}]},
            "a\n[media]",
        ),
    ],
)
def test_a_tool_result_is_told(output: Any, told: str) -> None:
    asked = {
        "role": "assistant",
        "content": [{"type": "tool-call", **RESULT, "input": {"city": "x"}}],
    }
    answered = {"role": "tool", "content": [{"type": "tool-result", **RESULT, "output": output}]}
    turns = messages(user("The weather?"), asked, answered)
    assert turns[1]["tool_calls"][0]["function"]["arguments"] == '{"city": "x"}'
    assert turns[2] == {"role": "tool", "tool_call_id": "call_1", "content": told}
    assert language(EMU, 3, user("The weather?"), asked, answered).status == 200


@pytest.mark.parametrize(
    "prompt",
    [
        "a string",
        [],
        [{"role": "wizard", "content": "x"}],
        [{"role": "user", "content": "a string"}],
        [user({"type": "image", "image": "x"})],
        [user(file(3))],
        [user(file({"type": "blob"}))],
        [user(file("AAAA", ""))],
        [{"role": "assistant", "content": [{"type": "tool-call", "toolName": "x"}]}],
    ],
    ids=repr,
)
def test_a_prompt_that_is_none_is_refused(prompt: Any) -> None:
    reply = send(EMU, f"{PATHS[4]}/language-model", {"prompt": prompt}, ai_language_model_id=DRAWER)
    assert (reply.status, error(reply)["type"]) == (400, "invalid_request_error")
    assert error(reply)["param"].startswith("prompt")


@pytest.mark.parametrize(
    "data", ["!!!", "data:image/png;base64,!!!", b64(b"no picture"), b64(RED[:60])], ids=repr
)
def test_a_file_that_is_no_picture_is_refused(data: str) -> None:
    reply = language(EMU, 3, user("Make it darker", file(data)), model=DRAWER)
    assert (reply.status, error(reply)["type"]) == (400, "invalid_request_error")


def test_a_file_kept_elsewhere_is_refused() -> None:
    kept = {"type": "reference", "reference": {"openai": "file-1"}}
    reply = language(EMU, 4, user(file(kept)))
    assert (reply.status, error(reply)["param"]) == (400, "prompt[0].content[0].data")


def test_an_unknown_model_is_named_in_the_error() -> None:
    for reply in (
        language(EMU, 3, "Hi", model="no/such"),
        image(EMU, 3, model="no/such", prompt="x"),
    ):
        assert reply.status == 404
        assert error(reply) == {
            "message": "Model 'no/such' not found",
            "type": "model_not_found",
            "param": {"modelId": "no/such"},
        }


def test_a_model_of_another_kind_is_refused() -> None:
    for reply in (
        language(EMU, 3, "Hi", model=PAINTER),
        image(EMU, 3, model="openai/gpt-4o-mini", prompt="x"),
    ):
        assert (reply.status, error(reply)["type"]) == (400, "invalid_request_error")


def test_a_request_without_a_model_header_is_refused() -> None:
    for path, header in (
        ("language-model", "ai-language-model-id"),
        ("image-model", "ai-model-id"),
    ):
        reply = send(EMU, f"{PATHS[3]}/{path}", {"prompt": [user("Hi")]})
        assert (reply.status, error(reply)["type"]) == (400, "invalid_request_error")
        assert header in error(reply)["message"]


@pytest.mark.parametrize(
    "kind", ["video-model", "video-model/start", "reranking-model", "speech-model"]
)
def test_what_is_not_emulated_says_so(kind: str) -> None:
    reply = send(EMU, f"{PATHS[4]}/{kind}", {})
    assert (reply.status, error(reply)["type"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": {"text": "x", "images": []}},
        {},
        {"prompt": "x", "n": 0},
        {"prompt": "x", "n": 1_000_000},
        {"prompt": "x", "size": "big"},
        {"prompt": "x", "aspectRatio": "wide"},
        {"prompt": "x", "files": [{"type": "file"}]},
        {"prompt": "x", "files": [{"type": "file", "data": "!!!", "mediaType": "image/png"}]},
        {"prompt": "x", "files": [file(b64(RED))], "mask": file(b64(mask(9, 9, (0, 0, 4, 4))))},
    ],
    ids=repr,
)
def test_an_image_request_that_is_none_is_refused(body: Any) -> None:
    reply = image(EMU, 2, model="openai/gpt-image-2", **body)
    assert (reply.status, error(reply)["type"]) == (400, "invalid_request_error")


@given(st.lists(st.text(max_size=5), max_size=4))
def test_a_conversation_keeps_its_texts(texts: list[str]) -> None:
    turns = messages(*(user(text) for text in texts))
    assert [turn["content"][0]["text"] for turn in turns] == texts


@pytest.mark.parametrize("spec", [2, 3, 4])
def test_only_the_masked_part_of_an_input_changes(spec: int) -> None:
    shown = png(1024, 1024, color=(220, 20, 20))
    hole = mask(1024, 1024, (0, 0, 512, 1024))
    body = {"prompt": "A boat", "files": [file(b64(shown))], "mask": file(b64(hole))}
    (picture,) = painted(image(EMU, spec, model="openai/gpt-image-2", size="1024x1024", **body))
    assert set(picture.convert("RGB").crop((520, 0, 1024, 1024)).getcolors() or []) == {
        (504 * 1024, (220, 20, 20))
    }
    assert len(picture.convert("RGB").crop((0, 0, 504, 1024)).getcolors(1 << 20) or []) > 50


def test_an_input_by_link_is_drawn_for_and_noted() -> None:
    emu = emulator()
    linked = {"type": "url", "url": "https://example.com/fox.png"}
    assert len(painted(image(emu, 4, prompt="Make it night", files=[linked]))) == 1
    (exchange,) = emu._store.session("").journal
    assert any("example.com/fox.png" in note for note in exchange.notes)


@pytest.mark.parametrize("choice", [{"type": "auto"}, {"type": "tool", "toolName": "painter"}])
def test_a_drawing_tool_draws_when_it_must(choice: Any) -> None:
    tool = {"type": "provider", "id": "openai.image_generation", "name": "painter", "args": {}}
    asked = {"tools": [tool], "toolChoice": choice}
    content = parsed(language(EMU, 4, "Foxes?", model="openai/gpt-5", **asked))["content"]
    assert ("tool-result" in [part["type"] for part in content]) == (choice["type"] == "tool")


def test_the_journal_knows_what_was_asked() -> None:
    emu = emulator()
    language(emu, 3, {"role": "system", "content": "Be brief"}, "First", "Second")
    image(emu, 3, prompt="A boat")
    image(emu, 3, prompt={"text": "x"})
    assert [entry.prompt for entry in emu._store.session("").journal] == ["Second", "A boat", ""]
