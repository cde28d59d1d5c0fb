"""What every page of the control plane gets: the session asked about, and the request, to be read.

What must not enter: what a page tells or changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from safelight import legal
from safelight.messages import Json, Request
from safelight.read import read_json
from safelight.refusals import Refusal, UsageError
from safelight.store import Canned, MemoryStore, Session

if TYPE_CHECKING:
    from safelight.provider import Provider


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page may look at and change. `now` is the real time, `session` the one asked about."""

    store: MemoryStore
    providers: tuple[Provider, ...]
    session: Session
    request: Request
    now: float
    library: Canned | None = None

    def body(self) -> dict[str, Json]:
        """Return the request's JSON object; an empty body is an empty one. Raises UsageError."""
        if self.request.body_limit is not None:
            raise UsageError(
                f"the body has more than {self.request.body_limit} bytes; --max-body sets the limit"
            )
        if not self.request.body:
            return {}
        try:
            return read_json(self.request.body)
        except Refusal as refusal:
            raise UsageError(f"the body is no JSON object: {refusal.facts['reason']}") from refusal

    def query(self, *known: str) -> dict[str, str]:
        """Return the query's parameters. Raises UsageError for one that nobody reads."""
        found = dict(parse_qsl(self.request.query, keep_blank_values=True))
        for key in found:
            if key not in known:
                told = f"known are {', '.join(known)}" if known else "this page takes none"
                raise UsageError(f"unknown parameter {key!r}; {told}")
        return found

    def only(self, body: dict[str, Json], *known: str) -> None:
        """Raise UsageError for a key that nobody reads."""
        for key in body:
            if key not in known:
                raise UsageError(f"unknown key {key!r}; known are {', '.join(known)}")

    def check_names(self, match: dict[str, Json], where: str) -> None:
        """Raise UsageError for an operation, a provider or a fault that fits none there is."""
        legal.check_names(match, where, self.providers)


def number(query: dict[str, str], key: str, default: int) -> int:
    """Return a whole number of a query. Raises UsageError for a text that is none."""
    text = query.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise UsageError(f"{key} is a whole number, got {text!r}")
    return int(text)
