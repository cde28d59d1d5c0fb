"""Assertions about pictures: what they let pass, and what they say when they do not."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safelight import Picture, assert_image, assert_only_masked_changed, assert_same_picture
from safelight.assertions import writing_to
from safelight.refusals import UsageError

RED, BLUE, CLEAR = (255, 0, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)


def file(image: Image.Image, form: str = "PNG", **save: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **save)
    return out.getvalue()


def opened(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def plain(color: tuple[int, ...] = RED, size: tuple[int, int] = (8, 6)) -> Image.Image:
    return Image.new("RGBA", size, color)


def pasted(
    image: Image.Image, color: tuple[int, ...], box: tuple[int, int, int, int]
) -> Image.Image:
    changed = image.copy()
    changed.paste(color, box)
    return changed


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with writing_to(lambda: tmp_path):
        yield tmp_path


def failing(check: object, *args: object, **named: object) -> str:
    """Return what an assertion says when it fails."""
    with pytest.raises(AssertionError) as error:
        check(*args, **named)  # type: ignore[operator]
    return str(error.value)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "gif"])
def test_a_picture_is_what_it_is(form: str) -> None:
    data = file(plain().convert("RGB"), form.upper())
    image = assert_image(data, size=(8, 6), format=form, alpha=False)
    assert image.getpixel((0, 0)) is not None


def test_jpg_is_jpeg() -> None:
    assert_image(file(plain().convert("RGB"), "JPEG"), format="jpg")


@pytest.mark.parametrize("how", ["bytes", "base64", "data url", "path", "image"])
def test_a_picture_may_be_given_in_many_ways(how: str, tmp_path: Path) -> None:
    data = file(plain())
    text = base64.b64encode(data).decode()
    (tmp_path / "a.png").write_bytes(data)
    ways: dict[str, Picture] = {
        "bytes": data,
        "base64": text,
        "data url": f"data:image/png;base64,{text}",
        "path": tmp_path / "a.png",
        "image": opened(tmp_path / "a.png"),
    }
    assert_image(ways[how], size=(8, 6), format="png")


def test_every_difference_is_told_and_the_picture_written(folder: Path) -> None:
    said = failing(assert_image, file(plain()), size=(9, 9), format="webp", alpha=True)
    assert said.splitlines() == [
        "size: expected 9x9, got 8x6",
        "format: expected webp, got png",
        "alpha: expected transparent pixels, got a picture whose every pixel is opaque (RGBA)",
        f"picture: {folder / 'picture.png'}",
    ]
    assert opened(folder / "picture.png").size == (8, 6)


def test_transparency_nobody_asked_for_is_told() -> None:
    said = failing(assert_image, file(plain(CLEAR)), alpha=False)
    assert "expected an opaque picture, got one with transparent pixels" in said
    grey = file(Image.new("L", (2, 2)))
    assert "without an alpha channel (L)" in failing(assert_image, grey, alpha=True)


@pytest.mark.parametrize(
    "data", [b"", b"<html>", file(plain(size=(64, 64)))[:60], "no base64!", "aGVsbG8="]
)
def test_what_cannot_be_decoded_is_no_picture(data: bytes | str, folder: Path) -> None:
    said = failing(assert_image, data)
    assert said.startswith("no picture that can be decoded: ")
    assert "it begins with" in said
    assert (folder / "picture.bin").exists() or (folder / "picture.png").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "no picture: a picture is bytes, base64, a data: URL, a path (pathlib.Path)"),
        (io.BytesIO(), "or a Pillow image, got <_io.BytesIO"),
        (Path("nowhere.png"), "no picture: there is no file 'nowhere.png'"),
        ("https://example.com/a.png", "is a link, fetch it first"),
        ("out/lamp.png", "(a picture is bytes, base64, a data: URL, a path (pathlib.Path)"),
    ],
)
def test_what_cannot_be_a_picture_is_told_with_what_can(data: Any, says: str) -> None:
    assert says in failing(assert_image, data)


def test_a_size_in_words_is_a_slip(folder: Path) -> None:
    wrong: Any = "64x64"
    with pytest.raises(UsageError, match=r"size is \(width, height\), got '64x64'"):
        assert_image(file(plain(size=(64, 64))), size=wrong)
    assert not list(folder.iterdir())


def test_a_mask_that_opens_nothing_is_told() -> None:
    one, two = plain(size=(8, 8)), plain(size=(8, 8))
    two.putpixel((3, 3), (1, 2, 3))
    said = failing(assert_only_masked_changed, one, two, Image.new("L", (8, 8), 255))
    assert said.startswith("mask: it has no transparent pixels")


def test_a_second_failure_does_not_overwrite_the_first(folder: Path) -> None:
    for _ in range(2):
        failing(assert_image, file(plain()), format="webp")
    assert sorted(path.name for path in folder.iterdir()) == ["picture-2.png", "picture.png"]


@given(st.binary(min_size=48 * 4, max_size=48 * 4))
def test_every_picture_is_the_same_as_itself(pixels: bytes) -> None:
    image = Image.frombytes("RGBA", (8, 6), pixels)
    assert_same_picture(image, file(image))


def test_what_cannot_be_seen_does_not_differ() -> None:
    assert_same_picture(plain((1, 2, 3, 0)), plain((9, 9, 9, 0)))
    assert_same_picture(plain(), plain().convert("RGB"))


def test_one_pixel_is_found_and_told(folder: Path) -> None:
    changed = pasted(plain(), (250, 0, 0, 255), (3, 2, 4, 3))
    said = failing(assert_same_picture, plain(), file(changed))
    assert said.splitlines()[0] == (
        "1 pixels (2.1 %) differ, by up to 5 of 255, "
        "in the box (3, 2, 4, 3) (left, upper, right, lower)"
    )
    difference = opened(folder / "difference.png")
    assert (difference.getpixel((3, 2)), difference.getpixel((0, 0))) == (255, 0)
    assert_same_picture(plain(), changed, tolerance=5)
    assert "more than the 4 tolerated" in failing(
        assert_same_picture, plain(), changed, tolerance=4
    )


def test_pictures_of_two_sizes_are_not_the_same() -> None:
    said = failing(assert_same_picture, plain(), plain(size=(6, 8)))
    assert said.startswith("size: 8x6 and 6x8")


HOLE = (2, 1, 6, 4)
MASK = pasted(plain((0, 0, 0, 255)), CLEAR, HOLE)


def test_an_edit_may_change_what_the_mask_leaves_open() -> None:
    edited = pasted(plain(), BLUE, HOLE)
    assert_only_masked_changed(file(plain()), file(edited), file(MASK))


@given(st.integers(0, 7), st.integers(0, 5))
def test_an_edit_may_change_nothing_else(x: int, y: int) -> None:
    edited = pasted(pasted(plain(), BLUE, HOLE), (0, 255, 0, 255), (x, y, x + 1, y + 1))
    inside = HOLE[0] <= x < HOLE[2] and HOLE[1] <= y < HOLE[3]
    if inside:
        assert_only_masked_changed(plain(), edited, MASK)
    else:
        said = failing(assert_only_masked_changed, plain(), edited, MASK)
        assert said.startswith("outside the mask: 1 pixels")
        assert f"in the box ({x}, {y}, {x + 1}, {y + 1})" in said


def test_an_edit_that_changed_nothing_is_none() -> None:
    said = failing(assert_only_masked_changed, plain(), plain(), MASK)
    assert said.startswith("inside the mask: nothing changed")


def test_an_edit_of_another_size_is_told_with_all_three() -> None:
    said = failing(assert_only_masked_changed, plain(), plain(size=(4, 3)), MASK)
    assert said.startswith("size: before 8x6, after 4x3, mask 8x6")


def test_without_a_test_framework_the_pictures_have_a_folder_too() -> None:
    with writing_to(lambda: Path("/nowhere")), pytest.raises(FileNotFoundError):
        assert_image(file(plain()), format="webp")
    with writing_to(None):
        written = Path(failing(assert_image, file(plain()), format="webp").rpartition(": ")[2])
    assert written.read_bytes() == file(plain())
    written.unlink()
    written.parent.rmdir()
