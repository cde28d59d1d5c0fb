"""Which way up a photograph was taken: the EXIF orientation, found in a file's bytes.

Phones store a photograph as the sensor saw it and say in EXIF how to turn it; everybody who looks
at it sees it turned. What must not enter: Pillow, pixels.
"""

from __future__ import annotations

import struct
from struct import unpack_from
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ORIENTATION = 0x0112
_START_OF_SCAN = 0xDA


def sideways(data: bytes, name: str) -> bool:
    """Tell whether a file of that format is shown with its sides swapped."""
    try:
        return any(orientation(block) >= 5 for block in _BLOCKS[name](data))
    except (struct.error, IndexError):
        return False


def orientation(exif: bytes) -> int:
    """Return the EXIF orientation 1..8; 1 when there is none or the block is damaged."""
    body = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(body[:4])
    if order is None:
        return 1
    try:
        at = int(unpack_from(order + "I", body, 4)[0])
        count = int(unpack_from(order + "H", body, at)[0])
        for k in range(min(count, 64)):
            tag, _, _, value = unpack_from(order + "HHIH", body, at + 2 + 12 * k)
            if tag == _ORIENTATION:
                return int(value)
    except struct.error:
        return 1
    return 1


def _jpeg(data: bytes) -> Iterator[bytes]:
    """ITU T.81, B.1.1.4: the segments before the scan; EXIF is an APP1."""
    at = 2
    while data[at] == 0xFF and data[at + 1] != _START_OF_SCAN:
        (length,) = unpack_from(">H", data, at + 2)
        if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            yield data[at + 4 : at + 2 + length]
        at += 2 + length


def _png(data: bytes) -> Iterator[bytes]:
    """W3C PNG, 5.3: chunks of length, type, data, checksum."""
    at = 8
    while at + 8 <= len(data):
        length, kind = unpack_from(">I4s", data, at)
        if kind == b"eXIf":
            yield data[at + 8 : at + 8 + length]
        at += 12 + length


def _webp(data: bytes) -> Iterator[bytes]:
    """RFC 9649, 2.3: chunks of type, length, data, padded to even."""
    at = 12
    while at + 8 <= len(data):
        kind, length = unpack_from("<4sI", data, at)
        if kind == b"EXIF":
            yield data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)


def _never(_: bytes) -> Iterator[bytes]:
    return iter(())


_BLOCKS = {"jpeg": _jpeg, "png": _png, "webp": _webp, "gif": _never, "bmp": _never}
