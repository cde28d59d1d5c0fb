"""The fewest of many things that still break something: halves first, then one by one.

What must not enter: what the things are, what breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def fewest(things: Sequence[T], breaks: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return a part of the things that breaks, and of which nothing can be left out.

    The things break together; `breaks` tells whether a part of them does, and is never asked about
    none.
    """
    left = list(things)
    size = max(1, len(left) // 2)
    while True:
        for start in range(0, len(left), size):
            rest = left[:start] + left[start + size :]
            if rest and breaks(rest):
                left = rest
                size = max(1, min(size, len(left) // 2))
                break
        else:
            if size == 1:
                return left
            size = max(1, size // 2)
