"""The fields of JSON in a text, found without reading it as JSON: their values, by name.

It may be JSON in an event of a stream, in a text of other JSON, or cut off. What must not enter:
which names are secret, how something is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from safelight.recording.names import plain
from safelight.recording.unfolding import Span

_INNER = rb'((?:[^"\\]|(?(1)(?!\1")(?:\\{4}|\\{3}"|\\{1,3}(?=[^"\\]))|\\.))*)'
"""A text of JSON, or of JSON in a text of JSON if group 1, the backslashes of its quotes, is."""

_NAME = rb'"([A-Za-z][\w.-]{1,63})\\*"\s*:\s*'
_NAMED = rb"(\\{1,15})?" + _NAME
_KEY = re.compile(_NAME)
_DEEPEST = 15
"""Backslashes before a quote that are looked at: four levels of JSON in JSON."""

_FIELD = re.compile(
    _NAMED
    + rb'(?:(?(1)\1)"'
    + _INNER
    + rb'(?:(?(1)\1)"|\Z)|\[([^\[\]{}]*)\]|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))',
    re.DOTALL,
)
"""A field whose value is a text, a list of them, or a number."""

_ITEM = re.compile(rb'(\\{1,15})?"' + _INNER + rb'(?(1)\1)"|-?\d[\d.eE+-]*', re.DOTALL)


def values(text: bytes, names: Collection[str]) -> Iterator[Span]:
    """Yield where the values of fields of these names stand; a list may have their plural.

    `names` are as `plain` returns them.
    """
    done = 0
    for key in _KEY.finditer(text):
        name = plain(key[1].decode())
        known = name in names
        if key.start() < done or not (known or name.removesuffix("s") in names):
            continue
        before = text[max(0, key.start() - _DEEPEST) : key.start()]
        found = _FIELD.match(text, key.start() - len(before) + len(before.rstrip(b"\\")))
        if found is None or not (known or found[4] is not None):  # only a list has many
            continue
        at = next(group for group in (3, 4, 5) if found[group] is not None)
        done = found.end(at)
        if at != 4:
            yield found.span(at)
            continue
        for item in _ITEM.finditer(text, found.start(4), found.end(4)):
            yield item.span(2) if item[2] is not None else item.span()
