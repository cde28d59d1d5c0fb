"""Pictures as OpenAI's models make them, judged by Pillow; what they cost; how they stream."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import pytest
from kit import ERA, emulator, encoded, mask, opened, parsed, picture, png, stream
from openai_asks import ABSENT, Ask, edit, edit_json, generate, vary
from PIL import Image, ImageChops, ImageStat
from safelight.catalog import load_catalog
from safelight.messages import Reply

CLASSIC = ["1024x1024", "1536x1024", "1024x1536"]
GRID = ["1024x1024", "1536x1024", "1024x1536", "1824x1024", "832x2496", "2048x2048"]
FORMS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
NEW_FORMS = {**FORMS, "gif": "GIF"}
IMAGE_MODELS = [m for m in load_catalog("openai").models if "images.generate" in m.operations]
NEWEST = "gpt-image-2.5-flare"


def sizes_of(model: str) -> list[str]:
    if model == "dall-e-2":
        return ["256x256", "512x512", "1024x1024"]
    if model == "dall-e-3":
        return ["1024x1024", "1792x1024", "1024x1792"]
    return CLASSIC if model.startswith(("gpt-image-1", "chatgpt")) else GRID


def day_of(model: str) -> Any:
    return ERA if model.startswith("dall-e") or model == "gpt-image-1" else None


def made(ask: Ask, **settings: Any) -> Image.Image:
    return picture(ask(emulator(**settings)))


def b64(reply: Reply, index: int = 0) -> str:
    text: str = parsed(reply)["data"][index]["b64_json"]
    return text


def mark(data: bytes | str) -> str:
    """Return a fingerprint: what a failed comparison can afford to show."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:12]


def wh(size: str) -> tuple[int, int]:
    width, height = size.split("x")
    return int(width), int(height)


@pytest.mark.parametrize("model", [m.id for m in IMAGE_MODELS])
def test_every_model_draws_every_size_it_names(model: str) -> None:
    extra = {"response_format": "b64_json"} if model.startswith("dall-e") else {"quality": "low"}
    emu = emulator(as_of=day_of(model))
    for size in sizes_of(model):
        found = picture(generate(model=model, size=size, **extra)(emu))
        assert (found.format, found.mode, found.size) == ("PNG", "RGB", wh(size)), size


@pytest.mark.parametrize("model", ["gpt-image-1-mini", "gpt-image-2", NEWEST])
@pytest.mark.parametrize("form", NEW_FORMS)
def test_every_form_is_what_it_says(model: str, form: str) -> None:
    reply = generate(model=model, output_format=form, size="1536x1024", quality="low")(emulator())
    if form == "gif" and model != NEWEST:
        assert reply.status == 400
        return
    found = picture(reply)
    assert (found.format, found.size) == (NEW_FORMS[form], (1536, 1024))
    assert parsed(reply)["output_format"] == form


@pytest.mark.parametrize("form", ["png", "webp"])
def test_transparent_pictures_have_clear_and_solid_places(form: str) -> None:
    found = made(generate(model=NEWEST, background="transparent", output_format=form))
    low, high = found.convert("RGBA").getchannel("A").getextrema()
    assert (low, high) == (0, 255)


@pytest.mark.parametrize("form", ["png", "webp"])
def test_opaque_pictures_have_no_alpha(form: str) -> None:
    assert made(generate(background="opaque", output_format=form, quality="low")).mode == "RGB"


def test_a_prompt_that_asks_for_transparency_gets_it_by_auto() -> None:
    reply = generate(prompt="a fox on a transparent background", background="auto")(emulator())
    assert parsed(reply)["background"] == "transparent"
    assert picture(reply).mode == "RGBA"


def test_gif_pictures_move_as_told() -> None:
    found: Any = made(
        generate(model=NEWEST, output_format="gif", frame_count=5, frame_duration_ms=134)
    )
    frames = []
    for number in range(found.n_frames):
        found.seek(number)
        frames.append(found.convert("RGB").tobytes())
        assert found.info["duration"] == 130
    assert (len(frames), len(set(frames))) == (5, 5)


