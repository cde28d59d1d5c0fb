"""Writes PNG files in parts that join without compressing anything twice.

Every part is its own IDAT chunk that ends with a full flush, so a background's rows are deflated
once and only a caption's rows per picture; the Adler-32 of the whole follows from the parts'.
(RFC 1950 to 1952; W3C PNG, third edition.) What must not enter: scenes, captions, caches.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from struct import pack
from typing import TYPE_CHECKING

from PIL import ImageChops

if TYPE_CHECKING:
    from PIL import Image

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {"L": 0, "RGB": 2, "RGBA": 6}
_ADLER = 65521


@dataclass(frozen=True, slots=True)
class Strip:
    """Some rows of a picture, filtered and deflated: a ready chunk and what its sum needs."""

    chunk: bytes = field(repr=False)
    adler: int
    length: int


def strip(rows: Image.Image, *, noisy: bool = False, first: bool = False) -> Strip:
    """Return the rows as one chunk. `noisy` rows have no repeats worth looking for.

    The `first` strip of a file carries the zlib header.
    """
    lines = _filtered(rows)
    how = zlib.Z_HUFFMAN_ONLY if noisy else zlib.Z_DEFAULT_STRATEGY
    press = zlib.compressobj(1, zlib.DEFLATED, -15, 9, how)
    body = press.compress(lines) + press.flush(zlib.Z_FULL_FLUSH)
    return Strip(_chunk(b"IDAT", b"\x78\x01" + body if first else body),
                 zlib.adler32(lines), len(lines))  # fmt: skip


def join(width: int, height: int, mode: str, strips: tuple[Strip, ...]) -> bytes:
    """Return the whole file; the strips are all its rows, from the top."""
    adler = 1
    for part in strips:
        adler = _joined_adler(adler, part.adler, part.length)
    head = pack(">IIBBBBB", width, height, 8, _COLOURS[mode], 0, 0, 0)
    last = b"\x03\x00" + pack(">I", adler)  # an empty final block closes the stream
    return b"".join((
        _SIGNATURE, _chunk(b"IHDR", head), *(part.chunk for part in strips),
        _chunk(b"IDAT", last), _chunk(b"IEND", b""),
    ))  # fmt: skip


def whole(image: Image.Image, *, noisy: bool = False) -> bytes:
    """Return any RGB, RGBA or L picture as a file, in one strip."""
    return join(*image.size, image.mode, (strip(image, noisy=noisy, first=True),))


def _filtered(rows: Image.Image) -> bytes:
    """Return the scan lines: the first plain, each other as its difference to the one above."""
    width, height = rows.size
    row = width * len(rows.getbands())
    top = b"\0" + rows.crop((0, 0, width, 1)).tobytes()
    if height == 1:
        return top
    above, below = rows.crop((0, 0, width, height - 1)), rows.crop((0, 1, width, height))
    rest: memoryview = memoryview(ImageChops.subtract_modulo(below, above).tobytes())
    lines: list[bytes | memoryview] = [top]
    for at in range(0, len(rest), row):
        lines += (b"\2", rest[at : at + row])
    return b"".join(lines)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return b"".join((pack(">I", len(data)), kind, data,
                     pack(">I", zlib.crc32(data, zlib.crc32(kind)))))  # fmt: skip


def _joined_adler(one: int, two: int, length: int) -> int:
    """Return the Adler-32 of two texts laid end to end, the second `length` bytes long."""
    low_one, low_two = one & 0xFFFF, two & 0xFFFF
    low = (low_one + low_two - 1) % _ADLER
    high = ((one >> 16) + (two >> 16) + length * (low_one - 1)) % _ADLER
    return high << 16 | low
