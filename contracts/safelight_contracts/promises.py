"""What a provider's contract says: read from its data, for one day.

Which schema a request, a reply and an event have is in `schemas/<provider>/contract.toml`; methods
and paths are the dialect's table, refusals the error rows. What must not enter: providers' names,
sending, checking.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from safelight.catalog import Model
from safelight.datafiles import known_keys, read_toml
from safelight.dialects import load_dialect
from safelight.dialects.base import FORM, Dialect, Route
from safelight.errors import Situation
from safelight.messages import Json
from safelight.provider import Provider
from safelight.refusals import DataError, Refusal, UsageError
from safelight.schemas import Schema
from safelight.violations import Violation

from safelight_contracts.cases import Case, Expectation

ANY = (
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}any\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
)
"""Stands in an expected text for what only the answer can tell: an id, a number of milliseconds."""

_KEYS = frozenset(
    {
        "operation", "below", "reply", "event", "stream", "done", "headers", "usage",
        "stream_usage", "seed", "mask", "size", "format", "vary", "values", "model_header",
        "stream_header", "wrap", "open", "source", "checked",
    }
)  # fmt: skip
_WORDS = {
    "stream": ("", "images", "chat", "sdk"),
    "done": ("never", "always", "optional"),
    "stream_usage": ("never", "asked", "always"),
}
_UNTOLD = ("request_id", "processing_ms", "masked", "ray", "id")


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised of one operation.

    `below` is the path under a base where its protocol begins. `bodies` maps "json" and "form" to
    request schemas. `reply` and `event` are schema names. `stream` is the kind of stream: "images",
    "chat", "sdk", or "" where nothing streams; `done` whether it ends with `[DONE]`: "always",
    "never", "optional". `headers` are on every answer. `usage`, `seed` and `mask` are globs over
    models: who tells what was used, repeats a picture for a seed, keeps to a mask. `stream_usage`
    is "asked", "always" or "never". `size` names the field or two that give a picture's size;
    `format` the format where none is asked for. `vary` are the fields that a paid request may vary,
    `values` what they take where the schema says too little. `model_header` and `stream_header`
    carry what elsewhere stands in the body. `open` tells that no key is asked for.
    """

    operation: str
    method: str
    path: str
    below: str = ""
    bodies: dict[str, str] = field(default_factory=dict)
    reply: str = ""
    event: str = ""
    stream: str = ""
    done: str = "never"
    headers: tuple[str, ...] = ()
    usage: tuple[str, ...] = ()
    stream_usage: str = "never"
    seed: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    size: tuple[str, ...] = ()
    format: str = ""
    vary: tuple[str, ...] = ()
    values: dict[str, list[Json]] = field(default_factory=dict)
    model_header: str = ""
    stream_header: str = ""
    open: bool = False
    source: str = ""


