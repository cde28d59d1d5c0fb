"""The control plane's pages about what happened: journal, expectations, spending, verdict.

What must not enter: sockets, what changes a session (`pages.py`), how a client is judged.
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from safelight.desk import Desk, number
from safelight.leftover import leftover
from safelight.messages import Json, Reply
from safelight.refusals import UsageError
from safelight.verdict import verdict
from safelight.verify import read_expectation, verify

_PAGE = 100
"""Exchanges that a page of the journal shows unless more are asked for."""

FILTERS = (
    "operation", "status", "provider", "model", "fault", "row", "fate", "method", "digest",
    "again", "billed_again",
)  # fmt: skip
"""What the journal may be asked for: fields of an exchange, word for word."""

_NAMED = ("operation", "provider")


def journal(desk: Desk) -> Json:
    """Return exchanges, oldest first, that fit the filters; `next` continues after the last."""
    query = desk.query(*FILTERS, "after", "limit")
    after, limit = number(query, "after", 0), min(number(query, "limit", _PAGE), 10 * _PAGE)
    if limit < 1:
        raise UsageError(f"limit is 1 or more, got {limit}")
    if "status" in query:
        number(query, "status", 0)
    named = {key: value for key, value in query.items() if key in _NAMED and value}
    desk.check_names(named, "journal")
    exact = {key: value for key, value in query.items() if key in FILTERS}
    shown: list[Json] = []
    position, more = after, False
    for place, exchange in desk.session.journal.since(after):
        if not all(_told(getattr(exchange, key)) == value for key, value in exact.items()):
            continue
        if len(shown) == limit:
            more = True
            break
        shown.append({"position": place, **exchange.as_json()})
        position = place
    total = desk.session.journal.total
    return {"exchanges": shown, "total": total, "more": more, "next": position}


def _told(value: Json) -> str:
    """Return a field as a query has it: true and false as JSON writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def journal_file(desk: Desk) -> Reply:
    """Return the bytes of an uploaded file, while there is room for them."""
    query = desk.query("position", "name")
    position, name = number(query, "position", 0), query.get("name", "")
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
    desk.only(body, "expect", "ordered", "only")
    raw = body.get("expect")
    if not isinstance(raw, list):
        raise UsageError(f"expect is a list of expectations, got {raw!r}")
    for key in ("ordered", "only"):
        if not isinstance(body.get(key, False), bool):
            raise UsageError(f"{key} is true or false, got {body[key]!r}")
    wanted = [read_expectation(one, f"expect[{place}]") for place, one in enumerate(raw)]
    for place, one in enumerate(wanted):
        desk.check_names(dict(one.match), f"expect[{place}]")
    asked = [e for e in desk.session.journal if e.operation != "files.get"]
    ordered, only = body.get("ordered", False), body.get("only", False)
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
    """Return the verdict on the client, by what came after a position of the journal.

    `unused` is what was called for in the session and has not happened.
    """
    after = number(desk.query("after"), "after", 0)
    asked = tuple(exchange for _, exchange in desk.session.journal.since(after))
    findings = verdict(asked, desk.session.moment(desk.now))
    found = [asdict(finding) for finding in findings]
    return {"ok": not findings, "findings": found, "unused": leftover(desk.session)}
