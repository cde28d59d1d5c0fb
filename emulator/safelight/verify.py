"""Was this asked, and nothing else? Expectations against a journal, with a difference to read.

    {"expect": [{"operation": "images.edit", "times": 2, "with_mask": true},
                {"operation": "images.generate"}], "ordered": true, "only": true}

What must not enter: assertions of a test framework, wire shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from safelight.journal import Exchange
from safelight.messages import Json
from safelight.refusals import UsageError

_COUNTS = ("times", "at_least", "at_most")
_TEXT = (str, "a text")
_MAYBE = ((str, type(None)), "a text or null")
_NUMBER = (int, "a whole number")
_KEYS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "provider": _TEXT,
    "operation": _TEXT,
    "model": _TEXT,
    "prompt": _TEXT,
    "status": _NUMBER,
    "with_mask": (bool, "true or false"),
    "again": _NUMBER,
    "billed_again": (bool, "true or false"),
    "fault": _MAYBE,
    "row": _MAYBE,
    **dict.fromkeys(_COUNTS, _NUMBER),
}
"""What an expectation may say, and what each is."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """So many exchanges of this kind: exactly `low` to `high`; a `high` of None is no limit."""

    match: Mapping[str, Json]
    low: int
    high: int | None

    def fits(self, exchange: Exchange) -> bool:
        """Tell whether an exchange is of this kind."""
        return all(_fits(exchange, key, value) for key, value in self.match.items())

    def told(self) -> str:
        """Return the expectation in words."""
        amount = f"{self.low}" if self.low == self.high else f"{self.low} to {self.high or 'any'}"
        about = ", ".join(f"{key}={value!r}" for key, value in self.match.items())
        return f"{amount} x {about or 'any request'}"


def read_expectation(raw: Json, where: str = "an expectation") -> Expectation:
    """Return a checked expectation. Raises UsageError naming the key and what would be right."""
    if not isinstance(raw, Mapping):
        raise UsageError(f"{where} is an object, got {raw!r}")
    for key, value in raw.items():
        if key not in _KEYS:
            near = get_close_matches(str(key), _KEYS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"{where}: unknown key {key!r}; {hint}known are {', '.join(_KEYS)}")
        kind, says = _KEYS[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UsageError(f"{where}: {key} is {says}, got {value!r}")
    counts = {key: raw[key] for key in _COUNTS if key in raw}
    for key, value in counts.items():
        if value < 0:
            raise UsageError(f"{where}: {key} is a whole number, got {value!r}")
    if "times" in counts and len(counts) > 1:
        raise UsageError(f"{where}: times stands alone: at_least and at_most are for a range")
    low, high = counts.get("at_least", 0), counts.get("at_most")
    if high is not None and high < low:
        raise UsageError(f"{where}: at_least {low} is more than at_most {high}")
    match = {key: value for key, value in raw.items() if key not in counts}
    if "times" in counts or not counts:
        times = counts.get("times", 1)
        return Expectation(match, times, times)
    return Expectation(match, low, high)


def _fits(exchange: Exchange, key: str, wanted: Json) -> bool:
    if key == "with_mask":
        return ("mask" in exchange.params) == bool(wanted)
    value = getattr(exchange, key)
    if key == "prompt":
        return str(wanted).lower() in exchange.prompt.lower()
    if isinstance(wanted, str) and isinstance(value, str):
        return fnmatchcase(value, wanted)
    return bool(value == wanted)


def verify(
    journal: Iterable[Exchange],
    expectations: Iterable[Expectation],
    *,
    ordered: bool = False,
    only: bool = False,
) -> list[str]:
    """Return what differs, a line each; nothing when the journal is as expected.

    `ordered`: the kinds come one after the other. `only`: nothing else was asked.
    """
    exchanges, wanted = list(journal), list(expectations)
    out: list[str] = []
    for expectation in wanted:
        found = [e for e in exchanges if expectation.fits(e)]
        if len(found) < expectation.low or (
            expectation.high is not None and len(found) > expectation.high
        ):
            out.append(f"expected {expectation.told()}; there were {len(found)}")
    if only:
        strangers = [e for e in exchanges if not any(x.fits(e) for x in wanted)]
        out += [f"not expected: {line(e)}" for e in strangers]
    if ordered and not out:
        out += _disorder(exchanges, wanted)
    if out:
        out.append("the journal:")
        out += [f"  {line(e)}" for e in exchanges] or ["  (empty)"]
    return out


def _disorder(exchanges: list[Exchange], wanted: list[Expectation]) -> list[str]:
    at = 0
    for exchange in exchanges:
        places = [i for i, expectation in enumerate(wanted) if expectation.fits(exchange)]
        later = [i for i in places if i >= at]
        if places and not later:
            return [f"out of order: {line(exchange)} came after {wanted[at].told()}"]
        at = later[0] if later else at
    return []


def line(exchange: Exchange) -> str:
    """Return an exchange in one line."""
    fault = f" fault={exchange.fault}" if exchange.fault else ""
    row = f" {exchange.row}" if exchange.row else ""
    prompt = f" {exchange.prompt[:60]!r}" if exchange.prompt else ""
    mask = " with mask" if "mask" in exchange.params else ""
    operation = exchange.operation or f"{exchange.method} {exchange.path}"
    model = f" {exchange.model}" if exchange.model else ""
    return f"#{exchange.number} {operation}{model}{mask} -> {exchange.status}{row}{fault}{prompt}"
