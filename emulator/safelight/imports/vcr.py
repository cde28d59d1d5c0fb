"""vcrpy's cassettes, YAML or JSON, also with the parsed bodies that some projects write.

A cassette has neither times nor cuts: a stream comes event by event, at once. What must not enter:
where fixtures go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from safelight.imports import opening
from safelight.imports.gathering import Exchange, Gatherer, day_of
from safelight.imports.opening import table, unbase64, word
from safelight.messages import Headers, Json
from safelight.refusals import UsageError

SUFFIXES = (".yaml", ".yml", ".json")
_TITLE = "cassette of vcrpy"
_MANY = 500_000
"""Values that a parsed body may have."""


class _Unknown:
    """A value of a Python type that only vcrpy's own process could build."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one is not always there
    """Reads cassettes without building anything but plain values.

    Of Python's own types those are known that vcrpy itself writes: tuples, and bodies that were
    a file or an iterator.
    """


def _scalar(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Json:
    return loader.construct_scalar(node)


def _tuple(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> Json:
    return tuple(loader.construct_sequence(node, deep=True))


def _file(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Json:
    """Return the content of a `BytesIO`: the first item of its state."""
    state = table(loader.construct_mapping(node, deep=True)).get("state")
    return state[0] if isinstance(state, (list, tuple)) and state else b""


def _iterator(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Json:
    """Return the pieces of a body that was an iterator, as one."""
    args = table(loader.construct_mapping(node, deep=True)).get("args")
    pieces = args[0] if isinstance(args, (list, tuple)) and args else []
    if not isinstance(pieces, (list, tuple)):
        return _Unknown()
    raw = [piece.encode() if isinstance(piece, str) else piece for piece in pieces]
    return b"".join(raw) if all(isinstance(piece, bytes) for piece in raw) else _Unknown()


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: _Unknown())
for _name, _build in {
    "str": _scalar,
    "unicode": _scalar,
    "tuple": _tuple,
    "object/new:_io.BytesIO": _file,
    "object/apply:builtins.iter": _iterator,
}.items():
    _Loader.add_constructor(f"tag:yaml.org,2002:python/{_name}", _build)


def gather(path: Path, into: Gatherer) -> None:
    """Gather the exchanges of a cassette. Raises UsageError for what is none."""
    found = _interactions(path)
    for number, raw in enumerate(found, start=1):
        where = f"{path.name}, interaction {number}"
        one = _exchange(table(raw), where, into)
        if one is not None:
            into.exchange(one, path)


def _interactions(path: Path) -> list[Json]:
    found = _document(path)["interactions"]
    if not isinstance(found, list):
        raise UsageError(f"{path}: no {_TITLE}: its `interactions` are no list")
    if not found:
        raise UsageError(f"{path}: a {_TITLE} without interactions: nothing was recorded in it")
    return found


def _document(path: Path) -> dict[str, Json]:
    if path.suffix.lower() == ".json":
        return opening.json_of(path, _TITLE, "interactions")
    text = opening.text_of(path, _TITLE)
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a safe loader of our own
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UsageError(f"{path}: no {_TITLE}: {error.problem}{at}") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise UsageError(f"{path}: no {_TITLE}: {' '.join(str(error).split())[:200]}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: no {_TITLE}: it nests too deeply") from error
    if isinstance(document, list) and document and "request" in table(document[0]):
        raise UsageError(f"{path}: a cassette of vcrpy before 1.0: let vcrpy migrate it first")
    if "interactions" not in table(document):
        why = opening.hint(text)
        raise UsageError(f"{path}: no {_TITLE}: it has no `interactions`{why}")
    return table(document)


def _exchange(raw: dict[str, Json], where: str, into: Gatherer) -> Exchange | None:
    """Return an interaction as an exchange, or None and say what is lost."""
    asked, reply = table(raw.get("request")), table(raw.get("response"))
    url = word(asked.get("uri"))
    if not into.concerns(url, where):
        return None
    method, status = word(asked.get("method")).upper() or "GET", _status(reply)
    if not into.answered(method, status, where):
        return None
    body, data = _body(asked), _body(reply)
    if body is None:
        into.gathered.lose("requests whose body only vcrpy's own process could rebuild", where)
        return None
    if data is None:
        into.gathered.lose("replies whose body is no text and no bytes", where)
        return None
    sent, headers = tuple(_headers(asked)), tuple(_headers(reply))
    if isinstance(asked.get("body"), (dict, list)) and "content-type" not in dict(sent):
        sent = (
            *sent,
            ("content-type", "application/json"),
        )  # clients add it after vcrpy has looked
    if not into.sent(method, sent, body, where):
        return None
    if "parsed_body" in asked or "parsed_body" in reply:
        into.gathered.lose("the spacing of JSON bodies, which the cassette has parsed", where)
    if any(name == "content-type" and "event-stream" in value for name, value in headers):
        into.gathered.lose("when the pieces of streams came, and how they were cut", where)
    return Exchange(
        where=where,
        method=method,
        url=url,
        headers=sent,
        body=body,
        status=status,
        reply_headers=_true(headers, data),
        reply=data,
        day=day_of(headers),
    )


def _status(reply: dict[str, Json]) -> int:
    told = reply.get("status", reply.get("status_code"))
    code = told.get("code") if isinstance(told, dict) else told
    return code if isinstance(code, int) else 0


def _headers(raw: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield headers, one pair for each value; old cassettes have lists of pairs."""
    told = raw.get("headers")
    pairs = told.items() if isinstance(told, dict) else opening.items(told)
    named = (pair for pair in pairs if isinstance(pair, (list, tuple)) and len(pair) > 1)
    return opening.headers((pair[0], pair[1]) for pair in named)


def _body(raw: dict[str, Any]) -> bytes | None:
    """Return a body in any of the ways that vcrpy and its stubs have written it."""
    if "parsed_body" in raw:
        return _json(raw["parsed_body"])
    value = raw.get("body", raw.get("content"))
    if isinstance(value, dict) and isinstance(value.get("base64_string"), str):
        return unbase64(value["base64_string"])
    if isinstance(value, dict) and (value.keys() == {"string"} or not value):
        value = value.get("string")
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else _json(value)


def _json(value: Json) -> bytes | None:
    """Return JSON that a client was given as a value: vcrpy's stubs for aiohttp keep it so."""
    if not _countable(value):
        return None
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return text.encode("utf-8", "surrogatepass")


def _countable(value: Json) -> bool:
    """Tell whether a value has an end: aliases of YAML may unfold without one."""
    stack, left = [value], _MANY
    while stack and left:
        item, left = stack.pop(), left - 1
        stack += item.values() if isinstance(item, dict) else opening.items(item)
    return not stack


def _true(headers: Headers, data: bytes) -> Headers:
    """Return headers without a compression that vcrpy has undone."""
    packed = data[:2] == b"\x1f\x8b"
    text = data[:1] in (b"{", b"[") or data[:5] in (b"data:", b"event")
    undone = text or ("gzip" in dict(headers).get("content-encoding", "") and not packed)
    return tuple(pair for pair in headers if not (undone and pair[0] == "content-encoding"))
