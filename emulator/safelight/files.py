"""The pictures behind `url` replies: kept by the session until they expire, drawn when fetched.

What must not enter: how a picture is drawn, links of others (`links.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING

from safelight.messages import Json, Reply, Work
from safelight.naming import FILES
from safelight.refusals import Refusal
from safelight.store import StoredFile

if TYPE_CHECKING:
    from safelight.dialects.base import Visit

_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
MEDIA_TYPES = {**_TYPES, "svg": "image/svg+xml"}


def publish(
    visit: Visit, make: Callable[[], bytes], form: str, *, index: int, lifetime: float
) -> str:
    """Return a URL that serves the picture for `lifetime` seconds, then answers 403.

    A provider whose `links` are `bare` shows neither the format nor the end in it.
    """
    bare = _links(visit).get("bare", False)
    told = f"{visit.request_id}|{index}".encode()
    token = blake2b(told, digest_size=16).hexdigest()
    name = token[:16] if bare else f"{token}.{form}"
    expired = visit.fault is not None and visit.fault.fault.name == "expired_url"
    expires = visit.now + (-60 if expired else lifetime)
    owner = visit.dialect.provider.name
    visit.session.files.put(name, StoredFile(make, MEDIA_TYPES[form], expires, owner))
    world = f"/s/{visit.session.name}" if visit.session.name else ""
    url = f"{visit.request.base_url}{world}{FILES}{name}"
    url += "" if bare else f"?se={int(expires)}"
    visit.urls.append(url)
    visit.urls_until = expires
    return url


def serve_file(visit: Visit, name: str) -> Generator[Work, object, Reply]:
    """Answer a picture's URL.

    Raises Refusal("file_unknown"), ("file_expired"), or ("file_without_agent") where the provider
    serves nobody who does not say what he is.
    """
    visit.operation = "files.get"
    found = visit.session.files.get(name)
    if found is None:
        raise Refusal("file_unknown")
    if found.expires <= visit.now:
        raise Refusal("file_expired")
    if _links(visit).get("agent", False) and not visit.request.header("user-agent"):
        raise Refusal("file_without_agent")
    data = yield Work(found.make)
    assert isinstance(data, bytes)
    headers = (
        ("content-type", found.media_type),
        ("content-length", str(len(data))),
        ("access-control-allow-origin", "*"),
    )
    body = b"" if visit.request.method == "HEAD" else data
    return Reply(200, headers, body)


def _links(visit: Visit) -> Mapping[str, Json]:
    """Return what is odd about the provider's links: `[facts.links]` of its provider.toml."""
    links: Mapping[str, Json] = visit.dialect.provider.facts.get("links", {})
    return links
