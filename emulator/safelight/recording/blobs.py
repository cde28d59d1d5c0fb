"""Files named by their content: a picture that occurs a hundred times lies on the disk once.

A blob is written piece by piece, without the secret values that are known, and gets its name at its
end; until then it has a name that no fixture mentions. What must not enter: HTTP, fixtures.
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
        return writer.close(extension)


class BlobWriter:
    """One blob on its way to the disk."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._path = store.folder / f".{secrets.token_hex(8)}.part"
        self._hash = hashlib.sha256()
        self._held = b""
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Add bytes; the last few wait for their neighbours, should a secret begin in them."""
        hidden = self._store.hide(self._held + data)
        seam = max(0, self._store.seam() - 1)
        cut = len(hidden) - seam if seam else len(hidden)
        self._put(hidden[: max(0, cut)])
        self._held = hidden[max(0, cut) :]

    def close(self, extension: str) -> str:
        """Keep the blob, unless it is there already, and return its name."""
        self._put(self._store.hide(self._held))
        name = f"{self._hash.hexdigest()[:_DIGITS]}.{extension}"
        path = self._store.folder / name
        if self._file is None:
            path.touch()
            return name
        self._file.close()
        if path.exists():
            self._path.unlink()
        else:
            self._path.replace(path)
        return name

    def drop(self) -> None:
        """Forget the blob."""
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def _put(self, data: bytes) -> None:
        if not data:
            return
        if self._file is None:
            self._file = self._path.open("wb")
        self._hash.update(data)
        self._file.write(data)
