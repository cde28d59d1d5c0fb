"""The texts of an answer between its pictures, searched as the one text that they are.

A long one is searched window by window, each with its neighbours' ends beside it. What must not
enter: what a secret is, where hidden texts are put.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from safelight.recording.lifting import Lifted
from safelight.recording.spool import Spool

_WINDOW = 2**20
_SEAM = 16 * 1024
"""Bytes of its neighbours that a window is seen with, so that no secret is cut in two."""

_HOLE = b"\0"
"""Stands where a picture was."""


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces one after the other, from `first`, with what stands before and after them."""

    first: int
    parts: tuple[bytes, ...]
    before: bytes
    after: bytes

    @property
    def text(self) -> bytes:
        """Everything that is to be seen at once."""
        return b"".join((self.before, *self.parts, self.after))

    def hidden(self, hide: Callable[[bytes], bytes]) -> Iterator[tuple[int, bytes]]:
        """Yield the index of each piece, and its text after `hide`, which keeps lengths."""
        text, at = hide(self.text), len(self.before)
        for index, part in enumerate(self.parts, start=self.first):
            yield index, text[at : at + len(part)]
            at += len(part)


def windows(pieces: Sequence[bytes | Lifted], spool: Spool) -> Iterator[Window]:
    """Yield the texts of an answer in windows. A picture is one byte of it."""
    before, held = b"", None
    for first, parts in _groups(pieces, spool):
        if held is not None:
            after = b"".join(parts)[:_SEAM]
            yield Window(*held, before, after)
            before = b"".join((before, *held[1]))[-_SEAM:]
        held = (first, parts)
    if held is not None:
        yield Window(*held, before, b"")


def _groups(
    pieces: Sequence[bytes | Lifted], spool: Spool
) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """Yield some pieces' texts and the first one's index, about a window's length at a time."""
    first, parts, size = 0, list[bytes](), 0
    for index, piece in enumerate(pieces):
        if isinstance(piece, bytes):
            parts.append(piece)
        else:
            parts.append(spool.read(piece.start, piece.size) if piece.form == "text" else _HOLE)
        size += len(parts[-1])
        if size >= _WINDOW:
            yield first, tuple(parts)
            first, parts, size = index + 1, [], 0
    if parts:
        yield first, tuple(parts)
