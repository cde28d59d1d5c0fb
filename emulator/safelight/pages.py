"""The control plane's pages about the server and its sessions: their scenario, their clock.

What must not enter: sockets, where a page stands and who may see it (`control.py`), what
happened in a session (`hearing.py`), providers.
"""

from __future__ import annotations

from dataclasses import asdict

from safelight import __version__, naming
from safelight.desk import Desk
from safelight.faults import FAULTS, KINDS, OPTIONS
from safelight.messages import Json
from safelight.refusals import UsageError
from safelight.scenario import Step, read_step
from safelight.store import Session

_FAR = 1e11
"""Epoch seconds that no clock passes, the year 5138: calendars end with the year 9999."""

_STEPS = 10_000
"""Steps that a scenario may have: what a session holds is bounded."""


def health(desk: Desk) -> Json:
    """Answer as long as the process does."""
    return {"status": "ok", "version": __version__}


def ready(desk: Desk) -> Json:
    """Answer once requests are served; nothing is loaded later that could fail."""
    return {"status": "ready", "providers": [provider.name for provider in desk.providers]}


def providers(desk: Desk) -> Json:
    """Return every provider with its bases and number of models."""
    return {
        "providers": [
            {
                "name": provider.name,
                "title": provider.title,
                "bases": list(provider.bases),
                "models": len(provider.catalog.models),
            }
            for provider in desk.providers
        ]
    }


def faults(desk: Desk) -> Json:
    """Return the catalogue of faults, what their kinds have in common, and their options."""
    return {
        "faults": [{**asdict(fault), "takes": fault.takes} for fault in FAULTS.values()],
        "kinds": KINDS,
        "options": OPTIONS,
    }


def sessions(desk: Desk) -> Json:
    """Return every session, in brief."""
    return {"sessions": [_brief(session, desk.now) for session in desk.store.sessions()]}


def create(desk: Desk) -> Json:
    """Make a session, or change one: `name`, `seed`, `as_of`, `lenient`."""
    body = desk.body()
    name = naming.checked(body.pop("name")) if "name" in body else desk.session.name
    Session(name, 0).configure(body)  # a slip makes no session
    session = desk.store.session(name, desk.now)
    session.configure(body)
    return _brief(session, desk.now)


def reset(desk: Desk) -> Json:
    """Forget what happened in the session: journal, scenario, answers, clock, files, counters.

    What was settled for it stays: `seed`, `as_of`, `lenient`, fixtures of its own.
    """
    before = desk.session
    desk.store.drop(before.name)
    session = desk.store.session(before.name, desk.now)
    session.configure({"seed": before.seed})
    session.as_of, session.lenient = before.as_of, before.lenient
    session.library = before.library
    return _brief(session, desk.now)


def delete(desk: Desk) -> Json:
    """Forget the session."""
    desk.store.drop(desk.session.name)
    return {"deleted": desk.session.name}


def get_scenario(desk: Desk) -> Json:
    """Return the session's steps and how often each has struck."""
    scenario = desk.session.scenario
    steps = [
        {
            "match": dict(step.match),
            "fault": step.ask.fault.name if step.ask else None,
            "options": dict(step.ask.options) if step.ask else {},
            "times": step.times,
            "probability": step.probability,
            "struck": scenario.struck.get(f"step {number}", 0),
        }
        for number, step in enumerate(scenario.steps)
    ]
    return {"seed": scenario.seed, "steps": steps}


def put_scenario(desk: Desk) -> Json:
    """Replace the session's steps by `steps`."""
    steps = _steps(desk)
    desk.session.clear_scenario()
    desk.session.scenario.steps = steps
    return get_scenario(desk)


def append_scenario(desk: Desk) -> Json:
    """Add `steps` after the session's own."""
    kept = desk.session.scenario.steps
    desk.session.scenario.steps = [*kept, *_steps(desk, len(kept))]
    return get_scenario(desk)


def clear_scenario(desk: Desk) -> Json:
    """Remove every step."""
    desk.session.clear_scenario()
    return get_scenario(desk)


def _steps(desk: Desk, kept: int = 0) -> list[Step]:
    """Return the steps of a request, checked, for a scenario that has so many already."""
    body = desk.body()
    raw = body.get("steps")
    desk.only(body, "steps")
    if not isinstance(raw, list):
        raise UsageError(f"steps is a list of steps, got {raw!r}")
    if kept + len(raw) > _STEPS:
        raise UsageError(f"a scenario has at most {_STEPS} steps, got {kept + len(raw)}")
    read = [read_step(step, f"steps[{number}]") for number, step in enumerate(raw)]
    for number, step in enumerate(read):
        desk.check_names(dict(step.match), f"steps[{number}].match")
    return read


def get_clock(desk: Desk) -> Json:
    """Return the session's time, how far it is from the real one, and what becomes of waits."""
    session = desk.session
    waits = "skip" if session.skips else "real"
    return {"now": session.moment(desk.now), "offset": session.offset, "waits": waits}


def move_clock(desk: Desk) -> Json:
    """Move the session's clock: `advance` seconds, or to `now`; `waits` are "real" or "skip".

    Who waits for an answer of the session waits so much less. With "skip" nobody waits: an answer
    that takes its time comes at once and moves the clock.
    """
    body = desk.body()
    desk.only(body, "advance", "now", "waits")
    waits = body.pop("waits", None)
    for key, value in body.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > _FAR:
            raise UsageError(f"{key} is a number of seconds, got {value!r}")
    if body.get("advance", 0) < 0:
        raise UsageError(f"advance is 0 or more, got {body['advance']!r}; `now` sets any moment")
    if body.get("now", 0) < 0:
        raise UsageError(f"now is in seconds since 1970, 0 or more, got {body['now']!r}")
    if waits not in (None, "real", "skip"):
        raise UsageError(f'waits is "real" or "skip", got {waits!r}')
    offset = body["now"] - desk.now if "now" in body else desk.session.offset
    offset += body.get("advance", 0)
    if desk.now + offset > _FAR:
        raise UsageError(
            f"no clock goes beyond {_FAR:.0f}, the year 5138; DELETE session is a way back"
        )
    if waits is not None:
        desk.session.skips = waits == "skip"
    desk.session.offset = offset
    desk.store.moves += 1
    return get_clock(desk)


def _brief(session: Session, now: float) -> Json:
    return {
        "name": session.name,
        "seed": session.seed,
        "requests": session.counter,
        "as_of": session.as_of.isoformat() if session.as_of else None,
        "lenient": session.lenient,
        "clock": session.moment(now),
        "bytes": session.weight,
        "steps": len(session.scenario.steps),
    }
