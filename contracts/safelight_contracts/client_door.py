"""The door to the world that a client is tried in: a session's control plane, by HTTP or in place.

Everything that the judge of clients tells or asks the emulator goes through these public pages.
What must not enter: what an answer means, the emulator's own rooms.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from safelight.messages import Json, Request
from safelight.refusals import UsageError

_PAGES = "/_safelight/"
_TIMEOUT = 30.0
"""Seconds that a page may take to come."""

_FAR = 10**12
"""A position of the journal that none reaches: only how many exchanges there are is asked."""

_MANY = 1000
"""Exchanges that one page of the journal shows at most."""

Ask = Callable[[str, str, bytes], tuple[int, bytes]]
"""Method, path with query, body: what comes back is a status and a body."""


def over_http(origin: str, session: str) -> Ask:
    """Return a way to a session of a running server. `origin` is http://host:port."""
    base = origin.rstrip("/") + (f"/s/{session}" if session else "")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        data = body if method in ("POST", "PUT") else None
        request = urllib.request.Request(base + path, data, method=method)  # noqa: S310 - http
        try:
            with opener.open(request, timeout=_TIMEOUT) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError as error:
            text = f"no Safelight answers at {origin} ({error}); start one by `safelight serve`"
            raise UsageError(text) from error

    return ask


def in_place(world: Any) -> Ask:  # noqa: ANN401 - the plugin's World, which the judge never imports
    """Return a way to the session of the pytest plugin's world, without a socket."""

    def ask(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        path, _, query = path.partition("?")
        reply = world.answer(Request(method, path, query, body=body))
        return reply.status, reply.body

    return ask


class Door:
    """One session, from an example's begin to its end."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._since = 0
        self._told: set[str] = set()

    def begin(self, answers: Sequence[Json] = (), steps: Sequence[Json] = ()) -> None:
        """Begin an example: from here on these answers and faults await the client's requests."""
        self.end()
        if steps:
            self._told.add("scenario")
            self._page("PUT", "scenario", {"steps": list(steps)})
        if answers:
            self._told.add("answers")
            self._page("POST", "answers", {"answers": list(answers)})
        self._since = int(self._page("GET", f"journal?after={_FAR}&limit=1")["total"])

    def end(self) -> None:
        """Leave nothing behind that a later request would meet."""
        for page in sorted(self._told):
            self._page("DELETE", page)
        self._told.clear()

    def exchanges(self) -> list[dict[str, Json]]:
        """Return what the client has asked in this example, oldest first."""
        page = self._page("GET", f"journal?after={self._since}&limit={_MANY}")
        found: list[dict[str, Json]] = page["exchanges"]
        return found

    def verdict(self) -> list[dict[str, Json]]:
        """Return what the journal of this example holds against the client."""
        found: list[dict[str, Json]] = self._page("GET", f"verdict?after={self._since}")["findings"]
        return found

    def given(self, *, brief: bool = False) -> list[dict[str, Json]]:
        """Return the replies that were given by answers, whole, or only who got them."""
        name = "answers?brief=true" if brief else "answers"
        found: list[dict[str, Json]] = self._page("GET", name)["given"]
        return found

    def forget(self) -> None:
        """Drop the session."""
        self._page("DELETE", "session")

    def _page(self, method: str, name: str, body: Json = None) -> Any:  # noqa: ANN401 - a page's JSON
        data = b"" if body is None else orjson.dumps(body)
        status, said = self._ask(method, _PAGES + name, data)
        try:
            document = orjson.loads(said)
        except orjson.JSONDecodeError as error:
            raise UsageError(f"{_PAGES}{name} answers no JSON: is that a Safelight?") from error
        if status >= 400:
            raise UsageError(f"{_PAGES}{name}: {document['error']['message']}")
        return document
