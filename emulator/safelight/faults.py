"""The world's no: how a bad day is called for, by its name and options.

A fault is a name. Refusals among them are rows of each provider's `errors.toml`; the others bend a
reply that was made as usual (`bending.py`) or the pictures in it (`lies.py`). What must not enter:
which faults there are (`faultlist`), how one is carried out, providers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType

from safelight.faultlist import FAULTS, KINDS, Fault
from safelight.limits import duration, words
from safelight.messages import Json
from safelight.refusals import UsageError
from safelight.stream_errors import StreamError

__all__ = ["FAULTS", "KINDS", "OPTIONS", "Ask", "Fault", "ask", "named", "nearest", "parse"]

Options = MappingProxyType[str, str]
_NONE: Options = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ask:
    """A fault as somebody called for it: how often, how likely, with which options.

    `event` is what the provider says in a stream that breaks off: known when the fault strikes.
    """

    fault: Fault
    times: int | None = None
    probability: float = 1.0
    options: Options = field(default_factory=lambda: _NONE)
    event: StreamError | None = None

    def number(self, name: str, default: float) -> float:
        """Return a numeric option. `parse` has checked that it is one."""
        return float(self.options.get(name, default))

    def facts(self) -> dict[str, Json]:
        """Return what the templates of error rows may name when a fault was called for."""
        moment = self.options.get("retry_after_ms")
        seconds = 1.0 if moment is None else float(moment) / 1000
        wait = self.options.get("retry_after", str(max(1, ceil(seconds))))
        after = self.fault.name.endswith("_output")
        return {
            **EXAMPLE,
            "retry_after": wait,
            "delay": f"{wait}s" if moment is None else duration(seconds),
            "limit": self.options.get("limit", "5"),
            "used": self.options.get("used", "5"),
            "moderation_details": {
                "moderation_stage": "output" if after else "input",
                "categories": ["sexual"],
            },
        }


def named(name: str) -> Fault:
    """Return the fault of that name. Raises UsageError that lists the nearest ones."""
    if name in FAULTS:
        return FAULTS[name]
    raise UsageError(f"unknown fault {name!r}; {nearest(name, FAULTS)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a question that names the nearest of the known names, or where they are listed."""
    near = difflib.get_close_matches(name.lower(), known, n=4, cutoff=0.5)
    if not near:
        return "`safelight faults` lists them all"
    return f"did you mean {', '.join(near)}?"


EXAMPLE = {
    **words(60.0),
    "unit": "requests",
    "requested": "1",
    "organization": "safelight-org",
    "project": "proj_safelight",
    "entity": "safelight-org",
    "rule_id": "rule_safelight",
    "categories": "sexual",
}
"""What a refusal names when nobody has really used anything up."""

_SPEC = re.compile(r"\s*(?P<name>[\w-]+)\s*(?:@\s*(?P<chance>[^\s;]+))?\s*(?P<rest>(?:;[^;]*)*)\s*")
_MOST = 64 * 1024 * 1024
"""Bytes that a line may have at most: the server makes it in memory."""

_SPANS = {
    "seconds": (0, 86_400, False),
    "retry_after": (0, 31_536_000, False),
    "retry_after_ms": (0, 999_999_999, False),
    "limit": (0, 999_999_999, True),
    "used": (0, 999_999_999, True),
    "bytes": (1, _MOST, True),
}
"""From where to where an option's number goes, and whether it is a whole one: no wait is longer
than a day, no `retry-after` than a year."""

OPTIONS = {
    "times": "strike so often, then never again in this session",
    "seconds": "how long a stall, a drip's gap or a slow refusal takes",
    "retry_after": "the `retry-after` of a refusal, in seconds",
    "retry_after_ms": "a `retry-after-ms` header on a refusal, in ms; `retry-after` tells the same",
    "limit": "the limit that a refusal names",
    "used": "how much of it is used up",
    "bytes": "how long the pieces of `sse_split` are, or the line of `sse_long_line`",
    "row": "which of the provider's error rows refuses, by its id",
}
"""What may stand behind a fault's name, as `; name=value`."""


