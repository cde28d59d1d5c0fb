"""What comes of an answer before its secrets are known: on the disk, but sealed.

The key is made for one spool and lies in memory only: what is left on a disk after a crash is
noise. Memory holds one block, whatever the size. What must not enter: what the bytes mean.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from hashlib import shake_128
from pathlib import Path
from typing import BinaryIO

from safelight.recording.drafts import SUFFIX, beside
from safelight.recording.locks import claim

_BLOCK = 64 * 1024
_STEP = 16 * _BLOCK


class Spool:
    """Bytes that are added at the end and read anywhere, sealed where they lie on the disk."""

    def __init__(self, folder: Path) -> None:
        self._path = beside(folder)
        self._key = secrets.token_bytes(32)
        self._file: BinaryIO | None = None
        self._blocks = 0
        self._tail = bytearray()

    @property
    def size(self) -> int:
        """How many bytes were added."""
        return self._blocks * _BLOCK + len(self._tail)

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._tail += data
        if len(self._tail) < _BLOCK:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w+b", buffering=0)
            claim(self._file)
        whole = len(self._tail) // _BLOCK * _BLOCK
        self._file.seek(self._blocks * _BLOCK)
        for start in range(0, whole, _BLOCK):
            self._file.write(self._mixed(bytes(self._tail[start : start + _BLOCK]), self._blocks))
            self._blocks += 1
        del self._tail[:whole]

    def read(self, start: int, size: int) -> bytes:
        """Return bytes that were added."""
        return b"".join(self.pieces(start, size))

    def pieces(self, start: int, size: int) -> Iterator[bytes]:
        """Yield bytes that were added, piece by piece."""
        end = min(start + size, self.size)
        while start < end:
            block, skip = divmod(start, _BLOCK)
            if block < self._blocks:
                found = self._unsealed(block, min(self._blocks, -(-end // _BLOCK)))
            else:
                found = bytes(self._tail)
            piece = found[skip : skip + end - start]
            yield piece
            start += len(piece)

    def drop(self) -> None:
        """Forget everything."""
        self._tail.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)

    def _unsealed(self, block: int, end: int) -> bytes:
        """Return some blocks, from one up to another at most."""
        assert self._file is not None
        self._file.seek(block * _BLOCK)
        data = self._file.read(min(_STEP, (end - block) * _BLOCK))
        return b"".join(
            self._mixed(data[at : at + _BLOCK], block + at // _BLOCK)
            for at in range(0, len(data), _BLOCK)
        )

    def _mixed(self, data: bytes, block: int) -> bytes:
        """Return a block sealed, or a sealed one opened."""
        stream = shake_128(self._key + block.to_bytes(8, "little")).digest(len(data))
        mixed = int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")
        return mixed.to_bytes(len(data), "little")


def sweep(folder: Path) -> None:
    """Remove what recorders that were killed have left unfinished in a folder."""
    for path in folder.glob(f".*{SUFFIX}"):
        with suppress(OSError), path.open("rb") as file:
            if claim(file):
                path.unlink()
