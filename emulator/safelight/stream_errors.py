"""A provider's error events: what it says within a stream that breaks off, as rows of data.

Read from the `[[event]]` tables of `schemas/<provider>/errors*.toml`; the first one that fits wins.
What must not enter: a wording that a row could carry, and how a stream is cut (`bending`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from safelight.datafiles import known_keys
from safelight.messages import Json
from safelight.refusals import DataError

_KEYS = frozenset(
    {"id", "operations", "body", "event", "data", "done", "source", "checked", "unverified"}
)


@dataclass(frozen=True, slots=True)
class StreamError:
    """One row: in which streams it stands, and its bytes.

    `body` is the kind of request body it is for (any if None), `data` a JSON text, `event` the name
    of the event, if it has one. `done` tells that a closing `[DONE]` still follows.
    """

    id: str
    operations: tuple[str, ...]
    body: str | None
    event: str | None
    data: str
    done: bool
    source: str
    unverified: bool

    def fits(self, operation: str, body: str) -> bool:
        """Tell whether this row is about a stream of that operation."""
        spoken = not self.operations or any(fnmatchcase(operation, p) for p in self.operations)
        return spoken and self.body in (None, body)

    def frame(self) -> bytes:
        """Return the event as it stands in a stream, with its blank line."""
        name = f"event: {self.event}\n" if self.event else ""
        return f"{name}data: {self.data}\n\n".encode()


def stream_error(entry: dict[str, Json], path: Path) -> StreamError:
    """Return a row of a file. Raises DataError, with file and row, for a bad one."""
    where = f"event {entry.get('id', '?')}"
    known_keys(entry, _KEYS, path, where, sourced=True)
    for key in ("id", "data"):
        if not isinstance(entry.get(key), str):
            raise DataError(path, where, f"needs `{key}`, a text")
    try:
        json.loads(entry["data"])
    except ValueError as error:
        raise DataError(path, f"{where}.data", f"is no JSON: {error}") from error
    if "\n" in entry["data"]:
        raise DataError(path, f"{where}.data", "has to stand on one line")
    return StreamError(
        id=entry["id"],
        operations=tuple(entry.get("operations", ())),
        body=entry.get("body"),
        event=entry.get("event"),
        data=entry["data"],
        done=bool(entry.get("done", False)),
        source=str(entry["source"]),
        unverified=bool(entry.get("unverified", False)),
    )
