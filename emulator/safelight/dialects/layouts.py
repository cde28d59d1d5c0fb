"""How JSON is laid out where a provider was seen to lay it out otherwise: a bug-for-bug matter.

What must not enter: providers, what the JSON says.
"""

from __future__ import annotations

import orjson

from safelight.messages import Json


def layout(document: Json, name: str) -> bytes:
    """Return JSON in a recorded layout.

    That is compact, indent4, indent2nl (with a last newline), sorted2nl (keys by the alphabet too),
    or else two spaces.
    """
    if name == "compact":
        return orjson.dumps(document)
    if name == "indent4":
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        return b"\n".join(_double(line) for line in text.split(b"\n")) + b"\n"
    newline = orjson.OPT_APPEND_NEWLINE if name.endswith("nl") else 0
    order = orjson.OPT_SORT_KEYS if name.startswith("sorted") else 0
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | newline | order)


def _double(line: bytes) -> bytes:
    spaces = len(line) - len(line.lstrip(b" "))
    return b" " * spaces + line
