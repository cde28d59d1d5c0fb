"""Opens the files that other tools wrote: compressed, in UTF-16, cut off, empty, of another kind.

Values out of such files are taken as they come: what has another type than expected counts as
absent. What must not enter: any one format, where fixtures go.
"""

from __future__ import annotations

import base64
import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from safelight.messages import Json
from safelight.refusals import UsageError

_LARGEST = 2 * 2**30
"""Bytes that a compressed file may hold."""

_KINDS = (
    (b"PK\x03\x04", "a ZIP archive: unpack it, and name the folder"),
    (b"\x89PNG", "a picture"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a database"),
)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


_LIKE = {
    "log": "a HAR: import it as `har`",
    "interactions": "a cassette of vcrpy: import it as `vcr`",
    "fixtures": "a file of aimock's fixtures: import it as `aimock`",
    "match": "a fixture already: `safelight serve --fixtures` takes it as it is",
}
_KEY = re.compile(r"\s*\{?\s*\"?(log|interactions|fixtures|match)\"?\s*:")


def hint(text: str) -> str:
    """Return what a file of another format looks like, to be put behind a message."""
    found = _KEY.match(text)
    return f"; it looks like {_LIKE[found[1]]}" if found else ""


def bytes_of(path: Path, title: str) -> bytes:
    """Return what a file holds, gzip undone.

    Raises UsageError for one that cannot be read, is empty or plainly of another kind; `title` says
    what it was to be.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(path, title)
    if not data.strip():
        raise UsageError(f"{path}: no {title}: the file is empty")
    for mark, kind in _KINDS:
        if data.startswith(mark):
            raise UsageError(f"{path}: no {title}: it is {kind}")
    return data


def _unpacked(path: Path, title: str) -> bytes:
    try:
        with gzip.open(path) as file:
            data = file.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path}: no {title}: its compression is broken: {error}") from error
    if len(data) > _LARGEST:
        raise UsageError(f"{path}: no {title}: it unpacks to more than {_LARGEST >> 30} GiB")
    return data


def text_of(path: Path, title: str) -> str:
    """Return a file's text, in UTF-8 or as its byte order mark says. Raises UsageError."""
    data = bytes_of(path, title)
    try:
        return data.decode("utf-16" if data[:2] in _WIDE else "utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"it is no text in UTF-8 (byte {error.start})"
        raise UsageError(f"{path}: no {title}: {why}") from error


def json_of(path: Path, title: str, key: str) -> dict[str, Json]:
    """Return a file's JSON, an object that has a key.

    Raises UsageError that says where it stops to be any, or what it is instead.
    """
    text = text_of(path, title)
    document = _parsed(path, text, title)
    if not isinstance(document, dict) or key not in document:
        raise UsageError(f"{path}: no {title}: it has no `{key}`{hint(text)}")
    return document


def _parsed(path: Path, text: str, title: str) -> Json:
    try:
        found = json.loads(text)
        return _mended(found) if _HALF.search(text) else found
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated")
        why = "; it looks cut off" if cut else hint(text)
        at = f"line {error.lineno}, column {error.colno}"
        raise UsageError(
            f"{path}: no {title}: {error.msg.removesuffix(' starting at')} at {at}{why}"
        ) from error
    except RecursionError as error:
        raise UsageError(f"{path}: no {title}: it nests too deeply") from error


def table(value: Json) -> dict[str, Json]:
    """Return an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[Json]:
    """Return a list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def word(value: Json) -> str:
    """Return a text, or an empty one for anything else."""
    return _mended(value) if isinstance(value, str) else ""


def _mended(value: Json) -> Json:
    """Return a value whose texts can be written: half a character is none."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list) else value


def number(value: Json) -> float:
    """Return a number from 0, or 0 for anything else."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if known and 0 <= value < float("inf") else 0.0


def unbase64(text: str) -> bytes | None:
    """Return what base64 stands for, or None."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None


def headers(pairs: Iterable[tuple[Json, Json]]) -> Iterator[tuple[str, str]]:
    """Yield headers as they can be sent: names in lower case, one pair for each value.

    HTTP/2's `:authority` and its like are no headers; browsers write several values line by line.
    """
    for name, value in pairs:
        key = word(name).strip().lower()
        if not _TOKEN.fullmatch(key):
            continue
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if not isinstance(item, (str, bytes, int, float)):
                continue
            text = item.decode("latin-1") if isinstance(item, bytes) else str(item)
            for line in text.splitlines():
                yield key, _UNSENDABLE.sub("?", line.strip())
