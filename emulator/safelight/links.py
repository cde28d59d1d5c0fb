"""The pictures that a request names by link: our own, fetched ones, and stand-ins.

Before an operation sees the parameters, a link to one of our own pictures becomes that picture, as
a `data:` URL, and so does a foreign link where a fetcher was given. Without one nothing is fetched:
operations draw a stand-in. Either way the journal says what happened.

What must not enter: sockets (a fetcher is given), drawing, providers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pybase64

from safelight.messages import Json, Work
from safelight.naming import FILES
from safelight.pixels import UnreadablePicture, inspect

if TYPE_CHECKING:
    from safelight.dialects.base import Visit

Fetch = Callable[[str], bytes]
"""Returns what a URL holds. Raises FetchError where it must not, or cannot, be had."""

KEYS = frozenset(
    {"image", "images", "image_url", "reference_images", "mask", "markup", "files", "data"}
)
"""Parameters below which a link is a picture's; `data` is a file's in a prompt of the AI SDK."""

_INNER = KEYS | {"url"}
_DEEP = 12
_SHOWN = 200


class FetchError(Exception):
    """A link was not followed. The text says why, for the journal."""


def resolve(visit: Visit, fetch: Fetch | None) -> Generator[Work, object, None]:
    """Replace the links of a visit's parameters by pictures; what cannot be had is unreadable."""
    if visit.body == "json" and b"http" not in visit.request.body:
        return  # looked for in bytes first: most bodies hold no link, and a form's files are large
    links: dict[str, str] = {}
    _swapped(visit.params, lambda link: links.setdefault(link, link), 0, inside=False)
    for link in links:
        name = _own_name(link, visit)
        found = visit.session.files.get(name) if name else None
        if found is not None and found.expires > visit.now:
            data = yield Work(found.make)
            visit.notes.append(f"{link[:_SHOWN]}: our own picture")
        elif name and _here(link, visit):
            data = b""
            visit.notes.append(f"{link[:_SHOWN]}: our own, but expired or unknown")
        elif fetch is None:
            visit.notes.append(f"{link[:_SHOWN]}: not fetched, a stand-in was drawn")
            continue
        else:
            data, note = _pair((yield Work(partial(_fetched, fetch, link))))
            visit.notes.append(f"{link[:_SHOWN]}: {note}")
        assert isinstance(data, bytes)
        links[link] = data_url(data)
    if any(link != picture for link, picture in links.items()):
        visit.params = _swapped(visit.params, lambda link: links[link], 0, inside=False)


def data_url(data: bytes) -> str:
    """Return bytes as a `data:` URL; the media type is what a picture's first bytes say."""
    try:
        kind = f"image/{inspect(data).format}"
    except UnreadablePicture:
        kind = "application/octet-stream"
    return f"data:{kind};base64,{pybase64.b64encode(data).decode()}"


def _fetched(fetch: Fetch, link: str) -> tuple[bytes, str]:
    try:
        data = fetch(link)
    except FetchError as error:
        return b"", f"not fetched: {error}"
    return data, f"fetched, {len(data)} bytes"


def _pair(value: object) -> tuple[bytes, str]:
    assert isinstance(value, tuple)  # what _fetched returned, handed back by the driver
    return value


def _swapped(value: Json, swap: Callable[[str], str], depth: int, *, inside: bool) -> Json:
    """Return parameters in which every picture's link went through `swap`; nothing else changes."""
    if isinstance(value, str):
        return swap(value) if inside and value.startswith(("http://", "https://")) else value
    if depth > _DEEP:
        return value
    if isinstance(value, dict):
        known = _INNER if inside else KEYS
        return {
            key: _swapped(item, swap, depth + 1, inside=key in known) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_swapped(item, swap, depth + 1, inside=inside) for item in value]
    return value


def _own_name(link: str, visit: Visit) -> str | None:
    """Return the file's name in a link that has the form of ours, of this visit's session."""
    world = f"/s/{visit.session.name}" if visit.session.name else ""
    path = urlsplit(link).path
    folder = world + FILES
    return path.removeprefix(folder) if path.startswith(folder) else None


def _here(link: str, visit: Visit) -> bool:
    """Tell whether a link leads to the very address that the client used for us."""
    return urlsplit(link).netloc == urlsplit(visit.request.base_url).netloc
