"""Which exchanges of a foreign recording concern the provider, and can be served again.

Each question is answered by why not, in words for a report, or by an empty text; what stands behind
` @ ` tells one exchange from its likes. What must not enter: formats, files.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from safelight.messages import Headers
from safelight.recording.understanding import Understanding

_NEAR = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal")  # noqa: S104 - only compared
_FIRST, _LAST = 200, 599
_WITH_BODY = ("POST", "PUT", "PATCH")


def near(url: str) -> bool:
    """Tell whether a URL leads to one's own machine, where anything may listen."""
    return urlsplit(url).hostname in _NEAR


def elsewhere(url: str, understanding: Understanding) -> str:
    """Return why a URL leads neither to the provider nor to a machine of one's own."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "exchanges whose address is none"
    if parts.scheme in ("ws", "wss"):
        return "web sockets"
    provider = understanding.provider
    if host not in provider.hosts and host not in _NEAR and provider.hosts:
        return f"exchanges with other services @ {host or 'no host'}"
    if understanding.below(parts.path) is not None:
        return ""
    if host in _NEAR:
        return f"exchanges with other services @ {parts.netloc}"
    return f"exchanges with paths that {provider.name} does not have"


def unservable(method: str, status: int) -> str:
    """Return why an answer would mean nothing to another client."""
    if not method.isalpha() or not method.isascii():
        return "requests without a method"
    if method == "OPTIONS":
        return "preflights of browsers: they are answered anyway"
    if status == 101:
        return "web sockets"
    if status == 304:
        return "answers that only say that nothing has changed"
    return "" if _FIRST <= status <= _LAST else "requests that got no answer"


def lacking(method: str, headers: Headers, body: bytes) -> str:
    """Return why a request is not whole: it must have had a body, and has none."""
    length = next((value for name, value in headers if name == "content-length"), "")
    gone = method in _WITH_BODY and not body and length != "0"
    return "requests whose body is not in the file" if gone else ""
