"""openai-python makes and edits pictures over a real socket, strict about every reply."""

from __future__ import annotations

import io
import urllib.request
import warnings
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clients.driver import MODERN, Driver, drawn, holed, opened, prints
from openai.types import ImagesResponse
from PIL import Image, ImageChops

pytest_plugins = ["clients.fixtures"]

NEWEST = "gpt-image-2.5-flare"
SQUARE = (1024, 1024)


def generate(sdk: Driver, **fields: Any) -> Any:
    fields = {"model": "gpt-image-2", "prompt": "a red fox", **fields}
    return sdk.call(lambda c: c.images.generate(**fields))


def edit(sdk: Driver, **fields: Any) -> Any:
    fields = {"model": "gpt-image-1.5", "prompt": "add a hat", **fields}
    return sdk.call(lambda c: c.images.edit(**fields))


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_picture_has_the_format_and_size_asked_for(sdk: Driver, form: str) -> None:
    reply = generate(sdk, output_format=form, size="1536x1024", quality="low")
    picture = opened(reply.data[0])
    assert (picture.format, picture.size) == (form.upper(), (1536, 1024))
    told = (reply.output_format, reply.size, reply.quality, reply.background)
    assert told == (form, "1536x1024", "low", "opaque")
    assert reply.usage.output_tokens == 400
    assert reply._request_id.startswith("req_")


def test_gif_output_moves(connect: Callable[..., Driver]) -> None:
    sdk = connect(_strict_response_validation=MODERN)
    extra = {"frame_count": 4, "frame_duration_ms": 120}
    reply = generate(sdk, model=NEWEST, output_format="gif", size="1024x1024", extra_body=extra)
    picture = opened(reply.data[0])
    assert (picture.format, picture.n_frames, picture.size) == ("GIF", 4, SQUARE)
    assert (picture.info["duration"], reply.output_format) == (120, "gif")


def test_svg_output_is_a_drawing(connect: Callable[..., Driver]) -> None:
    sdk = connect(_strict_response_validation=MODERN)
    extra = {"svg": {"model": "gpt-6-astra", "reasoning": {"effort": "low"}}}
    reply = generate(sdk, model=NEWEST, output_format="svg", size="1024x1024", extra_body=extra)
    document = b64decode(reply.data[0].b64_json, validate=True).decode()
    assert document.lstrip().startswith("<svg")
    assert 'viewBox="0 0 1024 1024"' in document
    assert reply.model_dump()["svg_usage"]["model"] == "gpt-6-astra"


def test_n_pictures_differ_and_cost_n_times_as_much(sdk: Driver) -> None:
    one, three = generate(sdk, quality="low"), generate(sdk, quality="low", n=3)
    assert len(set(prints(three))) == 3
    assert (one.usage.output_tokens, three.usage.output_tokens) == (272, 816)
    assert three.usage.input_tokens == 3 * one.usage.input_tokens


def test_a_transparent_background_is_transparent(sdk: Driver) -> None:
    reply = generate(sdk, background="transparent", output_format="webp", size="1024x1024")
    assert reply.background == "transparent"
    low, high = opened(reply.data[0]).getchannel("A").getextrema()
    assert (low, high) == (0, 255)


def test_auto_is_answered_with_what_was_done(sdk: Driver) -> None:
    reply = generate(sdk, size="auto", quality="auto", background="auto")
    assert (reply.size, reply.quality, reply.background) == ("1024x1024", "medium", "opaque")
    assert reply.output_format == "png"


def test_a_stream_shows_previews_and_then_the_picture(sdk: Driver) -> None:
    fields = {"model": "gpt-image-1.5", "prompt": "a red fox", "size": "1024x1536"}
    more = {"quality": "high", "stream": True, "partial_images": 3}
    events = sdk.events(lambda c: c.images.generate(**fields, **more))
    assert [type(event).__name__ for event in events] == [
        *["ImageGenPartialImageEvent"] * 3,
        "ImageGenCompletedEvent",
    ]
    assert [event.partial_image_index for event in events[:-1]] == [0, 1, 2]
    assert {opened(event).size for event in events} == {(1024, 1536)}
    assert events[-1].usage.output_tokens == 6240 + 300


def test_a_stream_and_a_whole_reply_show_the_same_picture(sdk: Driver) -> None:
    fields = {"model": "gpt-image-2", "prompt": "the same fox", "size": "1024x1024"}
    whole = generate(sdk, **fields).data[0]
    (event,) = sdk.events(lambda c: c.images.generate(**fields, stream=True))
    assert event.type == "image_generation.completed"
    assert not ImageChops.difference(opened(event), opened(whole)).getbbox()


def test_an_edit_takes_a_tuple(sdk: Driver) -> None:
    reply = edit(sdk, image=("a.png", drawn(SQUARE), "image/png"), size="1024x1024", quality="low")
    assert opened(reply.data[0]).size == SQUARE
    assert (reply.usage.output_tokens, reply.usage.input_tokens_details.image_tokens) == (272, 194)


def test_an_edit_takes_an_open_file_and_a_path(sdk: Driver, tmp_path: Path) -> None:
    path = tmp_path / "photo.webp"
    path.write_bytes(drawn(SQUARE, form="WEBP"))
    with path.open("rb") as file:
        first = edit(sdk, image=file, size="1024x1024")
    assert prints(edit(sdk, image=path, size="1024x1024")) == prints(first)


