"""The sample pictures are what their table says, and the emulator takes them as it should."""

from __future__ import annotations

import io
import struct
from typing import Any

import kit
import png as pypng
import pytest
from PIL import Image, ImageChops, ImageOps
from safelight.datafiles import data_dir
from safelight.refusals import UsageError
from safelight_contracts.samples import Sample, sample, samples

EDITS = "/openai/v1/images/edits"


@pytest.fixture(scope="module")
def emu() -> Any:
    return kit.emulator()


def edit(emu: Any, *files: tuple[str, str], **fields: str) -> Any:
    given = {"model": "gpt-image-2", "prompt": "Make the ball blue", "output_format": "png"}
    parts: list[tuple[str, Any]] = list({**given, **fields}.items())
    for field, name in files:
        upload = sample(name).upload()
        parts.append((field, (upload.filename, upload.data, upload.content_type)))
    return kit.form(emu, EDITS, parts)


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    files = {path.name for path in (data_dir("fixtures") / "pictures").iterdir() if path.is_file()}
    assert files - {"pictures.toml"} == set(samples())


@pytest.mark.parametrize(
    "one", [s for s in samples().values() if s.format], ids=lambda s: s.path.name
)
def test_a_decoder_finds_what_the_table_says(one: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # the bomb is only looked at, not decoded
    image = Image.open(io.BytesIO(one.data))
    assert (image.format, image.size, image.mode) == (one.format, one.size, one.mode)
    assert getattr(image, "n_frames", 1) == one.frames
    if one.readable:
        image.load()
        assert ImageOps.exif_transpose(image).size == one.shown
        lowest = image.convert("RGBA").getchannel("A").getextrema()[0]
        assert (lowest < 255) is one.alpha


@pytest.mark.parametrize("name", ["corrupt.png", "truncated.jpg", "text.png"])
def test_a_decoder_refuses_what_is_broken(name: str) -> None:
    with pytest.raises((OSError, SyntaxError)):
        Image.open(io.BytesIO(sample(name).data)).load()


def test_the_deep_picture_has_sixteen_bits_and_the_interlaced_one_is() -> None:
    for name, depth, interlaced in (("scene-16bit.png", 16, 0), ("scene-interlaced.png", 8, 1)):
        data = sample(name).data
        assert struct.unpack(">B", data[24:25]) == (depth,)
        assert data[28] == interlaced
        pypng.Reader(bytes=data).asDirect()


def test_the_turned_picture_shows_the_same_scene() -> None:
    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(sample("scene-turned.jpg").data)))
    straight = Image.open(io.BytesIO(sample("scene.jpg").data))
    apart = ImageChops.difference(turned, straight).convert("L").point(lambda v: 255 * (v > 40))
    assert apart.histogram()[255] < 200


@pytest.mark.parametrize(
    "name",
    [s.path.name for s in samples().values() if s.readable and s.format in ("PNG", "JPEG", "WEBP")],
)
def test_the_emulator_edits_every_readable_sample(emu: Any, name: str) -> None:
    reply = edit(emu, ("image", name), size="1024x1024")
    assert reply.status == 200, reply.body
    assert kit.picture(reply).size == (1024, 1024)


@pytest.mark.parametrize("name", ["corrupt.png", "truncated.jpg", "text.png", "huge.png"])
def test_the_emulator_refuses_what_no_decoder_takes(emu: Any, name: str) -> None:
    reply = edit(emu, ("image", name))
    assert reply.status == 400
    assert kit.error(reply)["type"] in ("invalid_request_error", "image_generation_user_error")


def test_the_mask_fits_its_scene_and_the_others_do_not(emu: Any) -> None:
    assert edit(emu, ("image", "scene.png"), ("mask", "mask.png")).status == 200
    for name in ("mask-grey.png", "mask-other-size.png"):
        assert edit(emu, ("image", "scene.png"), ("mask", name)).status == 400, name


def test_an_unknown_sample_is_named_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown sample 'dog.png'; known are scene.png"):
        sample("dog.png")
