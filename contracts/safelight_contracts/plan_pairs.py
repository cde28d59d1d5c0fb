"""A covering array: few requests in which every two values of any two parameters meet once.

Greedy and seeded: the same values and seed give the same rows. Rows that a rule forbids are never
made; pairs that only occur in forbidden rows are left out.

What must not enter: what the parameters mean, prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from random import Random

from safelight.messages import Json

Row = dict[str, Json]
Spot = tuple[str, int]
"""A parameter, and which of its values."""
Pair = tuple[Spot, Spot]

_TRIES = 12
"""Orders in which a row's other parameters are filled in; the row that covers most wins."""


def pairs(
    values: Mapping[str, Sequence[Json]], seed: int, allowed: Callable[[Row], bool]
) -> Iterator[Row]:
    """Yield rows until every pair that an allowed row can have has been in one.

    A row has one value for each parameter, as `values` lists them. Fewer than two parameters with
    a choice give a row for each value.
    """
    names = [name for name in values if values[name]]
    if len(names) < 2:
        yield from _single(names, values, allowed)
        return
    array = _Array({name: values[name] for name in names}, Random(seed), allowed)  # noqa: S311 - the same rows in every run, not a secret
    while array.open:
        start = min(array.open, key=_rank)
        row = array.row_with(start)
        if row is None:
            array.open.discard(start)  # no allowed row has both
            continue
        array.open -= _pairs_of(row)
        yield array.told({name: row[name] for name in names})


def _single(
    names: list[str], values: Mapping[str, Sequence[Json]], allowed: Callable[[Row], bool]
) -> Iterator[Row]:
    for name in names:
        for value in values[name]:
            if allowed({name: value}):
                yield {name: value}


class _Array:
    """The pairs that are still open, and how a row that covers many of them is grown."""

    def __init__(
        self,
        values: Mapping[str, Sequence[Json]],
        random: Random,
        allowed: Callable[[Row], bool],
    ) -> None:
        self.values = values
        self.open = {
            _pair((one, i), (two, j))
            for one, two in combinations(values, 2)
            for i in range(len(values[one]))
            for j in range(len(values[two]))
        }
        self._random = random
        self._allowed = allowed

    def told(self, row: Mapping[str, int]) -> Row:
        """Return a row's values."""
        return {name: self.values[name][index] for name, index in row.items()}

    def row_with(self, start: Pair) -> dict[str, int] | None:
        """Return an allowed row that has a pair and covers many open ones, or None."""
        best: dict[str, int] | None = None
        most = 0
        for _ in range(_TRIES):
            row = self._grown(start)
            if self._allowed(self.told(row)):
                gain = len(_pairs_of(row) & self.open)
                if gain > most:
                    best, most = row, gain
        if best is not None:
            return best
        plainest = {**dict.fromkeys(self.values, 0), **dict(start)}
        return plainest if self._allowed(self.told(plainest)) else None

    def _grown(self, start: Pair) -> dict[str, int]:
        row = dict(start)
        rest = [name for name in self.values if name not in row]
        self._random.shuffle(rest)
        for name in rest:
            row[name] = self._choice(name, row)
        return row

    def _choice(self, name: str, row: Mapping[str, int]) -> int:
        """Return a value that makes most open pairs with what the row has."""
        gains = [
            sum(_pair((name, index), spot) in self.open for spot in row.items())
            for index in range(len(self.values[name]))
        ]
        most = max(gains)
        return self._random.choice([index for index, gain in enumerate(gains) if gain == most])


def _pair(one: Spot, two: Spot) -> Pair:
    return (one, two) if one < two else (two, one)


def _rank(pair: Pair) -> tuple[int, Pair]:
    """Plain values first: those that stand first in their lists."""
    return pair[0][1] + pair[1][1], pair


def _pairs_of(row: Mapping[str, int]) -> set[Pair]:
    return {_pair(one, two) for one, two in combinations(row.items(), 2)}