def test_a_list_of_pictures_is_shown_and_counted(sdk: Driver) -> None:
    files = [("a.png", drawn(SQUARE)), ("b.jpg", drawn(SQUARE, form="JPEG"))]
    one, two = edit(sdk, image=files[:1]), edit(sdk, image=files)
    assert two.usage.input_tokens_details.image_tokens == 2 * 194
    assert prints(one) != prints(two)


def test_a_mask_keeps_every_other_pixel(sdk: Driver) -> None:
    given, box = drawn(SQUARE), (256, 256, 768, 640)
    mask = ("mask.png", holed(SQUARE, box), "image/png")
    reply = edit(sdk, image=("a.png", given, "image/png"), mask=mask, size="1024x1024")
    before = Image.open(io.BytesIO(given)).convert("RGB")
    changed = ImageChops.difference(before, opened(reply.data[0]).convert("RGB")).getbbox()
    assert changed is not None
    assert (max(changed[0], 256), max(changed[1], 256)) == changed[:2]
    assert (min(changed[2], 768), min(changed[3], 640)) == changed[2:]


def test_an_edit_streams(sdk: Driver) -> None:
    fields = {"model": "gpt-image-1.5", "prompt": "add a hat", "image": ("a.png", drawn(SQUARE))}
    more = {"size": "1024x1024", "quality": "medium", "stream": True, "partial_images": 2}
    events = sdk.events(lambda c: c.images.edit(**fields, **more))
    names = [event.type for event in events]
    assert names == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]
    assert events[-1].usage.output_tokens == 1056 + 200
    assert events[-1].usage.input_tokens_details.image_tokens == 194


def test_an_edit_can_be_json(sdk: Driver) -> None:
    url = "data:image/png;base64," + b64encode(drawn(SQUARE)).decode()
    ask = {"model": "gpt-image-1.5", "prompt": "add a hat", "images": [{"image_url": url}]}
    reply = sdk.call(lambda c: c.post("/images/edits", body=ask, cast_to=ImagesResponse))
    assert prints(reply) == prints(edit(sdk, image=("a.png", drawn(SQUARE))))


def test_the_newest_fields_reach_the_server(sdk: Driver) -> None:
    extra = {"complexity": "high", "safety_identifier": "user-7"}
    reply = generate(sdk, model=NEWEST, quality="high", extra_body=extra)
    assert reply.model_dump()["safety_identifier"] == "user-7"
    assert prints(reply) != prints(generate(sdk, model=NEWEST, quality="high"))


@pytest.mark.skipif(not MODERN, reason="openai-python 2 has no argument called markup")
def test_markup_is_drawn_over_the_picture(sdk: Driver) -> None:
    overlay = ("m.png", holed((512, 512), (0, 0, 512, 400)), "image/png")
    fields = {"model": NEWEST, "image": ("a.png", drawn((512, 512)))}
    plain, marked = edit(sdk, **fields), edit(sdk, **fields, markup=overlay)
    assert prints(plain) != prints(marked)


def test_dall_e_3_answers_with_a_url_that_shows_the_picture(connect: Callable[..., Driver]) -> None:
    fields = {"model": "dall-e-3", "prompt": "a fox", "size": "1792x1024", "quality": "hd"}
    sdk = connect("dall-e")
    (item,) = sdk.call(lambda c: c.images.generate(**fields, style="natural")).data
    with urllib.request.urlopen(item.url) as answer:
        picture = Image.open(io.BytesIO(answer.read()))
        assert (answer.headers["content-type"], picture.size) == ("image/png", (1792, 1024))
    assert "fox" in item.revised_prompt
    whole = sdk.call(lambda c: c.images.generate(**fields, response_format="b64_json")).data[0]
    assert (opened(whole).size, whole.url) == ((1792, 1024), None)


def test_dall_e_2_edits_and_varies(connect: Callable[..., Driver]) -> None:
    sdk, image = connect("dall-e"), ("a.png", drawn((256, 256), "RGBA"), "image/png")
    fields = {"image": image, "model": "dall-e-2", "size": "256x256", "response_format": "b64_json"}
    edited = sdk.call(lambda c: c.images.edit(prompt="a hat", **fields))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        varied = sdk.call(lambda c: c.images.create_variation(**fields, n=2))
    assert [opened(item).size for item in (*edited.data, *varied.data)] == [(256, 256)] * 3
    assert len(set(prints(varied))) == 2
    assert varied.usage is None


def test_raw_replies_carry_the_documented_headers(sdk: Driver) -> None:
    ask = {"model": "gpt-image-2", "prompt": "a red fox", "quality": "low"}
    raw = sdk.call(lambda c: c.images.with_raw_response.generate(**ask))
    assert raw.headers["content-type"] == "application/json"
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.headers["openai-processing-ms"].isdigit()
    assert raw.headers["x-request-id"] == raw.request_id == raw.parse()._request_id
    assert not [name for name in raw.headers if name.startswith("x-ratelimit")]


def test_the_same_request_gives_the_same_picture(
    sdk: Driver, connect: Callable[..., Driver]
) -> None:
    other = connect("lenient")
    heron = prints(generate(sdk, prompt="a heron"))
    assert heron == prints(generate(other, prompt="a heron"))
    assert heron != prints(generate(sdk, prompt="a stork"))
