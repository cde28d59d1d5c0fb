"""What every dialect is: a table of routes, and a few steps that a provider may do in its own way.

The steps here are those of the plain OpenAI surface, which the providers share. What must not
enter: a provider's name, status code or wording; those are data.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from urllib.parse import unquote

from safelight.catalog import Model
from safelight.errors import Failure, Situation
from safelight.faults import Ask
from safelight.journal import Entry
from safelight.limits import Gauge
from safelight.messages import Call, Headers, Json, Reply, Request
from safelight.provider import Provider
from safelight.read import as_json, form_params, media_type, read_form, read_json
from safelight.refusals import Refusal
from safelight.store import Answer, Session

JSON = "application/json"
FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation at one method and path; `{name}` in the path takes one value, slashes included.

    `bodies` maps a media type to the schema of the body; without any, the body is not read.
    """

    method: str
    path: str
    operation: str
    bodies: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Known:
    """What is kept of a request for the next one like it: its `name`, and its journal `entry`."""

    name: bytes
    entry: Entry | None = None


@dataclass(slots=True)
class Visit:
    """One request on its way through the walk: filled in step by step, journalled at the end."""

    request: Request
    session: Session
    dialect: Dialect
    path: str
    request_id: str
    number: int
    now: float
    day: datetime.date
    lenient: bool
    keys: tuple[str, ...] = ()
    operation: str = ""
    route: Route | None = None
    arguments: dict[str, str] = field(default_factory=dict)
    body: str = "json"
    params: dict[str, Json] = field(default_factory=dict)
    model: Model | None = None
    model_name: str = ""
    authenticated: bool = False
    notes: list[str] = field(default_factory=list)
    row: str | None = None
    violations: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    urls_until: float | None = None
    fault: Ask | None = None
    answer: Answer | None = None
    gauges: list[Gauge] = field(default_factory=list)
    result: object = None
    known: Known | None = None

    @property
    def processing_ms(self) -> int:
        """Return milliseconds of work that headers may tell: from the request's id, not a clock."""
        return 5 + int(self.request_id[-4:], 16) % 95

    @property
    def outside(self) -> bool:
        """Tell whether the path lies below no base of the provider."""
        world = f"/s/{self.session.name}" if self.session.name else ""
        return self.request.path == world + self.path

    def situation(self) -> Situation:
        """Return what error rows may ask about this visit."""
        bases = self.dialect.provider.default_bases
        facts = {
            "request_id": self.request_id,
            "method": self.request.method,
            "path": unquote(self.path),
            "url": unquote(self.path if self.outside or not bases else bases[0] + self.path),
            "processing_ms": self.processing_ms,
            **(self.fault.facts() if self.fault else {}),
        }
        return Situation(self.operation, self.day, self.model_name, self.body, facts)


@dataclass(frozen=True, slots=True)
class Artwork:
    """A finished picture and its previews, as base64 in bytes. `weight` is their size in bytes."""

    picture: bytes
    previews: tuple[bytes, ...]
    weight: int


