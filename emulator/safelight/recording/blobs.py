"""Files named by their content: a picture that occurs a hundred times lies on the disk once.

A blob is written piece by piece, without the secret values that are known, and lies under its name
once it is whole. What must not enter: HTTP, fixtures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from safelight.recording.checksums import restore
from safelight.recording.drafts import beside
from safelight.recording.spool import Spool

FOLDER = "files"
"""Where blobs lie, below the folder of the fixtures."""

_DIGITS = 32


class BlobStore:
    """The blobs below a folder. `hide` masks what must not reach the disk, length for length.

    `seam` tells how many bytes `hide` has to see at once, at least.
    """

    def __init__(
        self, root: Path, hide: Callable[[bytes], bytes], seam: Callable[[], int] = lambda: 0
    ) -> None:
        self.folder = root / FOLDER
        self._hide = hide
        self._seam = seam

    def spool(self) -> Spool:
        """Return a place for bytes whose secrets are not known yet."""
        return Spool(self.folder)

    def put(self, data: bytes, extension: str) -> str:
        """Keep these bytes, and return their name."""
        return self.save([data], extension)

    def save(self, pieces: Iterable[bytes], extension: str, *, hidden: bool = False) -> str:
        """Keep the bytes that these pieces are, and return their name.

        `hidden` tells that no secret is in them any more.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = beside(self.folder)
        told, changed = hashlib.sha256(), False

        def hide(data: bytes) -> bytes:
            nonlocal changed
            found = self._hide(data)
            changed = changed or found != data
            return found

        try:
            with draft.open("wb") as file:
                for piece in pieces if hidden else covered(pieces, hide, self._seam()):
                    told.update(piece)
                    file.write(piece)
            if changed and extension == "png":
                restore(draft)
                told = _hashed(draft)
            name = f"{told.hexdigest()[:_DIGITS]}.{extension}"
            draft.replace(self.folder / name)
        finally:
            draft.unlink(missing_ok=True)
        return name


def _hashed(path: Path) -> hashlib._Hash:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256")


def covered(pieces: Iterable[bytes], hide: Callable[[bytes], bytes], seam: int) -> Iterator[bytes]:
    """Yield pieces without secrets; the last few bytes wait for their neighbours."""
    held, back = b"", max(0, seam - 1)
    for piece in pieces:
        found = hide(held + piece)
        cut = max(0, len(found) - back)
        yield found[:cut]
        held = found[cut:]
    yield held
