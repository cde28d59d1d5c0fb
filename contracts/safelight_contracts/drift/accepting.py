"""Differences between an SDK's types and our schemas that are known, looked at and lived with.

They stand as `[[accepted]]` in `schemas/<provider>/sdk.toml`, each with its reason, source and day.
One is accepted for what it says, word for word: as soon as either side moves, it is told again.
What must not enter: comparing, printing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.datafiles import known_keys
from safelight.messages import Json
from safelight.refusals import DataError

from safelight_contracts.drift.comparing import Move

_KEYS = frozenset({"operation", "part", "event", "path", "says", "reason", "source", "checked"})
_NEEDED = ("operation", "part", "path", "says", "reason")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One difference: where it is, what is said of it, and why it may stay."""

    operation: str
    part: str
    event: str
    path: str
    says: str
    reason: str

    @property
    def where(self) -> str:
        """Return operation, event and path as one text, as a move has it."""
        event = f" [{self.event}]" if self.event else ""
        return f"{self.operation}{event} {self.part}: {self.path}"

    def covers(self, move: Move) -> bool:
        """Tell whether this is the difference; only an SDK's is ever accepted."""
        place = (move.operation, move.part, move.event, move.path)
        mine = (self.operation, self.part, self.event, self.path)
        return move.side == "sdk" and place == mine and move.says == self.says


def read_accepted(table: dict[str, Json], path: Path) -> tuple[Accepted, ...]:
    """Return what an SDK's file accepts. Raises DataError for a row that cannot be right."""
    rows = []
    for number, row in enumerate(table.get("accepted", [])):
        where = f"accepted[{number}]"
        known_keys(row, _KEYS, path, where, sourced=True)
        for key in _NEEDED:
            if not isinstance(row.get(key), str) or not row[key]:
                raise DataError(path, f"{where}.{key}", "is a text that says something")
        told = {key: row[key] for key in _NEEDED}
        rows.append(Accepted(event=row.get("event", ""), **told))
    return tuple(rows)


def parted(
    moves: Sequence[Move], accepted: Iterable[Accepted]
) -> tuple[tuple[Move, ...], tuple[Accepted, ...], tuple[Accepted, ...]]:
    """Return the moves that nobody has accepted, the rows that cover one, and those that do not."""
    known = tuple(accepted)
    covers = {row: [move for move in moves if row.covers(move)] for row in known}
    covered = {id(move) for found in covers.values() for move in found}
    open_ = tuple(move for move in moves if id(move) not in covered)
    held = tuple(row for row in known if covers[row])
    return open_, held, tuple(row for row in known if not covers[row])
