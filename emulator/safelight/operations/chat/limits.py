"""Where an answer ends: at a stop sequence, or when its tokens are used up.

What must not enter: what the answer says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safelight.messages import Json
from safelight.tokens import pieces


@dataclass(frozen=True, slots=True)
class Limits:
    """`tokens`: how many tokens an answer may have, None for any number; `stops`: where it ends."""

    tokens: int | None = None
    stops: tuple[str, ...] = ()

    def less(self, tokens: int) -> Limits:
        """Return what is left after `tokens` have been spent."""
        return self if self.tokens is None else Limits(max(0, self.tokens - tokens), self.stops)


def read_limits(params: Mapping[str, Json]) -> Limits:
    """Return the limits of a request; the newer name of the token limit wins over the older."""
    given = (_count(params.get(key)) for key in ("max_completion_tokens", "max_tokens"))
    tokens = next((count for count in given if count is not None), None)
    stop = params.get("stop")
    stops: Sequence[Json] = stop if isinstance(stop, list) else [stop]
    return Limits(tokens, tuple(s for s in stops if isinstance(s, str) and s))


def _count(value: Json) -> int | None:
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else None


def cut(text: str, limits: Limits) -> tuple[str, str]:
    """Return the text that is left, and why it ends: `stop` or `length`."""
    ends = [at for at in (text.find(stop) for stop in limits.stops) if at >= 0]
    if ends:
        text = text[: min(ends)]
    if limits.tokens is None or len(text) <= limits.tokens:
        return text, "stop"
    parts = pieces(text)
    if len(parts) <= limits.tokens:
        return text, "stop"
    return "".join(parts[: limits.tokens]), "length"