class Promises:
    """The contract of one provider on one day; one outside the package is given by its dialect.

    Raises UsageError for a name that is no provider's.
    """

    def __init__(self, provider: str | Provider | Dialect, day: datetime.date) -> None:
        if isinstance(provider, Provider):
            self.provider, self.dialect = provider, load_dialect(provider.name)
        else:
            self.dialect = load_dialect(provider) if isinstance(provider, str) else provider
            self.provider = self.dialect.provider
        self.day = day
        self._sent: dict[int, Schema] = {}

    @cached_property
    def rows(self) -> tuple[Promise, ...]:
        """Every operation that something is promised of. Raises DataError for bad data."""
        path = self.provider.folder / "contract.toml"
        table = read_toml(path)
        known_keys(table, frozenset({"operation"}), path, "(top)")
        found = [row for entry in table.get("operation", []) for row in self._row(entry)]
        return tuple(row for row in found if self.provider.serves(row.operation, self.day))

    def _row(self, entry: dict[str, Json]) -> Iterator[Promise]:
        path = self.provider.folder / "contract.toml"
        where = f"operation {entry.get('operation')}"
        known_keys(entry, _KEYS, path, where, sourced=True)
        below = entry.get("below", "")
        told: dict[str, Json] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in entry.items()
            if key != "checked"
        }
        route = _route(self._speaker(below), entry["operation"])
        if route is None:
            raise DataError(path, where, f"no route below {below or '/'} is called so")
        _check(entry, path, where)
        bodies = {"form" if kind == FORM else "json": name for kind, name in route.bodies.items()}
        for name in (*bodies.values(), entry.get("reply"), entry.get("event")):
            if name:
                self.schema(name)
        known = {key for name in bodies.values() for key in self._fields(name)}
        for key in (*entry.get("vary", ()), *entry.get("values", ()), *entry.get("size", ())):
            if key not in known:
                raise DataError(path, f"{where}.{key}", "no request schema has this property")
        yield Promise(method=route.method, path=below + route.path, bodies=bodies, **told)

    def _fields(self, name: str) -> Collection[str]:
        fields: Collection[str] = self.schema(name).document.get("properties", {})
        return fields

    def _speaker(self, below: str) -> Dialect:
        return self.dialect.annexes()[below] if below else self.dialect

    def of(self, operation: str, below: str = "") -> Promise:
        """Return what is promised of an operation. Raises UsageError naming the known ones."""
        for row in self.rows:
            if row.operation == operation and row.below == below:
                return row
        known = ", ".join(dict.fromkeys(row.operation for row in self.rows))
        raise UsageError(
            f"{self.provider.name} promises nothing of {operation!r}; known are {known}"
        )

    def row_of(self, case: Case) -> Promise | None:
        """Return what is promised of a case's operation; None where it asks for nothing known."""
        rows = [row for row in self.rows if row.operation == case.operation]
        fitting = [row for row in rows if case.path.startswith(row.below)]
        return max(fitting, key=lambda row: len(row.below), default=None)

    def models(self, operation: str) -> tuple[Model, ...]:
        """Return the models that do an operation on that day, in the catalogue's order.

        One that is listed and not served (the trait `unserved`) does nothing.
        """
        alive = (m for m in self.provider.catalog.models if m.alive(self.day))
        able = (model for model in alive if operation in model.operations)
        return tuple(model for model in able if "unserved" not in model.traits)

    def model(self, name: str) -> Model | None:
        """Return a model by its id, if it answers on that day."""
        found = self.provider.catalog.get(name, self.day)
        return found or self.provider.stand_in(name)

    def request(self, row: Promise, model: Model | str, body: str = "") -> Schema:
        """Return the request schema as a model narrows it; `body` is "json" or "form"."""
        name = row.bodies[body or next(iter(row.bodies))]
        found = self.model(model) if isinstance(model, str) else model
        catalog = self.provider.catalog
        whole = catalog.schema(name)
        if found is not None:
            whole = catalog.narrowed(name, row.operation, found, self.day)
        return self._sendable(whole) if row.stream_header else whole

    def _sendable(self, schema: Schema) -> Schema:
        """Return a schema without the field that travels in a header, where it cannot be wrong."""
        if id(schema) not in self._sent:
            parts = schema.document["properties"]
            kept = {name: part for name, part in parts.items() if name != "stream"}
            self._sent[id(schema)] = Schema({**schema.document, "properties": kept}, schema.name)
        return self._sent[id(schema)]

    def schema(self, name: str) -> Schema:
        """Return a schema of the provider by name."""
        return self.provider.catalog.schema(name)

    @cached_property
    def error(self) -> Schema | None:
        """The schema of the error envelope."""
        there = (self.provider.folder / "error.json").is_file()
        return self.schema("error") if there else None

    def promised(self, globs: tuple[str, ...], model: str) -> bool:
        """Tell whether one of a row's lists of models names this one."""
        return any(fnmatchcase(model, glob) for glob in globs)

    def expect(self, case: Case, why: Violation | Refusal | None = None) -> Expectation:
        """Return what the contract says of the answer to a case that breaks it so (or does not).

        Raises LookupError where no error row speaks of it.
        """
        row = self.row_of(case)
        if why is None:
            return Expectation(source=row.source if row else "")
        if isinstance(why, Violation) and not why.at and why.keyword == "type":
            why = Refusal("bad_json", reason=ANY)
        errors = self.provider.errors
        where = self.situation(case)
        failed = (
            errors.violated(why, where)
            if isinstance(why, Violation)
            else errors.refused(why, where)
        )
        return Expectation(
            status=failed.status,
            row=failed.row.id,
            error=failed.error if failed.text is None else None,
            unverified=failed.row.unverified,
            source=failed.row.source,
        )

    def situation(self, case: Case) -> Situation:
        """Return what error rows may ask about a case; what only the answer knows is `ANY`."""
        row = self.row_of(case)
        body = "sdk" if row is not None and row.model_header else case.body
        bases = self.provider.default_bases
        url = (bases[0] if bases else "") + case.path
        facts = {
            "method": case.method,
            "path": case.path,
            "url": url,
            **dict.fromkeys(_UNTOLD, ANY),
        }
        return Situation(case.operation, self.day, case.model, body, facts)


def _check(entry: dict[str, Json], path: Path, where: str) -> None:
    """Raise DataError for a word that nobody knows."""
    for key, words in _WORDS.items():
        if entry.get(key, words[0]) not in words:
            raise DataError(path, f"{where}.{key}", f"expected one of {', '.join(words)}")


def _route(speaker: Dialect, operation: str) -> Route | None:
    return next((route for route in speaker.routes if route.operation == operation), None)
