"""Log probabilities that look like a model's: plausible, ordered, and the same for the same seed.

What must not enter: wire shapes.
"""

from __future__ import annotations

from math import log
from random import Random

from safelight.operations.chat.results import TokenLogprob
from safelight.tokens import pieces

_RIVALS = (
    " the", " a", ".", ",", " and", " is", "\n", " I", " to", " of", "!", " It", "The", " in",
    " this", " that", " an", ":", " so", " for", " you", " with", " on",
)  # fmt: skip


def logprobs_for(text: str, top: int, rng: Random) -> tuple[TokenLogprob, ...]:
    """Return one item for each piece of the text, each with `top` rivals (the token among them)."""
    return tuple(_item(token, top, rng) for token in pieces(text))


def _item(token: str, top: int, rng: Random) -> TokenLogprob:
    chance = 1.0 - rng.random() * 0.4
    ranking = [(token, round(log(chance), 8))]
    left = 1.0 - chance
    others = [rival for rival in _RIVALS if rival != token]
    rng.shuffle(others)
    for rival in others[: max(0, top - 1)]:
        left *= 0.5
        ranking.append((rival, round(log(max(left, 1e-9)), 8)))
    return TokenLogprob(token, ranking[0][1], tuple(ranking[:top]))
