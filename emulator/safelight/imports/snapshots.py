"""Bodies without requests, as openai-python's tests keep them: files of JSON or of an event stream.

Nobody knows any more what was asked: the model, the kind of body and its order are all that can be
matched. What must not enter: where fixtures go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from safelight.fixtures import bodies
from safelight.fixtures.model import Exact, Fixture, Match, Piece
from safelight.imports.gathering import Gatherer
from safelight.messages import Json
from safelight.recording.lifting import Lifter
from safelight.recording.secrets import Secrets
from safelight.recording.spelling import Cut, body, chunks

SUFFIXES = (".bin", ".json", ".sse", ".txt", ".jsonl")
_OPERATIONS = {
    "chat.completion": "chat.create",
    "chat.completion.chunk": "chat.create",
    "list": "models.list",
    "model": "models.get",
}


def gather(path: Path, into: Gatherer) -> None:
    """Gather one body."""
    data = path.read_bytes()
    events = list(_events(data))
    said = events or list(_json(data))
    about = next((one for one in said if isinstance(one, dict)), None)
    operation = _operation(about) if about else None
    if about is None or operation is None:
        into.gathered.lose("bodies that are no answer of a known operation", path.name)
        return
    into.gathered.lose(
        "the requests: an answer fits any of its model, in the order of files", "all"
    )
    spoken = operation.startswith(("chat", "images"))
    fields: dict[str, Json] = {"stream": True if events else None} if spoken else {}
    match = Match(
        provider=into.understanding.provider.name,
        operation=operation,
        model=_asked_as(about.get("model")),
        fields=fields,
        nth=into.turn(operation, str(about.get("model")), stream=bool(events)),
    )
    reply = _reply(data, into, stream=bool(events))
    into.fixture(Fixture(match, reply, source=f"imported from {path.name}"), operation, path.stem)


def _reply(data: bytes, into: Gatherer, *, stream: bool) -> Exact:
    """Return the body as a fixture has it, its pictures as files."""
    secrets = Secrets()
    lifter = Lifter(into.blob, secrets.hide)
    lifter.feed(data)
    pieces = lifter.close()
    into.keep_blobs()
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"
    headers = (("content-type", kind),)
    if stream:
        *frames, rest = data.split(b"\n\n")
        sizes = [len(frame) + 2 for frame in frames] + ([len(rest)] if rest else [])
        cut = chunks(pieces, [Cut(size, 0.0) for size in sizes], {})
        return Exact(200, headers, chunks=tuple(Piece(one.data) for one in cut))
    spec, layout = body(pieces, {})
    return Exact(200, headers, spec, layout if bodies.is_json(spec) else "compact")


def _events(data: bytes) -> Iterator[Json]:
    """Yield the JSON of an event stream's events; nothing for any other body."""
    if not data.lstrip().startswith((b"data:", b"event:", b":")):
        return
    for line in data.splitlines():
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            yield from _json(line[5:])


def _json(data: bytes) -> Iterator[Json]:
    try:
        yield json.loads(data)
    except ValueError:
        return


def _asked_as(model: Json) -> str | None:
    """Return a glob for the names by which a model was asked: an answer tells its dated one."""
    return re.sub(r"-\d{4}-\d{2}-\d{2}$", "*", model) if isinstance(model, str) else None


def _operation(about: dict[str, Json]) -> str | None:
    kind = str(about.get("object", about.get("type", "")))
    if kind in _OPERATIONS:
        return _OPERATIONS[kind]
    if kind.startswith("image_edit"):
        return "images.edit"
    pictures = kind.startswith("image_generation") or ("data" in about and "created" in about)
    return "images.generate" if pictures else None
