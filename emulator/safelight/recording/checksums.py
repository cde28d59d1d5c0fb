"""The checksums of a PNG's remarks, true again after something in them was hidden.

The picture itself is compressed: nothing is looked for in it, and nothing changed. What must not
enter: what is hidden.
"""

from __future__ import annotations

import zlib
from pathlib import Path

_HEAD = b"\x89PNG\r\n\x1a\n"
_LARGEST = 2**24
"""Bytes of a remark that is still read."""


def restore(path: Path) -> None:
    """Correct the checksums of a file's text and other remarks, if it is a PNG."""
    with path.open("r+b") as file:
        if file.read(len(_HEAD)) != _HEAD:
            return
        while len(head := file.read(8)) == 8:
            size, kind = int.from_bytes(head[:4]), head[4:]
            remark = kind[:1].islower() and size <= _LARGEST
            if not remark:
                file.seek(size + 4, 1)
                continue
            data = file.read(size)
            if len(data) < size:
                return
            file.seek(0, 1)  # between reading and writing
            file.write(zlib.crc32(kind + data).to_bytes(4))
            file.seek(0, 1)
