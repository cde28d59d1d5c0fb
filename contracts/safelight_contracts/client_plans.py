"""The values of a trial: what the world does (Plan), what the client made of it (Ending, Trial).

What must not enter: how a world is told, how a client is run, what is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import orjson
from safelight.messages import Json

Wants = Literal["success", "notice"]
"""What the contract asks of the client: to cope, or to notice that something went wrong."""

Ended = Literal["success", "failure", "hang"]


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing that is different about a reply, as part of a change of the control plane's.

    `edits` go into its `json`, `inserts` into `insert`, `rest` beside them.
    """

    says: str
    edits: tuple[dict[str, Json], ...] = ()
    inserts: tuple[tuple[int, str], ...] = ()
    rest: tuple[tuple[str, Json], ...] = ()

    @property
    def key(self) -> bytes:
        """Return what tells it from others."""
        return orjson.dumps([self.says, self.edits, self.inserts, self.rest])


@dataclass(frozen=True, slots=True)
class Plan:
    """What the world does in one example.

    `lens` names the family, `says` what is unusual, in words. The reply of the first request of
    `operation` is changed by every atom; or it is the refusal of `row`, `times` times; or a fault
    (`steps`) strikes. `lie` is what the client has to notice, `taint` a text that must never reach
    its output; `code` is the finding's when the client does not do what the plan wants.
    """

    lens: str
    says: str
    code: str
    operation: str = "*"
    wants: Wants = "success"
    atoms: tuple[Atom, ...] = ()
    row: str | None = None
    times: int = 1
    steps: tuple[Json, ...] = ()
    lie: str = ""
    taint: str = ""
    source: str = ""

    def answers(self) -> list[Json]:
        """Return what the control plane is told of it."""
        if self.steps:
            return []
        change: dict[str, Json] = {}
        for atom in self.atoms:
            change.setdefault("json", []).extend(atom.edits)
            change.setdefault("insert", []).extend(map(list, atom.inserts))
            for key, value in atom.rest:
                change[key] = _joined(change.get(key), value)
        change = {key: value for key, value in change.items() if value not in ([], {})}
        if self.row is not None:
            change.setdefault("delay", 0)
        answer: Json = {"operation": self.operation, "times": self.times, "change": change}
        answer |= {"label": self.lie} if self.lie else {}
        return [answer if self.row is None else {**answer, "row": self.row}]

    @property
    def key(self) -> bytes:
        """Return what tells this plan from others: an example with the same key ends the same."""
        return orjson.dumps([self.lens, self.answers(), self.steps, self.lie, self.wants])

    def of(self, atoms: Sequence[Atom]) -> Plan:
        """Return the same plan with these atoms only, named by them."""
        says = ", ".join(atom.says for atom in atoms)
        return replace(self, atoms=tuple(atoms), says=says or self.says)


def _joined(first: Json, second: Json) -> Json:
    """Return what two atoms say of one key: tables and lists together, else what comes later."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **second}
    if isinstance(first, list) and isinstance(second, list):
        return sorted({*first, *second})
    return second


def _idle(exchange: dict[str, Json]) -> bool:
    """Tell whether a fault was called for that this reply could not show; a note says so."""
    return any(note.startswith(f"{exchange['fault']}: ") for note in exchange["notes"])


@dataclass(frozen=True, slots=True)
class Ending:
    """How a client ended: `how` in a line (an exception, an exit code), `output` what it told.

    `took` is in seconds. `declared` is what was wrong with an ending that was declared otherwise.
    """

    ended: Ended
    how: str = ""
    output: bytes = field(default=b"", repr=False)
    took: float = 0.0
    declared: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One example, over: the plan, the ending, and the journal's pages about it.

    `secrets` are keys that must reach no output. `unclear` are the ids of error rows whose promise
    is nobody's. `given` are the replies that the plan made.
    """

    plan: Plan
    ending: Ending
    exchanges: tuple[dict[str, Json], ...] = ()
    verdict: tuple[dict[str, Json], ...] = ()
    given: tuple[dict[str, Json], ...] = ()
    secrets: tuple[str, ...] = ()
    unclear: frozenset[str] = frozenset()

    @property
    def asked(self) -> list[dict[str, Json]]:
        """Return the requests of the API: no downloads of pictures."""
        return [e for e in self.exchanges if e["operation"] not in ("files.get", "preflight")]

    @property
    def refused(self) -> list[dict[str, Json]]:
        """Return the requests that the provider itself would refuse."""
        return [e for e in self.asked if e["row"] and e["status"] >= 400 and not e["fault"]]

    @property
    def struck(self) -> bool:
        """Tell whether what was planned has met a request at all."""
        if self.plan.steps:
            return any(e["fault"] and not _idle(e) for e in self.exchanges)
        return bool(self.given)

    @property
    def recovered(self) -> bool:
        """Tell whether the same request was made again later and answered well, undisturbed."""
        hit = {g["number"] for g in self.given}
        hit |= {e["number"] for e in self.exchanges if e["fault"]}
        if not hit:
            return False
        bodies = {e["digest"] for e in self.exchanges if e["number"] in hit}
        later = (e for e in self.exchanges if e["number"] > max(hit) and e["digest"] in bodies)
        return any(0 < e["status"] < 400 and e["number"] not in hit for e in later)
