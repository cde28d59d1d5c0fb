"""How somebody who plays the provider wants a true reply changed: fields, headers, framing, end.

The judge of clients asks so, over the control plane: a reply that the contract allows, or one that
lies in a known way. Pure: a reply goes in, a reply comes out. What must not enter: which changes
are allowed by a contract, what a client makes of them, sockets, providers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import orjson

from safelight.bending import head, whole
from safelight.messages import Chunk, Json, Reply
from safelight.refusals import UsageError

_KEYS = {
    "status": int, "headers": Mapping, "body": str, "json": list, "insert": list,
    "newline": str, "comment": str, "cuts": list, "every": int, "gap": float, "keep": int,
    "events": int, "end": str, "stall": float, "delay": float,
}  # fmt: skip
_SPANS = {"status": (200, 599), "every": (1, 2**31)}
_SPANS |= dict.fromkeys(("gap", "stall", "delay"), (0, 86_400))
"""From where to where a number goes: what can be sent, and waits of a day at most."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a header may be called (RFC 9110, 5.6.2)."""

_EDIT_KEYS = ("at", "event", "set", "drop")
_NEWLINES = ("\n", "\r\n", "\r")
_ENDS = ("close", "reset")
_SHORT = 0.001
"""Seconds between two pieces: a wait, however short, keeps them from being joined."""

