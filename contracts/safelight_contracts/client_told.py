"""What a run against a client has found, in words: findings, the smallest reply, what was not seen.

What must not enter: judging, exit codes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from safelight_contracts.client_fixture import canned
from safelight_contracts.client_results import Broken, Report
from safelight_contracts.findings import CHECKS

_SHOWN = 3
"""Findings whose fixtures are printed; all are written."""

_LINES = 40
"""Lines of a fixture that are printed at most."""


def failure(report: Report, provider: str, folder: Path | None = None) -> str | None:
    """Return what is wrong with the client, with a fixture for each finding; None if nothing is.

    Each fixture is written into a folder of its own below `folder`, by default a temporary one:
    two of the same operation in one folder would shadow each other.
    """
    if not report.broken:
        return None
    home = folder or Path(tempfile.mkdtemp(prefix="safelight-client-"))
    count = len(report.broken)
    lines = [f"the client breaks the contract in {count} way{'s' if count > 1 else ''}:"]
    for number, broken in enumerate(report.broken, start=1):
        lines += ["", *_told(broken, number, provider, home, shown=number <= _SHOWN)]
    return "\n".join([*lines, "", *summary(report)])


def _told(broken: Broken, number: int, provider: str, home: Path, *, shown: bool) -> list[str]:
    finding = broken.finding
    lines = [f"{finding.code}: {CHECKS[finding.code].title}"]
    lines += [f"  at        {finding.at}", f"  expected  {finding.expected}"]
    lines += [f"  got       {finding.got}"]
    lines += [f"  source    {finding.source}"] if finding.source else []
    lines += [f"  why       safelight explain {finding.code}"]
    if broken.trial.plan.lens == "plain" or not broken.trial.struck:
        return lines
    fixture = canned(broken.trial, provider, f"{finding.code}: {finding.at}")
    path = fixture.write(home / f"{number:02}-{finding.code.lower()}", "fixture")
    lines.append(f"  fixture   {path}")
    if shown:
        text = fixture.text.splitlines()
        more = [f"# … {len(text) - _LINES} lines more"] if len(text) > _LINES else []
        lines += ["", *(f"    {line[:160]}" for line in [*text[:_LINES], *more])]
    return lines


def summary(report: Report) -> list[str]:
    """Return how much was tried, and what never met a request."""
    by_lens = ", ".join(f"{lens} {count}" for lens, count in report.ran.items())
    lines = [f"{report.examples} examples: {by_lens}"]
    if report.rows[0] < report.rows[1]:
        lines.append(f"{report.rows[0]} of {report.rows[1]} error rows; more examples try the rest")
    if report.idle:
        lines.append(f"met no request: {', '.join(dict.fromkeys(report.idle))[:300]}")
    return lines


def unchecked(report: Report, must_detect: Sequence[str]) -> str | None:
    """Return what was asked for and not looked at, in a sentence; None if all was.

    What was to be planted and could not be; and whole lenses for which no example was left. How
    much was seen through a lens is no matter here: the summary tells it.
    """
    missing = [name for name in must_detect if name not in report.planted]
    if report.broken:
        return None
    if report.unseen:
        names = ", ".join(report.unseen)
        return f"not checked: {names}: no example was left; allow more examples or seconds"
    if missing:
        return f"not checked: nothing that the client asks for could show {', '.join(missing)}"
    return None
