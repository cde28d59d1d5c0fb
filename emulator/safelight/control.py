"""The control plane under `/_safelight`: where its pages stand, who may see and what tells of them.

Every path may stand behind `/s/<session>`; without, it speaks of the default session. What must not
enter: what a page says (`pages.py`, `hearing.py`), the walk of an emulated request.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from safelight import __version__, hearing, pages, planned
from safelight.desk import Desk
from safelight.fixtures import page as fixture_page
from safelight.hearing import FILTERS
from safelight.journal import Exchange
from safelight.messages import Json, Reply, Request
from safelight.naming import CONTROL
from safelight.refusals import UsageError

PREFIX = f"{CONTROL}/"
_OPEN = frozenset({"health", "ready"})
"""Pages that need no token: probes have none."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the function that makes its JSON, or a whole reply.

    `query` and `body` are what it reads, each with a type of JSON Schema.
    """

    method: str
    path: str
    make: Callable[[Desk], Json]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    @property
    def says(self) -> str:
        """Return what it is for, in a line."""
        return (self.make.__doc__ or "").split("\n")[0]


def describe(desk: Desk) -> Json:
    """Return the OpenAPI document of these pages."""
    paths: dict[str, Json] = {}
    for page in PAGES:
        paths.setdefault(PREFIX + page.path, {})[page.method.lower()] = _operation(page)
    info = {
        "title": "Safelight control plane",
        "version": __version__,
        "description": f"Any path may stand behind /s/<session>: /s/mine{PREFIX}journal.",
    }
    token = {"type": "http", "scheme": "bearer", "description": "the server's --admin-token"}
    exchange = Exchange.schema()
    return {
        "openapi": "3.1.0",
        "info": info,
        "paths": paths,
        "components": {"schemas": {"Exchange": exchange}, "securitySchemes": {"token": token}},
        "security": [{}, {"token": []}],
    }


def index(desk: Desk) -> Json:
    """List these pages: each with its method, its path in this session and what it is for."""
    world = f"/s/{desk.session.name}" if desk.session.name else ""
    return {
        "version": __version__,
        "session": desk.session.name,
        "pages": [
            {"method": page.method, "path": world + PREFIX + page.path, "says": page.says}
            for page in PAGES
        ],
    }


def _shape(page: Page) -> Json:
    """Return what a page answers, where that is said: the journal's exchanges."""
    if page.make is not hearing.journal:
        return {}
    exchanges = {"type": "array", "items": {"$ref": "#/components/schemas/Exchange"}}
    return {"schema": {"type": "object", "properties": {"exchanges": exchanges}}}


def _operation(page: Page) -> Json:
    """Return a page as OpenAPI describes an operation."""
    kind = "application/octet-stream" if page.make is hearing.journal_file else "application/json"
    answers = {
        "200": {"description": "what was asked for", "content": {kind: _shape(page)}},
        "400": {"description": "what is wrong, and what would be right"},
        "401": {"description": "the token of --admin-token is missing"},
    }
    entry: dict[str, Json] = {"summary": page.says, "operationId": page.make.__name__}
    if page.query:
        entry["parameters"] = [
            {"name": name, "in": "query", "schema": {"type": kind}}
            for name, kind in page.query.items()
        ]
    if page.body:
        fields = {name: {"type": kind} for name, kind in page.body.items()}
        schema = {"type": "object", "properties": fields, "additionalProperties": False}
        entry["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return {**entry, "responses": answers}


_TEXTS = dict.fromkeys(FILTERS, "string")
_STEPS = {"steps": "array"}

PAGES = (
    Page("GET", "", index),
    Page("GET", "health", pages.health),
    Page("GET", "ready", pages.ready),
    Page("GET", "providers", pages.providers),
    Page("GET", "faults", pages.faults),
    Page("GET", "openapi.json", describe),
    Page("GET", "sessions", pages.sessions),
    Page(
        "POST",
        "session",
        pages.create,
        body={"name": "string", "seed": "integer", "as_of": "string", "lenient": "boolean"},
    ),
    Page("POST", "session/reset", pages.reset),
    Page("DELETE", "session", pages.delete),
    Page("GET", "scenario", pages.get_scenario),
    Page("PUT", "scenario", pages.put_scenario, body=_STEPS),
    Page("POST", "scenario", pages.append_scenario, body=_STEPS),
    Page("DELETE", "scenario", pages.clear_scenario),
    Page("GET", "fixtures", fixture_page.listing),
    Page("GET", "answers", planned.get_answers, query={"brief": "string"}),
    Page("POST", "answers", planned.append_answers, body={"answers": "array"}),
    Page("DELETE", "answers", planned.clear_answers),
    Page("GET", "clock", pages.get_clock),
    Page(
        "POST",
        "clock",
        pages.move_clock,
        body={"advance": "number", "now": "number", "waits": "string"},
    ),
    Page(
        "GET", "journal", hearing.journal, query={**_TEXTS, "after": "integer", "limit": "integer"}
    ),
    Page(
        "GET", "journal/file", hearing.journal_file, query={"position": "integer", "name": "string"}
    ),
    Page(
        "POST",
        "journal/verify",
        hearing.check_journal,
        body={"expect": "array", "ordered": "boolean", "only": "boolean"},
    ),
    Page("GET", "spend", hearing.spend),
    Page("GET", "verdict", hearing.judge, query={"after": "integer"}),
)
"""Every page of the control plane."""


def respond(desk: Desk, path: str, token: str | None) -> Reply:
    """Answer a request to the control plane; `token`, when set, must come as a bearer token.

    The path without its last slash, as people type it, is the list of pages too.
    """
    path = PREFIX if path == PREFIX[:-1] else path
    found = [page for page in PAGES if PREFIX + page.path == path]
    method = "GET" if desk.request.method == "HEAD" else desk.request.method
    page = next((page for page in found if page.method == method), None)
    open_ = page is not None and page.path in _OPEN
    if token is not None and not open_ and not _allowed(desk.request, token):
        return _json(
            401, _problem("the control plane needs the token of --admin-token as a bearer")
        )
    if page is None:
        known = ", ".join(f"{p.method} {PREFIX}{p.path}" for p in found or PAGES)
        return _json(405 if found else 404, _problem(f"no such page; known are {known}"))
    try:
        if not open_:
            desk.query(*page.query)
        made = page.make(desk)
        return made if isinstance(made, Reply) else _json(200, made)
    except UsageError as error:
        return slip(error)


def slip(error: UsageError) -> Reply:
    """Return the answer to a slip of our own user, such as an unknown fault in a header."""
    return _json(400, _problem(str(error)))


def _allowed(request: Request, token: str) -> bool:
    scheme, _, given = (request.header("authorization") or "").partition(" ")
    bearer = scheme.lower() == "bearer" or not token
    return bearer and hmac.compare_digest(given.strip().encode(), token.encode())


def _problem(text: str) -> Json:
    return {"error": {"message": text, "type": "safelight_usage_error"}}


def _json(status: int, document: Json) -> Reply:
    body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    headers = (("content-type", "application/json"), ("content-length", str(len(body))))
    return Reply(status, headers, body)