_PIECES = 4000
"""Pieces that a reply is cut into at most: a picture's base64 has millions of bytes."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change in a JSON document: at `at`, in event number `event` of a stream if not None."""

    at: tuple[str | int, ...]
    event: int | None
    drop: bool
    value: Json


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that is changed about one reply.

    It comes after `delay` seconds. Its body is cut after so many bytes (`cuts`) or `every` so many,
    its pieces come `gap` seconds apart. Only the first `keep` bytes, or `events` of its own, come
    at all, and nothing for `stall` seconds before the end.
    """

    status: int | None = None
    headers: tuple[tuple[str, str | None], ...] = ()
    body: str | None = None
    edits: tuple[Edit, ...] = ()
    inserts: tuple[tuple[int, str], ...] = ()
    newline: str = "\n"
    comment: str | None = None
    cuts: tuple[int, ...] = ()
    every: int = 0
    gap: float = 0.0
    keep: int | None = None
    events: int | None = None
    end: str = "close"
    stall: float = 0.0
    delay: float | None = None


def read_change(raw: Json, where: str) -> Change:
    """Return a checked change. Raises UsageError naming the key and what would be right."""
    if not isinstance(raw, Mapping):
        raise UsageError(f"{where}: expected an object, got {raw!r}")
    for key, value in raw.items():
        if key not in _KEYS:
            raise UsageError(f"{where}: unknown key {key!r}; known are {', '.join(_KEYS)}")
        _typed(value, _KEYS[key], f"{where}.{key}")
        if key in _SPANS:
            _within(value, *_SPANS[key], f"{where}.{key}")
    newline, end = raw.get("newline", "\n"), raw.get("end", "close")
    if newline not in _NEWLINES:
        raise UsageError(f"{where}.newline: expected LF, CRLF or CR, got {newline!r}")
    if end not in _ENDS:
        raise UsageError(f"{where}.end: expected close or reset, got {end!r}")
    edits = enumerate(raw.get("json", ()))
    return Change(
        status=raw.get("status"),
        headers=tuple(_headers(raw.get("headers", {}), f"{where}.headers")),
        body=raw.get("body"),
        edits=tuple(_edit(one, f"{where}.json[{number}]") for number, one in edits),
        inserts=tuple(_inserts(raw.get("insert", ()), f"{where}.insert")),
        newline=newline,
        comment=raw.get("comment"),
        cuts=tuple(_numbers(raw.get("cuts", ()), f"{where}.cuts")),
        every=raw.get("every", 0),
        gap=float(raw.get("gap", 0)),
        keep=raw.get("keep"),
        events=raw.get("events"),
        end=end,
        stall=float(raw.get("stall", 0)),
        delay=raw.get("delay"),
    )


def _typed(value: Json, kind: type, where: str) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    right = {int: number and isinstance(value, int), float: number}
    if not right.get(kind, isinstance(value, kind)):
        names = {int: "a whole number", float: "a number", str: "a text", list: "a list"}
        raise UsageError(f"{where}: expected {names.get(kind, 'an object')}, got {value!r}")


def _within(value: float, low: int, high: int, where: str) -> None:
    if not low <= value <= high:
        raise UsageError(f"{where}: expected a number from {low} to {high}, got {value:g}")


def _headers(raw: Mapping[str, Json], where: str) -> Iterator[tuple[str, str | None]]:
    for name, value in raw.items():
        if not _TOKEN.fullmatch(name):
            raise UsageError(f"{where}: no header can be called {name!r}")
        text = value if isinstance(value, str) else ""
        if value is not None and not (text.isascii() and text.isprintable() and text):
            raise UsageError(f"{where}.{name}: expected a text of one line or null, got {value!r}")
        yield name.lower(), value


def _edit(raw: Json, where: str) -> Edit:
    if not isinstance(raw, Mapping) or not set(raw) <= set(_EDIT_KEYS):
        raise UsageError(f"{where}: expected an object of {', '.join(_EDIT_KEYS)}, got {raw!r}")
    at, event = raw.get("at"), raw.get("event")
    if not isinstance(at, list) or not at or not all(isinstance(k, (str, int)) for k in at):
        raise UsageError(f"{where}.at: expected a list of keys and indices, got {at!r}")
    if event is not None and not (isinstance(event, int) and event >= 0):
        raise UsageError(f"{where}.event: expected the number of an event, got {event!r}")
    if ("set" in raw) == bool(raw.get("drop")):
        raise UsageError(f"{where}: needs either `set` or `drop: true`")
    return Edit(tuple(at), event, bool(raw.get("drop")), raw.get("set"))


def _inserts(raw: Sequence[Json], where: str) -> Iterator[tuple[int, str]]:
    for number, pair in enumerate(raw):
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], str)):
            raise UsageError(f"{where}[{number}]: expected [before which event, its text]")
        _typed(pair[0], int, f"{where}[{number}][0]")
        yield pair[0], pair[1]


def _numbers(raw: Sequence[Json], where: str) -> Iterator[int]:
    for number, value in enumerate(raw):
        _typed(value, int, f"{where}[{number}]")
        yield value


def changed(reply: Reply, change: Change) -> Reply:
    """Return the reply as the change leaves it; what there is nothing of is left alone."""
    if reply.wire is not None:
        return reply
    reply = _told(reply, change)
    reply = _streamed(reply, change) if reply.chunks is not None else _whole(reply, change)
    return _sent(reply, change)


def _told(reply: Reply, change: Change) -> Reply:
    """Change the status, the headers, the whole body."""
    named = {name for name, _ in change.headers}
    kept = tuple(h for h in reply.headers if h[0] not in named)
    added = tuple((name, value) for name, value in change.headers if value is not None)
    delay = reply.delay if change.delay is None else change.delay
    status = change.status or reply.status
    reply = replace(reply, status=status, headers=(*kept, *added), delay=delay)
    if change.body is None:
        return reply
    return _sized(replace(reply, chunks=None), change.body.encode())


def _sized(reply: Reply, body: bytes) -> Reply:
    kept = tuple(h for h in reply.headers if h[0] != "content-length")
    return replace(reply, body=body, headers=(*kept, ("content-length", str(len(body)))))


def _whole(reply: Reply, change: Change) -> Reply:
    wanted = [edit for edit in change.edits if edit.event is None]
    if not wanted:
        return reply
    try:
        document = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return reply
    return _sized(reply, orjson.dumps(edited(document, wanted)))


def edited(document: Json, edits: Sequence[Edit]) -> Json:
    """Return a document, changed in place; an edit below something that is not there is lost."""
    for edit in edits:
        node = document
        try:
            for key in edit.at[:-1]:
                node = node[key]
            if edit.drop:
                del node[edit.at[-1]]
            else:
                node[edit.at[-1]] = edit.value
        except (KeyError, IndexError, TypeError):
            continue
    return document


# Streams


def _streamed(reply: Reply, change: Change) -> Reply:
    """Change events and their framing; the waits between events are not kept."""
    said = change.edits or change.inserts or change.comment is not None
    if not said and change.newline == "\n" and change.events is None:
        return reply
    events = [part for part in whole(reply).split(b"\n\n") if part][: change.events]
    out = [_event(event, number, change) for number, event in enumerate(events)]
    for before, text in sorted(change.inserts, reverse=True):
        out.insert(before, text.encode())
    lead = b"" if change.comment is None else f": {change.comment}\n\n".encode()
    data = b"".join(lead + event + b"\n\n" for event in out)
    data = data.replace(b"\n", change.newline.encode())
    return replace(reply, chunks=(Chunk(data),))


def _event(event: bytes, number: int, change: Change) -> bytes:
    wanted = [edit for edit in change.edits if edit.event == number]
    before, mark, data = event.partition(b"data: ")
    if not (wanted and mark and data.startswith(b"{")):
        return event
    return before + mark + orjson.dumps(edited(orjson.loads(data), wanted))


# The connection


def _sent(reply: Reply, change: Change) -> Reply:
    """Cut a reply into pieces, or off."""
    body = whole(reply)
    if change.keep is None and not change.stall and change.end == "close":
        return _pieces(reply, body, change) if change.cuts or change.every else reply
    part = body[: change.keep]
    streamed = reply.chunks is not None
    if streamed and change.end == "close":  # a clean end that comes too early, or late
        rest = (Chunk(b"", change.stall),) if change.stall else ()
        return replace(reply, chunks=(Chunk(part), *rest))
    length = None if streamed else len(body)
    rest = (Chunk(b"", change.stall),) if change.stall else ()
    return replace(reply, wire=(Chunk(head(reply, length) + part), *rest), end=change.end)


def _pieces(reply: Reply, body: bytes, change: Change) -> Reply:
    """Send the body in pieces that end at the cuts."""
    step = max(change.every, -(-len(body) // _PIECES))
    even = range(step, len(body), step) if change.every else ()
    cuts = sorted({cut for cut in (*change.cuts, *even) if 0 < cut < len(body)})
    gap = change.gap or _SHORT
    places = pairwise((0, *cuts, len(body)))
    return replace(reply, body=b"", chunks=tuple(Chunk(body[a:b], gap) for a, b in places))
