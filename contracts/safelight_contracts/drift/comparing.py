"""Which side moved, and whether the move breaks, adds, deprecates or only flaps.

Four sides may speak of a field: `ours` (the schema), `observed` (the runs before), `live` (this
run), `sdk` (a client library's types). A side that says nothing is passed over. What must not
enter: reading any of the sides, writing patches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from safelight.messages import Json

from safelight_contracts.drift.shapes import Shape, Stance, stance

Kind = Literal["breaks", "adds", "deprecates", "flaps"]
Side = Literal["live", "ours", "sdk"]

Part = Literal["reply", "request", "headers", "errors", "order"]

Change = Literal[
    "new field", "missing field", "optional field", "null", "type", "value", "gone field", "other"
]


@dataclass(frozen=True, slots=True)
class Move:
    """One disagreement.

    `side` is who moved, `kind` what that means to a client, `change` what happened to the field at
    `path` of the `event` ("" for a whole reply). `got` is what the wire showed. `sure` tells that
    it was seen often enough to be no accident.
    """

    operation: str
    part: Part
    path: str
    kind: Kind
    side: Side
    change: Change
    says: str
    event: str = ""
    got: tuple[str, ...] = ()
    sure: bool = True

    @property
    def where(self) -> str:
        """Return operation, event and path as one text."""
        event = f" [{self.event}]" if self.event else ""
        return f"{self.operation}{event} {self.part}: {self.path}"

    def as_json(self) -> dict[str, Json]:
        """Return the move for a report."""
        return {**asdict(self), "got": list(self.got)}


@dataclass(frozen=True, slots=True)
class Sides:
    """What the sides say of one reply or event; None where a side is not there."""

    ours: Shape
    observed: Shape | None = None
    live: Shape | None = None
    sdk: Shape | None = None

    def paths(self) -> list[str]:
        """Return every field that any side names, outer ones first."""
        shapes = (self.ours, self.observed or {}, self.live or {}, self.sdk or {})
        named = {path for shape in shapes for path in shape if not path.endswith("*")}
        return sorted(named, key=lambda path: (path.count(".") + path.count("["), path))


def of_reply(operation: str, event: str, sides: Sides) -> Iterator[Move]:
    """Yield what the sides disagree about, each root cause once: not again below a new field."""
    told: set[str] = set()
    for path in sides.paths():
        if any(path.startswith((f"{above}.", f"{above}[")) for above in told):
            continue
        for change, kind, side, says, got in _field(path, sides):
            if change in ("new field", "type", "missing field"):
                told.add(path)
            yield Move(operation, "reply", path, kind, side, change, says, event, got)


_Said = tuple[Change, Kind, Side, str, tuple[str, ...]]


def _field(path: str, sides: Sides) -> Iterator[_Said]:
    ours = stance(sides.ours, path)
    live = _stance(sides.live, path)
    before = _stance(sides.observed, path)
    sdk = _stance(sides.sdk, path)
    wire = live if live.presence != "unknown" else before
    yield from _wire(ours, wire, sdk)
    gone = before.presence in ("always", "sometimes") and live.presence == "never"
    if gone and ours.presence == "sometimes":
        yield "gone field", "deprecates", "live", "was sent before, and is sent no more", ()
    yield from _sdk(ours, wire, sdk)


def _stance(shape: Shape | None, path: str) -> Stance:
    return Stance("unknown") if shape is None else stance(shape, path)


def _wire(ours: Stance, wire: Stance, sdk: Stance) -> Iterator[_Said]:
    """Compare what is sent with what we promise."""
    if wire.presence == "unknown" or ours.presence == "unknown":
        return
    types = tuple(sorted(wire.types))
    if ours.presence == "never":
        if wire.presence != "never":
            behind: Side = "ours" if sdk.presence in ("always", "sometimes") else "live"
            says = "is sent, and our schema does not know it"
            says += ", though the SDK does" if behind == "ours" else ""
            yield "new field", "adds", behind, says, types
        return
    if ours.presence == "always" and wire.presence == "never":
        yield "missing field", "breaks", "live", "is promised, and is never sent", ()
        return
    if ours.presence == "always" and wire.presence == "sometimes":
        says = "is promised always, and is sent sometimes: optional, not gone"
        yield "optional field", "flaps", "live", says, ()
    if ours.nullable is False and wire.nullable:
        yield "null", "breaks", "live", "is null at times, which our schema rules out", ("null",)
    strange = wire.types - _wide(ours.types)
    if ours.types and strange:
        says = f"is {_list(strange)}, where our schema says {_list(ours.types)}"
        yield "type", "breaks", "live", says, tuple(sorted(strange))
        return
    fresh = (wire.values or frozenset()) - ours.values if ours.values is not None else frozenset()
    if fresh:
        behind = "ours" if sdk.values is not None and fresh <= sdk.values else "live"
        says = f"has the values {_list(fresh)}, which our schema does not know"
        yield "value", "adds", behind, says, tuple(sorted(fresh))


def _sdk(ours: Stance, wire: Stance, sdk: Stance) -> Iterator[_Said]:
    """Compare an SDK's types with what we promise and with what is sent."""
    if sdk.presence == "unknown" or ours.presence == "unknown":
        return
    sent = wire.presence in ("always", "sometimes")
    if ours.presence == "never" and sdk.presence != "never" and not sent:
        yield "other", "adds", "sdk", "is in the SDK's types alone", ()
    elif ours.presence != "never" and sdk.presence == "never":
        yield "other", "adds", "sdk", "is unknown to the SDK's types", ()
    elif sdk.presence == "always" and ours.presence == "sometimes":
        says = "is always there by the SDK's types, and only sometimes by our schema"
        yield "other", "breaks", "sdk", says, ()
    if sdk.types and ours.types - _wide(sdk.types):
        says = f"is {_list(sdk.types)} to the SDK, and {_list(ours.types)} by our schema"
        yield "other", "breaks", "sdk", says, ()
    if sdk.values is not None and ours.values is not None and ours.values - sdk.values:
        says = f"has the values {_list(ours.values - sdk.values)}, which the SDK does not know"
        yield "other", "adds", "sdk", says, ()
    if sdk.old and not ours.old and ours.presence != "never":
        yield "other", "deprecates", "sdk", "is deprecated by the SDK's types", ()


