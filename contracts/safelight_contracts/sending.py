"""Puts a case on the wire and brings back what came, every byte with its time.

Nothing is tried twice here: whether a question may be asked again is the run's business. A key goes
to the base URL only; redirects are answers, not orders.

What must not enter: judging, money.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Self
from urllib.parse import urlsplit

import httpx
import orjson
from safelight.messages import Headers, Json, Upload
from safelight.refusals import UsageError

from safelight_contracts.cases import Case, Piece, Seen
from safelight_contracts.linking import AGENT, MOST_BYTES, PUBLIC, Links, Reach

WRONG_KEY = "sk-invalid-safelight-0000"
"""What a case with a wrong key carries."""


class Sender:
    """One client of one base URL. `key` may be empty: then no credentials are sent.

    `timeout` is in seconds of silence, `patience` in seconds for a whole answer. `reach` says where
    links may lead.
    """

    def __init__(  # noqa: PLR0913 - how long, how far, by which clock
        self,
        base_url: str,
        key: str = "",
        *,
        timeout: float = 120.0,
        patience: float = 300.0,
        clock: Callable[[], float] = time.time,
        reach: Reach = PUBLIC,
    ) -> None:
        self.base_url = checked_url(base_url)
        self._key = key
        self._patience = patience
        self._clock = clock
        near = is_loopback(self.base_url)
        limits = httpx.Timeout(timeout, connect=min(timeout, 15.0))
        self._client = httpx.Client(timeout=limits, trust_env=not near, follow_redirects=False)
        self._links = Links(self.base_url, self._client, patience=patience, reach=reach)

    def __enter__(self) -> Self:
        """Return the sender itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._links.close()
        self._client.close()

    def send(self, case: Case) -> Seen:
        """Ask once. Never raises for what the other side does: see `Seen.failure`."""
        body, kind = written(case)
        request = self._client.build_request(
            case.method,
            self.base_url + case.path,
            content=body,
            headers=self._headers(case, kind),
        )
        began, start = self._clock(), time.perf_counter()
        status, size, failure = 0, 0, None
        headers: Headers = ()
        pieces: list[Piece] = []
        try:
            answer = self._client.send(request, stream=True)
            try:
                status, headers = answer.status_code, _lower(answer.headers)
                for data in answer.iter_raw():
                    pieces.append(Piece(time.perf_counter() - start, data))
                    size += len(data)
                    failure = self._enough(pieces[-1], size)
                    if failure:
                        break
            finally:
                answer.close()
        except httpx.TransportError as error:
            failure = _failure(error)
        took = time.perf_counter() - start
        return Seen(status, headers, tuple(pieces), began, took, failure)

    def follow(self, seen: Seen) -> Seen:
        """Return an answer with what its links to pictures lead to, asked for without the key."""
        fetched = self._links.follow(seen)
        return replace(seen, fetched=fetched) if fetched else seen

    def _enough(self, last: Piece, size: int) -> str | None:
        """Return why no more is read, or None."""
        if last.at > self._patience:
            return "timeout"
        return "cut" if size > MOST_BYTES else None

    def _headers(self, case: Case, kind: str | None) -> list[tuple[str, str]]:
        out = [("user-agent", AGENT), ("accept", "*/*"), ("accept-encoding", "identity")]
        key = {"good": self._key, "wrong": WRONG_KEY, "none": ""}[case.key]
        if key:
            out.append(("authorization", f"Bearer {key}"))
        if kind:
            out.append(("content-type", kind))
        given = {name.lower() for name, _ in case.headers}
        return [pair for pair in out if pair[0] not in given] + list(case.headers)


def written(case: Case) -> tuple[bytes | None, str | None]:
    """Return a case's body and content type: the same bytes for the same case."""
    if case.body == "none":
        return None, case.content_type
    if case.body == "raw":
        return case.raw, case.content_type
    if case.body == "json":
        return as_json(case.params), case.content_type or "application/json"
    boundary = f"safelight-{blake2b(case.id.encode(), digest_size=8).hexdigest()}"
    body = b"".join((*_parts(case.params, boundary), f"--{boundary}--\r\n".encode()))
    return body, case.content_type or f"multipart/form-data; boundary={boundary}"


def as_json(params: Json) -> bytes:
    """Return parameters as JSON; numbers and texts that orjson refuses are written by json."""
    try:
        return orjson.dumps(params)
    except TypeError:
        import json

        return json.dumps(params, separators=(",", ":")).encode()


def _parts(params: dict[str, Json], boundary: str) -> Iterator[bytes]:
    for name, value in params.items():
        for field, item in form_fields(name, value):
            yield f"--{boundary}\r\n".encode() + _part(field, item) + b"\r\n"


def form_fields(name: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yield a field's parts as forms name them: `a[]` for each of several, `a[b]` in objects."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from form_fields(f"{name}[]", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from form_fields(f"{name}[{key}]", item)
    else:
        yield name, value


def _part(name: str, value: Json) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    if not isinstance(value, Upload):
        text = value if isinstance(value, str) else "" if value is None else as_json(value).decode()
        return f"{head}\r\n\r\n{text}".encode("utf-8", "surrogatepass")
    if value.filename is not None:
        head += f'; filename="{value.filename}"'
    if value.content_type:
        head += f"\r\nContent-Type: {value.content_type}"
    return f"{head}\r\n\r\n".encode() + value.data


def checked_url(base_url: str, option: str = "--base-url") -> str:
    """Return a base URL without its last slash. Raises UsageError for what is none."""
    try:
        parts = urlsplit(base_url)
        _ = parts.port  # is looked at when it is asked for
    except ValueError as error:
        raise UsageError(f"{option} {base_url!r}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{option} {base_url!r}: expected an address such as https://host/v1")
    if parts.username or parts.password:
        raise UsageError(f"{option}: leave credentials out of the address; name a variable instead")
    return base_url.rstrip("/")


def is_loopback(base_url: str) -> bool:
    """Tell whether an address is this machine's own, by its literal host."""
    import ipaddress

    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _lower(headers: httpx.Headers) -> Headers:
    return tuple((name.lower(), value) for name, value in headers.multi_items())


def _failure(error: Exception) -> str:
    """Return what went wrong in the words of `Seen.failure`."""
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL)):
        return "refused"
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    text = str(error).lower()
    if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.CloseError)):
        return "cut"
    early = "disconnected" in text or "peer closed" in text or "incomplete" in text
    return "cut" if early else "garbage"