def test_svg_pictures_are_drawings_of_that_size() -> None:
    svg = {"output_format": "svg", "svg": {"model": "gpt-6-astra"}}
    reply = generate(model=NEWEST, size="1536x1024", **svg)(emulator())
    document = base64.b64decode(b64(reply)).decode()
    assert document.startswith("<svg")
    assert 'width="1536" height="1024"' in document
    usage = parsed(reply)["svg_usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_pictures_differ_by_number_prompt_model_size_and_seed() -> None:
    emu = emulator()
    three = generate(n=3, quality="low")(emu)
    others = [
        generate(prompt="a heron", quality="low")(emu),
        generate(model="gpt-image-1-mini", quality="low")(emu),
        generate(quality="high")(emu),
        generate(quality="low")(emulator(seed=7)),
    ]
    found = {mark(b64(three, n)) for n in range(3)} | {mark(b64(reply)) for reply in others}
    assert len(found) == 7


@pytest.mark.parametrize(
    "ask",
    [
        generate(n=2, quality="low"),
        generate(model=NEWEST, output_format="webp", background="transparent"),
        edit(("image", ("a.png", png(300, 200, color="red"), "image/png"))),
    ],
    ids=["png", "webp", "edit"],
)
def test_two_emulators_of_a_seed_say_the_same_bytes(ask: Ask) -> None:
    one, same, other = (ask(emulator(seed=seed)) for seed in (0, 0, 1))
    assert mark(one.body) == mark(same.body)
    assert mark(one.body) != mark(other.body)


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_more_compression_is_fewer_bytes_and_a_worse_picture(form: str) -> None:
    emu = emulator()
    exact = picture(generate()(emu)).convert("RGB")
    sizes, errors = [], []
    for level in (5, 50, 100):
        reply = generate(output_format=form, output_compression=level)(emu)
        sizes.append(len(b64(reply)))
        errors.append(sum(ImageStat.Stat(ImageChops.difference(exact, picture(reply))).rms))
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)
    assert sizes[0] * 2 < sizes[2]


def test_quality_is_detail() -> None:
    emu = emulator()
    sizes = [len(b64(generate(quality=q)(emu))) for q in ("low", "medium", "high")]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


def test_an_edit_shows_its_input() -> None:
    red = edit(("image", ("a.png", png(512, 512, color="red"), "image/png")), quality="low")
    blue = edit(("image", ("a.png", png(512, 512, color="blue"), "image/png")), quality="low")
    means = [ImageStat.Stat(made(ask).convert("RGB")).mean for ask in (red, blue)]
    assert means[0][0] > means[1][0] + 30
    assert means[1][2] > means[0][2] + 30


@pytest.mark.parametrize("by", ["form", "json"])
@pytest.mark.parametrize("size", ["1024x1024", "1024x1536"])
def test_outside_the_mask_every_pixel_stays(by: str, size: str) -> None:
    photo = Image.effect_noise(wh(size), 90).convert("RGB")
    box = (100, 200, 900, 700)
    image, cover = encoded(photo), mask(*wh(size), box)
    if by == "form":
        files = ("image", ("a.png", image, "image/png")), ("mask", ("m.png", cover, "image/png"))
        found = made(edit(*files, size=size))
    else:
        urls = [
            {"image_url": f"data:image/png;base64,{base64.b64encode(x).decode()}"}
            for x in (image, cover)
        ]
        found = made(edit_json(images=urls[:1], mask=urls[1], size=size))
    changed = ImageChops.difference(photo, found.convert("RGB"))
    outside = Image.new("L", photo.size, 255)
    outside.paste(0, box)
    assert ImageChops.multiply(changed.convert("L"), outside).getbbox() is None
    inside = ImageStat.Stat(changed.convert("L").crop(box)).mean[0]
    assert inside > 5


def test_a_mask_follows_its_picture_to_another_size() -> None:
    photo = Image.linear_gradient("L").resize((1024, 1024)).convert("RGB")
    files = (
        ("image", ("a.png", encoded(photo), "image/png")),
        ("mask", ("m.png", mask(1024, 1024, (0, 0, 1024, 512)), "image/png")),
    )
    found = made(edit(*files, size="1536x1024")).convert("RGB")
    plain = Image.open(io.BytesIO(encoded(photo))).resize((1536, 1024))
    assert found.size == plain.size
    same = ImageStat.Stat(ImageChops.difference(found, plain).crop((300, 640, 1200, 1000))).mean
    assert max(same) < 8


def test_dall_e_2_varies_and_edits_a_square() -> None:
    rgba = ("a.png", png(256, 256, "RGBA", (200, 30, 30, 128)), "image/png")
    emu = emulator(as_of=ERA)
    asked = {"response_format": "b64_json", "size": "512x512"}
    varied = vary(("image", rgba), n="2", **asked)(emu)
    edited = edit(("image", rgba), model="dall-e-2", **asked)(emu)
    assert [picture(varied, n).size for n in range(2)] == [(512, 512)] * 2
    assert mark(b64(varied)) != mark(b64(varied, 1))
    assert picture(edited).size == (512, 512)


# Usage


