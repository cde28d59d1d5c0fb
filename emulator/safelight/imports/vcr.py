"""vcrpy's cassettes, YAML or JSON, also with the parsed bodies that some projects write.

A cassette has neither times nor cuts: a stream comes event by event, at once. What must not enter:
where fixtures go.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from safelight.imports.gathering import Exchange, Gatherer, day_of
from safelight.messages import Headers, Json
from safelight.refusals import UsageError

SUFFIXES = (".yaml", ".yml", ".json")


class _Unknown:
    """A value of a Python type that only vcrpy's own process could build."""


class _Loader(yaml.SafeLoader):
    """Reads cassettes without building anything but plain values."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: _Unknown())


def gather(path: Path, into: Gatherer) -> None:
    """Gather the exchanges of a cassette. Raises UsageError for what is none."""
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else yaml.load(text, _Loader)  # noqa: S506 - a safe loader of our own
    except (UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path}: no cassette: {' '.join(str(error).split())[:200]}") from error
    found = document.get("interactions") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise UsageError(f"{path}: no cassette of vcrpy: it has no list `interactions`")
    for number, raw in enumerate(found, start=1):
        where = f"{path.name}, interaction {number}"
        one = _exchange(raw, where, into)
        if one is not None:
            into.exchange(one, path)


def _exchange(raw: Json, where: str, into: Gatherer) -> Exchange | None:
    """Return an interaction as an exchange, or None and say what is lost."""
    asked, reply = raw.get("request") or {}, raw.get("response") or {}
    url = str(asked.get("uri", ""))
    if not into.concerns(url):
        into.gathered.lose("exchanges with other services", where)
        return None
    body = _body(asked)
    if body is None:
        into.gathered.lose("requests whose body only vcrpy's own process could rebuild", where)
        return None
    data = _body(reply)
    if data is None:
        into.gathered.lose("replies whose body is no text and no bytes", where)
        return None
    if "parsed_body" in asked or "parsed_body" in reply:
        into.gathered.lose("the spacing of JSON bodies, which the cassette has parsed", where)
    status = reply.get("status", reply.get("status_code", 200))
    code = status.get("code") if isinstance(status, dict) else status
    headers = tuple(_headers(reply.get("headers")))
    if any(name == "content-type" and "event-stream" in value for name, value in headers):
        into.gathered.lose("when the pieces of streams came, and how they were cut", where)
    return Exchange(
        where=where,
        method=str(asked.get("method", "GET")).upper(),
        url=url,
        headers=tuple(_headers(asked.get("headers"))),
        body=body,
        status=int(code or 200),
        reply_headers=_true(headers, data),
        reply=data,
        day=day_of(headers),
    )


def _headers(raw: Json) -> Iterator[tuple[str, str]]:
    """Yield headers, one pair for each value."""
    pairs = raw.items() if isinstance(raw, dict) else raw or ()
    for name, value in pairs:
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(item, (str, bytes)):
                text = item.decode("latin-1") if isinstance(item, bytes) else item
                yield str(name).lower(), text


def _body(raw: dict[str, Any]) -> bytes | None:
    """Return a body in any of the ways that vcrpy and its stubs have written it."""
    if "parsed_body" in raw:
        return json.dumps(raw["parsed_body"], separators=(",", ":"), ensure_ascii=False).encode()
    value = raw.get("body", raw.get("content"))
    if isinstance(value, dict):
        if isinstance(value.get("base64_string"), str):
            return base64.b64decode(value["base64_string"])
        value = value.get("string")
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else None


def _true(headers: Headers, data: bytes) -> Headers:
    """Return headers without a compression that vcrpy has undone."""
    packed = data[:2] == b"\x1f\x8b"
    text = data[:1] in (b"{", b"[") or data[:5] in (b"data:", b"event")
    undone = text or ("gzip" in dict(headers).get("content-encoding", "") and not packed)
    return tuple(pair for pair in headers if not (undone and pair[0] == "content-encoding"))
