"""The one source of chance: streams of numbers that follow from a seed.

What must not enter: chance without a seed.
"""

from __future__ import annotations

from random import Random


def seeded(seed: int, salt: int = 0) -> Random:
    """Return a stream of chance; the same seed and salt give the same one in every process."""
    return Random(seed ^ salt)  # noqa: S311 - answers must repeat; nothing here is secret
