"""What an SDK's types say: read from `schemas/<provider>/sdk.toml`, asked of the SDK itself.

The SDK is looked at in a Python of its own (`sdk_types.py`), so it need not be installed beside
Safelight. What must not enter: comparing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from safelight.datafiles import data_dir, known_keys, read_toml
from safelight.messages import Json
from safelight.refusals import DataError, UsageError

from safelight_contracts.drift.accepting import Accepted, read_accepted
from safelight_contracts.drift.shapes import Shape, Stance

_KEYS = frozenset({"operation", "part", "event", "type", "source", "checked"})
_PARTS = ("reply", "event", "request")
_PATIENCE = 60.0
"""Seconds that importing an SDK may take."""


@dataclass(frozen=True, slots=True)
class Row:
    """One type of an SDK: `part` is "reply", "event" (of that `event` type) or "request"."""

    operation: str
    part: str
    event: str
    type: str


@dataclass(frozen=True, slots=True)
class Sdk:
    """An SDK's types as shapes, by (operation, part, event).

    `missing` are types it lacks, `accepted` the differences from our schemas that are lived with.
    """

    package: str
    version: str
    shapes: dict[tuple[str, str, str], Shape] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    accepted: tuple[Accepted, ...] = ()


def read_rows(
    provider: str, root: Path | None = None
) -> tuple[str, tuple[Row, ...], tuple[Accepted, ...]]:
    """Return the SDK's package, its types and what is accepted of them.

    ("", (), ()) for a provider without an SDK of its own.

    Raises DataError for a row that cannot be right.
    """
    path = (root or data_dir("schemas")) / provider / "sdk.toml"
    if not path.is_file():
        return "", (), ()
    table = read_toml(path)
    known_keys(table, frozenset({"package", "type", "accepted"}), path, "(top)")
    rows = []
    for row in table.get("type", []):
        where = f"type {row.get('type', '?')}"
        known_keys(row, _KEYS, path, where, sourced=True)
        if row.get("part") not in _PARTS:
            raise DataError(path, f"{where}.part", f"is one of {', '.join(_PARTS)}")
        rows.append(Row(row["operation"], row["part"], row.get("event", ""), row["type"]))
    return str(table["package"]), tuple(rows), read_accepted(table, path)


def look(provider: str, python: str = sys.executable, root: Path | None = None) -> Sdk | None:
    """Return what the SDK in that Python's environment says; None for a provider without one.

    Raises UsageError where the SDK is not installed there.
    """
    package, rows, accepted = read_rows(provider, root)
    if not rows:
        return None
    told = _asked(python, package, sorted({row.type for row in rows}))
    if told["version"] is None:
        raise UsageError(
            f"{package} is not installed for {python}; install it there, or name another"
            " interpreter with --sdk-python"
        )
    shapes = {}
    for row in rows:
        found = told["types"][row.type]
        if "fields" in found:
            shapes[row.operation, row.part, row.event] = _shape(found["fields"])
    missing = (name for name, found in told["types"].items() if "error" in found)
    return Sdk(package, told["version"], shapes, tuple(sorted(missing)), accepted)


def _asked(python: str, package: str, names: list[str]) -> Json:
    script = Path(__file__).with_name("sdk_types.py")
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter is our user's own
            [python, str(script), package, *names],
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{python}: cannot look at {package}: {error}") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise UsageError(f"{python}: cannot look at {package}: {' '.join(last)}")
    return json.loads(done.stdout)


def _shape(fields: dict[str, Json]) -> Shape:
    return {
        path: Stance(
            told["presence"],
            frozenset(told["types"]) - {"null"},
            "null" in told["types"],
            None if told["values"] is None else frozenset(told["values"]),
            told["old"],
        )
        for path, told in fields.items()
    }
