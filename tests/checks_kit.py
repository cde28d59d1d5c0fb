"""What tests of the judge share: a case asked of an emulator in this process, and what came."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlsplit

from kit import AGENT, KEY, NOW
from safelight.core import Emulator
from safelight.messages import Reply, Request
from safelight_contracts.cases import Case, Fetched, Piece, Seen
from safelight_contracts.promises import Promises
from safelight_contracts.requests import case_of
from safelight_contracts.sending import written

DAY = datetime.date(2026, 11, 20)


def seen_of(reply: Reply, began: float = NOW) -> Seen:
    """Return a reply as a judge sees it, each chunk at its time."""
    at, pieces = reply.delay, []
    for chunk in reply.chunks or ():
        at += chunk.wait
        pieces.append(Piece(at, chunk.data))
    if reply.chunks is None:
        pieces.append(Piece(at, reply.body))
    return Seen(reply.status, reply.headers, tuple(pieces), began=began, took=at)


def request_of(case: Case, promises: Promises, *headers: tuple[str, str]) -> Request:
    """Return a case as a request to its provider's base."""
    body, kind = written(case)
    path, _, query = case.path.partition("?")
    sent = [*headers, *case.headers]
    if case.key != "none":
        sent.append(KEY if case.key == "good" else ("authorization", "Bearer sk-invalid-0"))
    if kind:
        sent.append(("content-type", kind))
    base = promises.provider.bases[0]
    return Request(case.method, base + path, query, headers=tuple(sent), body=body or b"")


def ask(emu: Emulator, case: Case, promises: Promises) -> Seen:
    """Ask a case of an emulator, and follow the links in the answer."""
    seen = seen_of(emu.respond(request_of(case, promises)))
    return with_links(emu, seen)


def with_links(emu: Emulator, seen: Seen) -> Seen:
    """Return an answer with what its links lead to."""
    import dataclasses
    import json

    if b'"url"' not in seen.body or seen.header("content-type") != "application/json":
        return seen
    found = []
    for item in json.loads(seen.body).get("data") or ():
        link = item.get("url") if isinstance(item, dict) else None
        if isinstance(link, str) and link.startswith("http"):
            parts = urlsplit(link)
            got = emu.respond(Request("GET", parts.path, parts.query, headers=(AGENT,)))
            told = dict(got.headers).get("content-type")
            found.append(Fetched(link, got.status, told, got.body))
    return dataclasses.replace(seen, fetched=tuple(found))


def good_case(promises: Promises, operation: str, params: Any, **more: Any) -> Case:
    """Return the case of a request that has to be accepted."""
    row = promises.of(operation, more.pop("below", ""))
    return case_of(promises, row, params, purpose="a test", **more)
