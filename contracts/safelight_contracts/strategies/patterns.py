"""Texts that a pattern is found in, made from the pattern itself: quickly, and the shortest first.

The part of the regular expressions that schemas use: literals, classes, groups, alternatives and
counts. What must not enter: schemas, Hypothesis.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

_PRINTABLE = "".join(map(chr, range(32, 127)))
_SETS = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyz0123456789_", "s": " "}
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_MORE = 6
"""How many more than the least a count without an end gives at most."""


class Unreadable(ValueError):  # noqa: N818 - an answer: somebody else has to read it
    """A pattern uses more of the language than is known here."""


class Picks(Protocol):
    """Who decides: see `choosing.Chooser`."""

    def index(self, count: int, /) -> int:
        """Return a number below `count`; 0 is the plainest."""


@dataclass(frozen=True, slots=True)
class Letters:
    """One letter of some."""

    letters: str

    def make(self, choose: Picks) -> str:
        """Return one."""
        return self.letters[choose.index(len(self.letters))]

    def many(self, choose: Picks, times: int) -> str:
        """Return several, by one choice for all: asking for each would take most of the time."""
        base, out = len(self.letters), []
        number = choose.index(base**times)
        for _ in range(times):
            number, digit = divmod(number, base)
            out.append(self.letters[digit])
        return "".join(out)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A part, so many times."""

    part: Letters | Either
    low: int
    high: int

    def make(self, choose: Picks) -> str:
        """Return it so often."""
        times = self.low + choose.index(self.high - self.low + 1)
        if isinstance(self.part, Letters):
            return self.part.many(choose, times)
        return "".join(self.part.make(choose) for _ in range(times))


@dataclass(frozen=True, slots=True)
class Either:
    """One of some sequences."""

    ways: Sequence[Sequence[Letters | Repeated | Either]]

    def make(self, choose: Picks) -> str:
        """Return one of them."""
        return "".join(part.make(choose) for part in self.ways[choose.index(len(self.ways))])


@lru_cache(maxsize=256)
def read_pattern(pattern: str) -> Either:
    """Return what makes texts for a pattern. Raises Unreadable beyond the known part."""
    reader = _Reader(pattern)
    found = reader.either()
    if reader.at != len(pattern):
        raise Unreadable(pattern)
    return found


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def either(self) -> Either:
        ways = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            ways.append(self._sequence())
        return Either(ways)

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _sequence(self) -> list[Letters | Repeated | Either]:
        parts: list[Letters | Repeated | Either] = []
        while self._next() not in ("", "|", ")"):
            if self._next() in "^$":
                self.at += 1
                continue
            parts.append(self._counted(self._atom()))
        return parts

    def _atom(self) -> Letters | Either:
        sign = self._next()
        self.at += 1
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._class()
        if sign == ".":
            return Letters(_PRINTABLE[1:])
        if sign == "\\":
            return Letters(self._escaped())
        if sign in "*+?{":
            raise Unreadable(self.text)
        return Letters(sign)

    def _group(self) -> Either:
        if self._next() == "?":
            if self.text[self.at : self.at + 2] != "?:":
                raise Unreadable(self.text)
            self.at += 2
        found = self.either()
        if self._next() != ")":
            raise Unreadable(self.text)
        self.at += 1
        return found

    def _escaped(self) -> str:
        sign = self._next()
        self.at += 1
        if sign.isalnum() and sign not in _SETS:
            raise Unreadable(self.text)
        return _SETS.get(sign, sign)

    def _class(self) -> Letters:
        denied = self._next() == "^"
        self.at += denied
        letters = ""
        while self._next() != "]" or not letters:
            sign = self._next()
            self.at += 1
            if sign == "":
                raise Unreadable(self.text)
            if sign == "\\":
                letters += self._escaped()
            elif self._next() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                last = self.text[self.at + 1]
                letters += "".join(map(chr, range(ord(sign), ord(last) + 1)))
                self.at += 2
            else:
                letters += sign
        self.at += 1
        return Letters("".join(c for c in _PRINTABLE if c not in letters) if denied else letters)

    def _counted(self, part: Letters | Either) -> Letters | Repeated | Either:
        sign = self._next()
        if sign in ("*", "+", "?") and sign:
            self.at += 1
            low = int(sign == "+")
            return Repeated(part, low, 1 if sign == "?" else low + _MORE)
        found = _COUNT.match(self.text, self.at)
        if found is None:
            return part
        self.at = found.end()
        low = int(found[1])
        return Repeated(part, low, int(found[3] or low + _MORE) if found[2] else low)
