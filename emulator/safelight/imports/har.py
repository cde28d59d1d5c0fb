"""HAR files, as browsers and proxies write them.

A HAR has decoded bodies and the time to the first byte, but no chunks; browsers leave out large
bodies and the bytes of uploads. Pictures that were fetched in the same file become the files
behind the links of replies. What must not enter: where fixtures go.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from safelight.imports.gathering import Exchange, Gatherer
from safelight.messages import Json
from safelight.refusals import UsageError

SUFFIXES = (".har", ".json")
_UNTRUE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def gather(path: Path, into: Gatherer) -> None:
    """Gather the exchanges of a HAR. Raises UsageError for what is none."""
    for number, entry in enumerate(_entries(path), start=1):
        where = f"{path.name}, entry {number}"
        one = _exchange(entry, where, into)
        if one is not None:
            into.exchange(one, path)


def files(path: Path) -> Mapping[str, bytes]:
    """Return what was fetched, by its URL: the pictures behind links are among it."""
    found = {}
    for entry in _entries(path):
        asked, reply = entry.get("request") or {}, entry.get("response") or {}
        data = _content(reply.get("content") or {})
        if asked.get("method") == "GET" and reply.get("status") == 200 and data:
            found[str(asked.get("url"))] = data
    return found


def _entries(path: Path) -> list[dict[str, Json]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{path}: no HAR: {error}") from error
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise UsageError(f"{path}: no HAR: it has no log.entries")
    return [entry for entry in entries if isinstance(entry, dict)]


def _exchange(entry: dict[str, Json], where: str, into: Gatherer) -> Exchange | None:
    """Return an entry as an exchange, or None and say what is lost."""
    asked, reply = entry.get("request") or {}, entry.get("response") or {}
    url = str(asked.get("url", ""))
    if not into.concerns(url):
        into.gathered.lose("exchanges with other services", where)
        return None
    content = reply.get("content") or {}
    data = _content(content)
    if data is None:
        into.gathered.lose("replies whose body is not in the file", where)
        return None
    body = _posted(asked.get("postData"))
    if body is None:
        into.gathered.lose("requests whose upload is not in the file, or not in its bytes", where)
        return None
    if "event-stream" in str(content.get("mimeType")):
        into.gathered.lose("when the pieces of streams came, and how they were cut", where)
    return Exchange(
        where=where,
        method=str(asked.get("method", "GET")).upper(),
        url=url,
        headers=tuple(_headers(asked.get("headers"))),
        body=body,
        status=int(reply.get("status") or 0) or 200,
        reply_headers=tuple(_headers(reply.get("headers"))),
        reply=data,
        day=_day(entry.get("startedDateTime")),
        wait=max(0.0, float((entry.get("timings") or {}).get("wait") or 0)) / 1000,
    )


def _headers(raw: Json) -> Iterator[tuple[str, str]]:
    """Yield headers; bodies in a HAR are neither compressed nor cut, whatever the headers say."""
    for pair in raw or ():
        name = str(pair.get("name", "")).lower()
        if not name.startswith(":") and name not in _UNTRUE:
            yield name, str(pair.get("value", ""))


def _content(raw: dict[str, Json]) -> bytes | None:
    """Return a reply's body; None where there was one and the file does not have it."""
    text = raw.get("text")
    if text is None:
        return b"" if not raw.get("size") or raw["size"] < 0 else None
    if raw.get("encoding") == "base64":
        try:
            return base64.b64decode(text)
        except binascii.Error:
            return None
    return str(text).encode("utf-8", "surrogatepass")


def _posted(raw: Json) -> bytes | None:
    """Return a request's body; None where its bytes are lost."""
    if not raw:
        return b""
    text = raw.get("text")
    upload = str(raw.get("mimeType", "")).startswith("multipart/")
    if not text or (upload and "\ufffd" in text):
        return None if upload or raw.get("params") else b""
    if raw.get("encoding") == "base64":  # what some proxies write
        return base64.b64decode(text)
    # browsers write the bytes of an upload as Latin-1, one character each
    binary = upload and all(ord(char) < 256 for char in text)
    return str(text).encode("latin-1" if binary else "utf-8", "surrogatepass")


def _day(text: Json) -> datetime.date | None:
    try:
        return datetime.datetime.fromisoformat(str(text)).date() if text else None
    except ValueError:
        return None
