"""The bodies of a HAR's entries, as its many writers write them.

A text is UTF-8; the bytes of an upload stand as Latin-1, one character each, or are lost. What
must not enter: which entries matter, where fixtures go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from safelight.imports.opening import items, number, table, unbase64, word
from safelight.messages import Json

_NONE = (204, 205)
"""Statuses of replies that have no body."""

PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda")
"""How compressed bodies begin."""

Beside = Callable[[str], bytes | None]
"""Returns the bytes of a file that lies beside the HAR, or None."""


def beside(path: Path) -> Beside:
    """Return what reads the files that a HAR names by `_file`: only those of its own folder."""

    def read(name: str) -> bytes | None:
        file = path.parent / Path(name.replace("\\", "/")).name
        return file.read_bytes() if name and file.is_file() else None

    return read


def parts(entries: list[dict[str, Json]]) -> set[str]:
    """Return the names of the files that entries have as their bodies."""
    asked = [table(table(entry.get("request")).get("postData")) for entry in entries]
    told = [table(table(entry.get("response")).get("content")) for entry in entries]
    return {word(one.get("_file")) for one in (*asked, *told)} - {""}


def replied(reply: dict[str, Json], known: dict[str, str], find: Beside) -> bytes | None:
    """Return a reply's body; None where there was one and the file does not have it whole.

    `known` are its headers.
    """
    content = table(reply.get("content"))
    text = content.get("text")
    if not isinstance(text, str):
        return find(word(content.get("_file"))) or (
            b"" if _bodiless(reply, content, known) else None
        )
    data = _binary(text) if content.get("encoding") == "base64" else utf8(text)
    if data is None or (not data and number(content.get("size"))):
        return None
    return None if _cut(data, text, content) or _garbled(data, content) else data


def _bodiless(reply: dict[str, Json], content: dict[str, Json], known: dict[str, str]) -> bool:
    """Tell whether a reply never had a body: browsers also write a size of 0 for a lost one."""
    told = reply.get("status") in _NONE or known.get("content-length") == "0"
    return told and not number(content.get("size"))


def _binary(text: str) -> bytes | None:
    """Return base64's bytes; some recorders write a list of pieces, as JSON."""
    if not text.lstrip().startswith("["):
        return unbase64(text)
    try:
        pieces = [unbase64(word(piece)) for piece in items(json.loads(text))]
    except (ValueError, RecursionError):
        return None
    return None if None in pieces else b"".join(piece for piece in pieces if piece)


def _garbled(data: bytes, content: dict[str, Json]) -> bool:
    """Tell whether a text is none: it is compressed in a way that has no mark of its own."""
    kind = word(content.get("mimeType"))
    if not ("json" in kind or kind.startswith("text/")) or data.startswith(PACKED):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return "charset" not in kind
    return False


def _cut(data: bytes, text: str, content: dict[str, Json]) -> bool:
    """Tell whether a body lacks its end.

    Sizes alone do not tell: some count characters, some what base64 has. JSON that is whole is.
    """
    if number(content.get("size")) <= max(len(data), len(text)):
        return False
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return True
    return False


def posted(asked: dict[str, Json], known: dict[str, str], find: Beside) -> bytes | None:
    """Return a request's body; None where there was one and its bytes are lost.

    `known` are its headers.
    """
    sent = table(asked.get("postData"))
    size = int(number(asked.get("bodySize"))) or _length(known)
    text = word(sent.get("text"))
    if not text:
        found = find(word(sent.get("_file")))
        if found is not None and _fits(found, size):
            return found
        had = size or sent.get("params") or "content-type" in known
        return None if had else b""
    if sent.get("encoding") == "base64":  # what some proxies write
        return unbase64(text)
    kind = word(sent.get("mimeType")) or known.get("content-type", "")
    return _upload(text, size) if kind.startswith("multipart/") else utf8(text)


def _length(known: dict[str, str]) -> int:
    told = known.get("content-length", "")
    return int(told) if told.isdecimal() else 0


def _fits(data: bytes, size: int) -> bool:
    return not size or len(data) == size


def _upload(text: str, size: int) -> bytes | None:
    """Return the bytes of a form: those of the two ways to write them that have the right size."""
    narrow = text.encode("latin-1") if all(ord(char) < 256 for char in text) else None
    ways = [way for way in (narrow, utf8(text)) if way is not None]
    if size:
        return next((way for way in ways if len(way) == size), None)
    return None if "\ufffd" in text else ways[0]


def utf8(text: str) -> bytes:
    """Return a text's bytes, halves of characters too."""
    return text.encode("utf-8", "surrogatepass")
