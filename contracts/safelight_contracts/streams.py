"""Event streams, read as the standard says and no kinder: bytes in, events out, oddities named.

Lines end in CRLF, LF or CR; a comment begins with a colon; several `data` lines are one text; a
byte order mark may stand first. What must not enter: what events mean (see `streams_order`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from safelight.messages import Json

from safelight_contracts.cases import Piece
from safelight_contracts.unfolding import read_json

DONE = "[DONE]"
"""The text that ends a stream where one is promised."""

_FIELDS = frozenset({"data", "event", "id", "retry"})


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name ("" where none was sent), its text, and when its last byte came.

    `at` is in seconds after the request was sent.
    """

    name: str
    data: str
    at: float

    @property
    def done(self) -> bool:
        """Tell whether this is the mark of the end, and no JSON."""
        return self.data.strip() == DONE

    @property
    def json(self) -> Json:
        """Return the text as JSON. Raises ValueError."""
        return read_json(self.data)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole stream: its events, and what is wrong with how they were written.

    `odd` are sentences about framing. `rest` is what stood after the last finished event.
    """

    events: tuple[Event, ...]
    odd: tuple[str, ...] = ()
    rest: str = ""


def read(pieces: Sequence[Piece]) -> list[Event]:
    """Return the finished events of a stream, however the network cut it."""
    return list(transcript(pieces).events)


def transcript(pieces: Sequence[Piece]) -> Transcript:
    """Return a stream's events and everything odd about its framing."""
    whole = b"".join(piece.data for piece in pieces)
    odd: list[str] = []
    try:
        whole.decode()
    except UnicodeDecodeError as error:
        odd.append(f"byte {error.start} is no UTF-8")
    clock = _Clock(pieces)
    events: list[Event] = []
    data: list[str] = []
    name, started = "", 0
    for start, end, raw in _lines(whole):
        line = raw.decode("utf-8", "replace")
        if not line:
            if data:
                events.append(Event(name, "\n".join(data), clock.at(end)))
            name, data, started = "", [], end
            continue
        if line.startswith(":"):
            continue
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "data":
            data.append(value)
        elif key == "event":
            name = value
        elif key not in _FIELDS:
            odd.append(f"a line is no field: {line[:60]!r} at byte {start}")
    rest = whole[started:].decode("utf-8", "replace") if data or name else ""
    if rest:
        odd.append(f"the stream ends within an event: {rest[:60]!r}")
    return Transcript(tuple(events), tuple(odd), rest)


class _Clock:
    """When the byte at an offset came."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._ends = list(accumulate(len(piece.data) for piece in pieces))
        self._times = [piece.at for piece in pieces]

    def at(self, end: int) -> float:
        """Return when the byte before that offset came, in seconds."""
        place = bisect_left(self._ends, end)
        return self._times[place] if place < len(self._times) else 0.0


def _lines(whole: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end, line) of every line; one without an end yields too, if it is not empty."""
    at = 3 if whole.startswith(b"\xef\xbb\xbf") else 0
    while at < len(whole):
        ends = [place for mark in (b"\r", b"\n") if (place := whole.find(mark, at)) >= 0]
        if not ends:
            yield at, len(whole), whole[at:]
            return
        stop = min(ends)
        after = stop + (2 if whole[stop : stop + 2] == b"\r\n" else 1)
        yield at, after, whole[at:stop]
        at = after
