"""The catalogue of one provider: its models, who can do what, since and until when, at what price.

Read from `schemas/<provider>/models*.toml`. A catalogue answers for a day: a model that was retired
yesterday is unknown today, and an earlier day brings it back.

What must not enter: request handling, wording of errors.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from safelight.datafiles import as_date, data_dir, in_force, known_keys, read_toml
from safelight.messages import Json
from safelight.narrowing import Narrowing, check_targets, narrow, read_narrowing
from safelight.refusals import DataError
from safelight.schemas import Schema, load

_MODEL_KEYS = frozenset(
    {
        "id", "kind", "operations", "narrow", "created", "owned_by", "since", "until", "shutdown",
        "snapshot", "traits", "prices", "source", "checked", "listed", "entry",
    }
)  # fmt: skip


_MOST = 4096
"""Narrowed schemas that are kept; a day has about a hundred."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model as the provider sells it.

    `operations` are names such as `images.generate`. `since` is its first day, `until` the first
    day on which it is gone. `shutdown` is an announced date. `snapshot` is the id that replies name
    when it differs. `traits` are facts that operations read, `prices` are in US dollars, `entry`
    holds more fields of the provider's own list entry. `created` is in epoch seconds.
    """

    id: str
    kind: str
    operations: tuple[str, ...]
    narrow: tuple[str, ...]
    created: int
    owned_by: str
    since: datetime.date | None
    until: datetime.date | None
    shutdown: datetime.date | None
    snapshot: str | None
    source: str
    checked: datetime.date
    traits: dict[str, Json] = field(default_factory=dict)
    prices: dict[str, Json] = field(default_factory=dict)
    entry: dict[str, Json] = field(default_factory=dict)
    listed: bool = True

    def alive(self, day: datetime.date) -> bool:
        """Tell whether the model answers on that day."""
        return in_force(self.since, self.until, day)


class Catalog:
    """The models of one provider, and the schemas narrowed for them."""

    def __init__(
        self,
        provider: str,
        models: tuple[Model, ...],
        narrowings: dict[str, Narrowing],
        root: Path | None = None,
    ) -> None:
        self.provider = provider
        self.models = models
        self.narrowings = narrowings
        self._root = root
        self._by_id = {model.id: model for model in models}
        self._schemas: dict[str, Schema] = {}
        self._alive: tuple[datetime.date, tuple[Model, ...]] | None = None
        self._asked: dict[tuple[str, str, tuple[str, ...], datetime.date], Schema] = {}
        self._narrowed: dict[tuple[str, tuple[str, ...]], Schema] = {}

    @property
    def folder(self) -> Path:
        """The folder of this provider's data."""
        return (self._root or data_dir("schemas")) / self.provider

    def get(self, model: str, day: datetime.date) -> Model | None:
        """Return the model of that id if it answers on that day."""
        found = self._by_id.get(model)
        return found if found and found.alive(day) else None

    def known(self, model: str) -> Model | None:
        """Return the model of that id whether or not it still (or already) answers."""
        return self._by_id.get(model)

    def alive(self, day: datetime.date) -> tuple[Model, ...]:
        """Return the models that the provider lists on a day: for the same day the same tuple."""
        if self._alive is None or self._alive[0] != day:
            self._alive = day, tuple(m for m in self.models if m.alive(day) and m.listed)
        return self._alive[1]

    def schema(self, name: str) -> Schema:
        """Return a schema of this provider by file name, without any model's limits."""
        if name not in self._schemas:
            self._schemas[name] = load(self.provider, name, root=self._root)
        return self._schemas[name]

    def narrowed(self, name: str, operation: str, model: Model, day: datetime.date) -> Schema:
        """Return the schema as that model narrows it on that day. Kept: few combinations exist."""
        asked = (name, operation, model.narrow, day)
        if asked not in self._asked:
            if len(self._asked) >= _MOST:
                self._asked.clear()  # a test may walk through all days of a century
            self._asked[asked] = self._narrow(name, operation, model, day)
        return self._asked[asked]

    def _narrow(self, name: str, operation: str, model: Model, day: datetime.date) -> Schema:
        chosen = tuple(n for n in model.narrow if self.narrowings[n].applies(operation, day))
        key = (name, chosen)
        if key not in self._narrowed:
            limits = [self.narrowings[n] for n in chosen]
            base = self.schema(name)
            self._narrowed[key] = narrow(base, limits) if limits else base
        return self._narrowed[key]

    def check(self, bodies: dict[str, tuple[str, ...]]) -> None:
        """Prove the data: `bodies` maps an operation to its request schemas. Raises DataError."""
        asked = [name for names in bodies.values() for name in names]
        replies = sorted(path.stem for path in self.folder.glob("*.json"))
        for name in dict.fromkeys((*asked, *replies)):
            self.schema(name)
        for narrowing in self.narrowings.values():
            names = [n for op, schemas in bodies.items() if _covers(narrowing, op) for n in schemas]
            schemas = [self.schema(name) for name in names]
            check_targets(narrowing, schemas)
            for schema in schemas:
                narrow(schema, [narrowing])


def _covers(narrowing: Narrowing, operation: str) -> bool:
    day = narrowing.since or (narrowing.until or datetime.date.max) - datetime.timedelta(days=1)
    return narrowing.applies(operation, day)


@lru_cache(maxsize=32)
def load_catalog(provider: str, root: Path | None = None) -> Catalog:
    """Return a provider's catalogue. Raises DataError, with file and key, for bad data."""
    folder = (root or data_dir("schemas")) / provider
    models: list[Model] = []
    narrowings: dict[str, Narrowing] = {}
    for path in sorted(folder.glob("models*.toml")):
        table = read_toml(path)
        known_keys(table, frozenset({"narrowing", "model"}), path, "(top)")
        for name, part in table.get("narrowing", {}).items():
            if name in narrowings:
                raise DataError(path, f"narrowing.{name}", "is defined twice")
            narrowings[name] = read_narrowing(name, part, path)
        models += [_model(row, path) for row in table.get("model", [])]
    _check_models(models, narrowings, folder)
    return Catalog(provider, tuple(models), narrowings, root)


def _check_models(models: list[Model], narrowings: dict[str, Narrowing], folder: Path) -> None:
    seen: set[str] = set()
    for model in models:
        if model.id in seen:
            raise DataError(folder, model.id, "is listed twice")
        seen.add(model.id)
        for name in model.narrow:
            if name not in narrowings:
                raise DataError(folder, f"{model.id}.narrow", f"no narrowing is called {name!r}")


def _model(row: dict[str, Json], path: Path) -> Model:
    where = f"model {row.get('id', '?')}"
    known_keys(row, _MODEL_KEYS, path, where, sourced=True)
    for key in ("id", "kind", "operations", "created", "owned_by"):
        if key not in row:
            raise DataError(path, where, f"needs `{key}`")
    checked = as_date(row["checked"], path, f"{where}.checked")
    assert checked is not None  # known_keys refused its absence
    return Model(
        id=row["id"],
        kind=row["kind"],
        operations=tuple(row["operations"]),
        narrow=tuple(row.get("narrow", ())),
        created=row["created"],
        owned_by=row["owned_by"],
        since=as_date(row.get("since"), path, f"{where}.since"),
        until=as_date(row.get("until"), path, f"{where}.until"),
        shutdown=as_date(row.get("shutdown"), path, f"{where}.shutdown"),
        snapshot=row.get("snapshot"),
        source=row["source"],
        checked=checked,
        traits=row.get("traits", {}),
        prices=row.get("prices", {}),
        entry=row.get("entry", {}),
        listed=row.get("listed", True),
    )
