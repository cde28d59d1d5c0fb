"""Bodies without requests, as openai-python's tests keep them: files of JSON or of an event stream.

Also those that stand in the tests themselves, as `snapshot("…")`: a Python file is read, never run.
Nobody knows any more what was asked: the model, the kind of body and its order are all that can be
matched. What must not enter: where fixtures go.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from safelight.fixtures.model import Fixture, Match
from safelight.imports import opening
from safelight.imports.gathering import Gatherer
from safelight.imports.opening import items, table, word
from safelight.messages import Json
from safelight.refusals import UsageError

SUFFIXES = (".bin", ".json", ".sse", ".txt", ".jsonl", ".py")
_OPERATIONS = {
    "chat.completion": "chat.create",
    "chat.completion.chunk": "chat.create",
    "model": "models.get",
}
_STREAM = "text/event-stream; charset=utf-8"
_MARKS = (b"data:", b"event:", b"id:", b"retry:", b":")


def gather(path: Path, into: Gatherer) -> None:
    """Gather one body, or those of a Python file. Raises UsageError for an unreadable file."""
    if path.suffix == ".py":
        _inline(path, into)
        return
    data = opening.bytes_of(path, "body of an answer")
    _body(data.removeprefix(b"\xef\xbb\xbf"), path, path.name, path.stem, into)


def _inline(path: Path, into: Gatherer) -> None:
    """Gather the texts that stand in calls of `snapshot`, each under its function's name."""
    try:
        tree = ast.parse(opening.text_of(path, "test in Python"))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: no test in Python: {error}") from error
    found = list(_snapshots(tree, path.stem))
    if not found:
        raise UsageError(f'{path}: a Python file without a body in `snapshot("…")`')
    for name, line, text in found:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        _body(data, path, f"{path.name}, line {line}", name, into)


def _snapshots(node: ast.AST, name: str) -> Iterator[tuple[str, int, str | bytes]]:
    """Yield (function, line, text) of every text in a call of `snapshot` that could be a body."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _snapshots(inner, inner.name)
            continue
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            told = inner.args[0] if inner.func.id == "snapshot" and inner.args else None
            value = told.value if isinstance(told, ast.Constant) else None
            if isinstance(value, (str, bytes)) and value.lstrip()[:1] in ("{", "d", b"{", b"d"):
                yield name, inner.lineno, value
                continue
        yield from _snapshots(inner, name)


def _body(data: bytes, path: Path, where: str, label: str, into: Gatherer) -> None:
    """Keep a body as the next answer of its operation and model."""
    events = list(_events(data))
    about = next((one for one in events or _json(data) if isinstance(one, dict)), None)
    operation = _operation(about) if about else None
    if about is None or operation is None:
        into.gathered.lose("bodies that are no answer of a known operation", where)
        return
    into.gathered.lose(
        "the requests: an answer fits any of its model, in the order of files", "all"
    )
    if operation == "images.generate" and "type" not in about:
        into.gathered.lose("whether a picture was made or edited: taken as made", where)
    spoken = operation.startswith(("chat", "images"))
    fields: dict[str, Json] = {"stream": True if events else None} if spoken else {}
    model = about.get("model", about.get("id") if operation == "models.get" else None)
    match = Match(
        provider=into.understanding.provider.name,
        operation=operation,
        model=_asked_as(model),
        fields=fields,
        nth=into.turn(operation, str(model), stream=bool(events)),
    )
    kind = _STREAM if events else "application/json"
    reply = into.answer((("content-type", kind),), data)
    fixture = Fixture(match, reply, source=f"imported from {path.name}")
    into.fixture(fixture, where, operation, label)


def _events(data: bytes) -> Iterator[Json]:
    """Yield the JSON of an event stream's events; nothing for any other body."""
    if not data.lstrip().startswith(_MARKS):
        return
    for line in data.splitlines():
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            yield from _json(line[5:])


def _json(data: bytes) -> Iterator[Json]:
    try:
        yield json.loads(data)
    except (ValueError, RecursionError):
        return


def _asked_as(model: Json) -> str | None:
    """Return a glob for the names by which a model was asked: an answer tells its dated one."""
    return re.sub(r"-\d{4}-\d{2}-\d{2}$", "*", model) if isinstance(model, str) else None


def _operation(about: dict[str, Json]) -> str | None:
    """Return the operation whose answer a body is; None where it is none that is known."""
    kind = word(about.get("object")) or word(about.get("type"))
    if kind == "list":
        models = [table(item).get("object") == "model" for item in items(about.get("data"))]
        return "models.list" if models and all(models) else None
    if kind in _OPERATIONS:
        return _OPERATIONS[kind]
    if kind.startswith("image_edit"):
        return "images.edit"
    pictures = isinstance(about.get("data"), list) and "created" in about and not kind
    return "images.generate" if pictures or kind.startswith("image_generation") else None
