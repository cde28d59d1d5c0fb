"""The control plane under `/_safelight`: sessions, scenario, clock, journal, spend, verdict.

Every path may stand behind `/s/<session>`; without, it speaks of the default session. Described by
the OpenAPI document at `/_safelight/openapi.json`, made from `PAGES`. What must not enter: sockets,
providers' wire shapes, the walk of an emulated request.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from safelight import __version__
from safelight.faults import FAULTS
from safelight.messages import Json, Reply, Request
from safelight.read import read_json
from safelight.refusals import Refusal, UsageError
from safelight.scenario import read_step
from safelight.store import MemoryStore, Session
from safelight.verdict import verdict
from safelight.verify import read_expectation, verify

if TYPE_CHECKING:
    from safelight.provider import Provider

PREFIX = "/_safelight/"
_PAGE = 100


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


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what it is for, and the function that makes its JSON."""

    method: str
    path: str
    says: str
    make: Callable[[Desk], Json]


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
    """Return the catalogue of faults."""
    return {"faults": [asdict(fault) for fault in FAULTS.values()]}


def sessions(desk: Desk) -> Json:
    """Return every session, in brief."""
    return {"sessions": [_brief(session, desk.now) for session in desk.store.sessions()]}


def create(desk: Desk) -> Json:
    """Make a session, or change one: `name`, `seed`, `as_of`, `lenient`."""
    body = desk.body()
    name = body.pop("name", desk.session.name)
    if not isinstance(name, str) or "/" in name:
        raise UsageError(f"name is a text without slashes, got {name!r}")
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
    raw = desk.body().get("steps")
    if not isinstance(raw, list):
        raise UsageError(f"steps is a list of steps, got {raw!r}")
    return [read_step(step, f"steps[{number}]") for number, step in enumerate(raw)]


def get_clock(desk: Desk) -> Json:
    """Return the session's time, and how far it is from the real one, in seconds."""
    return {"now": desk.session.moment(desk.now), "offset": desk.session.offset}


def move_clock(desk: Desk) -> Json:
    """Move the session's clock: `advance` seconds, or to `now` (epoch seconds)."""
    body = desk.body()
    for key, value in body.items():
        if key not in ("advance", "now"):
            raise UsageError(f"unknown key {key!r}; known are advance, now")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"{key} is a number of seconds, got {value!r}")
    if "now" in body:
        desk.session.offset = body["now"] - desk.now
    desk.session.offset += body.get("advance", 0)
    return get_clock(desk)


def journal(desk: Desk) -> Json:
    """Return exchanges, oldest first; `operation`, `status`, `after` filter, `limit` pages."""
    query = desk.query("operation", "status", "after", "limit", "provider", "fault")
    after, limit = _number(query, "after", 0), _number(query, "limit", _PAGE)
    exact = {key: value for key, value in query.items() if key not in ("after", "limit")}
    found = [
        exchange
        for exchange in desk.session.journal
        if exchange.number > after
        and all(str(getattr(exchange, key)) == value for key, value in exact.items())
    ]
    shown = [exchange.as_json() for exchange in found[:limit]]
    return {"exchanges": shown, "total": desk.session.journal.total, "more": len(found) > limit}


def check_journal(desk: Desk) -> Json:
    """Hold the journal against `expect`; `ordered`, `only`. Tells what differs."""
    body = desk.body()
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
    """Return the verdict on the client."""
    findings = verdict(tuple(desk.session.journal))
    return {"ok": not findings, "findings": [asdict(finding) for finding in findings]}


def describe(desk: Desk) -> Json:
    """Return the OpenAPI document of these pages."""
    paths: dict[str, Json] = {}
    for page in PAGES:
        answers = {"200": {"description": "JSON"}, "400": {"description": "what is wrong"}}
        entry = {"summary": page.says, "operationId": page.make.__name__, "responses": answers}
        if page.method in ("POST", "PUT"):
            content = {"application/json": {"schema": {"type": "object"}}}
            entry["requestBody"] = {"content": content}
        paths.setdefault(PREFIX + page.path, {})[page.method.lower()] = entry
    info = {"title": "Safelight control plane", "version": __version__}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


def _number(query: dict[str, str], key: str, default: int) -> int:
    text = query.get(key, str(default))
    if not text.isdigit():
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
        "steps": len(session.scenario.steps),
    }


PAGES = tuple(
    Page(method, path, (make.__doc__ or "").split("\n")[0], make)
    for method, path, make in (
        ("GET", "health", health),
        ("GET", "ready", ready),
        ("GET", "providers", providers),
        ("GET", "faults", faults),
        ("GET", "openapi.json", describe),
        ("GET", "sessions", sessions),
        ("POST", "session", create),
        ("POST", "session/reset", reset),
        ("DELETE", "session", delete),
        ("GET", "scenario", get_scenario),
        ("PUT", "scenario", put_scenario),
        ("POST", "scenario", append_scenario),
        ("DELETE", "scenario", clear_scenario),
        ("GET", "clock", get_clock),
        ("POST", "clock", move_clock),
        ("GET", "journal", journal),
        ("POST", "journal/verify", check_journal),
        ("GET", "spend", spend),
        ("GET", "verdict", judge),
    )
)
"""Every page of the control plane."""


def respond(desk: Desk, path: str, token: str | None) -> Reply:
    """Answer a request to the control plane; `token`, when set, must come as a bearer token."""
    found = [page for page in PAGES if PREFIX + page.path == path]
    method = "GET" if desk.request.method == "HEAD" else desk.request.method
    page = next((page for page in found if page.method == method), None)
    if token is not None and not _allowed(desk.request, token):
        return _json(
            401, _problem("the control plane needs the token of --admin-token as a bearer")
        )
    if page is None:
        known = ", ".join(f"{p.method} {PREFIX}{p.path}" for p in found or PAGES)
        return _json(405 if found else 404, _problem(f"no such page; known are {known}"))
    try:
        return _json(200, page.make(desk))
    except UsageError as error:
        return slip(error)


def slip(error: UsageError) -> Reply:
    """Return the answer to a slip of our own user, such as an unknown fault in a header."""
    return _json(400, _problem(str(error)))


def _allowed(request: Request, token: str) -> bool:
    given = (request.header("authorization") or "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.encode())


def _problem(text: str) -> Json:
    return {"error": {"message": text, "type": "safelight_usage_error"}}


def _json(status: int, document: Json) -> Reply:
    body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    headers = (("content-type", "application/json"), ("content-length", str(len(body))))
    return Reply(status, headers, body)
