"""The reply that broke a client, as a fixture: a file that `safelight serve --fixtures` replays.

What goes beyond the provider's schema, such as an unknown field, is written all the same; a server
refuses it as what the provider would not send. Pictures go into files of their own beside it. What
must not enter: what is wrong with a client.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import orjson
from safelight.faults import FAULTS, parse
from safelight.fixtures.model import Error, Exact, Fixture, Match, Partial, Piece
from safelight.fixtures.writing import dump
from safelight.messages import Json

from safelight_contracts.client_plans import Plan, Trial

_RUN = re.compile(r"[A-Za-z0-9+/]{2000,}={0,2}")
"""Base64 that is too long to be read."""

_KINDS = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"RIFF": ".webp", b"GIF8": ".gif"}
_OWN = frozenset({"content-length", "transfer-encoding", "connection", "date"})


@dataclass(slots=True)
class Canned:
    """A fixture's text, and the files that it names."""

    text: str
    files: dict[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path, name: str) -> Path:
        """Write the fixture and its files into a folder; return the fixture's path."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in self.files.items():
            (folder / file).write_bytes(data)
        path = folder / f"{name}.yaml"
        path.write_text(self.text, encoding="utf-8")
        return path


def canned(trial: Trial, provider: str, note: str) -> Canned:
    """Return what the plan did to the first request that it met, as a fixture."""
    plan, files = trial.plan, dict[str, bytes]()
    given = next(iter(trial.given), None)
    operation = str(given["operation"]) if given else plan.operation
    match = Match(provider=provider, operation=operation)
    reply: Partial | Error | Exact
    if plan.steps or plan.lie in FAULTS:
        reply = _fault(plan)
    elif plan.row is not None or given is None:
        reply = Error(plan.row or "")
    else:
        reply = _exact(given, files)
    end = " Then the connection is reset." if given and given.get("end") == "reset" else ""
    fixture = Fixture(match, reply, source="safelight check client", note=note + end)
    return Canned(dump(fixture), files)


def _fault(plan: Plan) -> Partial:
    step: Json = plan.steps[0] if plan.steps else {"fault": plan.lie}
    options = (f"; {name}={value}" for name, value in step.get("options", {}).items())
    text = step["fault"] + "".join(options)
    return Partial(fault=parse(text), fault_text=text)


def _exact(given: Mapping[str, Json], files: dict[str, bytes]) -> Exact:
    headers = tuple((name, value) for name, value in given["headers"] if name not in _OWN)
    if "wire" in given:
        data = "".join(text for _, text in given["wire"]).partition("\r\n\r\n")[2]
        return Exact(int(given["status"]), headers, chunks=(Piece(_carved(data, files)),))
    if "chunks" in given:
        pieces = (Piece(_carved(data, files), wait) for wait, data in given["chunks"] if data)
        return Exact(int(given["status"]), headers, chunks=tuple(pieces), paced=True)
    if "base64" in given:
        return Exact(int(given["status"]), headers, {"$base64": given["base64"]})
    return Exact(int(given["status"]), headers, _body(str(given["text"]), files))


def _body(text: str, files: dict[str, bytes]) -> Json:
    """Return a body as JSON where that gives the same bytes, else as a text."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    plain = isinstance(document, (dict, list)) and orjson.dumps(document) == text.encode()
    return _filed(document, files) if plain else _carved(text.encode().decode("latin-1"), files)


def _filed(value: Json, files: dict[str, bytes]) -> Json:
    """Return JSON with long base64 in files."""
    if isinstance(value, dict):
        return {key: _filed(item, files) for key, item in value.items()}
    if isinstance(value, list):
        return [_filed(item, files) for item in value]
    if isinstance(value, str) and _RUN.fullmatch(value):
        return _kept(value, files)
    return value


def _carved(latin: str, files: dict[str, bytes]) -> Json:
    """Return bytes, given as Latin-1, as a text with long base64 in files."""
    parts = list(_parts(latin, files))
    return parts[0] if len(parts) == 1 else {"$join": parts}


def _parts(latin: str, files: dict[str, bytes]) -> Iterator[Json]:
    at = 0
    for run in _RUN.finditer(latin):
        kept = _kept(run[0], files)
        if kept is not run[0]:
            if run.start() > at:
                yield _said(latin[at : run.start()])
            yield kept
            at = run.end()
    if at < len(latin) or not at:
        yield _said(latin[at:])


def _said(latin: str) -> Json:
    data = latin.encode("latin-1")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"$base64": base64.b64encode(data).decode()}


def _kept(text: str, files: dict[str, bytes]) -> Json:
    """Keep what base64 says in a file; text that would not come back the same stays a text."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return text
    if base64.b64encode(data).decode() != text:
        return text
    kind = next((ending for head, ending in _KINDS.items() if data.startswith(head)), ".bin")
    name = blake2b(data, digest_size=8).hexdigest() + kind
    files[name] = data
    return {"$file": name, "as": "base64"}