def of_request(operation: str, ours: Shape, sdk: Shape) -> Iterator[Move]:
    """Yield what an SDK can send and we refuse, and what we take and it cannot send."""
    for path in Sides(ours, sdk=sdk).paths():
        taken, sent = stance(ours, path), stance(sdk, path)
        if "unknown" in (taken.presence, sent.presence):
            continue
        says = ""
        if taken.presence == "never" and sent.presence != "never":
            says = "can be sent by the SDK, and our schema refuses it"
        elif sent.presence == "never":
            says = "is taken by our schema, and unknown to the SDK"
        elif taken.values is not None and sent.values is not None and sent.values - taken.values:
            extra = _list(sent.values - taken.values)
            says = f"can have the values {extra} in the SDK, which our schema refuses"
        if says:
            yield Move(operation, "request", path, "adds", "sdk", "other", says)


def of_headers(
    operation: str, before: tuple[int, Counter[str]], now: tuple[int, Counter[str]], *, enough: int
) -> Iterator[Move]:
    """Yield the headers that came or went; each side is its count of replies and of each header."""
    (was, old), (is_, new) = before, now
    if was < enough or is_ < enough:
        return
    for name in sorted(old.keys() | new.keys()):
        if old[name] == was and not new[name]:
            yield _header(operation, name, "breaks", "was on every reply, and is on none")
        elif not old[name] and new[name]:
            often = "every" if new[name] == is_ else "some"
            yield _header(operation, name, "adds", f"is new on {often} replies")
        elif old[name] == was and new[name] < is_:
            yield _header(operation, name, "flaps", "was on every reply, and is on some")


def _header(operation: str, name: str, kind: Kind, says: str) -> Move:
    return Move(operation, "headers", name, kind, "live", "other", says)


def of_counts(
    operation: str, part: Part, known: frozenset[str], now: Counter[str], *, what: str
) -> Iterator[Move]:
    """Yield refusals or event orders that nobody knew; one seen once may be an accident."""
    for name, times in sorted(now.items()):
        if name not in known:
            says = f"is {what} that neither our data nor the runs before know"
            yield Move(operation, part, name, "adds", "live", "other", says, sure=times > 1)


def _wide(types: frozenset[str]) -> frozenset[str]:
    """Return the types with what they take in: every integer is a number."""
    return types | {"integer"} if "number" in types else types


def _list(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))


def verdict(moves: Mapping[str, int]) -> int:
    """Return the exit code for counts by kind: 1 where something breaks, 3 for any other move."""
    if moves.get("breaks"):
        return 1
    return 3 if any(moves.values()) else 0
