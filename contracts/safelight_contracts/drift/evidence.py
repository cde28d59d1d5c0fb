"""The exchanges that show a drift, kept as fixtures: secrets hidden, pictures in files.

What must not enter: deciding what drifted (`comparing`), how a fixture is written (`safelight`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

from safelight.imports.gathering import Exchange, Gatherer

from safelight_contracts import results
from safelight_contracts.drift.comparing import Move
from safelight_contracts.drift.gathering import drift
from safelight_contracts.drift.observed import Run, key_of, observe
from safelight_contracts.drift.shapes import parent
from safelight_contracts.drift.tallies import Tally
from safelight_contracts.promises import Promises
from safelight_contracts.sending import written


def keep_evidence(folder: Path, promises: Promises, run: results.Run) -> list[Path]:
    """Write one exchange for each field that a run showed to have moved; return the files.

    Nothing is written, and no folder made, for a run that shows no drift.
    """
    moves = drift(promises, [], observe(run, promises), None).moves
    chosen: dict[str, results.Result] = {}
    for move in moves:
        found = _showing(move, promises, run.results) if move.part == "reply" else None
        if found is not None:
            chosen.setdefault(found.case.id, found)
    if not chosen:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    gatherer = Gatherer(run.provider, folder)
    day = datetime.datetime.fromtimestamp(run.began, datetime.UTC).date()
    for result in chosen.values():
        gatherer.exchange(_exchange(run, result, day), folder)
    return gatherer.gathered.files


def _showing(
    move: Move, promises: Promises, found: Iterable[results.Result]
) -> results.Result | None:
    """Return the first answer that by itself shows a move."""
    for result in found:
        row = promises.row_of(result.case)
        below = row.below if row else ""
        if result.seen is None or key_of(result.case.operation, below) != move.operation:
            continue
        alone = Run("", "")
        alone.take(result.case, result.seen, below)
        for seen in alone.operations.values():
            if _shows(move, seen.fields.get(move.event, {})):
                return result
    return None


def _shows(move: Move, tallies: dict[str, Tally]) -> bool:
    tally = tallies.get(move.path, Tally())
    if move.change in ("missing field", "optional field"):
        home = tallies.get(parent(move.path) + "{}", Tally())
        return home.of > tally.seen
    if move.change == "value":
        return bool(set(move.got) & (tally.values or set()))
    if move.change in ("null", "type"):
        return bool(set(move.got) & tally.types)
    return tally.seen > 0


def _exchange(run: results.Run, result: results.Result, day: datetime.date) -> Exchange:
    case, seen = result.case, result.seen
    assert seen is not None, "only answers are chosen"
    body, kind = written(case)
    headers = (*case.headers, ("content-type", kind)) if kind else case.headers
    return Exchange(
        where=case.id,
        method=case.method,
        url=run.base_url + case.path,
        headers=tuple((name.lower(), value) for name, value in headers),
        body=body or b"",
        status=seen.status,
        reply_headers=seen.headers,
        reply=seen.body,
        day=day,
    )
