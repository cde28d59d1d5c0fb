"""Texts that a stream tells in pieces: one field of one event after another, read as one text.

What must not enter: what is looked for in them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from safelight.recording.unfolding import Span

_LINE = re.compile(rb"^(?:data:)?[ ]*\{.*$", re.MULTILINE)
_TEXT = re.compile(rb'"([^"\\]{1,60})"[ ]*:[ ]*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_INDEX = re.compile(rb'"(?:\w+_)?(?:index|id|Id)"[ ]*:[ ]*("?[^,"}]*)')

_SAME = frozenset(
    b"""id object model type role event created created_at system_fingerprint finish_reason
    service_tier item_id response_id timestamp""".split()
)
"""Fields that every event repeats, or that are no part of a longer text."""


class Told:
    """The text of one field through all events of a stream."""

    def __init__(self, text: bytes, parts: list[Span]) -> None:
        self.text = b"".join(text[start:end] for start, end in parts)
        self._parts = parts
        self._starts = list(accumulate((end - start for start, end in parts[:-1]), initial=0))

    def origin(self, span: Span) -> Iterator[Span]:
        """Yield the parts of the stream that a part of the text stands in."""
        at, end = span
        index = bisect_right(self._starts, at) - 1
        while at < end:
            start, stop = self._parts[index]
            begin = start + at - self._starts[index]
            size = min(end - at, stop - begin)
            if size > 0:
                yield begin, begin + size
            at, index = at + size, index + 1


def told(text: bytes) -> Iterator[Told]:
    """Yield what a stream tells field by field; nothing for a text that is no stream of JSON."""
    tracks: dict[tuple[bytes, ...], list[Span]] = {}
    lines = list(_LINE.finditer(text))
    if len(lines) < 2:
        return
    for line in lines:
        about = tuple(_INDEX.findall(line[0]))
        for found in _TEXT.finditer(text, line.start(), line.end()):
            if found[1] not in _SAME and found[2]:
                tracks.setdefault((found[1], *about), []).append(found.span(2))
    for parts in tracks.values():
        if len(parts) > 1:
            yield Told(text, parts)
