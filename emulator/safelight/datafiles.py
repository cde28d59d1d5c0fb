"""Where the data lies: the one function that knows a checkout from an installed wheel.

What must not enter: knowledge of what is in the files.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from safelight.kept import kept
from safelight.messages import Json
from safelight.refusals import DataError

_PACKAGE = Path(__file__).resolve().parent


def data_dir(kind: str) -> Path:
    """Return the folder `schemas` or `fixtures`, in a wheel or in a checkout. Raises DataError."""
    for place in (_PACKAGE / "_data" / kind, _PACKAGE.parents[1] / kind):
        if place.is_dir():
            return place
    raise DataError(_PACKAGE, kind, "the data folder is missing; reinstall safelight")


def read_toml(path: Path) -> dict[str, Json]:
    """Return a TOML file as a table. Raises DataError with file and line when it is not TOML."""
    return kept(path.parent, path.name, lambda: _parse(path))


def _parse(path: Path) -> dict[str, Json]:
    import tomllib  # seldom needed: parsed tables are kept

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(path, "(file)", "is missing") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(path, "(syntax)", str(error)) from error


def known_keys(
    table: dict[str, Json],
    allowed: frozenset[str],
    path: Path,
    where: str,
    *,
    sourced: bool = False,
) -> None:
    """Raise DataError for a key that nobody reads and, if `sourced`, for a fact without origin."""
    for key in table:
        if key not in allowed:
            legal = ", ".join(sorted(allowed))
            raise DataError(path, f"{where}.{key}", f"unknown key; known are {legal}")
    if sourced:
        for key in ("source", "checked"):
            if not table.get(key):
                raise DataError(path, where, f"needs `{key}`: every provider fact has an origin")


def as_date(value: Json, path: Path, where: str) -> datetime.date | None:
    """Return a TOML date (or None). Raises DataError for anything else."""
    if value is None:
        return None
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    raise DataError(path, where, f"expected a date such as 2026-11-20, got {value!r}")


def in_force(since: datetime.date | None, until: datetime.date | None, day: datetime.date) -> bool:
    """Tell whether a dated fact holds on that day: `since` is the first, `until` the first not."""
    return (since is None or since <= day) and (until is None or day < until)
