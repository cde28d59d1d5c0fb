"""Pictures, sounds and files in a message: what is said of them, and what they cost."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import emulator, encoded, parsed, png, post
from PIL import Image
from safelight.operations.chat.pictures import Picture, picture_tokens
from safelight.refusals import Refusal
from test_chat_create import ask, text_of

TILES = {"base": 85, "tile": 170}


def part(data: bytes, kind: str = "png", **more: Any) -> dict[str, Any]:
    url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, **more}}


def look(*parts: Any, **params: Any) -> str:
    return text_of(ask([{"type": "text", "text": "What is this?"}, *parts], **params))


def test_format_and_size_of_a_picture_are_told() -> None:
    assert "a 640×480 PNG." in look(part(png(640, 480)))  # noqa: RUF001 - the sign that is written


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_accepted_format_is_known(form: str) -> None:
    data = encoded(Image.new("RGB", (33, 44)), form)
    assert f"33\N{MULTIPLICATION SIGN}44 {form}" in look(part(data, "png"))


def test_transparency_is_seen() -> None:
    assert "with transparency" in look(part(png(8, 8, "RGBA", (0, 0, 0, 0))))


def test_several_pictures_are_all_told() -> None:
    answer = look(part(png(10, 20)), part(png(30, 40)))
    assert "2 pictures" in answer
    assert "10\N{MULTIPLICATION SIGN}20" in answer
    assert "30\N{MULTIPLICATION SIGN}40" in answer


def test_a_picture_elsewhere_is_not_fetched_and_the_answer_says_so() -> None:
    url = "https://example.com/cat.png"
    answer = look({"type": "image_url", "image_url": {"url": url}})
    assert url in answer
    assert "not fetched" in answer


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("data:image/png;base64,###", "invalid_base64_image"),
        ("data:image/png,plain", "invalid_base64_image"),
        ("data:image/png;base64," + base64.b64encode(b"text").decode(), "invalid_image_format"),
        ("data:image/png;base64," + base64.b64encode(png()[:20]).decode(), "invalid_image_format"),
        ("cat.png", "invalid_image_url"),
    ],
)
def test_what_is_no_picture_is_refused(url: str, name: str) -> None:
    with pytest.raises(Refusal, match=name):
        look({"type": "image_url", "image_url": {"url": url}})
    assert "not fetched" in look({"type": "image_url", "image_url": {"url": url}}, lenient=True)


def test_sounds_and_files_are_acknowledged() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    file = {"type": "file", "file": {"filename": "plan.pdf", "file_data": "AAAA"}}
    answer = look(sound, file)
    assert "1 recording" in answer
    assert "plan.pdf" in answer


@pytest.mark.parametrize(
    ("size", "detail", "tokens"),
    [
        ((1024, 1024), "high", 85 + 4 * 170),
        ((2048, 4096), "high", 85 + 6 * 170),
        ((512, 512), "auto", 85 + 170),
        ((4096, 8192), "low", 85),
        ((1, 1), "high", 85 + 170),
    ],
)
def test_tiles_are_counted_as_the_guide_counts_them(
    size: tuple[int, int], detail: str, tokens: int
) -> None:
    assert picture_tokens(Picture("png", *size, detail=detail), TILES) == tokens


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_picture_never_costs_more_than_its_table_allows(width: int, height: int) -> None:
    picture = Picture("png", width, height)
    assert 85 + 170 <= picture_tokens(picture, TILES) <= 85 + 8 * 170
    assert 1 <= picture_tokens(picture, {"patch": 1.5}) <= 2304


def test_a_square_picture_costs_the_mini_model_about_25500_tokens() -> None:
    # recorded: one image with gpt-4o-mini (wire facts 6.1)
    content = [{"type": "text", "text": "Hi"}, part(png(1024, 1024))]
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": content}]}
    usage = parsed(post(emulator(), "/v1/chat/completions", asked))["usage"]
    assert 25_400 < usage["prompt_tokens"] < 25_600


def test_pictures_of_earlier_messages_count_but_are_not_told_again() -> None:
    earlier = {"role": "user", "content": [part(png(64, 64))]}
    answer = {"role": "assistant", "content": "Nice."}
    asked = {"role": "user", "content": "Thanks"}
    result = ask(messages=[earlier, answer, asked])
    assert result.usage.image_tokens > 0
    assert "picture" not in text_of(result)
