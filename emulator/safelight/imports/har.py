"""HAR files, as browsers, proxies and recorders of tests write them.

A HAR has decoded bodies and the time to the first byte, but no chunks; browsers leave out large
bodies and the bytes of uploads. Pictures that were fetched in the same file become the files
behind the links of replies. What must not enter: where fixtures go.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

from safelight.imports import opening
from safelight.imports.gathering import Exchange, Gatherer
from safelight.imports.har_bodies import PACKED, Beside, beside, parts, posted, replied
from safelight.imports.opening import items, number, table, word
from safelight.messages import Headers, Json
from safelight.refusals import UsageError

SUFFIXES = (".har", ".har.gz", ".json")
_UNTRUE = frozenset({"content-length", "transfer-encoding"})


def gather(path: Path, into: Gatherer) -> None:
    """Gather the exchanges of a HAR. Raises UsageError for what is none."""
    find, entries = beside(path), _entries(path)
    into.named |= parts(entries)
    for number_, entry in enumerate(entries, start=1):
        where = f"{path.name}, entry {number_}"
        one = _exchange(entry, where, into, find)
        if one is not None:
            into.exchange(one, path)


def files(path: Path) -> Mapping[str, bytes]:
    """Return what was fetched, by its URL: the pictures behind links are among it."""
    found, find = {}, beside(path)
    for entry in _entries(path):
        asked, reply = table(entry.get("request")), table(entry.get("response"))
        if asked.get("method") == "GET" and reply.get("status") == 200:
            data = replied(reply, dict(_headers(reply)), find)
            if data:
                found[word(asked.get("url"))] = data
    return found


def _entries(path: Path) -> list[dict[str, Json]]:
    entries = table(opening.json_of(path, "HAR", "log")["log"]).get("entries")
    if not isinstance(entries, list):
        raise UsageError(f"{path}: no HAR: its `log` has no list `entries`")
    if not entries:
        raise UsageError(f"{path}: a HAR without entries: nothing was recorded in it")
    return [table(entry) for entry in entries]


def _exchange(entry: dict[str, Json], where: str, into: Gatherer, find: Beside) -> Exchange | None:
    """Return an entry as an exchange, or None and say what is lost."""
    asked, reply = table(entry.get("request")), table(entry.get("response"))
    url = word(asked.get("url"))
    if not into.concerns(url, where):
        return None
    method = word(asked.get("method")).upper() or "GET"
    status = reply.get("status")
    if not into.answered(method, status if isinstance(status, int) else 0, where):
        return None
    headers, told = _headers(asked), _headers(reply)
    data = replied(reply, dict(told), find)
    if data is None and method != "HEAD":
        into.gathered.lose("replies whose body is not in the file, or cut off", where)
        return None
    body = posted(asked, dict(headers), find)
    if body is None:
        into.gathered.lose("requests whose upload is not in the file, or not in its bytes", where)
        return None
    if not into.sent(method, headers, body, where):
        return None
    content = table(reply.get("content"))
    if "event-stream" in word(content.get("mimeType")):
        into.gathered.lose("when the pieces of streams came, and how they were cut", where)
    return Exchange(
        where=where,
        method=method,
        url=url,
        headers=headers,
        body=body,
        status=int(status or 0),
        reply_headers=_true(told, data or b"", content),
        reply=data or b"",
        day=_day(entry.get("startedDateTime")),
        wait=number(table(entry.get("timings")).get("wait")) / 1000,
    )


def _headers(raw: dict[str, Json]) -> Headers:
    pairs = [table(pair) for pair in items(raw.get("headers"))]
    return tuple(opening.headers((pair.get("name"), pair.get("value", "")) for pair in pairs))


def _true(told: Headers, data: bytes, content: dict[str, Json]) -> Headers:
    """Return a reply's headers as they are true of the body that the file has.

    Bodies in a HAR are neither compressed nor cut, whatever the headers say; but some recorders
    write what came over the wire. A type that only the content tells is a header.
    """
    packed = data.startswith(PACKED)
    kept = [pair for pair in told if pair[0] not in _UNTRUE]
    kept = [pair for pair in kept if packed or pair[0] != "content-encoding"]
    kind = word(content.get("mimeType"))
    if kind and kind != "x-unknown" and not any(name == "content-type" for name, _ in kept):
        kept += opening.headers([("content-type", kind)])
    return tuple(kept)


def _day(text: Json) -> datetime.date | None:
    try:
        moment = datetime.datetime.fromisoformat(word(text))
    except ValueError:
        return None
    return (moment.astimezone(datetime.UTC) if moment.tzinfo else moment).date()