def parse(text: str) -> Ask:
    """Read `rate_limited`, `rate_limited@0.1`, `rate_limited; times=2; retry_after=3`.

    Raises UsageError that says what is wrong and what would be right.
    """
    found = _SPEC.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is no fault; write NAME, NAME@0.1, or NAME; times=2")
    options = dict(_option(part) for part in found["rest"].split(";") if part.strip())
    times = options.pop("times", None)
    return ask(found["name"], times=times, chance=found["chance"], options=options)


def ask(
    name: str, *, times: str | None = None, chance: str | None = None, options: dict[str, str]
) -> Ask:
    """Return a checked Ask from texts. Raises UsageError."""
    fault = named(name.replace("-", "_"))
    for key, value in options.items():
        if key not in OPTIONS:
            raise UsageError(f"unknown option {key!r} of a fault; known are {', '.join(OPTIONS)}")
        if key not in fault.takes:
            takes = ", ".join(fault.takes)
            raise UsageError(f"{fault.name} makes nothing of option {key}; it takes {takes}")
        if key in _SPANS:
            _within(fault, key, value)
    if times is not None and not re.fullmatch(r"0*[1-9][0-9]{0,8}", times):
        raise UsageError(f"times needs a whole number from 1 to 999999999, got {times!r}")
    return Ask(
        fault=fault,
        times=None if times is None else int(times),
        probability=_probability(chance),
        options=MappingProxyType(options),
    )


def _within(fault: Fault, key: str, text: str) -> None:
    """Raise UsageError for an option that is no number of its span, a stall of no time included."""
    low, high, whole = _SPANS[key]
    some = key == "seconds" and fault.kind != "refusal"
    plain = re.fullmatch(r"[0-9]{1,9}" if whole else r"[0-9]{1,9}(\.[0-9]{1,9})?", text)
    if not plain or not low <= float(text) <= high or (some and float(text) == 0):
        kind = "a whole number" if whole else "a number"
        span = f"above 0, up to {high}" if some else f"from {low} to {high}"
        raise UsageError(f"option {key} of a fault needs {kind} {span}, got {text!r}")


def _option(part: str) -> tuple[str, str]:
    key, equals, value = part.partition("=")
    if not equals:
        raise UsageError(f"{part.strip()!r} is no option; write name=value")
    return key.strip(), value.strip()


def _probability(text: str | None) -> float:
    try:
        chance = 1.0 if text is None else float(text)
    except ValueError:
        chance = -1.0
    if not 0 <= chance <= 1:
        raise UsageError(f"{text!r} is no probability; write a number from 0 to 1")
    return chance


def as_markdown() -> str:
    """Return the table of faults and options as the documentation shows it."""
    lines = []
    for kind, says in KINDS.items():
        lines += [f"**{kind}**: {says}", "", "| fault | what happens |", "| --- | --- |"]
        rows = [fault for fault in FAULTS.values() if fault.kind == kind]
        lines += [f"| `{fault.name}` | {fault.says} |" for fault in rows] + [""]
    lines += ["| option | for |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| `{name}` | {says} |" for name, says in OPTIONS.items())])


TOKEN = re.compile(r"\[\[safelight:([^\]]{0,200})\]\]")
"""How a prompt or a model's name calls for a fault, for clients whose headers cannot be set."""


_ANSWERS = frozenset({"refusal", "flagged"})
"""Tokens of the same form that ask a chat for a certain answer; they are no faults."""


def without_token(text: str) -> str:
    """Return a text, such as a model's name, without the fault that it calls for."""
    return TOKEN.sub("", text).strip()


def token_in(text: str) -> Ask | None:
    """Return the fault that a text calls for by `[[safelight:NAME]]`, or None."""
    wanted = (found[1] for found in TOKEN.finditer(text) if found[1] not in _ANSWERS)
    first = next(wanted, None)
    return None if first is None else parse(first)
