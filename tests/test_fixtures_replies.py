"""What a fixture gives: a part of a reply, an error, a fault, or the very bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import kit
import pytest
from fixtures_kit import SIMPLE, draw, emulator, said, say, spoken
from safelight.schemas import load

RED = (255, 0, 0)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", ["1024x1024", "1024x1536"])
def test_a_picture_comes_in_the_format_and_size_asked_for(
    form: str, size: str, tmp_path: Path
) -> None:
    reply = draw(emulator(tmp_path, SIMPLE), output_format=form, size=size)
    image = kit.picture(reply)
    assert (image.format, f"{image.width}x{image.height}") == (form.upper(), size)
    pixel = image.convert("RGB").getpixel((3, 3))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) < 6 for a, b in zip(pixel, RED, strict=True))


def test_an_exact_picture_keeps_its_bytes(tmp_path: Path) -> None:
    emu = emulator(tmp_path, {"one": SIMPLE["one"].replace("cat.png", "cat.png, exact: true")})
    data = kit.parsed(draw(emu))["data"][0]["b64_json"]
    assert base64.b64decode(data) == (tmp_path / "cat.png").read_bytes()


def test_a_picture_that_fits_already_is_not_encoded_anew(tmp_path: Path) -> None:
    emu = emulator(tmp_path, SIMPLE)
    right = kit.png(1024, 1024, color=(0, 0, 255))
    (tmp_path / "cat.png").write_bytes(right)
    data = kit.parsed(draw(emu, size="1024x1024"))["data"][0]["b64_json"]
    assert base64.b64decode(data) == right


def test_all_else_about_the_reply_is_made_as_usual(tmp_path: Path) -> None:
    given = kit.parsed(draw(emulator(tmp_path, SIMPLE), size="1024x1024", quality="low"))
    made = kit.parsed(draw(kit.emulator(), size="1024x1024", quality="low"))
    for one in (given, made):
        del one["data"]
    assert given == made


def test_several_pictures_come_in_their_order_and_recur(tmp_path: Path) -> None:
    text = "match: {operation: images.generate}\nreply: {pictures: [cat.png, dog.png]}\n"
    (tmp_path / "dog.png").write_bytes(kit.png(64, 64, color=(0, 255, 0)))
    reply = draw(emulator(tmp_path, {"one": text}), n=3, size="1024x1024")
    colors = [kit.picture(reply, at).getpixel((0, 0)) for at in range(3)]
    assert colors == [RED, (0, 255, 0), RED]


def test_an_image_stream_shows_the_picture_vague_to_sharp(tmp_path: Path) -> None:
    reply = draw(emulator(tmp_path, SIMPLE), stream=True, partial_images=2, size="1024x1024")
    events = kit.stream(reply)
    assert [name.rpartition(".")[2] for name, _ in events] == ["partial_image"] * 2 + ["completed"]
    last = kit.opened(base64.b64decode(events[-1][1]["b64_json"]))
    assert (last.size, last.getpixel((0, 0))) == ((1024, 1024), RED)
    schema = load("openai", "images.generate.event")
    assert [schema.check(event) for _, event in events] == [None, None, None]


def test_a_text_is_said_whole_and_streamed_and_counted(tmp_path: Path) -> None:
    text = "match: {operation: chat.create}\nreply: {text: Two words.}\n"
    emu = emulator(tmp_path, {"one": text})
    whole = kit.parsed(say(emu, "x", n=2))
    assert [c["message"]["content"] for c in whole["choices"]] == ["Two words."] * 2
    assert whole["usage"]["completion_tokens"] == 6
    assert load("openai", "chat.create.reply").check(whole) is None
    assert spoken(say(emu, "x", stream=True)) == "Two words."


def test_tools_are_called_as_given(tmp_path: Path) -> None:
    call = "{name: paint, arguments: {color: red}}"
    text = f"match: {{operation: chat.create}}\nreply: {{tool_calls: [{call}]}}\n"
    (choice,) = kit.parsed(say(emulator(tmp_path, {"one": text}), "x"))["choices"]
    (called,) = choice["message"]["tool_calls"]
    assert called["function"] == {"name": "paint", "arguments": '{"color":"red"}'}
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)


def test_a_refusal_and_a_reason_are_told(tmp_path: Path) -> None:
    files = {
        "a": "match: {operation: chat.create, prompt: a}\nreply: {refusal: I would rather not.}\n",
        "b": "match: {operation: chat.create, prompt: b}\n"
        "reply: {text: And then, finish_reason: length}\n",
    }
    emu = emulator(tmp_path, files)
    (first,) = kit.parsed(say(emu, "a"))["choices"]
    (second,) = kit.parsed(say(emu, "b"))["choices"]
    assert (first["message"]["refusal"], first["message"]["content"]) == (
        "I would rather not.",
        None,
    )
    assert (second["message"]["content"], second["finish_reason"]) == ("And then", "length")


def test_usage_and_fields_are_laid_over_the_reply(tmp_path: Path) -> None:
    text = (
        "match: {operation: images.generate}\n"
        "reply: {usage: {output_tokens: 7}, fields: {created: 1700000000, background: null}}\n"
    )
    reply = draw(emulator(tmp_path, {"one": text}), size="1024x1024")
    told = kit.parsed(reply)
    assert (told["created"], told["usage"]["output_tokens"]) == (1700000000, 7)
    assert told["usage"]["total_tokens"] == told["usage"]["input_tokens"] + 7
    assert "background" not in told
    assert kit.header(reply, "content-length") == str(len(reply.body))


def test_fields_reach_every_event_that_has_them(tmp_path: Path) -> None:
    text = "match: {operation: chat.create, fields: {stream: true}}\nreply: {fields: {id: mine}}\n"
    reply = say(emulator(tmp_path, {"one": text}), "x", stream=True)
    frames = b"".join(chunk.data for chunk in reply.chunks).split(b"\n\n")[:-2]
    assert {json.loads(frame[6:])["id"] for frame in frames} == {"mine"}


def test_a_stream_takes_the_time_that_is_given(tmp_path: Path) -> None:
    timing = "{first: 1.5, each: 0.25}"
    text = f"match: {{operation: chat.create}}\nreply: {{text: a b c, timing: {timing}}}\n"
    reply = say(emulator(tmp_path, {"one": text}), "x", stream=True)
    assert (reply.delay, {chunk.wait for chunk in reply.chunks[1:]}) == (1.5, {0.25})
    quick = say(emulator(tmp_path, {"one": text}, speed=10), "x", stream=True)
    assert (quick.delay, {chunk.wait for chunk in quick.chunks[1:]}) == (0.15, {0.025})


def test_an_error_row_is_the_providers_own(tmp_path: Path) -> None:
    facts = "{at: temperature, value: 9, choices: one}"
    text = f"match: {{prompt: a}}\nreply: {{error: {{row: E-CHAT-ENUM, facts: {facts}}}}}\n"
    emu = emulator(tmp_path, {"one": text})
    reply = say(emu, "a")
    assert (reply.status, kit.error(reply)["param"]) == (400, "temperature")
    assert load("openai", "error").check(kit.parsed(reply)) is None


def test_a_fault_strikes_as_often_as_it_says_then_the_next_fixture_answers(tmp_path: Path) -> None:
    files = {
        "a": "match: {prompt: a}\nreply: {fault: rate_limited; times=2}\n",
        "b": "match: {prompt: a}\nreply: {text: at last}\n",
    }
    emu = emulator(tmp_path, files)
    assert [say(emu, "a").status for _ in range(3)] == [429, 429, 200]
    assert said(emu, "a") == "at last"
    used = {Path(name).name: count for name, count in emu.session("").used.items()}
    assert used == {"a.yaml": 2, "b.yaml": 2}


def test_a_fault_on_the_wire_bends_what_is_given(tmp_path: Path) -> None:
    text = "match: {operation: chat.create}\nreply: {text: hello, fault: truncated_json}\n"
    body = say(emulator(tmp_path, {"one": text}), "x").body
    assert b"hello" in body or body.startswith(b"{")
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_connection_is_cut_by_a_fixture(tmp_path: Path) -> None:
    text = "match: {operation: chat.create}\nreply: {fault: reset_before_headers}\n"
    reply = say(emulator(tmp_path, {"one": text}), "x")
    assert (reply.status, reply.wire, reply.end) == (0, (), "reset")


def test_a_picture_that_has_gone_is_named(tmp_path: Path) -> None:
    emu = emulator(tmp_path, SIMPLE)
    (tmp_path / "cat.png").unlink()
    reply = draw(emu)
    assert reply.status == 400
    assert f"picture {tmp_path / 'cat.png'} cannot be sent" in kit.error(reply)["message"]


def test_a_chat_sends_all_the_pictures_that_are_given(tmp_path: Path) -> None:
    text = "match: {operation: chat.create}\nreply: {text: both, pictures: [cat.png, dog.png]}\n"
    (tmp_path / "dog.png").write_bytes(kit.png(64, 64, color=(0, 255, 0)))
    emu = emulator(tmp_path, {"one": text})
    model = "google/gemini-2.5-flash-image"
    for prompt in ("draw a picture of a cat", "hello"):
        body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
        reply = kit.parsed(kit.post(emu, "/vercel/v1/chat/completions", body))
        urls = [one["image_url"]["url"] for one in reply["choices"][0]["message"]["images"]]
        shown = [kit.opened(base64.b64decode(url.partition(",")[2])) for url in urls]
        colors = [image.convert("RGB").getpixel((3, 3)) for image in shown]
        assert colors == [RED, (0, 255, 0)]


def test_an_exact_picture_is_not_sent_to_who_asks_for_another(tmp_path: Path) -> None:
    one = "match: {operation: images.generate}\nreply: {picture: red.png, exact: true}\n"
    (tmp_path / "red.png").write_bytes(kit.png(1024, 1024, color=RED))
    emu = emulator(tmp_path, {"one": one})
    asks = [{}, {"size": "1024x1024"}, {"size": "1536x1024"}, {"output_format": "jpeg"}]
    red = [kit.picture(draw(emu, **ask)).convert("RGB").getpixel((3, 3)) == RED for ask in asks]
    assert red == [True, True, False, False]
    notes = [note for entry in emu.session("").journal for note in entry.notes]
    assert any(
        "'red.png' is a png, images.generate of gpt-image-2 sends 'jpeg'" in n for n in notes
    )
    assert any("'red.png' is 1024x1024, but match.fields.size is 1536x1024" in n for n in notes)


def test_fields_that_a_reply_has_no_place_for_are_noted(tmp_path: Path) -> None:
    fields = "{id: mine, choices.1.message.content: second}"
    emu = emulator(
        tmp_path, {"one": f"match: {{operation: chat.create}}\nreply: {{fields: {fields}}}\n"}
    )
    alone, both = kit.parsed(say(emu, "x")), kit.parsed(say(emu, "x", n=2))
    assert (alone["id"], len(alone["choices"])) == ("mine", 1)
    assert both["choices"][1]["message"]["content"] == "second"
    say(emu, "x", stream=True)
    notes = [list(entry.notes) for entry in emu.session("").journal]
    missed = (
        "fixture one.yaml: reply.fields.choices.1.message.content: this reply has no place for it"
    )
    assert [missed in told for told in notes] == [True, False, True]


@pytest.mark.parametrize("headers", ["", "headers: {x-mine: a}, "])
def test_a_body_of_json_says_that_it_is_one(headers: str, tmp_path: Path) -> None:
    error = "{error: {message: a, type: b, param: null, code: null}}"
    text = f"match: {{operation: models.list}}\nreply: {{{headers}status: 500, body: {error}}}\n"
    reply = kit.get(emulator(tmp_path, {"one": text}), "/v1/models")
    assert dict(reply.headers)["content-type"] == "application/json"
    assert reply.body.startswith(b'{"error":{"message":"a"')
