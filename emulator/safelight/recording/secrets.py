"""Hides what must never reach the disk: keys, cookies, accounts, the queries of signed links.

A secret is hidden by as many asterisks as it has bytes, so that lengths, and where a stream was
cut, stay as they were. What is looked for: the values of headers, fields and parameters with a
secret name, wherever else these values occur; links that carry a signature; and whatever looks
like a key. What must not enter: files, HTTP, what the texts mean.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, unquote_plus

import orjson

from safelight.messages import Headers, Json, Request
from safelight.read import media_type, read_form
from safelight.recording import fields
from safelight.recording.fields import plain
from safelight.refusals import Refusal


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES = _words(
    """
    authorization proxy_authorization x_authorization www_authenticate cookie set_cookie api_key
    apikey x_api_key x_goog_api_key access_key access_key_id secret_access_key secret_key secret
    client_secret client_id access_token refresh_token id_token auth_token session_token bearer
    bearer_token password passwd credential credentials private_key session_id csrf_token
    x_csrf_token x_amz_security_token x_amz_credential x_amz_signature organization
    organization_id organisation organisation_id org_id openai_organization account account_id
    project_id openai_project team_id workspace_id customer_id billing_account user_id owner_id
    x_vercel_oidc_token cf_access_token cf_access_client_secret
    """
)
"""Names of headers, fields and parameters whose value is a secret; `-` and `_` are the same."""

_PUBLIC = _words("organization organisation account bearer credential client_id")
"""Names that are no secret as a field of JSON: `organization` may be a model's maker."""

SIGNATURES = _words(
    """
    sig signature x_amz_signature x_goog_signature x_amz_security_token key token access_token
    auth api_key apikey credential x_amz_credential x_goog_credential policy se sp sv skoid
    key_pair_id hmac hash hdnea hdnts md5 googleaccessid awsaccesskeyid
    """
)
"""Parameters by which a link is known to be a signed one."""

SHORT = 6
"""A value of fewer bytes is hidden where its name stands, and not looked for elsewhere."""

_FEW = 40
_WORD = 12
"""A value of letters alone has to have so many: `english` is no secret."""

_LOOKS = re.compile(
    rb"""
      \b(?:sk|pk|rk|ak|vck|ghp|gho|ghs|pat|hf|tgp|xai|gsk|whsec|key)[-_](?=[\w-]*\d)[\w-]{12,}
    | \beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*
    | \b(?:AKIA|ASIA)[0-9A-Z]{12,}
    | \bAIza[\w-]{20,}
    | (?<=\b[Bb]earer\ )(?=[\w.~+/-]*\d)[\w.~+/-]{10,}=*
    | (?<=\b[Bb]asic\ )[A-Za-z0-9+/]{12,}=*
    | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----[\s\S]*?(?:-----END|\Z)
    | \borg-(?=\w*\d)\w{10,} | \bproj_(?=\w*\d)\w{10,} | \bacct_(?=\w*\d)\w{10,}
    """,
    re.VERBOSE,
)
_LINK = re.compile(rb"(?:https?|wss?)://([^\s\"'<>\\?#]*)(\?(?:[^\s\"'<>\\]|\\u0026|\\/)*)?")
_OWNED = re.compile(
    r"(/(?:organi[sz]ations|orgs|accounts|projects|teams|workspaces|users)/)([^/?]+)"
)
_SPLIT = re.compile(rb"&amp;|\\u0026|&|;")


