"""The four sides of every operation brought together, and what they disagree about.

`ours` comes from the promises, `observed` and `live` from the ledger's runs, `sdk` from the SDK.
What must not enter: files, printing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safelight.messages import Json

from safelight_contracts.drift.accepting import Accepted, parted
from safelight_contracts.drift.comparing import (
    Move,
    Sides,
    of_counts,
    of_headers,
    of_reply,
    of_request,
)
from safelight_contracts.drift.observed import Observation, Run, key_of, together
from safelight_contracts.drift.sdk import Sdk
from safelight_contracts.drift.shapes import Shape, by_tag, either, of_schema
from safelight_contracts.drift.tallies import of_tallies
from safelight_contracts.promises import Promise, Promises

ENOUGH = 3
"""How many objects must have lacked a field before it counts as gone."""

WHOLE, UNTAGGED = "", "event"
"""What a ledger calls a whole reply, and an event that has no `type`."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What was compared and what was found: `replies` counts the live side's good answers.

    `accepted` are differences that are there and lived with, `over` those that are there no more.
    """

    moves: tuple[Move, ...]
    replies: int
    runs: int
    accepted: tuple[Accepted, ...] = ()
    over: tuple[Accepted, ...] = ()

    @property
    def counts(self) -> Counter[str]:
        """Return how many moves of each kind there are."""
        return Counter(move.kind for move in self.moves)


def drift(promises: Promises, history: Sequence[Run], live: Run | None, sdk: Sdk | None) -> Drift:
    """Return what the sides disagree about, on the promises' day."""
    before, now = together(history), together([live] if live else [])
    moves: list[Move] = []
    for row in promises.rows:
        name = key_of(row.operation, row.below)
        was, is_ = before.get(name), now.get(name)
        moves += _replies(promises, row, was, is_, sdk)
        moves += _requests(promises, row, sdk)
        if is_ is not None:
            moves += _wire(promises, row, was or Observation(), is_)
    replies = sum(seen.replies for seen in now.values())
    open_, held, over = parted(moves, sdk.accepted if sdk else ())
    return Drift(open_, replies, len(history) + (live is not None), held, over)


def _documents(promises: Promises, row: Promise) -> dict[str, Json]:
    """Return the schemas of an operation's replies and events, by what the ledger calls them."""
    found: dict[str, Json] = {}
    if row.reply:
        found[WHOLE] = promises.schema(row.reply).document
    if row.event:
        branches = by_tag(promises.schema(row.event).document)
        found |= {tag or UNTAGGED: document for tag, document in branches.items()}
    return found


def _replies(
    promises: Promises,
    row: Promise,
    was: Observation | None,
    is_: Observation | None,
    sdk: Sdk | None,
) -> Iterator[Move]:
    documents = _documents(promises, row)
    name = key_of(row.operation, row.below)
    for event, document in documents.items():
        part = "event" if event else "reply"
        types = sdk.shapes.get((row.operation, part, event)) if sdk and not row.below else None
        sides = Sides(of_schema(document), _seen(was, event), _seen(is_, event), types)
        yield from of_reply(name, event, sides)
    for event in sorted(set(is_.fields if is_ else ()) - documents.keys()):
        says = "is a reply or an event that our schemas do not know"
        yield Move(name, "reply", "(whole)", "adds", "live", "other", says, event)


def _seen(observation: Observation | None, event: str) -> Shape | None:
    if observation is None or event not in observation.fields:
        return None
    return of_tallies(observation.fields[event], enough=ENOUGH)


def _requests(promises: Promises, row: Promise, sdk: Sdk | None) -> Iterator[Move]:
    types = sdk.shapes.get((row.operation, "request", "")) if sdk and not row.below else None
    if types is not None:
        bodies = (promises.schema(name).document for name in row.bodies.values())
        yield from of_request(row.operation, either(map(of_schema, bodies)), types)


def _wire(promises: Promises, row: Promise, was: Observation, is_: Observation) -> Iterator[Move]:
    """Compare headers, refusals and the order of events."""
    name = key_of(row.operation, row.below)
    before, now = (was.replies, was.headers), (is_.replies, is_.headers)
    yield from of_headers(name, before, now, enough=ENOUGH)
    for header in row.headers:
        if is_.replies and not is_.headers[header]:
            says = "is promised on every reply, and was on none"
            yield Move(name, "headers", header, "breaks", "live", "other", says)
    ours = frozenset(_refusals(promises))
    fresh = Counter({k: n for k, n in is_.errors.items() if _kind(k) not in ours})
    known = frozenset(was.errors)
    yield from of_counts(name, "errors", known, fresh, what="a refusal")
    if was.orders:
        known = frozenset(was.orders)
        yield from of_counts(name, "order", known, is_.orders, what="an order of events")


def _refusals(promises: Promises) -> Iterator[str]:
    """Yield what our error rows answer, as the ledger names it: status, type, code.

    Some envelopes have neither type nor code; of those the status is all that can be compared.
    """
    for row in promises.provider.errors.rows:
        facts = row.error or {}
        told = (facts.get(name) for name in ("type", "code"))
        yield f"{row.status} - -"
        yield " ".join([str(row.status), *(one if isinstance(one, str) else "-" for one in told)])


def _kind(refusal: str) -> str:
    """Return a ledger's refusal without its param."""
    return " ".join(refusal.split(" ")[:3])
