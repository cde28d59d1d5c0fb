"""How a test says what the world does: faults for the next requests, scenarios, checked at once.

What must not enter: what a fault does, whether it struck.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from safelight.faults import OPTIONS, named
from safelight.legal import check_names
from safelight.messages import Json
from safelight.refusals import UsageError
from safelight.scenario import Step, read_step

_MATCH = ("operation", "model", "prompt", "provider")


def next_step(fault: str, times: int | None, how: Mapping[str, Json]) -> Step:
    """Return the step of `fail_next`. Raises UsageError that says what would be right."""
    if not isinstance(fault, str):
        raise UsageError(f"fail_next: a fault is a name, got {fault!r}; see `safelight faults`")
    named(fault.partition(";")[0].partition("@")[0].strip().replace("-", "_"))
    for key in how:
        if key not in (*_MATCH, *OPTIONS):
            known = ", ".join(["times", *_MATCH, *(name for name in OPTIONS if name != "times")])
            raise UsageError(f"fail_next: unknown keyword {key!r}; known are {known}")
    if times is not None:
        counted(times, "fail_next: times", " (None: every time)")
    match = {key: value for key, value in how.items() if key in _MATCH and value is not None}
    options = {key: value for key, value in how.items() if key not in _MATCH}
    check_names(match, "fail_next")
    step: dict[str, Json] = {"fault": fault, "match": match, "options": options}
    once = times == 1 and "times" in fault  # the fault says itself how often
    return read_step(step if once else {**step, "times": times}, "fail_next")


def read_steps(steps: Any, name: str = "scenario") -> list[Step]:  # noqa: ANN401 - as written
    """Return the steps of a scenario: names, steps, or None to let a request pass.

    Raises UsageError that names the step and what is wrong.
    """
    if isinstance(steps, (str, Mapping)) or not isinstance(steps, Iterable):
        raise UsageError(f"{name} takes a list of faults, steps or None, got {steps!r}")
    read = []
    for at, step in enumerate(steps):
        where = f"{name}[{at}]"
        read.append(read_step(_once(step), where))
        check_names(read[-1].match, f"{where}.match")
        if read[-1].times is not None:
            counted(read[-1].times, f"{where}.times")
    return read


def counted(times: object, where: str, also: str = "") -> int:
    """Return how often, checked: once or more. Raises UsageError, naming what is `also` right."""
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise UsageError(f"{where} is a whole number from 1{also}, got {times!r}")
    return times


def _once(step: Any) -> Any:  # noqa: ANN401 - as a test wrote it
    """Return a step that is a bare name or None as one for a single request."""
    if step is None or (isinstance(step, str) and "times" not in step):
        return {"fault": step, "times": 1}
    return step
