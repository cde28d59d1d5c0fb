"""Chats that draw: what asks for a picture, how many come, and how a conversation changes one."""

from __future__ import annotations

import base64
from typing import Any

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat
from safelight.messages import Call
from safelight.operations import chat
from safelight.operations.chat import ChatResult
from safelight.operations.chat.wishes import MOST, amount, asks_for_picture, wants_fresh
from safelight.operations.images import Job

DRAWS = {"draws": True}

WISHES = [
    "Draw a cat",
    "Render two versions of a pond tortoise sleeping on a log in a lake at sunset.",
    "Please create a picture of a dog",
    "Can you make me a photo of a red fox?",
    "An illustration of a castle at night",
    "I want an image of a horse",
    "Could you paint a lake?",
    "Show me a picture of Rome",
]
TALK = [
    "",
    "Hello",
    "How do I draw a cat?",
    "Explain how to create an image in an editor",
    "What is in this picture?",
    "Describe this picture",
    "Write a function that draws a circle",
    "Do not draw anything",
    "I took a photo of my dog, what breed is it?",
    "Give me a list of photos of Rome",
    "Without images, tell me about cats",
]
CHANGES = [
    "Now make it sunset",
    "Add a hat",
    "change the sky to red",
    "Please remove the tree",
    "with a blue background",
    "Another one",
]


@pytest.mark.parametrize("text", WISHES)
def test_a_plain_wish_is_a_wish(text: str) -> None:
    assert asks_for_picture(text, shown=False)


@pytest.mark.parametrize("text", TALK)
def test_talk_about_pictures_is_talk(text: str) -> None:
    assert not asks_for_picture(text, shown=False)
    assert not asks_for_picture(text, shown=True)


@pytest.mark.parametrize("text", CHANGES)
def test_a_change_needs_a_picture_to_change(text: str) -> None:
    assert asks_for_picture(text, shown=True)
    assert not asks_for_picture(text, shown=False)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Draw a cat", 1),
        ("Draw two versions of a cat", 2),
        ("three different variations of a logo", 3),
        ("a couple of sketches", 2),
        ("a set of 4 images", 4),
        ("an image of two pictures on a wall", 1),
        ("two cats in a picture", 1),
        ("99 images", MOST),
    ],
)
def test_a_number_of_pictures_is_understood(text: str, count: int) -> None:
    assert amount(text) == count


@given(st.text(max_size=300), st.booleans())
def test_any_text_is_read(text: str, shown: bool) -> None:  # noqa: FBT001 - drawn
    assert isinstance(asks_for_picture(text, shown=shown), bool)
    assert 1 <= amount(text) <= MOST
    assert isinstance(wants_fresh(text), bool)


def ask(*messages: Any, traits: Any = None, **params: Any) -> ChatResult:
    turns = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    body = {"messages": turns, **params}
    return chat.create(
        Call("chat.create", "m-1", body, 7, 0.0, DRAWS if traits is None else traits)
    )


def jobs(*messages: Any, **params: Any) -> tuple[Job, ...]:
    return ask(*messages, **params).choices[0].drawings


def url(data: bytes) -> dict[str, Any]:
    link = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": link}}


def answer(*pictures: bytes) -> dict[str, Any]:
    return {"role": "assistant", "content": "Here.", "images": [url(data) for data in pictures]}


def test_a_model_that_cannot_draw_only_talks() -> None:
    assert jobs("Draw a cat", traits={}) == ()
    assert jobs("Draw a cat", traits={}, modalities=["text", "image"]) == ()


def test_a_wish_gets_words_and_a_picture() -> None:
    result = ask("Draw a red cat")
    (job,) = result.choices[0].drawings
    assert "red cat" in (result.choices[0].text or "")
    assert kit.opened(job.render().data).size == (1024, 1024)


def test_two_versions_are_two_different_pictures() -> None:
    first, second = jobs("Draw two versions of a cat")
    assert first.key != second.key
    assert first.render().data != second.render().data


