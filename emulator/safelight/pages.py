"""What each page of the control plane tells or changes: sessions, scenario, clock, journal, spend.

What must not enter: sockets, where a page stands and who may see it (`control.py`), providers.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from safelight import __version__
from safelight.faults import FAULTS, KINDS, OPTIONS
from safelight.messages import Json, Reply, Request
from safelight.read import read_json
from safelight.refusals import Refusal, UsageError
from safelight.scenario import read_step
from safelight.store import MemoryStore, Session
from safelight.verdict import verdict
from safelight.verify import read_expectation, verify

if TYPE_CHECKING:
    from safelight.provider import Provider

_PAGE = 100
"""Exchanges that a page of the journal shows unless more are asked for."""

_NAME = re.compile(r"[\w.~-]{0,200}", re.ASCII)
_FAR = 1e11
"""Seconds that nobody's clock is away: the year 5138."""

FILTERS = (
    "operation", "status", "provider", "model", "fault", "row", "fate", "method", "digest",
)  # fmt: skip
"""What the journal may be asked for: fields of an exchange, word for word."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page may look at and change. `now` is the real time, `session` the one asked about."""

    store: MemoryStore
    providers: tuple[Provider, ...]
    session: Session
    request: Request
    now: float

    def body(self) -> dict[str, Json]:
        """Return the request's JSON object; an empty body is an empty one. Raises UsageError."""
        if not self.request.body:
            return {}
        try:
            return read_json(self.request.body)
        except Refusal as refusal:
            raise UsageError(f"the body is no JSON object: {refusal.facts['reason']}") from refusal

    def query(self, *known: str) -> dict[str, str]:
        """Return the query's parameters. Raises UsageError for one that nobody reads."""
        found = dict(parse_qsl(self.request.query, keep_blank_values=True))
        for key in found:
            if key not in known:
                raise UsageError(f"unknown parameter {key!r}; known are {', '.join(known)}")
        return found


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
        "faults": [asdict(fault) for fault in FAULTS.values()],
        "kinds": KINDS,
        "options": OPTIONS,
    }


def sessions(desk: Desk) -> Json:
    """Return every session, in brief."""
    return {"sessions": [_brief(session, desk.now) for session in desk.store.sessions()]}


def create(desk: Desk) -> Json:
    """Make a session, or change one: `name`, `seed`, `as_of`, `lenient`."""
    body = desk.body()
    name = body.pop("name", desk.session.name)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(f"name is a text of at most 200 letters, digits, . _ ~ -, got {name!r}")
    session = desk.store.session(name, desk.now)
    session.configure(body)
    return _brief(session, desk.now)


def reset(desk: Desk) -> Json:
    """Forget what happened in the session: journal, scenario, clock, files, counters."""
    desk.store.drop(desk.session.name)
    return _brief(desk.store.session(desk.session.name, desk.now), desk.now)


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
    desk.session.scenario.steps += _steps(desk)
    return get_scenario(desk)


def clear_scenario(desk: Desk) -> Json:
    """Remove every step."""
    desk.session.clear_scenario()
    return get_scenario(desk)


def _steps(desk: Desk) -> list[Json]:
    body = desk.body()
    raw = body.get("steps")
    if len(body) > 1:
        raise UsageError(f"a scenario is an object with `steps` alone, got {', '.join(body)}")
    if not isinstance(raw, list):
        raise UsageError(f"steps is a list of steps, got {raw!r}")
    return [read_step(step, f"steps[{number}]") for number, step in enumerate(raw)]


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
    waits = body.pop("waits", None)
    for key, value in body.items():
        if key not in ("advance", "now"):
            raise UsageError(f"unknown key {key!r}; known are advance, now, waits")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > _FAR:
            raise UsageError(f"{key} is a number of seconds, got {value!r}")
    if waits not in (None, "real", "skip"):
        raise UsageError(f'waits is "real" or "skip", got {waits!r}')
    if waits is not None:
        desk.session.skips = waits == "skip"
    if "now" in body:
        desk.session.offset = body["now"] - desk.now
    desk.session.offset += body.get("advance", 0)
    desk.store.moves += 1
    return get_clock(desk)


def journal(desk: Desk) -> Json:
    """Return exchanges, oldest first, that fit the filters; `next` continues after the last."""
    query = desk.query(*FILTERS, "after", "limit")
    after, limit = _number(query, "after", 0), min(_number(query, "limit", _PAGE), 10 * _PAGE)
    if "status" in query:
        _number(query, "status", 0)
    exact = {key: value for key, value in query.items() if key in FILTERS}
    shown: list[Json] = []
    position, more = after, False
    for place, exchange in desk.session.journal.since(after):
        if not all(str(getattr(exchange, key)) == value for key, value in exact.items()):
            continue
        if len(shown) == limit:
            more = True
            break
        shown.append({"position": place, **exchange.as_json()})
        position = place
    total = desk.session.journal.total
    return {"exchanges": shown, "total": total, "more": more, "next": position}


def journal_file(desk: Desk) -> Reply:
    """Return the bytes of an uploaded file, while there is room for them."""
    query = desk.query("position", "name")
    position, name = _number(query, "position", 0), query.get("name", "")
    for _, exchange in desk.session.journal.since(position - 1):
        if name in exchange.files:
            data = exchange.files[name]
            kind = ("content-type", "application/octet-stream")
            return Reply(200, (kind, ("content-length", str(len(data)))), data)
        known = ", ".join(exchange.files) or "none"
        raise UsageError(f"exchange {position} keeps no file {name!r}; it has {known}")
    raise UsageError(f"the journal has no exchange at position {position}")


def check_journal(desk: Desk) -> Json:
    """Hold the journal against `expect`; `ordered`, `only`. Tells what differs."""
    body = desk.body()
    for key in body:
        if key not in ("expect", "ordered", "only"):
            raise UsageError(f"unknown key {key!r}; known are expect, ordered, only")
    raw = body.get("expect")
    if not isinstance(raw, list):
        raise UsageError(f"expect is a list of expectations, got {raw!r}")
    wanted = [read_expectation(one) for one in raw]
    asked = [e for e in desk.session.journal if e.operation != "files.get"]
    ordered, only = bool(body.get("ordered")), bool(body.get("only"))
    difference = verify(asked, wanted, ordered=ordered, only=only)
    return {"ok": not difference, "difference": difference}


def spend(desk: Desk) -> Json:
    """Return what the session's requests would have cost live, by the price tables."""
    spent = desk.session.spent
    rows = [
        {"provider": provider, "model": model, "billed": billed, "unpriced": bare, "usd": str(usd)}
        for (provider, model), (billed, bare, usd) in spent.items()
    ]
    return {"usd": str(sum((usd for _, _, usd in spent.values()), Decimal(0))), "models": rows}


def judge(desk: Desk) -> Json:
    """Return the verdict on the client, by what came after a position of the journal."""
    after = _number(desk.query("after"), "after", 0)
    asked = tuple(exchange for _, exchange in desk.session.journal.since(after))
    findings = verdict(asked, desk.session.moment(desk.now))
    return {"ok": not findings, "findings": [asdict(finding) for finding in findings]}


def _number(query: dict[str, str], key: str, default: int) -> int:
    text = query.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise UsageError(f"{key} is a whole number, got {text!r}")
    return int(text)


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
