"""What is judged of an answer: each promise by one function, under one code.

`judge` runs them in order. A check that comes after one that has found something stays silent: one
cause, one finding. What must not enter: sending, printing.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from safelight_contracts.cases import Case, Seen
from safelight_contracts.checks import amounts, envelopes, errors, pictures, streams, verdicts
from safelight_contracts.checks.looking import Look
from safelight_contracts.checks.shown import pictures as shown_in
from safelight_contracts.findings import CHECKS, Finding, check
from safelight_contracts.promises import Promises

__all__ = ["ANSWERS", "judge", "repeats"]

_ROOMS = (verdicts, envelopes, streams, errors, pictures, amounts)
"""The rooms whose checks are run, in this order: from the whole of an answer to its details."""

ANSWERS = [
    code for room in _ROOMS for code, told in CHECKS.items() if told.run.__module__ == room.__name__
]
"""The codes of the checks of one answer, in the order in which they are run."""


def judge(case: Case, seen: Seen, promises: Promises) -> list[Finding]:
    """Return what is wrong with an answer; empty where everything is as promised.

    An answer that never came says nothing about the contract: that is for a run to tell.
    """
    if seen.status == 0:
        return []
    look = Look(case, seen, promises)
    found: list[Finding] = []
    for code in ANSWERS:
        told = CHECKS[code]
        if not any(fnmatchcase(finding.code, glob) for finding in found for glob in told.after):
            found += told.run(look)
    return found


def repeats(case: Case, first: Seen, second: Seen, promises: Promises) -> list[Finding]:
    """Return what is wrong with two answers to one request that names a seed."""
    looks = Look(case, first, promises), Look(case, second, promises)
    return list(seed_repeat(*looks))


@check("SL-SEED-REPEAT", "the same seed gives the same picture")
def seed_repeat(first: Look, second: Look) -> Iterator[Finding]:
    """Say that one request with one seed gave two different pictures, where it should repeat.

    Compared are the decoded pixels, not the files: metadata may differ.
    """
    row = first.row
    seeded = first.case.params.get("seed") is not None
    if row is None or not seeded or not first.promises.promised(row.seed, first.case.model):
        return
    for one, two in zip(shown_in(first), shown_in(second), strict=False):
        if one.image is None or two.image is None:
            continue
        if one.image.size != two.image.size or one.image.tobytes() != two.image.tobytes():
            yield first.finding("SL-SEED-REPEAT", one.at, "the same pixels", "other pixels")
            return