def test_modalities_decide_where_they_are_given() -> None:
    assert len(jobs("A lighthouse", modalities=["text", "image"])) == 1
    assert jobs("Draw a lighthouse", modalities=["text"]) == ()
    assert jobs("Tell me about lighthouses") == ()


def test_only_pictures_come_without_words() -> None:
    choice = ask("Draw a cat", modalities=["image"]).choices[0]
    assert choice.text == ""
    assert len(choice.drawings) == 1


def test_several_answers_draw_several_pictures() -> None:
    first, second = ask("Draw a cat", n=2).choices
    assert first.drawings[0].key != second.drawings[0].key


def test_json_and_tools_come_without_pictures() -> None:
    json_wish = "Draw a cat, and answer with JSON"
    tool = {"type": "function", "function": {"name": "draw_cat", "parameters": {"type": "object"}}}
    called = ask("Draw a cat by draw_cat", tools=[tool], tool_choice="required")
    assert jobs(json_wish, response_format={"type": "json_object"}) == ()
    assert called.choices[0].tool_calls
    assert called.choices[0].drawings == ()


def test_pictures_are_paid_for_in_tokens() -> None:
    plain, drawn = ask("Hello there"), ask("Draw two versions of a cat")
    assert plain.usage.drawn_tokens == 0
    assert drawn.usage.drawn_tokens == 2 * 1290
    assert drawn.usage.completion_tokens > drawn.usage.drawn_tokens


def scene() -> bytes:
    image = Image.new("RGB", (600, 400), (250, 250, 250))
    image.paste((10, 10, 10), (0, 0, 300, 400))
    return kit.encoded(image)


def halves(data: bytes) -> tuple[float, float]:
    """Return how light the upper left and upper right of a picture are."""
    grey = kit.opened(data).convert("L")
    boxes = ((0, 60, grey.width // 3, 200), (grey.width * 2 // 3, 60, grey.width, 200))
    left, right = (ImageStat.Stat(grey.crop(box)).mean[0] for box in boxes)
    return left, right


def test_a_sent_picture_is_changed_and_still_seen() -> None:
    parts = [{"type": "text", "text": "Make it look like autumn"}, url(scene())]
    (job,) = jobs({"role": "user", "content": parts})
    made = kit.opened(job.render().data)
    left, right = halves(job.render().data)
    assert made.size == (600, 400)
    assert right - left > 60
    assert ImageChops.difference(made.convert("RGB"), kit.opened(scene())).getbbox() is not None


def test_the_turn_before_is_what_a_change_starts_from() -> None:
    old = kit.png(64, 64, color=(0, 200, 0))
    (job,) = jobs("Draw a field", answer(old), "Draw a wall", answer(scene()), "Now make it sunset")
    left, right = halves(job.render().data)
    assert [source.data for source in job.inputs.pictures] == [scene()]
    assert right - left > 60


def test_a_conversation_changes_its_picture_every_turn() -> None:
    (first,) = jobs("Draw a lighthouse")
    seen = first.render().data
    for text in ("Add a boat", "Make it night"):
        (job,) = jobs("Draw a lighthouse", answer(seen), text)
        now = job.render().data
        assert job.inputs.pictures[0].data == seen
        assert now != seen
        seen = now


def test_a_new_picture_forgets_the_old_one() -> None:
    (job,) = jobs("Draw a wall", answer(scene()), "Draw a new picture of a fox")
    assert job.inputs.pictures == ()


def test_a_question_about_a_picture_gets_words() -> None:
    assert jobs("Draw a wall", answer(scene()), "What is in the picture?") == ()


def test_dialects_may_say_how_it_is_drawn() -> None:
    (job,) = jobs("Draw a cat", drawing={"size": "320x200", "output_format": "jpeg"})
    made = kit.opened(job.render().data)
    assert (made.size, made.format) == ((320, 200), "JPEG")


def test_the_same_conversation_draws_the_same_picture() -> None:
    assert jobs("Draw a cat")[0].render().data == jobs("Draw a cat")[0].render().data
