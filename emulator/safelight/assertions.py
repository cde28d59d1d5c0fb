"""Assertions about pictures whose failures say what differs, and leave the pictures to look at.

Pictures are given as a file's bytes, as base64 (with or without `data:` in front), as a path, or as
a Pillow image. What must not enter: requests, servers, test frameworks.
"""

from __future__ import annotations

import base64
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageChops, ImageStat

from safelight.refusals import UsageError

Picture: TypeAlias = bytes | str | os.PathLike[str] | Image.Image
"""What a picture may be given as."""

_RIGHT = "a picture is bytes, base64, a data: URL, a path (pathlib.Path) or a Pillow image"

_FOLDER: ContextVar[Callable[[], Path] | None] = ContextVar("folder", default=None)


@contextmanager
def writing_to(folder: Callable[[], Path] | None) -> Iterator[None]:
    """Write the pictures of failed assertions into this folder; None: a temporary one for each."""
    before = _FOLDER.get()
    _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.set(before)  # not by token: a test framework may end in another context


def assert_image(
    data: Picture,
    *,
    size: tuple[int, int] | None = None,
    format: str | None = None,  # noqa: A002 - the word that everybody looks for
    alpha: bool | None = None,
) -> Image.Image:
    """Assert that this is a picture that decodes whole, and what it is. Returns it.

    `size` is (width, height) in pixels, `format` png, jpeg, webp …, `alpha` whether any pixel may
    be seen through. Raises AssertionError that lists every difference.
    """
    __tracebackhide__ = True
    if isinstance(size, str):
        raise UsageError(f"assert_image: size is (width, height), got {size!r}")
    image = _opened(data, "picture")
    found = (image.format or "no file").lower()
    problems = []
    if size is not None and image.size != tuple(size):
        problems.append(f"size: expected {_size(size)}, got {_size(image.size)}")
    if format is not None and found != _form(format):
        problems.append(f"format: expected {_form(format)}, got {found}")
    if alpha is not None and _see_through(image) != alpha:
        problems.append(_about_alpha(image, wanted=alpha))
    if problems:
        raise _failure(problems, {"picture": data})
    return image


def assert_same_picture(one: Picture, two: Picture, *, tolerance: int = 0) -> None:
    """Assert that two pictures look the same: no channel differs by more than `tolerance` of 255.

    What cannot be seen does not count: the colours of fully transparent pixels.
    """
    __tracebackhide__ = True
    first, second = _opened(one, "first picture"), _opened(two, "second picture")
    if first.size != second.size:
        sizes = f"size: {_size(first.size)} and {_size(second.size)}"
        raise _failure([sizes], {"first": one, "second": two})
    changed, most = _difference(first, second, tolerance)
    if changed.getbbox():
        problem = _told(changed, most, tolerance)
        raise _failure([problem], {"first": one, "second": two, "difference": changed})


def assert_only_masked_changed(
    before: Picture, after: Picture, mask: Picture, *, tolerance: int = 0
) -> None:
    """Assert that an edit kept to its mask, whose transparent pixels are those that may change.

    Also that it changed anything at all there. `tolerance` (of 255) is for lossy formats.
    """
    __tracebackhide__ = True
    old, new, hole = _opened(before, "before"), _opened(after, "after"), _opened(mask, "mask")
    files: dict[str, Picture] = {"before": before, "after": after, "mask": mask}
    if not old.size == new.size == hole.size:
        sizes = f"before {_size(old.size)}, after {_size(new.size)}, mask {_size(hole.size)}"
        raise _failure([f"size: {sizes}"], files)
    keep = hole.convert("RGBA").getchannel("A").point(_any)
    if keep.getextrema()[0]:
        raise _failure(["mask: it has no transparent pixels, so nothing may change"], files)
    changed, most = _difference(old, new, tolerance)
    outside = ImageChops.multiply(changed, keep)
    if outside.getbbox():
        problem = f"outside the mask: {_told(outside, most, tolerance)}"
        raise _failure([problem], {**files, "difference": outside})
    if not changed.getbbox():
        raise _failure(["inside the mask: nothing changed"], files)


def _difference(
    one: Image.Image, two: Image.Image, tolerance: int
) -> tuple[Image.Image, Image.Image]:
    """Return where pixels differ by more than the tolerance (255, else 0), and by how much."""
    pairs = zip(_seen(one).split(), _seen(two).split(), strict=True)
    most = Image.new("L", one.size)
    for first, second in pairs:
        most = ImageChops.lighter(most, ImageChops.difference(first, second))
    return most.point(lambda value: 255 if value > tolerance else 0), most


