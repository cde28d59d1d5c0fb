"""A provider's error rows: which one fits a violation or a refusal, and its text filled in.

Read from `schemas/<provider>/errors*.toml`; the first row that fits wins. Filling gives the fields
of the error object; the dialect makes bytes of them.

What must not enter: a status code, a wording or a name that a row could carry.
"""

from __future__ import annotations

import datetime
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from safelight.datafiles import as_date, data_dir, in_force, known_keys, read_toml
from safelight.messages import Json
from safelight.phrases import Phrases, phrase_facts
from safelight.refusals import DataError, Refusal
from safelight.stream_errors import StreamError, stream_error
from safelight.violations import Violation

_ROW_KEYS = frozenset(
    {
        "id", "operations", "models", "violation", "refusal", "fault", "rule", "at",
        "body", "since", "until", "status", "layout", "error", "headers", "extra",
        "source", "checked", "unverified", "content_type", "text", "delay",
    }
)  # fmt: skip


SHARED = "errors.faults.toml"
"""The rows that every provider has after its own: what nobody has documented, said plainly."""

_WHEN = ("violation", "rule", "refusal", "fault")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: when it applies, and what it answers.

    `text` replaces the JSON body, `delay` is how many seconds pass before the answer.
    """

    id: str
    operations: tuple[str, ...]
    models: tuple[str, ...]
    violation: tuple[str, ...]
    refusal: tuple[str, ...]
    fault: tuple[str, ...]
    rule: str | None
    at: tuple[str, ...]
    body: str | None
    since: datetime.date | None
    until: datetime.date | None
    status: int
    layout: str
    error: dict[str, str] | None
    extra: dict[str, Json]
    headers: dict[str, str]
    text: str | None
    content_type: str | None
    delay: float
    source: str
    unverified: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a refusal happened: everything a row may ask about, and facts its template may name."""

    operation: str
    day: datetime.date
    model: str = ""
    body: str = "json"
    facts: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """A row with its templates filled: what the dialect turns into a reply."""

    row: Row
    status: int
    error: dict[str, Json] | None
    headers: dict[str, str]
    text: str | None


class ErrorTable:
    """All error rows of one provider, and the events that its broken streams end with."""

    def __init__(
        self,
        provider: str,
        rows: tuple[Row, ...],
        phrases: Phrases,
        events: tuple[StreamError, ...],
    ) -> None:
        self.provider = provider
        self.rows = rows
        self.phrases = phrases
        self.events = events

    def violated(self, violation: Violation, where: Situation) -> Failure:
        """Return the answer to a schema violation. Raises LookupError if no row covers it."""
        facts = phrase_facts(violation, self.phrases, form=where.body == "form")
        for row in self.rows:
            if _speaks_of(row, violation) and _fits(row, where, str(facts["at"])):
                return fill(row, {**where.facts, **facts, "model": where.model})
        raise LookupError(f"no row in {self.provider} for {violation} in {where.operation}")

    def refused(self, refusal: Refusal, where: Situation) -> Failure:
        """Return the answer to a named refusal. Raises LookupError if no row covers it."""
        facts = {**where.facts, "model": where.model, "at": refusal.at, **refusal.facts}
        for row in self.rows:
            if refusal.name in row.refusal and _fits(row, where, refusal.at or ""):
                return fill(row, facts)
        raise LookupError(f"no row in {self.provider} for {refusal.name!r} in {where.operation}")

    def faulted(self, names: Sequence[str], where: Situation) -> Failure:
        """Return the answer to a refusal that was called for, by the first name that has a row.

        Raises LookupError without a row.
        """
        for name in names:
            for row in self.rows:
                if name in row.fault and _fits(row, where, ""):
                    return self.answer(row, where)
        raise LookupError(f"no row in {self.provider} for fault {names!r} in {where.operation}")

    def streamed(self, where: Situation) -> StreamError:
        """Return what a stream says that breaks off here. Raises LookupError without a row."""
        for event in self.events:
            if event.fits(where.operation, where.body):
                return event
        raise LookupError(f"no event in {self.provider} for {where.operation}")

    def answer(self, row: Row, where: Situation) -> Failure:
        """Return what a row says here, whether it fits or not."""
        return fill(row, {**where.facts, "model": where.model, "at": None})


def _speaks_of(row: Row, violation: Violation) -> bool:
    """Tell whether a row is about this: its rule if a rule spoke, else its keyword."""
    if violation.rule or row.rule:
        return row.rule is not None and row.rule == violation.rule
    return bool(row.violation) and _any(violation.keyword, row.violation)