class Dialect:
    """How one provider speaks. Subclasses give `routes` and `write`; the rest they may override."""

    routes: tuple[Route, ...] = ()
    shape_first = False
    """Whether a body's bare shape is judged before anybody asks which model it names."""
    repeatable: frozenset[str] = frozenset()
    """Operations whose result follows from the request, the day and the seed alone."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._sets: dict[str, tuple[Headers, bool]] = {}

    def annexes(self) -> Mapping[str, Dialect]:
        """Return more dialects of this provider, by the path below a base where each begins."""
        return {}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Route]]:
        return [(_pattern(route.path), route) for route in self.routes]

    @cached_property
    def request_schemas(self) -> dict[str, tuple[str, ...]]:
        """Return the request schemas of each operation."""
        found: dict[str, tuple[str, ...]] = {}
        for route in self.routes:
            names = (*found.get(route.operation, ()), *route.bodies.values())
            found[route.operation] = tuple(dict.fromkeys(names))
        return found

    def match(self, visit: Visit) -> None:
        """Find the operation. Raises Refusal: unknown_path, wrong_method, or retired_operation."""
        if visit.outside and not (visit.lenient or self.provider.rooted(visit.path)):
            raise Refusal("unknown_path", "path")
        path_known = False
        for pattern, route in self._patterns:
            found = pattern.fullmatch(visit.path)
            if not found:
                continue
            path_known = True
            if route.method == visit.request.method:
                visit.route, visit.operation = route, route.operation
                visit.arguments = {k: unquote(v) for k, v in found.groupdict().items()}
                break
        if visit.route is None:
            raise Refusal("wrong_method" if path_known else "unknown_path")
        if not visit.lenient and not self.provider.serves(visit.operation, visit.day):
            raise Refusal("retired_operation")

    def preflight(self, visit: Visit) -> Reply | None:
        """Answer a browser's OPTIONS request, which carries no key; None for any other."""
        if visit.request.method != "OPTIONS":
            return None
        visit.operation = "preflight"
        asked = visit.request.header("access-control-request-headers")
        allowed = (("access-control-allow-headers", asked),) if asked else ()
        return Reply(200, (*self.named("preflight"), *allowed, ("content-length", "0")))

    def authorize(self, visit: Visit) -> None:
        """Check the bearer key. Raises Refusal: missing_key or wrong_key."""
        scheme, _, key = (visit.request.header("authorization") or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise Refusal("missing_key")
        if key.startswith("sk-invalid") or (visit.keys and key not in visit.keys):
            raise Refusal("wrong_key", masked=masked(key))
        visit.authenticated = True

    def read(self, visit: Visit) -> None:
        """Turn the body into parameters. Raises Refusal: wrong_content_type, bad_json, bad_form."""
        route, request = visit.route, visit.request
        if request.body_limit is not None:
            raise Refusal("body_too_large", limit=request.body_limit, read=request.body_read)
        if route is None or not route.bodies:
            return
        header = request.header("content-type") or ""
        kind = media_type(header)
        if kind not in route.bodies:
            accepted = next(iter(route.bodies))
            raise Refusal("wrong_content_type", content_type=header, accepted=accepted)
        if kind == FORM:
            visit.body = "form"
            schema = self.provider.catalog.schema(route.bodies[kind]).document
            visit.params = form_params(read_form(request.body, header), schema)
        else:
            visit.params = read_json(request.body)

    def schema_name(self, visit: Visit) -> str | None:
        """Return the schema that judges this visit's body."""
        if visit.route is None or not visit.route.bodies:
            return None
        return visit.route.bodies[FORM if visit.body == "form" else JSON]

    def paths(self, model: Model) -> str:
        """Return the paths that take this model, as an error text lists them."""
        taken = (route.path for route in self.routes if route.operation in model.operations)
        return ", ".join(dict.fromkeys(taken))

    def seen(self, visit: Visit) -> Json:
        """Return the parameters as the schemas see them."""
        return as_json(visit.params) if visit.body == "form" else visit.params

    def operate(self, visit: Visit, call: Call) -> object:
        """Ask the operation for its result; a slow one comes as Work."""
        raise NotImplementedError

    def pictures(self, result: object) -> tuple[Json, ...]:
        """Return the drawing jobs whose pictures the reply must carry now."""
        raise NotImplementedError

    def write(self, visit: Visit, result: object, pictures: tuple[Artwork, ...]) -> Reply:
        """Write a result as the provider would."""
        raise NotImplementedError

    def refuse(self, visit: Visit, failure: Failure) -> Reply:
        """Write a refusal as the provider would."""
        raise NotImplementedError

    def lie(self, result: object, name: str) -> object:
        """Return a result whose pictures are as the fault `name` leaves them."""
        return result

    def prompt_of(self, visit: Visit) -> str:
        """Return the text that a request asks with, wherever it stands."""
        return ""

    def cost(self, visit: Visit, result: object) -> Decimal | None:
        """Return what a result would have cost live, in US dollars; None without a price."""
        return None

    def named(self, name: str, **values: str) -> Headers:
        """Return one of the provider's header sets, `{x}` filled."""
        found = self._sets.get(name)
        if found is None:
            rows = tuple(self.provider.headers.get(name, {}).items())
            found = self._sets[name] = (rows, any("{" in value for _, value in rows))
        rows, filled = found
        if not filled:
            return rows
        return tuple([(k, v.format_map(values) if "{" in v else v) for k, v in rows])


def masked(key: str) -> str:
    """Return a key as error texts show it: 8 characters, asterisks, 4; a short one whole."""
    return key if len(key) <= 12 else f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    out = "".join(
        re.escape(text) if index % 2 == 0 else f"(?P<{text}>.+)" for index, text in enumerate(parts)
    )
    return re.compile(out)
