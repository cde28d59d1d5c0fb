"""Takes the pictures out of a body while it streams by: what is left is text.

A picture in base64 goes to a spool wherever it stands: in JSON, in a `data:` URL, in an event of a
stream. A binary body goes there whole. Only what is restored byte for byte is lifted: padding, and
bits that base64 leaves open, are compared. Memory holds the text and a window of the rest, whatever
the body's size. What must not enter: HTTP, the meaning of a body, where blobs are kept.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Protocol

import pybase64

LEAST = 1024
"""Characters of the shortest run of base64 that is looked at."""

_RUN = re.compile(rb"[A-Za-z0-9+/]{%d,}" % LEAST)
_ALPHABET = string.ascii_letters.encode() + string.digits.encode() + b"+/"
_INSIDE = re.compile(rb"[A-Za-z0-9+/]*")
_LARGE = 64 * 1024
"""A run of that many characters is lifted even where nobody knows what it holds."""

_TEXT = 2**20
"""Bytes of text that memory holds; what is longer goes to the spool window by window."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"<svg", "svg"),
    (b"<?xml", "svg"),
    (b"%PDF-", "pdf"),
    (b"BM", "bmp"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
)


def kind_of(head: bytes) -> str | None:
    """Return the extension that a file's first 16 bytes ask for, or None."""
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return {b"avif": "avif", b"heic": "heic"}.get(head[8:12], "mp4")
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


@dataclass(frozen=True, slots=True)
class Lifted:
    """A part of a body that lies in a spool from `start`, `size` bytes long.

    `form` is how the body has it: "base64", "bytes", or "text" for what is still to be searched.
    `told` is how many bytes of the body it stands for.
    """

    start: int
    size: int
    form: str
    extension: str
    told: int


class Store(Protocol):
    """Where lifted parts go, one after the other."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def write(self, data: bytes) -> None:
        """Add bytes."""


class Lifter:
    """Turns a body, fed as it comes, into pieces: text, and what was lifted into `store`.

    `binary` bodies are lifted whole.
    """

    def __init__(self, store: Store, *, binary: bool = False) -> None:
        self._store = store
        self._binary = binary
        self._pieces: list[bytes | Lifted] = []
        self._text = bytearray()
        self._carry = b""
        self._lifting = False
        self._start = 0
        self._rest = b""
        self._done = 0
        self._extension = "bin"

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        if self._binary:
            self._whole(data)
            return
        data, self._carry = self._carry + data, b""
        while data:
            data = self._inside(data) if self._lifting else self._outside(data)

    def close(self) -> list[bytes | Lifted]:
        """Return the pieces; nothing may be fed after it."""
        if self._binary and self._lifting:
            self._end("bytes")
        elif self._lifting:
            self._text += self._end_run(self._carry)
        else:
            self._text += self._carry
        self._spill()
        return self._pieces

    def _whole(self, data: bytes) -> None:
        if not self._lifting:
            self._begin(kind_of(data[:16]) or "bin")
        self._store.write(data)
        self._done += len(data)

    def _outside(self, data: bytes) -> bytes:
        """Take text up to the next run of base64; return what comes after, or carry it."""
        found = _RUN.search(data)
        if found is None:
            end = data[1 - LEAST :]  # a run may begin here
            cut = len(data) - len(end) + len(end.rstrip(_ALPHABET))
            self._say(data[:cut])
            self._carry = data[cut:]
            return b""
        head = pybase64.b64decode(found[0][:24])
        known = kind_of(head)
        if known is None and found.end() - found.start() < _LARGE:
            if found.end() == len(data):  # it may still grow
                self._say(data[: found.start()])
                self._carry = data[found.start() :]
                return b""
            self._say(data[: found.end()])
            return data[found.end() :]
        self._say(data[: found.start()])
        self._spill()
        self._begin(known or "bin")
        return data[found.start() :]

    def _inside(self, data: bytes) -> bytes:
        """Take base64 up to its end; return what comes after, or carry half of a padding."""
        run = _INSIDE.match(data)
        assert run is not None  # it matches nothing, too
        self._rest += run[0]
        spare = len(self._rest) % 4 or 4  # the last group waits: padding may follow
        whole, self._rest = self._rest[:-spare], self._rest[-spare:]
        self._decoded(whole)
        after = data[run.end() :]
        if after == b"=" and len(self._rest) == 2:
            self._carry = after
            return b""
        return self._end_run(after) if after else b""

    def _decoded(self, groups: bytes) -> None:
        self._store.write(pybase64.b64decode(groups))
        self._done += len(groups)

    def _end_run(self, after: bytes) -> bytes:
        """End a blob with its last group and that group's padding; return what comes after."""
        need = -len(self._rest) % 4
        group = self._rest + after[:need]
        if _exact(group):
            self._decoded(group)
            after = after[need:]
        else:
            after = self._rest + after
        self._rest = b""
        self._end("base64")
        return after

    def _begin(self, extension: str) -> None:
        self._lifting, self._extension = True, extension
        self._start, self._done = self._store.size, 0

    def _end(self, form: str) -> None:
        size = self._store.size - self._start
        self._pieces.append(Lifted(self._start, size, form, self._extension, self._done))
        self._lifting = False

    def _say(self, text: bytes) -> None:
        self._text += text
        while len(self._text) > _TEXT:
            self._begin("txt")
            self._store.write(bytes(self._text[:_TEXT]))
            self._done = _TEXT
            self._end("text")
            del self._text[:_TEXT]

    def _spill(self) -> None:
        """Make a piece of the text so far."""
        if self._text:
            self._pieces.append(bytes(self._text))
            self._text.clear()


def _exact(group: bytes) -> bool:
    """Tell whether a group of base64 is the one that its bytes are written as."""
    try:
        return pybase64.b64encode(pybase64.b64decode(group, validate=True)) == group
    except ValueError:
        return False
