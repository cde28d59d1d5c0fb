"""A file that keeps what runs have spent in each month, so that a cap holds across them.

    {"2026-11": {"spent": "3.127", "runs": 4}}

Every change takes a lock beside the file, reads it anew and replaces it whole: runs at the same
time share one cap, and a run that is killed leaves what it held counted as spent.

What must not enter: prices, and what the money is for.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from safelight.messages import Json
from safelight.refusals import UsageError

from safelight_contracts.money import ZERO

_TOP = "the file is {'YYYY-MM': {'spent': 'dollars', 'runs': count}}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """One month's part of a ledger file, with its cap in US dollars.

    Raises UsageError, at the first use, for a file that is no ledger.
    """

    path: Path
    month: str
    cap: Decimal

    def spent(self) -> Decimal:
        """Return what all runs of the month have spent or hold."""
        return _spent(_read(self.path), self.month, self.path)

    def open_run(self) -> None:
        """Count one more run."""
        self._change(lambda row: {**row, "runs": int(row.get("runs", 0)) + 1})

    def take(self, amount: Decimal) -> bool:
        """Count an amount; False, and nothing is counted, where the cap would be exceeded."""
        taken = False

        def more(row: dict[str, Json]) -> dict[str, Json]:
            nonlocal taken
            spent = Decimal(str(row.get("spent", 0)))
            taken = spent + amount <= self.cap
            return {**row, "spent": str(spent + amount)} if taken else row

        self._change(more)
        return taken

    def give_back(self, amount: Decimal) -> None:
        """Uncount an amount; a negative one counts more, beyond the cap if need be."""
        self._change(
            lambda row: {**row, "spent": str(max(ZERO, Decimal(str(row["spent"])) - amount))}
        )

    def _change(self, change: Callable[[dict[str, Json]], dict[str, Json]]) -> None:
        with locked(self.path):
            table = _read(self.path)
            _spent(table, self.month, self.path)
            table[self.month] = change(table.get(self.month, {"spent": "0", "runs": 0}))
            _replace(self.path, table)


def _read(path: Path) -> dict[str, Json]:
    try:
        table = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as error:
        raise UsageError(f"{path}: is no ledger: {error}; {_TOP}") from error
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        raise UsageError(f"{path}: is no ledger; {_TOP}")
    return table


def _spent(table: dict[str, Json], month: str, path: Path) -> Decimal:
    text = str(table.get(month, {}).get("spent", 0))
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        raise UsageError(f"{path}: {month}.spent is {text!r}, which is no amount; {_TOP}")
    return found


def _replace(path: Path, table: dict[str, Json]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(table, file, indent=1, sort_keys=True)
        file.write("\n")
    Path(name).replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file beside a file, waiting for whoever has it. Raises UsageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("a+b")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    with file:
        _lock(file)
        yield


def _lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed, on any system."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX)