@pytest.mark.parametrize(
    ("quality", "tokens"),
    [("low", (272, 400, 408)), ("medium", (1056, 1568, 1584)), ("high", (4160, 6208, 6240))],
)
def test_output_costs_what_the_tables_say(quality: str, tokens: tuple[int, int, int]) -> None:
    emu = emulator()
    for size, expected in zip(CLASSIC, tokens, strict=True):
        usage = parsed(generate(size=size, quality=quality, n=2)(emu))["usage"]
        assert usage["output_tokens"] == 2 * expected
        assert usage["output_tokens_details"] == {"image_tokens": 2 * expected, "text_tokens": 0}
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_input_is_counted_once_for_every_picture() -> None:
    emu = emulator()
    square = ("a.png", png(1024, 1024), "image/png")
    one, two = (parsed(edit(("image", square), n=n)(emu))["usage"] for n in ("1", "2"))
    text = one["input_tokens_details"]["text_tokens"]
    assert one["input_tokens_details"] == {"image_tokens": 194, "text_tokens": text}
    assert two["input_tokens_details"] == {"image_tokens": 388, "text_tokens": 2 * text}
    assert (one["input_tokens"], two["input_tokens"]) == (194 + text, 388 + 2 * text)


def test_dall_e_has_no_usage() -> None:
    reply = generate(model=ABSENT, size="256x256")(emulator(as_of=ERA))
    assert set(parsed(reply)) == {"created", "data"}
    assert set(parsed(reply)["data"][0]) == {"url"}


# Streams


@pytest.mark.parametrize("partials", [0, 1, 2, 3])
@pytest.mark.parametrize("make", [generate, edit_json], ids=["generation", "edit"])
def test_previews_come_ever_closer_to_the_picture(make: Any, partials: int) -> None:
    events = stream(make(stream=True, partial_images=partials, quality="high")(emulator()))
    name = "image_generation" if make is generate else "image_edit"
    names = [f"{name}.partial_image"] * partials + [f"{name}.completed"]
    assert [event for event, _ in events] == [data["type"] for _, data in events] == names
    shown = [opened(base64.b64decode(data["b64_json"], validate=True)) for _, data in events]
    assert {(one.size, one.format) for one in shown} == {((1024, 1024), "PNG")}
    final = shown[-1].convert("RGB")
    away = [ImageStat.Stat(ImageChops.difference(one.convert("RGB"), final)).rms for one in shown]
    assert [sum(x) for x in away] == sorted((sum(x) for x in away), reverse=True)
    assert len({sum(x) for x in away}) == partials + 1


@pytest.mark.parametrize("partials", [0, 3])
def test_a_stream_tells_what_a_body_tells(partials: int) -> None:
    emu = emulator()
    fields = {"quality": "medium", "size": "1536x1024", "output_format": "webp"}
    whole = parsed(generate(**fields)(emu))
    events = stream(generate(**fields, stream=True, partial_images=partials)(emu))
    last = events[-1][1]
    told = {key: last[key] for key in ("size", "quality", "background", "output_format")}
    assert told == {key: whole[key] for key in told}
    assert mark(last["b64_json"]) == mark(whole["data"][0]["b64_json"])
    assert last["usage"] == {
        "input_tokens": whole["usage"]["input_tokens"],
        "output_tokens": 1568 + 100 * partials,
        "total_tokens": whole["usage"]["input_tokens"] + 1568 + 100 * partials,
        "input_tokens_details": whole["usage"]["input_tokens_details"],
    }


def test_a_stream_has_the_recorded_keys_and_frames() -> None:
    reply = generate(stream=True, partial_images=1, quality="low")(emulator())
    (_, partial), (_, last) = stream(reply)
    about = ["size", "quality", "background", "output_format"]
    assert list(partial) == ["type", "partial_image_index", "b64_json", "created_at", *about]
    assert list(last) == ["type", "b64_json", "created_at", "usage", *about]
    raw = b"".join(chunk.data for chunk in reply.chunks or ())
    assert (raw.count(b"\n"), raw.endswith(b"\n\n"), b"[DONE]" in raw) == (6, True, False)


def test_a_stream_of_two_completes_two_pictures() -> None:
    events = stream(generate(stream=True, n=2, quality="low")(emulator()))
    assert [name for name, _ in events] == ["image_generation.completed"] * 2
    assert len({mark(data["b64_json"]) for _, data in events}) == 2
    assert [data["usage"]["output_tokens"] for _, data in events] == [272, 272]


def phone_photo(width: int, height: int) -> bytes:
    """Return a JPEG as phones store it: EXIF says that it is to be shown turned."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.new("RGB", (width, height), (90, 160, 60)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_turned_photograph_counts_as_it_is_shown() -> None:
    photo = ("image", ("phone.jpg", phone_photo(96, 64), "image/jpeg"))
    shown = ("mask", ("mask.png", mask(64, 96, (0, 0, 9, 9)), "image/png"))
    stored = ("mask", ("mask.png", mask(96, 64, (0, 0, 9, 9)), "image/png"))
    reply = edit(photo, shown, size="auto")(emulator())
    assert (reply.status, parsed(reply)["size"]) == (200, "1024x1536")
    assert edit(photo, stored)(emulator()).status == 400
