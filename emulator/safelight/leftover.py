"""What was called for in a session and has not happened: faults that never struck, idle replies.

A test that calls for a fault which never strikes proves nothing. What must not enter: what becomes
of that, such as a failing test.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from safelight.scenario import Scenario, Step

if TYPE_CHECKING:
    from safelight.store import Session


class Leftover(UserWarning):
    """A test called for faults or replies, and was over before they were all used."""


def leftover(session: Session) -> list[str]:
    """Return what is left of a session's scenario and of its waiting replies, a line each."""
    return [*steps(session.scenario), *replies(session)]


def steps(scenario: Scenario) -> list[str]:
    """Return the steps that have struck less often than they say, or never. Chances may miss."""
    lines = []
    for number, step in enumerate(scenario.steps):
        struck = scenario.struck.get(f"step {number}", 0)
        if step.times is None and (struck or step.probability < 1):
            continue
        if step.times is not None and struck >= step.times:
            continue
        often = f"struck {struck} of {step.times} times" if struck else "never struck"
        lines.append(f"steps[{number}] {_about(step)}: {often}")
    return lines


def replies(session: Session) -> list[str]:
    """Return the replies that still wait for a request."""
    waiting = Counter(answer.operation for answer in session.answers)
    return [
        f"{amount} {'reply' if amount == 1 else 'replies'} for {glob}: no request came"
        for glob, amount in waiting.items()
    ]


def _about(step: Step) -> str:
    name = step.ask.fault.name if step.ask else "(let pass)"
    match = ", ".join(f"{key}={value!r}" for key, value in step.match.items())
    return f"{name} for {match}" if match else name
