"""What tests of drift share: a good reply, one with something changed, cases and answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from safelight.schemas import load
from safelight_contracts.cases import Case, Piece, Seen

REPLY = load("openai", "images.reply")


GOOD = {
    "created": 1,
    "background": "opaque",
    "data": [{"b64_json": "aGk="}, {"b64_json": "aGk="}],
    "output_format": "png",
    "quality": "low",
    "size": "1024x1024",
    "usage": {
        "input_tokens": 1,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 1},
        "output_tokens": 2,
        "total_tokens": 3,
    },
}


def changed(change: Callable[[Any], object]) -> Any:
    """Return a good reply with one thing about it changed."""
    copy = json.loads(json.dumps(GOOD))
    change(copy)
    return copy


def case(operation: str = "images.generate") -> Case:
    return Case("openai", operation, "POST", "/images/generations", "a test")


def seen(body: Any, status: int = 200, kind: str = "application/json") -> Seen:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Seen(status, (("content-type", kind),), (Piece(0.1, data),))
