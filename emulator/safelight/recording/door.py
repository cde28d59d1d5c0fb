"""Who is let through to the service, below its base and meant for this recorder, and what goes on.

A path says nothing about a host, and its `Host` header may say anything: a recorder is reached by
many names. A request that names a host in its first line means that host, as clients of an HTTP
proxy do: only the service itself and this recorder are served. What must not enter: money, what is
kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from safelight.messages import Headers, Reply, Request
from safelight.provider import Provider
from safelight.recording.clients import own
from safelight.recording.upstream import HOP, Origin

if TYPE_CHECKING:
    from starlette.types import Scope

_OWN = HOP | {"host", "content-length", "accept-encoding", "expect"}
_LONG = 200
"""Letters of a stranger's target that an answer repeats."""


def refusal(request: Request, path: str | None, provider: Provider, origin: Origin) -> Reply | None:
    """Return why a request is not forwarded, or None. `path` is the one below the base, if any."""
    if path is None:
        bases = " or ".join(base or "/" for base in provider.bases)
        shown = request.path[:_LONG]
        why = f"{shown} is not below {bases}: only {origin.base} is forwarded to"
        return own(404, "not_forwarded", why)
    if any(unquote(step) in (".", "..") for step in path.split("/")) or "\\" in path:
        return own(400, "not_forwarded", f"{request.path[:_LONG]} leads out of {origin.base}")
    if request.body_limit is not None:
        why = f"the request is larger than {request.body_limit} bytes; --max-body sets that"
        return own(413, "body_too_large", why)
    return None


def misdirected(scope: Scope, origin: Origin) -> Reply | None:
    """Return why a request is not ours to forward that names a host as its target, or None."""
    target: str = (scope.get("raw_path") or b"").decode("latin-1")
    if scope["method"] == "CONNECT":
        why = f"this is no proxy for other hosts: no tunnel to {target[:_LONG]}"
    elif target.startswith("/") or "://" not in target or _meant(target, scope, origin):
        return None
    else:
        why = f"this is no proxy for other hosts: {target[:_LONG]} is not below {origin.base}"
    return own(400, "not_forwarded", f"{why}; let the client's base URL be this recorder's")


def _meant(target: str, scope: Scope, origin: Origin) -> bool:
    """Tell whether an absolute target names the service, or the address that it was sent to."""
    address, port = scope.get("server") or ("", None)
    named = f"[{address}]" if ":" in address else address
    known = {origin.authority.lower(), f"{named}:{port}", f"localhost:{port}"}
    scheme, _, rest = target.partition("://")
    return scheme.lower() in ("http", "https") and rest.partition("/")[0].lower() in known


def target(request: Request, path: str, origin: Origin) -> str:
    """Return what to ask the service for: below its base, whatever the request says."""
    base = origin.path
    doubled = path == base or path.startswith(f"{base}/")
    found = (path if base and doubled else base + path) or "/"
    return f"{found}?{request.query}" if request.query else found


def onward(request: Request) -> Headers:
    """Return the headers that go on: all but those of the connection; nothing compressed back."""
    kept = tuple(pair for pair in request.headers if pair[0] not in _OWN)
    length: Headers = ()
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        length = (("content-length", str(len(request.body))),)
    return (*kept, ("accept-encoding", "identity"), *length)
