"""What a check says: findings, each under a stable code, and the outcomes of a run.

What must not enter: how anything is checked, how anything is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc
from typing import TypeVar

from safelight.messages import Json
from safelight.refusals import UsageError


class Outcome(StrEnum):
    """What became of one case. `NOT_CHECKED` is never a success."""

    PASSED = "passed"
    FAILED = "failed"
    KNOWN = "known"
    INCONCLUSIVE = "inconclusive"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise.

    `code` is the check's, `at` where in the answer (`data[0].b64_json`, `headers.content-type`),
    `expected` and `got` are short and fit to be shown, `source` is where the promise stands.
    """

    code: str
    at: str
    expected: Json
    got: Json
    source: str = ""

    @property
    def says(self) -> str:
        """Return the finding as one line."""
        return f"{self.code} {self.at}: expected {self.expected!r}, got {self.got!r}"


@dataclass(frozen=True, slots=True)
class Check:
    """One promise and the function that tests it. `run` yields a Finding for each breach.

    `after` are globs over codes: where one of those was found, this one stays silent, because the
    same cause would be told twice.
    """

    code: str
    title: str
    run: Callable[..., Iterator[Finding]]
    after: tuple[str, ...] = ()

    @property
    def explanation(self) -> str:
        """Return why the promise matters and what to do: the function's own text."""
        return cleandoc(self.run.__doc__ or "")


CHECKS: dict[str, Check] = {}
"""Every check by its code; `safelight explain CODE` reads it. Filled by `check` at import."""

F = TypeVar("F", bound=Callable[..., Iterator[Finding]])


def check(code: str, title: str, after: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Register a function as the check of one promise, under a code that never changes."""

    def register(function: F) -> F:
        assert code.startswith("SL-"), f"{code}: a code starts with SL-"
        assert code not in CHECKS, f"{code}: is taken by {CHECKS[code].title!r}"
        CHECKS[code] = Check(code, title, function, after)
        return function

    return register


def explain(code: str) -> Check:
    """Return the check of a code. Raises UsageError naming near ones."""
    found = CHECKS.get(code.upper())
    if found is None:
        from difflib import get_close_matches

        word = code.upper()
        within = [known for known in sorted(CHECKS) if word and word in known]
        near = get_close_matches(word, CHECKS) or within
        told = f"near are {', '.join(near)}" if near else "`safelight explain` lists them all"
        raise UsageError(f"unknown code {code!r}; {told}")
    return found
