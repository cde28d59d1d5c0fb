"""The moderation report that a request may ask for: nothing is flagged unless the text says so.

What must not enter: judging texts for real.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from safelight.messages import Json
from safelight.operations.chat.chance import seeded

FLAG_MARK = "[[safelight:flagged]]"
"""A text that carries this is reported as flagged."""

_CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/intent", "self-harm/instructions", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip


def report(asked: Json, prompt: str, said: str, seed: int) -> Json:
    """Return the report on prompt and answer, or None when the request asked for none."""
    if not isinstance(asked, Mapping):
        return None
    model = str(asked.get("model") or "")
    return {
        "input": _results(model, prompt, seeded(seed, 0x1)),
        "output": _results(model, said, seeded(seed, 0x2)),
    }


def _results(model: str, text: str, rng: Random) -> Json:
    flagged = FLAG_MARK in text
    hit = "violence" if flagged else None
    result = {
        "type": "moderation_result",
        "model": model,
        "flagged": flagged,
        "categories": {name: name == hit for name in _CATEGORIES},
        "category_scores": {name: _score(rng, hit=name == hit) for name in _CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }
    return {"type": "moderation_results", "model": model, "results": [result]}


def _score(rng: Random, *, hit: bool) -> float:
    return round(0.9 + rng.random() / 10 if hit else rng.random() / 1000, 12)
