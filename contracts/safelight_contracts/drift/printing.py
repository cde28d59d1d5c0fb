"""Drift as a terminal, a Markdown summary and JSON show it.

What must not enter: comparing.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from safelight.messages import Json

from safelight_contracts.drift.comparing import Move, verdict
from safelight_contracts.drift.gathering import Drift

_SIDES = {
    "live": "the endpoint moved",
    "ours": "our schema is behind",
    "sdk": "the SDK differs",
}
_KINDS = ("breaks", "adds", "deprecates", "flaps")


def sentence(move: Move) -> str:
    """Return a move as one line."""
    unsure = "" if move.sure else " (seen once)"
    return f"{move.kind}: {move.where} {move.says}; {_SIDES[move.side]}{unsure}"


def lines(found: Drift) -> list[str]:
    """Return what a terminal shows: every move, the worst kind first, then the counts.

    Of what is accepted the number is told, and what is there no more: its row can go.
    """
    ordered = sorted(found.moves, key=lambda move: _KINDS.index(move.kind))
    counts = ", ".join(f"{found.counts[kind]} {kind}" for kind in _KINDS if found.counts[kind])
    more = [f"{len(found.accepted)} differences are accepted, see sdk.toml"] * bool(found.accepted)
    more += [f"accepted, and there no more: {row.where} {row.says}" for row in found.over]
    return [*map(sentence, ordered), *more, counts or "no drift"]


def markdown(provider: str, found: Drift) -> str:
    """Return what a CI step summary shows."""
    head = [f"## Drift of {provider}", "", f"{found.replies} good replies, {found.runs} runs.", ""]
    if not found.moves:
        return "\n".join([*head, "No drift.", ""])
    rows = ["| kind | where | what | who |", "| --- | --- | --- | --- |"]
    for move in sorted(found.moves, key=lambda move: _KINDS.index(move.kind)):
        says = _cell(move.says)
        rows.append(f"| {move.kind} | `{move.where}` | {says} | {_SIDES[move.side]} |")
    return "\n".join([*head, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def as_json(provider: str, found: Drift) -> str:
    """Return the whole as JSON."""
    whole: dict[str, Json] = {
        "provider": provider,
        "replies": found.replies,
        "runs": found.runs,
        "counts": dict(found.counts),
        "moves": [move.as_json() for move in found.moves],
        "accepted": [asdict(row) for row in found.accepted],
        "over": [asdict(row) for row in found.over],
    }
    return json.dumps(whole, indent=2) + "\n"


def exit_code(found: Drift) -> int:
    """Return 1 where something breaks, 3 for any other move, 0 without one."""
    return verdict(found.counts)