def _any(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _fits(row: Row, where: Situation, at: str) -> bool:
    return (
        in_force(row.since, row.until, where.day)
        and (not row.operations or _any(where.operation, row.operations))
        and (not row.models or _any(where.model, row.models))
        and (row.body is None or row.body == where.body)
        and (not row.at or _any(at, row.at))
    )


class _Template(string.Formatter):
    """`str.format` with plain names only: a value such as `{x}` in a prompt is never expanded."""

    def get_field(self, field_name: str, args: Json, kwargs: Json) -> tuple[Json, str]:  # noqa: ARG002 - the signature is string.Formatter's
        return kwargs[field_name], field_name


_TEMPLATE = _Template()


def fill(row: Row, facts: dict[str, Json]) -> Failure:
    """Return the row's answer with every template filled from `facts`."""

    def put(template: Json) -> Json:
        if isinstance(template, dict):
            return {key: put(value) for key, value in template.items()}
        if not isinstance(template, str):
            return template
        if template.startswith("{") and template.endswith("}") and template[1:-1] in facts:
            return facts[template[1:-1]]
        return _TEMPLATE.vformat(template, (), facts)

    error = {key: put(value) for key, value in row.error.items()} if row.error is not None else None
    if error is not None:
        error |= {
            key: facts[name] for key, name in row.extra.items() if facts.get(name) is not None
        }
    headers = {key: str(put(value)) for key, value in row.headers.items()}
    return Failure(row, row.status, error, headers, put(row.text) if row.text is not None else None)


def load_errors(provider: str, phrases: Phrases, root: Path | None = None) -> ErrorTable:
    """Return a provider's error table. Raises DataError, with file and row, for a bad row."""
    home = data_dir("schemas")
    folder = (root or home) / provider
    rows: list[Row] = []
    events: list[StreamError] = []
    for path in (*sorted(folder.glob("errors*.toml")), home / SHARED):
        table = read_toml(path)
        known_keys(table, frozenset({"row", "event"}), path, "(top)")
        for entry in table.get("row", []):
            row = _row(entry, path)
            if any(row.id == other.id for other in rows):
                raise DataError(path, row.id, "is listed twice")
            rows.append(row)
        events += [stream_error(entry, path) for entry in table.get("event", [])]
    return ErrorTable(provider, tuple(rows), phrases, tuple(events))


def _row(entry: dict[str, Json], path: Path) -> Row:
    where = f"row {entry.get('id', '?')}"
    known_keys(entry, _ROW_KEYS, path, where, sourced=True)
    for key in ("id", "status"):
        if key not in entry:
            raise DataError(path, where, f"needs `{key}`")
    _check_templates(entry, path, where)
    if not isinstance(entry["status"], int) or not 400 <= entry["status"] < 600:
        problem = f"expected an HTTP status from 400 to 599, got {entry['status']!r}"
        raise DataError(path, f"{where}.status", problem)
    if not any(key in entry for key in _WHEN):
        raise DataError(path, where, f"needs one of {', '.join(_WHEN)}: when does it apply?")
    return Row(
        id=entry["id"],
        operations=_words(entry.get("operations")),
        models=_words(entry.get("models")),
        violation=_words(entry.get("violation")),
        refusal=_words(entry.get("refusal")),
        fault=_words(entry.get("fault")),
        rule=entry.get("rule"),
        at=_words(entry.get("at")),
        body=entry.get("body"),
        since=as_date(entry.get("since"), path, f"{where}.since"),
        until=as_date(entry.get("until"), path, f"{where}.until"),
        status=entry["status"],
        layout=entry.get("layout", ""),
        error=entry.get("error"),
        extra=entry.get("extra", {}),
        headers=entry.get("headers", {}),
        text=entry.get("text"),
        content_type=entry.get("content_type"),
        delay=float(entry.get("delay", 0)),
        source=str(entry["source"]),
        unverified=bool(entry.get("unverified", False)),
    )


def _check_templates(entry: dict[str, Json], path: Path, where: str) -> None:
    """Raise DataError for a text that is not a template of plain `{names}`."""
    texts = {"text": entry.get("text"), **entry.get("error", {}), **entry.get("headers", {})}
    for key, text in _flat(texts):
        if text is None or isinstance(text, (bool, int, float)):
            continue  # stays as it is
        try:
            names = [name for _, name, _, _ in _TEMPLATE.parse(text) if name is not None]
        except (ValueError, TypeError) as error:
            raise DataError(path, f"{where}.{key}", f"not a template: {error}") from error
        if not all(name.isidentifier() for name in names):
            raise DataError(path, f"{where}.{key}", "not a template: names are plain words")


def _flat(texts: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield every text with its key, those of inner objects too."""
    for key, text in texts.items():
        if isinstance(text, dict):
            yield from _flat(text)
        else:
            yield key, text


def _words(value: Json) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
