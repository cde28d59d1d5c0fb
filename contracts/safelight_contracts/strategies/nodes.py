"""What a schema becomes: nodes, each of which makes values of one kind for whoever chooses.

What must not enter: Hypothesis, the reading of schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from safelight.messages import Json

from safelight_contracts.strategies.choosing import Chooser
from safelight_contracts.strategies.pictures import picture, upload


class Node:
    """Makes values that fit one schema, as far as a value can be made right at once."""

    def make(self, choose: Chooser, /) -> Json:
        """Return a value."""
        raise NotImplementedError


class Unmakable(Exception):  # noqa: N818 - an answer: the schema fits nothing
    """No value fits this schema."""


@dataclass(frozen=True)
class Nothing(Node):
    """A schema that fits nothing."""

    def make(self, _choose: Chooser, /) -> Json:
        """Raise Unmakable."""
        raise Unmakable


@dataclass(frozen=True)
class OneOf(Node):
    """One of some values."""

    values: Sequence[Json]

    def make(self, choose: Chooser, /) -> Json:
        """Return one of them."""
        return self.values[choose.index(len(self.values))]


@dataclass(frozen=True)
class Branch(Node):
    """One of some nodes."""

    nodes: Sequence[Node]

    def make(self, choose: Chooser, /) -> Json:
        """Return a value of one of them."""
        return self.nodes[choose.index(len(self.nodes))].make(choose)


@dataclass(frozen=True)
class Text(Node):
    """A text of so many characters."""

    low: int
    high: int | None
    pattern: str | None = None

    def make(self, choose: Chooser, /) -> Json:
        """Return a text; one with a pattern is cut where it is too long."""
        if self.pattern is None:
            return choose.text(self.low, self.high)
        return choose.matching(self.pattern)[: self.high]


@dataclass(frozen=True)
class Number(Node):
    """A number, or an integer only."""

    low: float | None
    high: float | None
    whole: bool

    def make(self, choose: Chooser, /) -> Json:
        """Return a number."""
        if not self.whole:
            return choose.number(self.low, self.high)
        low = None if self.low is None else -int(-self.low // 1)
        return choose.integer(low, None if self.high is None else int(self.high // 1))


@dataclass(frozen=True)
class File(Node):
    """A picture as a form carries it. `kinds` are the media types that are taken."""

    kinds: Sequence[str]
    most: int | None

    def make(self, choose: Chooser, /) -> Json:
        """Return an Upload."""
        kind = self.kinds[choose.index(len(self.kinds))]
        width, height = ((64, 64), (48, 64), (96, 80))[choose.index(3)]
        return upload(kind, picture(kind, width, height))


@dataclass(frozen=True)
class Array(Node):
    """A list; `holds` makes the one item that `contains` asks for."""

    item: Node
    low: int
    high: int | None
    holds: Node | None = None

    def make(self, choose: Chooser, /) -> Json:
        """Return a few items; every eighth list is as long as it may be, of one item."""
        most = self.low + 3 if self.high is None else self.high
        if isinstance(self.item, Nothing):
            return []
        if self.low < most <= 128 and choose.index(32) == 31:
            return [self.item.make(choose)] * most
        more = choose.index(min(3, most - self.low) + 1)
        made = [self.item.make(choose) for _ in range(self.low + more)]
        return [self.holds.make(choose), *made[1:]] if self.holds else made


@dataclass(frozen=True)
class Rule:
    """One `if` and `then`: `holds` judges a value, `ways` change one until it does."""

    holds: Callable[[Json], bool]
    ways: Sequence[Callable[[dict[str, Json], Chooser], bool]]


@dataclass(frozen=True)
class Object(Node):
    """An object: what has to be, some of what may be, and then what its rules ask for."""

    required: Sequence[tuple[str, Node]]
    optional: Sequence[tuple[str, Node]]
    free: Node | None
    key: Text
    most: int | None
    rules: list[Rule] = field(default_factory=list)

    def make(self, choose: Chooser, /) -> Json:
        """Return an object."""
        out = {name: node.make(choose) for name, node in self.required}
        for name, node in choose.some(self.optional):
            out[name] = node.make(choose)
        if self.free is not None:
            for number in range(self._entries(choose, len(out))):
                name = self.key.make(choose) if number < 2 else f"k{number}"
                out[name] = self.free.make(choose)
        for _ in range(6):
            broken = next((rule for rule in self.rules if not rule.holds(out)), None)
            if broken is None:
                break
            self._mend(broken, out, choose)
        return out

    def _entries(self, choose: Chooser, there: int) -> int:
        """Return how many entries to add: a few, and now and then as many as there may be."""
        if self.most is None:
            return choose.index(3)
        room = max(0, self.most - there)
        full = 2 < room <= 32 and choose.index(16) == 15
        return room if full else choose.index(min(2, room) + 1)

    def _mend(self, rule: Rule, out: dict[str, Json], choose: Chooser) -> None:
        """Try the ways to keep a rule, beginning with a chosen one."""
        first = choose.index(len(rule.ways)) if rule.ways else 0
        for way in (*rule.ways[first:], *rule.ways[:first]):
            before = dict(out)
            if way(out, choose) and rule.holds(out):
                return
            out.clear()
            out.update(before)
