"""Which fault meets a request: asked by itself, by the session's scenario, or by the command line.

Precedence, first match wins: the header `x-safelight-fault`; a token in the prompt or the model's
name; the session's scenario, step by step; the command line's `--fault`. Chances are drawn from the
session's seed, so a run repeats. What must not enter: what a fault does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from hashlib import blake2b

from safelight.faults import Ask, ask, parse, token_in
from safelight.messages import Json
from safelight.refusals import UsageError

HEADER = "x-safelight-fault"
_COUNTS = 20_000
"""Counts that are kept: twice as many as a scenario may have steps, whose counts are never lost."""

_STEP_KEYS = ("match", "fault", "times", "probability", "options")
_MATCH_KEYS = ("operation", "model", "prompt", "provider")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a scenario may ask about a request; `prompt` is its text, wherever that stands.

    What is `aside` is no call of the API, such as the download of a picture: only the header and
    steps that name its operation strike it.
    """

    provider: str
    operation: str
    model: str
    prompt: str
    header: str | None = None
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: for requests like these, so often or so likely, this fault (None: let pass)."""

    match: Mapping[str, str]
    ask: Ask | None
    times: int | None
    probability: float

    def fits(self, asked: Asked) -> bool:
        """Tell whether a request is one of those: globs, but for `prompt`, which is contained."""
        if asked.aside and "operation" not in self.match:
            return False
        for key, pattern in self.match.items():
            value = getattr(asked, key)
            if key == "prompt":
                if pattern.lower() not in value.lower():
                    return False
            elif not fnmatchcase(value, pattern):
                return False
        return True


def read_step(raw: Json, where: str = "step") -> Step:
    """Return a checked step. Raises UsageError naming the key and what would be right."""
    if isinstance(raw, str):
        raw = {"fault": raw}
    if not isinstance(raw, Mapping):
        raise UsageError(f"{where}: expected an object or a fault's name, got {raw!r}")
    _only(raw, _STEP_KEYS, where)
    match = raw.get("match", {})
    if not isinstance(match, Mapping) or not all(isinstance(v, str) for v in match.values()):
        raise UsageError(f"{where}.match: expected an object of texts, got {match!r}")
    _only(match, _MATCH_KEYS, f"{where}.match")
    if "fault" not in raw:
        raise UsageError(f"{where}: needs `fault`: a fault's name, or null to let the request pass")
    wanted = _wanted(raw, where)
    times = _said(raw, "times", wanted.times if wanted else None, where)
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise UsageError(f"{where}.times: expected a whole number from 1, got {times!r}")
    given = wanted.probability if wanted and wanted.probability < 1 else None
    chance = _said(raw, "probability", given, where)
    chance = 1.0 if chance is None else chance
    if isinstance(chance, bool) or not isinstance(chance, (int, float)) or not 0 <= chance <= 1:
        raise UsageError(f"{where}.probability: expected a number from 0 to 1, got {chance!r}")
    wanted = replace(wanted, probability=float(chance)) if wanted else None
    return Step(dict(match), wanted, times, float(chance))


def _said(raw: Mapping[str, Json], key: str, given: Json, where: str) -> Json:
    """Return what a step says of itself, or its fault's text. Raises UsageError where both do."""
    said = raw.get(key)
    if said is not None and given is not None and said != given:
        raise UsageError(f"{where}.{key}: {said!r}, but `fault` says {given!r}; say it once")
    return given if said is None else said


def _wanted(raw: Mapping[str, Json], where: str) -> Ask | None:
    """Return the fault of a step, with the options of its text and those beside it."""
    fault, options = raw["fault"], raw.get("options", {})
    if not isinstance(options, Mapping):
        raise UsageError(f"{where}.options: expected an object, got {options!r}")
    if fault is None and options:
        raise UsageError(f"{where}.options: without a fault there is nothing to set")
    if fault is None:
        return None
    if not isinstance(fault, str):
        raise UsageError(f"{where}.fault: expected a fault's name or null, got {fault!r}")
    wanted = _at(f"{where}.fault", parse, fault)
    for key in options:
        if key == "times":
            raise UsageError(f"{where}.options: `times` stands beside `fault`, not in its options")
        if key in wanted.options:
            raise UsageError(f"{where}.options: `fault` sets {key} as well; say it once")
    texts = {**wanted.options, **{str(key): _text(value) for key, value in options.items()}}
    checked = _at(f"{where}.options", partial(ask, options=texts), wanted.fault.name)
    return replace(wanted, options=checked.options)


def _at(where: str, read: Callable[[str], Ask], text: str) -> Ask:
    """Return what is read from a text. Raises UsageError that says where the text stands."""
    try:
        return read(text)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _text(value: Json) -> str:
    """Return an option as it would be written: `0.00001`, never `1e-05`."""
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return str(value)


def _only(table: Mapping[str, Json], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")


def called_by(header: str) -> Ask:
    """Return the fault that a header calls for. Raises UsageError."""
    return _at(f"header {HEADER}", parse, header)


def _token(asked: Asked) -> Ask | None:
    """Return the fault that the prompt or the model's name calls for. Raises UsageError."""
    try:
        return token_in(asked.prompt) or token_in(asked.model)
    except UsageError as error:
        raise UsageError(f"[[safelight:…]] in the prompt or the model: {error}") from error


def _name(*texts: str) -> str:
    """Return a short name for texts that may be long."""
    told = blake2b(digest_size=16)
    for text in texts:
        told.update(b"%d " % len(text) + text.encode(errors="surrogatepass"))
    return told.hexdigest()


@dataclass(slots=True)
class Scenario:
    """The faults of one session: its steps, how often each struck, and its stream of chances."""

    seed: int
    steps: list[Step] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    chances: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Start the stream of chances from the seed."""
        self.chances = random.Random(self.seed)  # noqa: S311 - to be repeated, not to be secret

    def choose(self, asked: Asked, always: Sequence[Ask] = ()) -> Ask | None:
        """Return the fault of this request, if one strikes, and count it. Raises UsageError."""
        if asked.header is not None:
            return self._strike(called_by(asked.header), _name("header", asked.header))
        own = _token(asked)
        if own is not None:
            return self._strike(own, _name("token", asked.prompt, asked.model))
        for number, step in enumerate(self.steps):
            if not step.fits(asked) or self._spent(f"step {number}", step.times):
                continue
            if step.probability < 1 and self.chances.random() >= step.probability:
                continue
            self._count(f"step {number}")
            return step.ask
        for wanted in () if asked.aside else always:
            if struck := self._strike(wanted, f"flag {wanted.fault.name}"):
                return struck
        return None

    def _strike(self, wanted: Ask, key: str) -> Ask | None:
        if self._spent(key, wanted.times):
            return None
        if wanted.probability < 1 and self.chances.random() >= wanted.probability:
            return None
        self._count(key)
        return wanted

    def _spent(self, key: str, times: int | None) -> bool:
        return times is not None and self.struck.get(key, 0) >= times

    def _count(self, key: str) -> None:
        if len(self.struck) > _COUNTS:  # only prompts can be so many; better forgotten than kept
            self.struck = {k: n for k, n in self.struck.items() if k.startswith(("step ", "flag "))}
        self.struck[key] = self.struck.get(key, 0) + 1
