"""Reads what a picture's first bytes say of it: format, size, mode, alpha. No pixel is decoded.

By hand, because it runs on every upload: no library to load first, nothing allocated for a
picture that claims to be huge, no warning from elsewhere. What must not enter: Pillow, pixels.
"""

from __future__ import annotations

import struct
from struct import unpack_from
from typing import TYPE_CHECKING, NamedTuple

from safelight.pixels.exif import sideways
from safelight.pixels.values import MAX_PIXELS, Source, UnreadablePicture

if TYPE_CHECKING:
    from collections.abc import Callable

_PNG_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_JPEG_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_DEEP = 16


class _Header(NamedTuple):
    width: int
    height: int
    mode: str
    has_alpha: bool


def inspect(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Source:
    """Return what the header says, in microseconds; whether the rest is whole, `verify` tells.

    Raises UnreadablePicture for no picture, a cut-off header, or more than `max_pixels`.
    """
    name, read = _reader(data)
    try:
        head = read(data)
    except (struct.error, IndexError, KeyError, ValueError):
        raise UnreadablePicture(f"truncated or damaged {name} header") from None
    if head.width < 1 or head.height < 1:
        raise UnreadablePicture(f"{name} header with a side of no pixels")
    if head.width * head.height > max_pixels:
        raise UnreadablePicture(
            f"{head.width}x{head.height} pixels are too many, the limit is {max_pixels}"
        )
    return Source(
        bytes(data), name, head.width, head.height, head.mode, head.has_alpha, sideways(data, name)
    )


def _reader(data: bytes) -> tuple[str, Callable[[bytes], _Header]]:
    """Find the format by its first bytes, never by a file name."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png", _png
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg", _jpeg
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp", _webp
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        return "gif", _gif
    if data[:2] == b"BM" and data[14:18] in {b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"}:
        return "bmp", _bmp
    raise UnreadablePicture("no bytes at all" if not data else "not a picture")


def _png(data: bytes) -> _Header:
    """W3C PNG, 11.2.1 IHDR and 11.3.1.1 tRNS, which comes before the pixels."""
    if data[12:16] != b"IHDR":
        raise ValueError
    width, height, depth, colour = unpack_from(">IIBB", data, 16)
    mode = _PNG_MODES[colour]
    if mode == "L" and depth in {1, _DEEP}:
        mode = "1" if depth == 1 else "I;16"
    return _Header(width, height, mode, has_alpha=mode.endswith("A") or _png_has(data, b"tRNS"))


def _png_has(data: bytes, kind: bytes) -> bool:
    """Whether a chunk of this kind stands before the first pixels."""
    at = 8
    while at + 8 <= len(data):
        length, found = unpack_from(">I4s", data, at)
        if found in {kind, b"IDAT", b"IEND"}:
            return bool(found == kind)
        at += 12 + length
    return False


def _jpeg(data: bytes) -> _Header:
    """ITU T.81, B.2.2: walk the segments up to the frame header."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            height, width, parts = unpack_from(">HHB", data, at + 5)
            return _Header(width, height, _JPEG_MODES[parts], has_alpha=False)
        if marker == 0xFF:
            at += 1
        else:
            at += 2 if marker in _JPEG_BARE else 2 + int(unpack_from(">H", data, at + 2)[0])


def _webp(data: bytes) -> _Header:
    """RFC 9649, section 2: the first chunk is lossy, lossless or extended."""
    kind = data[12:16]
    if kind == b"VP8X":
        alpha = bool(data[20] & 0x10)
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
        if len(data) < 30:
            raise ValueError
    elif kind == b"VP8L":
        bits = int(unpack_from("<I", data, 21)[0])
        width, height, alpha = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in unpack_from("<HH", data, 26))
        alpha = False
    else:
        raise ValueError
    return _Header(width, height, "RGBA" if alpha else "RGB", alpha)


def _gif(data: bytes) -> _Header:
    """GIF89a, 18, 20 and 23: the screen, or the first frame if it is bigger, and its alpha."""
    width, height, flags = unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    alpha = False
    while data[at] == 0x21:
        if data[at + 1] == 0xF9:
            alpha = bool(data[at + 3] & 1)
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    if data[at] != 0x2C:
        raise ValueError
    left, top, across, down = unpack_from("<HHHH", data, at + 1)
    return _Header(max(width, left + across), max(height, top + down), "P", alpha)


def _bmp(data: bytes) -> _Header:
    """Read a DIB header of 40 bytes or its longer kin; a negative height means top-down."""
    width, height, _, depth = unpack_from("<iiHH", data, 18)
    return _Header(width, abs(height), "P" if depth <= 8 else "RGB", has_alpha=False)
