"""The ledger of what endpoints were seen to answer: one entry a run, the last twenty kept.

Of each operation: its fields with their counts, its headers, its refusals, the order of its
events. No value of a reply is kept but short texts that may be an enumeration's. What must not
enter: sending; what the counts mean (`comparing`).
"""

from __future__ import annotations

import datetime
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from safelight.messages import Json
from safelight.refusals import UsageError

from safelight_contracts import results
from safelight_contracts.cases import Case, Seen
from safelight_contracts.drift.tallies import Tally, count, merge
from safelight_contracts.ledger import locked
from safelight_contracts.promises import Promises
from safelight_contracts.unfolding import read_json

_RUNS = 20
_VERSION = 1
_DONE = "[DONE]"


@dataclass(slots=True)
class Observation:
    """What one operation was seen to answer.

    `replies` counts good answers, `fields` is by event type ("" for a whole reply) and path,
    `headers` by name, `errors` by "status type code param", `orders` by the run of event types.
    """

    replies: int = 0
    fields: dict[str, dict[str, Tally]] = field(default_factory=dict)
    headers: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)

    def add(self, other: Observation) -> None:
        """Add what another run saw."""
        self.replies += other.replies
        for tag, tallies in other.fields.items():
            merge(self.fields.setdefault(tag, {}), tallies)
        self.headers += other.headers
        self.errors += other.errors
        self.orders += other.orders

    def as_json(self) -> dict[str, Json]:
        """Return the observation for the ledger."""
        fields = {
            tag: {path: tally.as_json() for path, tally in sorted(tallies.items())}
            for tag, tallies in sorted(self.fields.items())
        }
        counts = {name: dict(sorted(getattr(self, name).items())) for name in _COUNTS}
        return {"replies": self.replies, "fields": fields, **counts}

    @classmethod
    def of_json(cls, kept: Json) -> Observation:
        """Return an observation from the ledger. Raises KeyError or TypeError for another shape."""
        fields = {
            tag: {path: Tally.of_json(tally) for path, tally in tallies.items()}
            for tag, tallies in kept["fields"].items()
        }
        return cls(kept["replies"], fields, *(Counter(kept[name]) for name in _COUNTS))


_COUNTS = ("headers", "errors", "orders")


@dataclass(slots=True)
class Run:
    """One run: when (a date), against which base URL, and what each operation was seen to do."""

    at: str
    base_url: str
    operations: dict[str, Observation] = field(default_factory=dict)

    def take(self, case: Case, seen: Seen, below: str = "") -> None:
        """Add one answer; what never came, or broke off, says nothing about the contract.

        `below` is where the case's protocol begins: another protocol has other replies.
        """
        if seen.status == 0 or seen.failure:
            return
        observation = self.operations.setdefault(key_of(case.operation, below), Observation())
        if seen.status >= 400:
            observation.errors[_refusal(seen)] += 1
            return
        observation.replies += 1
        observation.headers.update({name.lower() for name, _ in seen.headers})
        if "text/event-stream" in (seen.header("content-type") or ""):
            _take_events(observation, seen.body)
        elif (whole := _json(seen.body)) is not None:
            count(whole, observation.fields.setdefault("", {}))

    def as_json(self) -> dict[str, Json]:
        """Return the run for the ledger."""
        operations = {name: seen.as_json() for name, seen in sorted(self.operations.items())}
        return {"at": self.at, "base_url": self.base_url, "operations": operations}


def key_of(operation: str, below: str) -> str:
    """Return what the ledger calls an operation of the protocol below a path."""
    return f"{operation} {below}" if below else operation


def observe(run: results.Run, promises: Promises) -> Run:
    """Return what a run against an endpoint saw: of the answers, not of the verdicts."""
    began = datetime.datetime.fromtimestamp(run.began, datetime.UTC)
    seen = Run(began.isoformat(timespec="seconds"), run.base_url)
    for result in run.results:
        if result.seen is not None:
            row = promises.row_of(result.case)
            seen.take(result.case, result.seen, row.below if row else "")
    return seen


def together(runs: Iterable[Run]) -> dict[str, Observation]:
    """Return what several runs saw, by operation."""
    found: dict[str, Observation] = {}
    for run in runs:
        for name, observation in run.operations.items():
            found.setdefault(name, Observation()).add(observation)
    return found


def read_ledger(path: Path, provider: str) -> list[Run]:
    """Return a provider's runs, oldest first; none for a file that is not there yet.

    Raises UsageError for a file that is no ledger.
    """
    kept = _ledger(path).get("providers", {}).get(provider, [])
    try:
        return [
            Run(
                row["at"],
                row["base_url"],
                {name: Observation.of_json(seen) for name, seen in row["operations"].items()},
            )
            for row in kept
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: a run of {provider!r} lacks {error}; remove it, or the file"
        ) from error


def append(path: Path, provider: str, run: Run) -> None:
    """Add a run to the ledger, in one step: a reader sees the old file or the new one.

    Raises UsageError for a file that is no ledger.
    """
    with locked(path):  # others may add theirs at the same time
        whole = _ledger(path)
        runs = whole.setdefault("providers", {}).setdefault(provider, [])
        whole["version"] = _VERSION
        runs.append(run.as_json())
        del runs[:-_RUNS]
        fresh = path.with_suffix(f"{path.suffix}.{os.getpid()}.new")
        fresh.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(path)


def _ledger(path: Path) -> dict[str, Json]:
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UsageError(f"{path}: is no ledger of observations: {error}") from error
    if not isinstance(whole, dict) or whole.get("version") != _VERSION:
        raise UsageError(f"{path}: is no ledger of observations of version {_VERSION}")
    return whole


def _take_events(observation: Observation, body: bytes) -> None:
    """Count a stream's events by their type, and note their order."""
    order: list[str] = []
    for frame in re.split(rb"\r?\n\r?\n", body):
        lines = [line[5:].lstrip() for line in frame.splitlines() if line.startswith(b"data:")]
        if not lines:
            continue
        event = _json(b"\n".join(lines))
        if event is None:
            order.append(_DONE if lines == [_DONE.encode()] else "?")
            continue
        tag = str(event.get("type", "")) if isinstance(event, dict) else ""
        count(event, observation.fields.setdefault(tag or "event", {}))
        order.append(tag or "event")
    observation.orders[_as_run(order)] += 1


def _as_run(order: list[str]) -> str:
    """Return event types in their order, with a + for what came several times in a row."""
    out: list[str] = []
    for name in order:
        if out and out[-1].rstrip("+") == name:
            out[-1] = f"{name}+"
        else:
            out.append(name)
    return " ".join(out)


def _refusal(seen: Seen) -> str:
    """Return what a refusal is known by: its status and the error object's type, code, param."""
    whole = _json(seen.body)
    error = whole.get("error", whole) if isinstance(whole, dict) else {}
    facts = error if isinstance(error, dict) else {}
    told = [
        str(facts[name]) if isinstance(facts.get(name), str) else "-"
        for name in ("type", "code", "param")
    ]
    return " ".join([str(seen.status), *told])


def _json(data: bytes) -> Json:
    try:
        return read_json(data)
    except ValueError:
        return None
