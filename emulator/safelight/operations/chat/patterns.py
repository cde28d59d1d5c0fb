"""Samples of a regular expression: a short string that it matches, for the common constructs.

The parse tree is the standard library's own. Word boundaries and negative look-arounds are passed
over, and a look-ahead at best stands before the rest, so a sample of a pattern that uses them may
fail to match: whoever asks must check.

What must not enter: matching with a stranger's pattern, which could run for ever.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from random import Random

from safelight.messages import Json

_LONGEST = 4000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CLASSES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": f"{_LETTERS}0123456789_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": _LETTERS,
    "CATEGORY_NOT_WORD": " -",
    "CATEGORY_NOT_SPACE": _LETTERS,
}
_PRINTABLE = [chr(code) for code in range(33, 127)] + [" "]


class UnsampledPattern(ValueError):  # noqa: N818 - said of a pattern, not of us
    """The pattern is no Python expression, or uses what this room does not know."""


def sample(pattern: str, rng: Random, *, more: int = 0, ahead: bool = False) -> str:
    """Return a string for the pattern; `more` asks open repetitions for that many extra rounds.

    `ahead` writes out what look-aheads ask for. Raises UnsampledPattern.
    """
    if len(pattern) > _LONGEST:
        raise UnsampledPattern(pattern[:80])
    try:
        tree = _parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsampledPattern(str(error)) from error
    return _Sampler(rng, more, ahead=ahead).run(tree)


def _parse(pattern: str) -> Json:
    from re import _parser  # type: ignore[attr-defined]  # the stubs do not know it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parser.parse(pattern)


class _Sampler:
    """Walks one parse tree. Its state is the groups it has filled and the length it has used."""

    def __init__(self, rng: Random, more: int, *, ahead: bool) -> None:
        self._ahead = ahead
        self._rng = rng
        self._more = more
        self._groups: dict[int, str] = {}
        self._used = 0

    def run(self, tree: Json) -> str:
        return "".join(self._pieces(tree))

    def _pieces(self, tree: Json) -> Iterator[str]:
        for op, argument in tree:
            maker = _MAKERS.get(str(op))
            if maker is None:
                raise UnsampledPattern(f"cannot sample {op}")
            piece = maker(self, argument)
            self._used += len(piece)
            if self._used > _LONGEST:
                raise UnsampledPattern("the pattern asks for too long a string")
            yield piece

    def literal(self, code: int) -> str:
        return chr(code)

    def anything(self, _: None) -> str:
        return self._rng.choice(_LETTERS)

    def not_literal(self, code: int) -> str:
        return self._rng.choice([c for c in _LETTERS if c != chr(code)])

    def member(self, items: Json) -> str:
        negated = bool(items) and str(items[0][0]) == "NEGATE"
        allowed = {c for item in items[negated:] for c in _members(item)}
        choices = [c for c in _PRINTABLE if c not in allowed] if negated else sorted(allowed)
        plain = [c for c in choices if c.isascii() and c.isalnum()]
        if not choices:
            raise UnsampledPattern("an empty class")
        return self._rng.choice(plain or choices)

    def repeat(self, argument: Json) -> str:
        least, most, body = argument
        want = least + self._more + (self._rng.randrange(3) if least == 0 else 0)
        rounds = min(int(most), max(least, want, 1 if most else 0))
        if rounds > _LONGEST:
            raise UnsampledPattern("the pattern asks for too long a string")
        return "".join(self.run(body) for _ in range(rounds))

    def group(self, argument: Json) -> str:
        number, *_, body = argument
        text = self.run(body)
        if number is not None:
            self._groups[number] = text
        return text

    def atomic(self, body: Json) -> str:
        return self.run(body)

    def branch(self, argument: Json) -> str:
        return self.run(self._rng.choice(argument[1]))

    def back(self, number: int) -> str:
        return self._groups.get(number, "")

    def look(self, argument: Json) -> str:
        direction, body = argument
        return self.run(body) if self._ahead and direction > 0 else ""

    def nothing(self, _: Json) -> str:
        return ""


def _members(item: Json) -> list[str]:
    """Return the characters of one member of a class; a wide range gives its first ones."""
    op, argument = str(item[0]), item[1]
    if op == "RANGE":
        return [chr(code) for code in range(argument[0], min(argument[1], argument[0] + 200) + 1)]
    if op == "CATEGORY":
        return list(_CLASSES.get(str(argument), ""))
    return [chr(argument)]


_MAKERS: dict[str, Callable[[_Sampler, Json], str]] = {
    "LITERAL": _Sampler.literal,
    "NOT_LITERAL": _Sampler.not_literal,
    "ANY": _Sampler.anything,
    "IN": _Sampler.member,
    "MAX_REPEAT": _Sampler.repeat,
    "MIN_REPEAT": _Sampler.repeat,
    "POSSESSIVE_REPEAT": _Sampler.repeat,
    "SUBPATTERN": _Sampler.group,
    "ATOMIC_GROUP": _Sampler.atomic,
    "BRANCH": _Sampler.branch,
    "GROUPREF": _Sampler.back,
    "AT": _Sampler.nothing,
    "ASSERT": _Sampler.look,
    "ASSERT_NOT": _Sampler.nothing,
}
