"""Breaches that a team knows of and lives with, until a date.

    [[known]]
    code = "SL-STATUS"                  # the finding's code
    operation = "images.*"              # globs; default: any
    at = "data[[]*].url"
    model = "*"
    reason = "ticket 4711"
    until = 2026-12-31                  # the first day on which it fails again

What must not enter: what is checked.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from safelight.datafiles import as_date, in_force
from safelight.messages import Json
from safelight.refusals import DataError, UsageError

from safelight_contracts.cases import Case
from safelight_contracts.findings import Finding

_KEYS = ("code", "operation", "at", "model", "reason", "until")


@dataclass(frozen=True, slots=True)
class Known:
    """One breach that is lived with. `until` is the first day on which it counts again."""

    code: str
    reason: str
    until: datetime.date
    operation: str = "*"
    at: str = "*"
    model: str = "*"

    def covers(self, case: Case, finding: Finding, day: datetime.date) -> bool:
        """Tell whether this is that breach, and the date has not come."""
        return (
            in_force(None, self.until, day)
            and fnmatchcase(finding.code, self.code)
            and fnmatchcase(case.operation, self.operation)
            and fnmatchcase(finding.at, self.at)
            and fnmatchcase(case.model, self.model)
        )


def read_baseline(path: Path) -> tuple[Known, ...]:
    """Return the entries of a baseline file. Raises UsageError, with file and entry."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: is no baseline: {error}") from error
    for key in table:
        if key != "known":
            raise DataError(path, key, "unknown key; a baseline has [[known]] entries only")
    rows = table.get("known", [])
    if not isinstance(rows, list):
        raise DataError(path, "known", "write [[known]], with two brackets, before each entry")
    return tuple(_known(row, f"known[{index}]", path) for index, row in enumerate(rows))


def _known(row: dict[str, Json], where: str, path: Path) -> Known:
    for key, value in row.items():
        if key not in _KEYS:
            raise DataError(path, f"{where}.{key}", f"unknown key; known are {', '.join(_KEYS)}")
        if key != "until" and not isinstance(value, str):
            raise DataError(path, f"{where}.{key}", f"expected a text, got {value!r}")
    for key in ("code", "reason", "until"):
        if not row.get(key):
            raise DataError(path, where, f"needs `{key}`: what, why, and until when")
    until = as_date(row["until"], path, f"{where}.until")
    assert until is not None, "its absence was refused above"
    return Known(**{**row, "until": until})


def excuse(
    known: Iterable[Known], case: Case, findings: Iterable[Finding], day: datetime.date
) -> str | None:
    """Return why a case's breaches are lived with, or None where one of them is not."""
    entries, reasons = tuple(known), []
    for finding in findings:
        entry = next((one for one in entries if one.covers(case, finding, day)), None)
        if entry is None:
            return None
        reasons.append(f"{entry.reason} (until {entry.until})")
    return "; ".join(dict.fromkeys(reasons)) or None
