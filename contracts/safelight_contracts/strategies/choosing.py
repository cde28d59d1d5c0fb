"""Who decides where a schema leaves a choice: chance, or nobody.

`Drawn` asks Hypothesis, so that a failure shrinks towards `Plainest`, which takes the first, the
shortest and the smallest everywhere. What must not enter: schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from safelight_contracts.strategies.patterns import Unreadable, read_pattern

T = TypeVar("T")

WIDEST = 40_000
"""The longest text that is drawn at its limit; a longer one costs more than it tells."""

_EXACT = 2**53 - 1
"""The largest integer that every JSON parser reads as it was written."""

_LETTERS = st.characters(min_codepoint=32, max_codepoint=126)


class Chooser(Protocol):
    """What a schema asks when it leaves something open."""

    def index(self, count: int, /) -> int:
        """Return a number below `count`; 0 is the plainest."""

    def some(self, items: Sequence[T], /) -> list[T]:
        """Return some of the items, in their order; none is the plainest."""

    def integer(self, low: int | None, high: int | None) -> int:
        """Return an integer, bounds included."""

    def number(self, low: float | None, high: float | None) -> float:
        """Return a number that is no NaN and not infinite."""

    def text(self, low: int, high: int | None) -> str:
        """Return a text of so many characters."""

    def matching(self, pattern: str) -> str:
        """Return a text in which the pattern is found."""


class Plainest:
    """Takes the first of everything: the smallest value that fits."""

    def index(self, _count: int, /) -> int:
        """Return 0."""
        return 0

    def some(self, _items: Sequence[T], /) -> list[T]:
        """Return none."""
        return []

    def integer(self, low: int | None, high: int | None) -> int:
        """Return what is nearest to 1."""
        return int(_nearest(1, low, high))

    def number(self, low: float | None, high: float | None) -> float:
        """Return what is nearest to 1."""
        return _nearest(1, low, high)

    def text(self, low: int, high: int | None) -> str:
        """Return a few letters a, as many as have to be."""
        return "a" * max(low, min(1, 1 if high is None else high))

    def matching(self, pattern: str) -> str:
        """Return the shortest text that the pattern describes."""
        return read_pattern(pattern).make(self)


class Drawn:
    """Asks Hypothesis."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def index(self, count: int, /) -> int:
        """Return any."""
        return self._draw(_integers(0, count - 1)) if count > 1 else 0

    def some(self, items: Sequence[T], /) -> list[T]:
        """Return about a quarter of the items."""
        if not items:
            return []
        most = (1 << len(items)) - 1
        bits = self._draw(_integers(0, most)) & self._draw(_integers(0, most))
        return [item for place, item in enumerate(items) if bits >> place & 1]

    def integer(self, low: int | None, high: int | None) -> int:
        """Return any; every eighth stands at a bound."""
        if not self.index(8):
            ends = [end for end in (low, high) if end is not None] or [0, _EXACT, -_EXACT]
            return ends[self.index(len(ends))]
        return self._draw(
            _integers(
                low if low is not None else min(-_EXACT, high or 0),
                high if high is not None else max(_EXACT, low or 0),
            )
        )

    def number(self, low: float | None, high: float | None) -> float:
        """Return any; every second is an integer, for both are numbers in JSON."""
        if self.index(2) and (low is None or high is None or int(high) > low):
            whole = None if low is None else -int(-low // 1)
            return self.integer(whole, None if high is None else int(high // 1))
        return self._draw(_floats(low, high))

    def text(self, low: int, high: int | None) -> str:
        """Return any short text; every eighth has exactly the shortest or the longest length."""
        kind = self.index(24)
        if kind == 22 and low:
            return "a" * low
        if kind == 23 and high is not None and high <= WIDEST:
            return "\N{FILM FRAMES}" * high  # a character that is two in some languages
        most = low + 12
        return self._draw(_texts(low, most if high is None else min(most, high)))

    def matching(self, pattern: str) -> str:
        """Return any text of printable ASCII in which the pattern is found."""
        try:
            parts = read_pattern(pattern)
        except Unreadable:
            return self._draw(_matching(pattern))
        return parts.make(self)


def _nearest(value: float, low: float | None, high: float | None) -> float:
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)


_integers: Callable[[int, int], SearchStrategy[int]] = lru_cache(maxsize=None)(st.integers)


@lru_cache(maxsize=256)
def _floats(low: float | None, high: float | None) -> SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)


@lru_cache(maxsize=256)
def _texts(low: int, high: int) -> SearchStrategy[str]:
    return st.text(min_size=low, max_size=high)


@lru_cache(maxsize=256)
def _matching(pattern: str) -> SearchStrategy[str]:
    return st.from_regex(pattern, alphabet=_LETTERS)
