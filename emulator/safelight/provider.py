"""One provider's data, all of it: provider.toml, its catalogue, its error rows.

What must not enter: request handling. Which providers exist is `dialects.REGISTRY`'s business.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path

from safelight.catalog import Catalog, Model, load_catalog
from safelight.datafiles import as_date, data_dir, in_force, known_keys, read_toml
from safelight.errors import ErrorTable, load_errors
from safelight.messages import Json
from safelight.phrases import Phrases
from safelight.refusals import DataError

_KEYS = frozenset(
    {
        "name", "title", "hosts", "bases", "default_bases", "lenient_bases", "origin_paths", "env",
        "phrases", "default_model", "any_model", "retired", "headers", "facts", "source", "checked",
    }
)  # fmt: skip
_DEFAULT_KEYS = frozenset(
    {"operations", "model", "beside", "since", "until", "lenient", "source", "checked"}
)
_RETIRED_KEYS = frozenset({"operation", "since", "until", "source", "checked"})


@dataclass(frozen=True, slots=True)
class DefaultModel:
    """The model of a request that names none, while the dates hold.

    `beside` names fields of which the request must have one.
    """

    operations: tuple[str, ...]
    model: str
    beside: tuple[str, ...]
    since: datetime.date | None
    until: datetime.date | None
    lenient: bool

    def speaks(self, operation: str, day: datetime.date, fields: Collection[str]) -> bool:
        """Tell whether this row is about such a request on that day."""
        named = any(fnmatchcase(operation, pattern) for pattern in self.operations)
        beside = not self.beside or any(field in fields for field in self.beside)
        return named and beside and in_force(self.since, self.until, day)


@dataclass(frozen=True)
class Provider:
    """A provider as data; its catalogue and error rows are read when they are first asked for.

    `phrases` are the nouns of its error texts, `root` the folder above its own where that is not
    the package's. `headers` are named sets, `facts` whatever else its dialect reads.
    `any_model` names the catalogue's row like which every id that has no row is answered.
    `origin_paths` are whole paths that clients derive from the origin, whatever their base is.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    bases: tuple[str, ...]
    default_bases: tuple[str, ...]
    lenient_bases: tuple[str, ...]
    origin_paths: tuple[str, ...]
    env: dict[str, str]
    headers: dict[str, dict[str, str]]
    facts: dict[str, Json]
    defaults: tuple[DefaultModel, ...]
    retired: dict[str, tuple[datetime.date | None, datetime.date | None]]
    phrases: dict[str, str]
    any_model: str | None = None
    root: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder of its data."""
        return (self.root or data_dir("schemas")) / self.name

    @cached_property
    def catalog(self) -> Catalog:
        """Its models. Raises DataError, with file and key, for bad data."""
        found = load_catalog(self.name, self.root)
        if self.any_model is not None and found.known(self.any_model) is None:
            missing = f"no row of models*.toml is called {self.any_model!r}"
            raise DataError(found.folder / "provider.toml", "any_model", missing)
        return found

    @cached_property
    def errors(self) -> ErrorTable:
        """Its refusals. Raises DataError, with file and row, for bad data."""
        return load_errors(self.name, Phrases.of(self.phrases), self.root)

    def stand_in(self, name: str) -> Model | None:
        """Return a model of that name at a provider that takes any, else None."""
        like = self.catalog.known(self.any_model) if self.any_model else None
        return replace(like, id=name) if like else None

    def default_model(
        self, operation: str, day: datetime.date, fields: Collection[str] = (), *, lenient: bool
    ) -> str | None:
        """Return the model that a request without one gets, or None where it must name one.

        `fields` are the names that the request has.
        """
        for row in self.defaults:
            if (lenient or not row.lenient) and row.speaks(operation, day, fields):
                return row.model
        return None

    def check(self, operations: Collection[str]) -> None:
        """Prove what names other data: models and operations. Raises DataError."""
        path = self.folder / "provider.toml"
        for row in self.defaults:
            if self.catalog.known(row.model) is None:
                problem = f"no row of models*.toml is called {row.model!r}"
                raise DataError(path, "default_model", problem)
        for operation in self.retired:
            if operation not in operations:
                raise DataError(path, "retired", f"no route has the operation {operation!r}")

    def rooted(self, path: str) -> bool:
        """Tell whether a path that stands below none of the bases with a name may be served."""
        return "" in self.default_bases or path in self.origin_paths

    def serves(self, operation: str, day: datetime.date) -> bool:
        """Tell whether the operation exists on that day."""
        since, until = self.retired.get(operation, (None, None))
        return in_force(since, until, day)


@lru_cache(maxsize=32)
def load_provider(name: str, root: Path | None = None) -> Provider:
    """Return a provider's data. Raises DataError, with file and key, for bad data."""
    path = (root or data_dir("schemas")) / name / "provider.toml"
    table = read_toml(path)
    known_keys(table, _KEYS, path, "(top)", sourced=True)
    for key in ("name", "title", "bases"):
        if key not in table:
            raise DataError(path, key, "is missing")
    if table["name"] != name:
        raise DataError(path, "name", f"says {table['name']!r} in the folder {name!r}")
    return Provider(
        name=name,
        title=table["title"],
        hosts=tuple(table.get("hosts", ())),
        bases=tuple(table["bases"]),
        default_bases=tuple(table.get("default_bases", ())),
        lenient_bases=tuple(table.get("lenient_bases", ())),
        origin_paths=tuple(table.get("origin_paths", ())),
        env=table.get("env", {}),
        headers=table.get("headers", {}),
        facts=table.get("facts", {}),
        defaults=tuple(_default(row, path) for row in table.get("default_model", [])),
        retired=dict(_retired(row, path) for row in table.get("retired", [])),
        phrases=table.get("phrases", {}),
        any_model=table.get("any_model"),
        root=root,
    )


def _default(row: dict[str, Json], path: Path) -> DefaultModel:
    known_keys(row, _DEFAULT_KEYS, path, "default_model", sourced=True)
    return DefaultModel(
        operations=tuple(row["operations"]),
        model=row["model"],
        beside=tuple(row.get("beside", ())),
        since=as_date(row.get("since"), path, "default_model.since"),
        until=as_date(row.get("until"), path, "default_model.until"),
        lenient=bool(row.get("lenient", False)),
    )


def _retired(
    row: dict[str, Json], path: Path
) -> tuple[str, tuple[datetime.date | None, datetime.date | None]]:
    known_keys(row, _RETIRED_KEYS, path, "retired", sourced=True)
    since = as_date(row.get("since"), path, "retired.since")
    return row["operation"], (since, as_date(row.get("until"), path, "retired.until"))
