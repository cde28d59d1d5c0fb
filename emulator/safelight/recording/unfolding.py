r"""Texts within texts: escapes of JSON, URLs and HTML are undone, and every place is found again.

A value may be written `s\u0065cret`, `s%65cret` or `s&#101;cret`, once or several times over. What
must not enter: which values are looked for.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

Span = tuple[int, int]
"""Start and end of a part of a text, in bytes."""

_LAYERS = 4
"""How many times over a text is unfolded."""

_ESCAPE = re.compile(
    rb"""
      \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
    | \\u[0-9a-fA-F]{4} | \\x[0-9a-fA-F]{2} | \\[nrtbf"'/\\]
    | %[0-9a-fA-F]{2}
    | &\#0{0,6}[0-9]{1,7}; | &\#[xX]0{0,6}[0-9a-fA-F]{1,6}; | &(?:amp|lt|gt|quot|apos);
    """,
    re.VERBOSE,
)
_RUN = 256
"""Backslashes in a row, at most."""

_UNQUOTED = re.compile(rb'\\.|[^"\\]', re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}


class Layer:
    """A text, and where each part of it stands in the one that it was unfolded from.

    `deep` is 0 for the text itself.
    """

    def __init__(self, text: bytes, deep: int, under: Layer | None, steps: list[Step]) -> None:
        self.text = text
        self.deep = deep
        self._under = under
        self._steps = steps
        self._starts = [step[0] for step in steps]

    def origin(self, span: Span) -> Span:
        """Return which part of the whole text a part of this one, not empty, is written as."""
        return span if self._under is None else self._under.origin(self._written(span))

    def sound(self, span: Span) -> bool:
        """Tell whether a part of this text, not empty, ends before any text of JSON does.

        Escapes that nobody meant may be undone: what follows a backslash may be such an end.
        """
        if self._under is None:
            return True
        place = self._written(span)
        return not _UNQUOTED.sub(b"", self._under.text[slice(*place)]) and self._under.sound(place)

    def whole(self, span: Span) -> Span:
        """Return a part of this text with the escapes that it begins or ends in, by backslashes."""
        start, end = span
        return start - _odd(self.text, start), end + _odd(self.text, end)

    def _written(self, span: Span) -> Span:
        return self._below(span[0])[0], self._below(span[1] - 1)[1]

    def _below(self, at: int) -> Span:
        """Return how the byte at a place is written in the text below."""
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return at, at + 1
        found, size, start, end = self._steps[index]
        if at < found + size:
            return start, end
        rest = end + at - found - size
        return rest, rest + 1


Step = tuple[int, int, int, int]
"""An escape: where its bytes begin when undone, how many they are, its start and end below."""


def _odd(text: bytes, at: int) -> int:
    """Return 1 where a backslash right before a place belongs to what stands there."""
    before = text[max(0, at - _RUN) : at]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 if at < len(text) else 0


def layers(text: bytes) -> Iterator[Layer]:
    """Yield a text, then what it is with its escapes undone, until there are none.

    Who sets a layer's `text` to one of the same length has the next one made of that.
    """
    layer = Layer(text, 0, None, [])
    yield layer
    for deep in range(1, _LAYERS + 1):
        found = _unfolded(layer, deep)
        if found is None:
            return
        layer = found
        yield layer


def _unfolded(layer: Layer, deep: int) -> Layer | None:
    """Return a text without one layer of escapes; None if it has none."""
    out, steps, done, size = list[bytes](), list[Step](), 0, 0
    for escape in _ESCAPE.finditer(layer.text):
        start, end = escape.span()
        meant = _meant(escape[0])
        size += start - done
        out += (layer.text[done:start], meant)
        steps.append((size, len(meant), start, end))
        size += len(meant)
        done = end
    if not steps:
        return None
    out.append(layer.text[done:])
    return Layer(b"".join(out), deep, layer, steps)


def _meant(escape: bytes) -> bytes:
    """Return the bytes that an escape stands for."""
    if len(escape) == 12:
        return str(json.loads(b'"%b"' % escape)).encode()
    if escape[:2] == b"\\u":
        return _character(_hex(escape[2:]))
    if escape[:2] == b"\\x" or escape[:1] == b"%":
        return bytes([_hex(escape.lstrip(b"\\x%"))])
    if escape[:1] == b"\\":
        return _LETTERS.get(escape[1:], escape[1:])
    if escape[:2] == b"&#":
        hexed = escape[2:3] in b"xX"
        return _character(_hex(escape[3:-1]) if hexed else int(escape[2:-1]))
    return _NAMED[escape[1:-1]]


def _hex(digits: bytes) -> int:
    return int(digits, 16)


def _character(code: int) -> bytes:
    return chr(code).encode("utf-8", "surrogatepass") if code < 0x110000 else b"?"
