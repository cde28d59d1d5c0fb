"""The secret values that are known, in every way in which they may be written without escapes.

Upper and lower case, hexadecimal, and base64 wherever in it the value begins; escapes are undone
by `unfolding`. What must not enter: which values are secret.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import quote, quote_plus

from safelight.recording import events
from safelight.recording.names import NAMES, plain
from safelight.recording.unfolding import Layer, Span, layers

SHORT = 6
"""A value of fewer bytes is hidden where its name stands, and not looked for elsewhere."""

_WORD = 12
"""A value of letters alone has to have so many: `english` is no secret."""

_MANY = 400
"""Ways up to which looking for one after the other is quicker than for all at once."""

_STEP = 2**16
_NUMBER = re.compile(rb"[-+.\deE]*\d[-+.\deE]*")
_DIGITS = re.compile(rb"[eE][-+]?|\d")


def telling(text: str) -> bool:
    """Tell whether a value is looked for elsewhere: not if it is short, or some plain word."""
    if not text.strip("*1") or plain(text) in NAMES:  # hidden already, or the name of a field
        return False
    return len(text) >= (SHORT if re.search(r"[^a-z]", text.lower()) else _WORD)


def covered(value: bytes) -> bytes:
    """Return what stands for a secret: asterisks, ones for a number. It keeps its length."""
    if _NUMBER.fullmatch(value):
        return _DIGITS.sub(lambda found: b"1" * len(found[0]), value)
    return b"*" * len(value)


def painted(text: bytes, spans: Iterable[Span]) -> bytes:
    """Return a text whose parts are covered."""
    out = bytearray(text)
    for start, end in spans:
        out[start:end] = covered(text[start:end])
    return bytes(out)


class Known:
    """Values and the ways of writing them. Other threads may read while one adds."""

    def __init__(self, ways: Iterable[bytes] = ()) -> None:
        self.ways: frozenset[bytes] = frozenset(ways)
        self.lasting: frozenset[bytes] = self.ways
        self.longest = max(map(len, self.ways), default=0)
        self._values: set[tuple[str, bool]] = set()

    def add(self, values: Iterable[str], *, lasting: bool = True) -> None:
        """Remember values; `lasting` ones are worth looking for in what was written before."""
        new = {(text, lasting) for text in values if telling(text)} - self._values
        self._values |= new
        ways = {way for text, _ in new for way in _ways(text)}
        if not ways <= self.ways:
            self.longest = max(self.longest, *map(len, ways))
            self.ways = self.ways | ways  # replaced whole: other threads are reading
        if lasting and not ways <= self.lasting:
            self.lasting = self.lasting | ways

    def found(self, data: bytes) -> list[Span]:
        """Return where bytes, such as a picture's, hold a value as it is."""
        return [span for way in self._candidates(data) for span in _places(data, way)]

    def found_folded(self, text: bytes) -> list[Span]:
        """Return where a text holds a value, with whatever escapes, or event by event."""
        found = list(self._inside(text))
        tracks = [
            part
            for track in events.told(text)
            for span in self._inside(track.text)
            for part in track.origin(span)
        ]
        return found + tracks

    def _inside(self, text: bytes) -> Iterator[Span]:
        later = list[Span]()
        for layer in layers(text):
            spans, cut = self.found_whole(layer)
            yield from map(layer.origin, spans)
            later += map(layer.origin, cut)
            layer.text = painted(layer.text, spans)
        yield from later

    def found_whole(self, layer: Layer) -> tuple[list[Span], list[Span]]:
        """Return where a text holds a value; then where it does so with backslashes.

        The latter are to be hidden, too, but not yet: unfolded they may turn out to be longer.
        """
        sure, rest = list[Span](), list[Span]()
        for span in self.found(layer.text):
            whole = layer.whole(span)
            if whole == span and b"\\" not in layer.text[slice(*span)]:
                sure.append(span)
            else:
                rest.append(whole if layer.sound(whole) else span)
        return sure, rest

    def hide(self, data: bytes) -> bytes:
        """Return bytes, such as a picture's, without the values, of the same length."""
        spans = self.found(data)
        return painted(data, spans) if spans else data

    def hide_folded(self, text: bytes) -> bytes:
        """Return a text without the values, whatever their escapes, of the same length."""
        spans = self.found_folded(text)
        return painted(text, spans) if spans else text

    def _candidates(self, data: bytes) -> Iterable[bytes]:
        """Return the ways that occur in bytes."""
        ways = self.ways
        if len(ways) > _MANY:
            heads = {way[:SHORT] for way in ways}
            seen = set(_heads(data, heads))
            ways = frozenset(way for way in ways if way[:SHORT] in seen)
        return [way for way in ways if way in data]


def _heads(data: bytes, heads: set[bytes]) -> Iterator[bytes]:
    """Yield those beginnings of ways that occur."""
    for start in range(0, len(data), _STEP):
        piece = data[start : start + _STEP + SHORT - 1]
        yield from heads & {piece[at : at + SHORT] for at in range(len(piece) - SHORT + 1)}


def _places(data: bytes, way: bytes) -> Iterator[Span]:
    at = data.find(way)
    while at >= 0:
        yield at, at + len(way)
        at = data.find(way, at + 1)


def _ways(text: str) -> Iterator[bytes]:
    """Yield how a value may be written; escapes too, for the sake of what is no text."""
    raw = text.encode("utf-8", "surrogateescape")
    forms = {raw, raw.upper(), raw.lower(), json.dumps(text)[1:-1].encode()}
    forms |= {quote(raw, safe="").encode(), quote_plus(raw).encode()}
    forms |= {raw.hex().encode(), raw.hex().upper().encode()}
    forms |= {text.encode(wide, "surrogatepass") for wide in ("utf-16-le", "utf-16-be")}
    forms |= set(_coded(raw))
    with suppress(UnicodeEncodeError):
        forms.add(text.encode("latin-1"))
    yield from (form for form in forms if len(form) >= SHORT)


def _coded(raw: bytes) -> Iterator[bytes]:
    """Yield the base64 of a value, wherever it begins in what is coded: what never changes."""
    for before in range(3):
        whole = len(raw) + before
        first, end = -(-before * 8 // 6), whole * 8 // 6
        for coded in (base64.b64encode, base64.urlsafe_b64encode):
            yield coded(bytes(before) + raw)[first:end]
