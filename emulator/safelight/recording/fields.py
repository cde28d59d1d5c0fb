"""The fields of JSON in a text, found without reading it as JSON: their values are hidden by name.

It may be JSON in an event of a stream, in a text of other JSON, or cut off. What is hidden keeps
its length, and JSON stays JSON. What must not enter: which names are secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_INNER = rb'((?:[^"\\]|(?(1)(?!\1")(?:\\{4}|\\{3}"|\\{1,3}(?=[^"\\]))|\\.))*)'
"""A text of JSON, or of JSON in a text of JSON if group 1, the backslashes of its quotes, is."""

_NAMED = rb'(\\{1,15})?"([A-Za-z][\w.-]{1,63})\\*"\s*:\s*'
_KEY = re.compile(_NAMED)
_FIELD = re.compile(
    _NAMED + rb'(?:(?(1)\1)"' + _INNER + rb"|\[([^\[\]{}]*)\]|-?(\d+)(?![\d.eE]))",
    re.DOTALL,
)
"""A field whose value is a text, a list of them, or a whole number."""

_ITEM = re.compile(rb'(\\{1,15})?"' + _INNER + rb'(?(1)\1)"|\d', re.DOTALL)


def plain(name: str) -> str:
    """Return a name as `NAMES` has it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")


def hidden(text: bytes, names: Collection[str]) -> bytes:
    """Return a text without the values of fields of these names; a list may have their plural.

    A text becomes asterisks, a whole number ones. `names` are as `plain` returns them.
    """
    return b"".join(_pieces(text, names))


def _pieces(text: bytes, names: Collection[str]) -> Iterator[bytes]:
    done = 0
    for key in _KEY.finditer(text):
        name = plain(key[2].decode())
        known = name in names
        if key.start() < done or not (known or name.removesuffix("s") in names):
            continue
        found = _FIELD.match(text, key.start())
        if found is None or not (known or found[4]):  # only a list has many
            continue
        at = next(group for group in (3, 4, 5) if found[group] is not None)
        yield text[done : found.start(at)]
        yield _covered(found[at], at)
        done = found.end(at)
    yield text[done:]


def _covered(value: bytes, kind: int) -> bytes:
    """Return a field's value, as `_FIELD` found it, hidden so that it stays JSON."""
    if kind == 3:
        return b"*" * len(value)
    return re.sub(rb"\d", b"1", value) if kind == 5 else _ITEM.sub(_item, value)


def _item(found: re.Match[bytes]) -> bytes:
    if found[2] is None:  # a digit: a number has to remain one
        return b"1"
    start, end = found.start(2) - found.start(0), found.end(2) - found.start(0)
    return found[0][:start] + b"*" * (end - start) + found[0][end:]
