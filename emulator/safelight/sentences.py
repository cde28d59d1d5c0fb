"""What a refusal says in words, whichever shape its body has.

What must not enter: providers; statuses.
"""

from __future__ import annotations

import orjson

from safelight.messages import Json

_PLACES = ("message", "msg", "detail", "error", "errors")
"""Where the bodies of refusals keep their sentence, the most telling first."""


def sentence(body: bytes) -> str:
    """Return the sentence of a refusal's body; of a body that is no JSON, its text."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace").strip()
    return _within(read)


def _within(value: Json) -> str:
    if isinstance(value, str):
        return value
    inner = [value.get(key) for key in _PLACES] if isinstance(value, dict) else value
    if not isinstance(inner, list):
        return ""
    return next((found for found in map(_within, inner) if found), "")