def _seen(image: Image.Image) -> Image.Image:
    """Return a picture with nothing in it that cannot be seen."""
    whole = image.convert("RGBA")
    return Image.composite(whole, Image.new("RGBA", whole.size), whole.getchannel("A").point(_any))


def _any(value: int) -> int:
    return 255 if value else 0


def _told(changed: Image.Image, most: Image.Image, tolerance: int) -> str:
    amount = changed.histogram()[255]
    share = 100 * amount / (changed.width * changed.height)
    _, largest = ImageStat.Stat(most, changed).extrema[0]
    limit = f", more than the {tolerance} tolerated" if tolerance else ""
    return (
        f"{amount} pixels ({share:.2g} %) differ, by up to {int(largest)} of 255{limit}, "
        f"in the box {changed.getbbox()} (left, upper, right, lower)"
    )


def _opened(data: Picture, what: str) -> Image.Image:
    """Return a decoded picture. Raises AssertionError for what is none."""
    __tracebackhide__ = True
    if isinstance(data, Image.Image):
        return data
    if not isinstance(data, (bytes, bytearray, memoryview, str, os.PathLike)):
        raise AssertionError(f"no {what}: {_RIGHT}, got {data!r:.80}")  # noqa: TRY004 - None is a reply without a picture
    if isinstance(data, os.PathLike) and not Path(data).is_file():
        raise AssertionError(f"no {what}: there is no file {os.fspath(data)!r}")
    if isinstance(data, str) and data.startswith(("https://", "http://")):
        raise AssertionError(f"no {what}: {data:.80} is a link, fetch it first; {_RIGHT}")
    try:
        image = Image.open(io.BytesIO(_bytes(data)))
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        start = _bytes(data)[:16] if not isinstance(data, str) else data[:32]
        problem = f"no {what} that can be decoded: {error}; it begins with {start!r}"
        problem += f" ({_RIGHT})" if isinstance(data, str) else ""
        raise _failure([problem], {what.replace(" ", "-"): data}) from None
    return image


def as_file(picture: Picture) -> bytes:
    """Return a picture as a file's bytes; a Pillow image as PNG. Raises ValueError, OSError."""
    if not isinstance(picture, Image.Image):
        return _bytes(picture)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _bytes(data: bytes | str | os.PathLike[str]) -> bytes:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if isinstance(data, os.PathLike):
        return Path(data).read_bytes()
    text = data.partition(",")[2] if data.startswith("data:") else data
    return base64.b64decode(text, validate=True)


def _see_through(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    low, _ = image.convert("RGBA").getchannel("A").getextrema()
    return int(low) < 255  # type: ignore[arg-type]  # one channel has one pair


def _about_alpha(image: Image.Image, *, wanted: bool) -> str:
    if not wanted:
        return "alpha: expected an opaque picture, got one with transparent pixels"
    has = (
        "whose every pixel is opaque" if image.has_transparency_data else "without an alpha channel"
    )
    return f"alpha: expected transparent pixels, got a picture {has} ({image.mode})"


def _form(name: str) -> str:
    return {"jpg": "jpeg"}.get(name.lower(), name.lower())


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _failure(problems: list[str], pictures: Mapping[str, Picture]) -> AssertionError:
    """Return the error to raise; the pictures are written where its text says."""
    make = _FOLDER.get()
    folder = make() if make else Path(tempfile.mkdtemp(prefix="safelight-"))
    for name, picture in pictures.items():
        problems = [*problems, f"{name}: {_written(folder, name, picture)}"]
    return AssertionError("\n".join(problems))


def _written(folder: Path, name: str, picture: Picture) -> Path:
    if isinstance(picture, Image.Image):
        path = _free(folder, name, "png")
        picture.save(path)
        return path
    try:
        data = _bytes(picture)
        form = (Image.open(io.BytesIO(data)).format or "bin").lower()
    except (OSError, ValueError):
        data, form = picture.encode() if isinstance(picture, str) else data, "bin"
    path = _free(folder, name, form)
    path.write_bytes(data)
    return path


def _free(folder: Path, name: str, form: str) -> Path:
    """Return a path that is not taken: a test may fail softly more than once."""
    path, number = folder / f"{name}.{form}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.{form}"
    return path