class Secrets:
    """Knows the secret names, and learns secret values. One for a whole recording.

    `names` are the user's own, beside `NAMES`.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        own = {plain(name) for name in names}
        self._names = NAMES | own
        self._fields = NAMES - _PUBLIC | own
        self._values: frozenset[bytes] = frozenset()
        self._pattern: re.Pattern[bytes] | None = None

    @property
    def longest(self) -> int:
        """Return how many bytes the longest known value has."""
        return max(map(len, self._values), default=0)

    def named(self, name: str) -> bool:
        """Tell whether a header, field or parameter of that name holds a secret."""
        return plain(name) in self._names

    def learn(self, request: Request) -> None:
        """Remember the secret values of a request's headers, parameters and path."""
        for name, value in request.headers:
            if self.named(name):
                self._keep(value)
        for name, value in parse_qsl(request.query):
            if self.named(name) or name.lower().replace("-", "_") in SIGNATURES:
                self._keep(value)
        for found in _OWNED.finditer(request.path):
            self._keep(unquote_plus(found[2]))

    def learn_headers(self, headers: Headers) -> None:
        """Remember the secret values of a reply's headers."""
        for name, value in headers:
            if self.named(name):
                self._keep(value)

    def learn_body(self, request: Request) -> None:
        """Remember the values of a request's fields, JSON or form, that have a secret name."""
        header = request.header("content-type") or ""
        if media_type(header) == "multipart/form-data":
            try:
                parts = read_form(request.body, header)
            except Refusal:
                return
            for part in parts:
                if part.filename is None and self.named(part.name):
                    self._keep(part.data.decode("utf-8", "surrogateescape"))
        elif "json" in header:
            try:
                self.learn_fields(orjson.loads(request.body))
            except orjson.JSONDecodeError:
                return

    def learn_fields(self, value: Json) -> None:
        """Remember the values of an object's fields, at any depth, that have a secret name."""
        stack = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                for key, inner in item.items():
                    if plain(str(key)) in self._fields:
                        texts = inner if isinstance(inner, list) else [inner]
                        for text in texts:
                            if isinstance(text, str):
                                self._keep(text)
                stack += item.values()
            elif isinstance(item, list):
                stack += item

    def _keep(self, value: str) -> None:
        """Remember a value, its words, and how they are written elsewhere."""
        found = {value, *re.split(r"[\s;,]+", value)}
        found |= {pair.partition("=")[2] for pair in re.split(r";\s*", value) if "=" in pair}
        for text in filter(_telling, found):
            raw = text.encode("utf-8", "surrogateescape")
            ways = {raw, quote(text, safe="").encode(), unquote_plus(text).encode()}
            ways |= {json.dumps(text)[1:-1].encode(), base64.b64encode(raw).rstrip(b"=")}
            ways |= {raw.upper(), raw.lower(), raw.hex().encode(), raw.hex().upper().encode()}
            ways = {way for way in ways if len(way) >= SHORT}
            if not ways <= self._values:  # replaced whole: other threads are reading
                self._values = self._values | ways
                longest = sorted(self._values, key=len, reverse=True)
                self._pattern = re.compile(b"|".join(map(re.escape, longest)))

    def hide_values(self, data: bytes) -> bytes:
        """Return bytes, such as a picture's, without the values that are known."""
        if len(self._values) < _FEW and not any(value in data for value in self._values):
            return data  # three times as quick, and the usual case
        return self._pattern.sub(_stars, data) if self._pattern else data

    def hide(self, text: bytes) -> bytes:
        """Return a text of the same length without secrets."""
        text = self.hide_values(text)
        text = fields.hidden(text, self._fields)
        text = _LINK.sub(_link, text)
        return _LOOKS.sub(_stars, text)

    def hide_text(self, text: str) -> str:
        """Return a text without secrets."""
        return self.hide(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def hide_path(self, path: str) -> str:
        """Return a path without the ids of organisations, accounts and projects."""
        return self.hide_text(_OWNED.sub(lambda found: found[1] + "*" * len(found[2]), path))

    def hide_headers(self, headers: Headers) -> Headers:
        """Return headers without secrets; cookies are left out."""
        return tuple(self._header(name, value) for name, value in headers if not _cookie(name))

    def hide_query(self, query: str) -> str:
        """Return a query without secrets."""
        pairs = (pair.partition("=") for pair in query.split("&"))
        shown = (
            name + sign + ("*" * len(value) if self._parameter(name) else value)
            for name, sign, value in pairs
        )
        return self.hide_text("&".join(shown))

    def _parameter(self, name: str) -> bool:
        return self.named(name) or plain(name) in SIGNATURES

    def _header(self, name: str, value: str) -> tuple[str, str]:
        return name, "*" * len(value) if self.named(name) else self.hide_text(value)


def _telling(text: str) -> bool:
    """Tell whether a value is looked for elsewhere: not if it is short, or some plain word."""
    return len(text) >= (SHORT if re.search(r"[^a-z]", text.lower()) else _WORD)


def _cookie(name: str) -> bool:
    return name.lower() in {"cookie", "set-cookie"}


def _stars(found: re.Match[bytes]) -> bytes:
    return b"*" * len(found[0])


def _link(found: re.Match[bytes]) -> bytes:
    """Return a link without user name and password, and without the values of a signed query."""
    whole, place, query = found[0], found[1], found[2] or b""
    user, at, _ = place.rpartition(b"@")
    if at:
        start = found.start(1) - found.start(0)
        whole = whole[:start] + b"*" * len(user) + whole[start + len(user) :]
    if any(_signs(part) for part in _SPLIT.split(query[1:])):
        hidden = b"".join(_values(query))
        whole = whole[: len(whole) - len(query)] + hidden
    return whole


def _signs(part: bytes) -> bool:
    name = part.partition(b"=")[0].decode("ascii", "replace")
    return plain(name) in SIGNATURES or plain(name) in NAMES


def _values(query: bytes) -> Iterator[bytes]:
    """Yield a query piece by piece, each value hidden."""
    at = 0
    for mark in [*_SPLIT.finditer(query), None]:
        part = query[at : mark.start() if mark else len(query)]
        name, sign, value = part.partition(b"=")
        yield name + sign + b"*" * len(value)
        yield mark[0] if mark else b""
        at = mark.end() if mark else len(query)
