"""The pictures behind `url` replies: kept by the session until they expire, drawn when fetched.

What must not enter: how a picture is drawn, links of others (`links.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from hashlib import blake2b
from typing import TYPE_CHECKING

from safelight.messages import Reply, Work
from safelight.refusals import Refusal
from safelight.store import StoredFile

if TYPE_CHECKING:
    from safelight.dialects.base import Visit

_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
MEDIA_TYPES = {**_TYPES, "svg": "image/svg+xml"}


def publish(
    visit: Visit, make: Callable[[], bytes], form: str, *, index: int, lifetime: float
) -> str:
    """Return a URL that serves the picture for `lifetime` seconds, then answers 403."""
    told = f"{visit.request_id}|{index}".encode()
    name = f"{blake2b(told, digest_size=16).hexdigest()}.{form}"
    expired = visit.fault is not None and visit.fault.fault.name == "expired_url"
    expires = visit.now + (-60 if expired else lifetime)
    owner = visit.dialect.provider.name
    visit.session.files.put(name, StoredFile(make, MEDIA_TYPES[form], expires, owner))
    world = f"/s/{visit.session.name}" if visit.session.name else ""
    url = f"{visit.request.base_url}{world}/_safelight/files/{name}?se={int(expires)}"
    visit.urls.append(url)
    visit.urls_until = expires
    return url


def serve_file(visit: Visit, name: str) -> Generator[Work, object, Reply]:
    """Answer a picture's URL. Raises Refusal("file_unknown") or ("file_expired")."""
    visit.operation = "files.get"
    found = visit.session.files.get(name)
    if found is None:
        raise Refusal("file_unknown")
    if found.expires <= visit.now:
        raise Refusal("file_expired")
    data = yield Work(found.make)
    assert isinstance(data, bytes)
    headers = (
        ("content-type", found.media_type),
        ("content-length", str(len(data))),
        ("access-control-allow-origin", "*"),
    )
    body = b"" if visit.request.method == "HEAD" else data
    return Reply(200, headers, body)
