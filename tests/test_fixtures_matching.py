"""Which fixture a request gets: every condition, and the order of those that fit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import kit
import pytest
from fixtures_kit import draw, emulator, said, say, write
from safelight.fixtures.loading import load_library
from safelight.fixtures.model import Text
from safelight.refusals import UsageError

CHAT = "operation: chat.create"


def one(match: str) -> dict[str, str]:
    return {"one": f"match: {{{match}}}\nreply: {{text: hit}}\n"}


@pytest.mark.parametrize(
    ("match", "prompt", "fields", "hit"),
    [
        ("prompt: hello", "hello", {}, True),
        ("prompt: hello", "hello!", {}, False),
        ("prompt: {contains: HELL}", "oh, hello", {}, True),
        ("prompt: {contains: hull}", "oh, hello", {}, False),
        ('prompt: {regex: "^h.*o$"}', "hello", {}, True),
        ('prompt: {regex: "^h.*o$"}', "Hello", {}, False),
        ("provider: openai", "x", {}, True),
        ("provider: v*", "x", {}, False),
        ("model: gpt-4o", "x", {}, True),
        ("model: gpt-4o-*", "x", {}, False),
        ("fields: {temperature: 1}", "x", {"temperature": 1.0}, True),
        ("fields: {temperature: 1}", "x", {}, False),
        ("fields: {stream: null}", "x", {}, True),
        ("fields: {logprobs: false}", "x", {"logprobs": True}, False),
        ("fields: {user: {regex: ^u}}", "x", {"user": "u1"}, True),
        ("fields: {metadata.team: red}", "x", {"metadata": {"team": "red"}}, True),
        ("fields: {metadata: {team: red}}", "x", {"metadata": {"team": "red"}}, True),
        ("fields: {messages.-1.role: user}", "x", {}, True),
        ("fields: {messages.-1.role: tool}", "x", {}, False),
        ("fields: {messages.-2.role: user}", "x", {}, False),
        ("fields: {messages.0.role: user}", "x", {}, True),
        ("fields: {messages.7.role: user}", "x", {}, False),
        ("fields: {seed: 1}", "x", {"seed": 2}, False),
    ],
)
def test_a_condition_fits_what_it_names(
    match: str, prompt: str, fields: dict[str, Any], *, hit: bool, tmp_path: Path
) -> None:
    emu = emulator(tmp_path, one(f"{CHAT}, {match}"))
    assert (said(emu, prompt, **fields) == "hit") is hit


def test_a_turn_counts_the_users_messages(tmp_path: Path) -> None:
    emu = emulator(tmp_path, one(f"{CHAT}, turn: 2"))
    assert [said(emu, *texts) == "hit" for texts in ["a", "ab", "abc"]] == [False, True, False]


def test_the_nth_request_of_a_session_is_counted_by_what_fits(tmp_path: Path) -> None:
    emu = emulator(tmp_path, one(f"{CHAT}, prompt: {{contains: cat}}, nth: 2"))
    asked = ["a cat", "a dog", "a cat", "a cat"]
    assert [said(emu, text) == "hit" for text in asked] == [False, False, True, False]
    assert emu.session("").met == {str(tmp_path / "one.yaml"): 3}
    emu.forget("")
    assert [said(emu, "a cat") == "hit" for _ in range(2)] == [False, True]


@pytest.mark.parametrize("with_mask", [True, False])
def test_a_mask_is_asked_for_or_asked_away(*, with_mask: bool, tmp_path: Path) -> None:
    text = f"match: {{operation: images.edit, mask: {str(with_mask).lower()}}}\n"
    emu = emulator(tmp_path, {"one": text + "reply: {picture: cat.png}\n"})
    parts: list[Any] = [
        ("model", "gpt-image-2"),
        ("prompt", "hats"),
        ("image", ("a.png", kit.png(64, 64), "image/png")),
    ]
    bare = kit.form(emu, "/v1/images/edits", parts)
    parts.append(("mask", ("m.png", kit.mask(64, 64, (0, 0, 9, 9)), "image/png")))
    masked = kit.form(emu, "/v1/images/edits", parts)
    red = [kit.picture(reply).getpixel((1, 1)) == (255, 0, 0) for reply in (bare, masked)]
    assert red == [not with_mask, with_mask]


@pytest.mark.parametrize("kind", ["hash", "size"])
def test_a_picture_is_known_by_its_bytes_or_its_size(kind: str, tmp_path: Path) -> None:
    photo = kit.png(48, 32, color=(0, 0, 9))
    value = {"hash": f"sha256:{hashlib.sha256(photo).hexdigest()}", "size": "48x32"}[kind]
    text = f"match: {{operation: images.edit, picture: {{{kind}: '{value}'}}}}\n"
    emu = emulator(tmp_path, {"one": text + "reply: {picture: cat.png}\n"})
    red = []
    for data in (photo, kit.png(32, 48)):
        image = ("image", ("a.png", data, "image/png"))
        parts: list[Any] = [("model", "gpt-image-2"), ("prompt", "hats"), image]
        reply = kit.form(emu, "/v1/images/edits", parts)
        red.append(kit.picture(reply).getpixel((1, 1)) == (255, 0, 0))
    assert red == [True, False]


def test_a_picture_of_a_chat_is_seen_too(tmp_path: Path) -> None:
    emu = emulator(tmp_path, one(f"{CHAT}, picture: {{size: 48x32}}"))
    url = "data:image/png;base64," + kit.base64.b64encode(kit.png(48, 32)).decode()
    content = [
        {"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]}
    reply = kit.parsed(kit.post(emu, "/v1/chat/completions", body))
    assert reply["choices"][0]["message"]["content"] == "hit"


ORDER = [
    "{operation: chat.create, prompt: a cat, model: gpt-4o}",
    "{operation: chat.create, prompt: a cat}",
    "{operation: chat.create, prompt: {regex: '^(a cat)?$'}}",
    "{operation: chat.create, prompt: {regex: 'a c.t'}}",
    "{operation: chat.create, prompt: {contains: a cat}}",
    "{operation: chat.create, prompt: {contains: cat}}",
    "{operation: chat.create, prompt: {regex: '.+'}}",
    "{operation: chat.create, prompt: {regex: '.'}}",
    "{operation: 'chat.*', prompt: {contains: cat}}",
    "{operation: chat.create}",
    "{operation: 'chat.*'}",
    "{operation: 'c*'}",
    "{}",
]
"""Matches that fit one request, the most specific first."""


@pytest.mark.parametrize("backwards", [False, True])
def test_the_most_specific_match_wins(*, backwards: bool, tmp_path: Path) -> None:
    places = list(enumerate(ORDER))
    for at, match in reversed(places) if backwards else places:
        name = f"{99 - at if backwards else at:02}.yaml"
        write(tmp_path, {name: f"match: {match}\nreply: {{text: '{at}'}}\n"})
    order = []
    while files := list(tmp_path.glob("*.yaml")):
        answer = said(emulator(tmp_path, {}), "a cat")
        order.append(answer)
        next(f for f in files if f"text: '{answer}'" in f.read_text()).unlink()
    assert order == [str(at) for at in range(len(ORDER))]


def test_among_equals_the_folder_named_first_wins_then_the_name(tmp_path: Path) -> None:
    for folder, name in (("z", "b"), ("z", "c"), ("a", "a")):
        match = f"match: {{operation: chat.create, prompt: {{contains: '{name}'}}}}\n"
        write(tmp_path, {f"{folder}/{name}.yaml": f"{match}reply: {{text: {folder}{name}}}\n"})
    from safelight.core import Emulator, Settings
    from safelight.dialects import load_dialects

    library = load_library([tmp_path / "z", tmp_path / "a"], load_dialects(), kit.ERA)
    emu = Emulator(Settings(), clock=kit.Clock(), library=library)
    assert [said(emu, text) for text in ("abc", "ac", "a")] == ["zb", "zc", "aa"]


def test_what_is_refused_uses_no_fixture(tmp_path: Path) -> None:
    emu = emulator(tmp_path, one("operation: chat.create"))
    assert say(emu, "hello", temperature=9).status == 400
    assert emu.session("").used == {}


def test_without_a_fixture_an_answer_is_made_or_an_error_says_what_was_nearest(
    tmp_path: Path,
) -> None:
    files = one(f"{CHAT}, prompt: hello, fields: {{seed: 3}}")
    assert said(emulator(tmp_path, files), "bye") != "hit"
    reply = say(emulator(tmp_path, files, unmatched="error"), "bye", seed=3)
    told = kit.error(reply)
    assert (reply.status, told["type"]) == (400, "safelight_usage_error")
    start = "no fixture fits this chat.create of openai (model 'gpt-4o', prompt 'bye'); nearest is "
    why = f"{tmp_path / 'one.yaml'}: prompt is to be equal 'hello', is 'bye'"
    assert told["message"] == start + why


def test_what_becomes_of_others_is_made_or_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unmatched is make or error, got 'fail'"):
        emulator(tmp_path, one(CHAT), unmatched="fail")


def test_sessions_count_by_themselves(tmp_path: Path) -> None:
    emu = emulator(tmp_path, {"one": "match: {nth: 1}\nreply: {text: first}\n"})
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}
    for session in ("", "/s/a", "/s/b"):
        told = [kit.parsed(kit.post(emu, f"{session}/v1/chat/completions", body)) for _ in range(2)]
        texts = [reply["choices"][0]["message"]["content"] for reply in told]
        assert (texts[0], texts[1] == "first") == ("first", False)


def test_a_text_says_what_it_wants() -> None:
    assert [Text(kind, "a.b").fits("xA.Bx") for kind in ("equal", "contains", "regex")] == [
        False,
        True,
        False,
    ]


def test_requests_for_pictures_and_models_meet_fixtures_alike(tmp_path: Path) -> None:
    emu = emulator(
        tmp_path,
        {
            "a": "match: {operation: images.generate}\nreply: {picture: cat.png}\n",
            "b": "match: {operation: models.get}\nreply: {status: 503}\n",
        },
    )
    assert kit.picture(draw(emu, size="1024x1024")).getpixel((9, 9)) == (255, 0, 0)
    assert kit.get(emu, "/v1/models/gpt-4o").status == 503
