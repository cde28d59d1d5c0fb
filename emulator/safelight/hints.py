"""Where a request that found nothing may have wanted to go: a header beside the provider's answer.

A live 404 can be bare, and most of them here come from a base URL that lacks a segment or has one
too many. What must not enter: a change of the answer itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from safelight.dialects.base import Visit
from safelight.messages import Reply
from safelight.refusals import Refusal

Addresses = Callable[[], Iterable[tuple[str, str]]]

HEADER = "x-safelight-hint"
_LOST = frozenset({"unknown_path", "unknown_path_posted", "wrong_method"})
_NEAR = 0.8
_SHOWN = 200
"""Characters of a path that a hint repeats."""


def hinted(visit: Visit, refusal: Refusal, reply: Reply, addresses: Addresses) -> Reply:
    """Return the reply to a refusal, with a hint where the request found no operation.

    `addresses` gives method and path of every operation, at every base.
    """
    if refusal.name == "retired_operation":
        text = _retired(visit)
    elif refusal.name in _LOST:
        text = _near(visit, addresses())
    else:
        return reply
    return replace(reply, headers=(*reply.headers, (HEADER, text)))


def logged(reply: Reply | None) -> str:
    """Return what a log line says of a reply's hint."""
    told = [value for name, value in (reply.headers if reply else ()) if name == HEADER]
    return f" hint={told[0]!r}" if told else ""


def _retired(visit: Visit) -> str:
    since, until = visit.dialect.provider.retired[visit.operation]
    if until is not None and visit.day >= until:
        return f"{visit.operation} was retired on {until}; --as-of an earlier day serves it"
    return f"{visit.operation} exists from {since} on; --as-of a later day serves it"


def _near(visit: Visit, addresses: Iterable[tuple[str, str]]) -> str:
    """Return the operation whose address is nearest, or where the bases are told."""
    from difflib import get_close_matches  # seldom needed

    world = f"/s/{visit.session.name}" if visit.session.name else ""
    path = re.sub(r"[^!-~]", "?", visit.request.path.removeprefix(world))
    method = visit.request.method
    asked = f"no operation is at {method} {path[:_SHOWN]}"
    last = path.rstrip("/").rpartition("/")[2]
    known: dict[str, list[str]] = {}
    for verb, address in addresses:
        known.setdefault(re.sub(r"\{[^}]*\}", lambda _: last, address), []).append(verb)
    found = get_close_matches(path[:_SHOWN], known, 1, _NEAR)
    if not found:
        return f"{asked}; GET /_safelight/providers lists the bases that are served"
    verbs = known[found[0]]
    verb = method if method in verbs else verbs[0]
    return f"{asked}; near is {verb} {world}{found[0]}"
