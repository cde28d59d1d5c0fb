"""What came in: read from the first bytes, refused when it is no picture, huge or damaged."""

import io
import warnings
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pixels_kit import drawn, huge_png, opened, packed, photo
from safelight.pixels import Source, UnreadablePicture, inspect, verify
from safelight.pixels.exif import orientation

MODES = {
    "png": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
    "jpeg": ("RGB", "L", "CMYK"),
    "webp": ("RGB", "RGBA"),
    "gif": ("P",),
    "bmp": ("RGB", "P"),
}
PAIRS = [(name, mode) for name, modes in MODES.items() for mode in modes]


def sample(name: str, mode: str = "RGB", **options: Any) -> Source:
    image = photo(mode="L").convert("I;16") if mode == "I;16" else photo(mode=mode)
    if mode == "RGBA":
        image.putalpha(77)
    return packed(image, name.upper(), **options)


@pytest.mark.parametrize(("name", "mode"), PAIRS)
def test_a_header_says_what_a_decoder_finds(name: str, mode: str) -> None:
    found, seen = sample(name, mode), opened(sample(name, mode).data)
    assert (found.format, found.mode) == (name, mode)
    assert (found.width, found.height) == seen.size
    assert found.has_alpha == seen.has_transparency_data
    verify(found)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_every_kind_of_webp_is_read(mode: str, *, lossless: bool) -> None:
    found = sample("webp", mode, lossless=lossless)
    assert (found.width, found.height, found.mode) == (96, 80, mode)


def test_see_through_colours_of_palettes_count_as_alpha() -> None:
    page = photo(mode="P")
    assert packed(page, "PNG", transparency=3).has_alpha
    assert packed(page, "GIF", transparency=3).has_alpha
    assert not packed(page, "GIF").has_alpha


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no bytes"),
        (b"just some text", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (huge_png(), "too many"),
        (huge_png(0, 5), "no pixels"),
        (drawn()[:20], "truncated"),
        (b"\xff\xd8\xff\xe0\x00\x10", "truncated"),
        (b"RIFF\0\0\0\0WEBPVP8X", "truncated"),
        (b"GIF89a\x01", "truncated"),
    ],
    ids=["empty", "text", "svg", "bomb", "flat", "png", "jpeg", "webp", "gif"],
)
def test_no_picture_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePicture, match=reason) as caught:
        inspect(data)
    assert caught.value.reason == str(caught.value)


def test_the_limit_on_pixels_is_the_callers() -> None:
    data = drawn()
    assert inspect(data, max_pixels=96 * 80).width == 96
    with pytest.raises(UnreadablePicture, match="96x80 pixels are too many, the limit is 7679"):
        inspect(data, max_pixels=96 * 80 - 1)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif", "bmp"])
def test_a_picture_cut_short_is_found_out(name: str) -> None:
    whole = sample(name, "P" if name == "gif" else "RGB").data
    with pytest.raises(UnreadablePicture, match="damaged or truncated"):
        verify(inspect(whole[: len(whole) * 2 // 3]))


def test_a_flipped_bit_in_a_png_is_found_out() -> None:
    data = bytearray(drawn())
    data[len(data) // 2] ^= 0x10
    with pytest.raises(UnreadablePicture, match="damaged"):
        verify(inspect(bytes(data)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PAIRS), st.data())
def test_damage_never_raises_anything_else(pair: tuple[str, str], data: st.DataObject) -> None:
    whole = bytearray(sample(*pair).data)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with suppress(UnreadablePicture):
            verify(inspect(bytes(whole[: data.draw(st.integers(0, len(whole)))]), max_pixels=10**6))


def test_a_gif_is_as_big_as_its_first_frame() -> None:
    data = bytearray(sample("gif", "P").data)
    at = data.index(b"\x2c\0\0\0\0") + 5
    data[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(UnreadablePicture, match="65535x65535 pixels are too many"):
        inspect(bytes(data))


def test_a_picture_that_contradicts_its_header_is_refused() -> None:
    with pytest.raises(UnreadablePicture, match="contradicts its own header"):
        verify(replace(sample("jpeg"), width=95))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0\x00\x02oops",
        b"RIFF\0\0\0\0WEBPVP8X" + bytes(13),
        b"RIFF\0\0\0\0WEBPwhat" + bytes(20),
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIDAT" + bytes(20),
    ],
    ids=["jpeg", "webp-short", "webp-unknown", "gif-without-frame", "png-without-head"],
)
def test_a_damaged_header_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadablePicture, match="truncated or damaged"):
        inspect(data)


def test_padding_between_jpeg_segments_is_skipped() -> None:
    data = sample("jpeg").data
    assert inspect(data[:2] + b"\xff\xff" + data[2:]).width == 96


def test_a_broken_animation_chunk_is_no_news() -> None:
    out = io.BytesIO()
    photo().save(out, "PNG", save_all=True, append_images=[photo().rotate(90)])
    data = out.getvalue()
    at = data.index(b"acTL") + 4
    verify(inspect(data))
    verify(inspect(data[:at] + bytes(8) + data[at + 8 :]))


@pytest.mark.parametrize("name", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photograph_is_as_wide_as_it_is_shown(name: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    found = sample(name, exif=exif)
    assert (found.width, found.height) == (96, 80)
    assert found.shown == ((80, 96) if turn >= 5 else (96, 80))


@given(st.binary(max_size=60), st.sampled_from([b"", b"II*\0", b"MM\0*", b"Exif\0\0II*\0"]))
def test_any_exif_block_gives_an_orientation(body: bytes, start: bytes) -> None:
    assert isinstance(orientation(start + body), int)


def test_a_header_is_read_without_the_pixels() -> None:
    picture = Image.new("RGB", (3000, 3000))
    assert inspect(packed(picture).data[:64]).width == 3000
