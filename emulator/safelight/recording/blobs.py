"""Files named by their content: a picture that occurs a hundred times lies on the disk once.

A blob is written piece by piece, without the secret values that are known. It has its name at its
end, and lies under it once it is kept; until then no fixture mentions it. What must not enter:
HTTP, fixtures.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

FOLDER = "files"
"""Where blobs lie, below the folder of the fixtures."""

_DIGITS = 32


def blob_name(data: bytes, extension: str) -> str:
    """Return the name that a blob of these bytes has."""
    return f"{hashlib.sha256(data).hexdigest()[:_DIGITS]}.{extension}"


class BlobStore:
    """The blobs below a folder. `hide` masks what must not reach the disk, length for length.

    `seam` tells how many bytes `hide` has to see at once, at least.
    """

    def __init__(
        self, root: Path, hide: Callable[[bytes], bytes], seam: Callable[[], int] = lambda: 0
    ) -> None:
        self.folder = root / FOLDER
        self.hide = hide
        self.seam = seam

    def open(self) -> BlobWriter:
        """Begin a blob."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return BlobWriter(self)

    def put(self, data: bytes, extension: str) -> str:
        """Keep these bytes, and return their name."""
        writer = self.open()
        writer.write(data)
        name = writer.close(extension)
        writer.keep()
        return name


class BlobWriter:
    """One blob on its way to the disk."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._path = store.folder / f".{secrets.token_hex(8)}.part"
        self._hash = hashlib.sha256()
        self._held = b""
        self._file: BinaryIO | None = None
        self._written = False
        self._name = ""

    def write(self, data: bytes) -> None:
        """Add bytes; the last few wait for their neighbours, should a secret begin in them."""
        hidden = self._store.hide(self._held + data)
        seam = max(0, self._store.seam() - 1)
        cut = len(hidden) - seam if seam else len(hidden)
        self._put(hidden[: max(0, cut)])
        self._held = hidden[max(0, cut) :]

    def close(self, extension: str) -> str:
        """End the blob, and return the name that it will have."""
        self._put(self._store.hide(self._held))
        self._held = b""
        self._end()
        self._name = f"{self._hash.hexdigest()[:_DIGITS]}.{extension}"
        return self._name

    def keep(self) -> None:
        """Put the blob, which has ended, in its place, unless it is there already."""
        path = self._store.folder / self._name
        if path.exists() or not self._written:
            self.drop()
            path.touch()
        else:
            self._path.replace(path)

    def drop(self) -> None:
        """Forget the blob."""
        self._end()
        self._path.unlink(missing_ok=True)

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, data: bytes) -> None:
        if not data:
            return
        if self._file is None:
            self._file = self._path.open("wb")
            self._written = True
        self._hash.update(data)
        self._file.write(data)
