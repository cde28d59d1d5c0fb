"""Where secret values are learned from: headers, parameters, forms, bodies.

What must not enter: which names are secret, how values are hidden.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote_plus

import orjson

from safelight.messages import Json, Request
from safelight.read import media_type, read_form
from safelight.refusals import Refusal

_FORM = "multipart/form-data"
_BASIC = re.compile(r"(?i)\s*basic\s+([A-Za-z0-9+/_-]+=*)\s*")


def words(text: str) -> set[str]:
    """Return a value, its words, and what it says after `=`."""
    found = {text, unquote_plus(text), *re.split(r"[\s;,]+", text)}
    return found | {pair.partition("=")[2] for pair in re.split(r";\s*", text) if "=" in pair}


def header(name: str, value: str) -> set[str]:
    """Return what of a header's value is secret; `name` is plain."""
    if name == "www_authenticate":  # says how to ask
        return set()
    if name == "set_cookie":  # the rest is where the cookie goes, and how long it lives
        pairs = (line.partition(";")[0].partition("=") for line in value.split("\n"))
        return {text for pair in pairs for text in (pair[2].strip(), unquote_plus(pair[2].strip()))}
    basic = _BASIC.fullmatch(value)
    return words(value) | (_login(basic[1]) if basic else set())


def _login(coded: str) -> set[str]:
    """Return what a Basic authorization says: both together, user name, password."""
    try:
        raw = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_")
    except binascii.Error:
        return set()
    text = raw.decode("utf-8", "surrogateescape")
    user, _, password = text.partition(":")
    return {text, user, password}


def query(text: str) -> list[tuple[str, str]]:
    """Return the parameters of a query, or of a form that is written as one."""
    return parse_qsl(text)


def form(request: Request) -> Iterator[tuple[str, str]]:
    """Yield the fields of a form, without its files."""
    kind = request.header("content-type") or ""
    if media_type(kind) == "application/x-www-form-urlencoded":
        yield from query(request.body.decode("utf-8", "replace"))
    if media_type(kind) != _FORM:
        return
    try:
        parts = read_form(request.body, kind)
    except Refusal:
        return
    for part in parts:
        if part.filename is None:
            yield part.name, part.data.decode("utf-8", "surrogateescape")


def texts(request: Request) -> Iterator[bytes]:
    """Yield the texts of a request's body in which fields may have secret names."""
    if media_type(request.header("content-type") or "") == _FORM:
        for _, text in form(request):
            yield text.encode("utf-8", "surrogateescape")
    else:
        yield request.body


def spelled(value: Json) -> bytes:
    """Return a value as JSON."""
    return orjson.dumps(value)
