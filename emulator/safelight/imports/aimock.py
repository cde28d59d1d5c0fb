"""aimock's fixture files: `{"fixtures": [{"match": …, "response": …}]}`, written or recorded.

What aimock matches as a substring is `contains` here, and the first that matches there is the most
specific here, so an order that mattered is told. What must not enter: where fixtures go.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from pathlib import Path

from safelight.fixtures.model import Exact, Fixture, Match, Partial, Text
from safelight.imports.gathering import Gatherer
from safelight.messages import Json
from safelight.recording.lifting import kind_of
from safelight.refusals import UsageError

SUFFIXES = (".json",)
_ENDPOINTS = {"chat": "chat.create", "image": "images.*", "embedding": "embeddings.create"}
_CARRIED = frozenset(
    ("userMessage", "inputText", "model", "sequenceIndex", "endpoint", "responseFormat")
)
_TIMES = ("streamingProfile", "recordedTimings", "replaySpeed", "chunkSize")
_FAULTS = ("truncateAfterChunks", "disconnectAfterMs", "chaos")
_USAGE = {"prompt_tokens", "completion_tokens"}
_SPOKEN = frozenset(("content", "toolCalls", "blocks", "usage", "finishReason", "role", "status"))


def gather(path: Path, into: Gatherer) -> None:
    """Gather the fixtures of a file. Raises UsageError for what is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{path}: no fixtures of aimock: {error}") from error
    found = document.get("fixtures") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise UsageError(f"{path}: no fixtures of aimock: it has no list `fixtures`")
    if len(found) > 1:
        into.gathered.lose("that the first match wins: here the most specific does", path.name)
    for number, raw in enumerate(found, start=1):
        where = f"{path.name}, fixture {number}"
        if not isinstance(raw, dict):
            into.gathered.lose("fixtures that are no objects", where)
            continue
        reply = _reply(raw.get("response") or {}, where, into)
        if reply is None:
            continue
        match, said = _match(raw.get("match") or {}, raw.get("response") or {}, where, into)
        reply = _timed(reply, raw, where, into)
        fixture = Fixture(match, reply, source=f"imported from {path.name}", note=said)
        into.fixture(fixture, match.operation or "any", said or path.stem)


def _match(raw: dict[str, Json], response: Json, where: str, into: Gatherer) -> tuple[Match, str]:
    """Return the match, and the text that it asks for."""
    for key in raw:
        if key not in _CARRIED:
            into.gathered.lose(f"the condition `{key}`", where)
    said = raw.get("userMessage", raw.get("inputText"))
    text = said if isinstance(said, str) and said else ""
    pictures = isinstance(response, dict) and ("image" in response or "images" in response)
    usual = "images.generate" if pictures else "chat.create"
    endpoint = raw.get("endpoint")
    if endpoint is not None and endpoint not in _ENDPOINTS:
        into.gathered.lose(f"the endpoint `{endpoint}`, which is not served", where)
    index = raw.get("sequenceIndex")
    form = raw.get("responseFormat")
    match = Match(
        provider=into.understanding.provider.name,
        operation=usual if endpoint is None else _ENDPOINTS.get(str(endpoint), usual),
        model=raw["model"] if isinstance(raw.get("model"), str) else None,
        prompt=Text("contains", text) if text else None,
        fields={"response_format.type": form} if isinstance(form, str) else {},
        nth=index + 1 if isinstance(index, int) else None,
    )
    return match, text


def _reply(raw: Json, where: str, into: Gatherer) -> Partial | Exact | None:
    """Return what a response says, or None and say what is lost."""
    if not isinstance(raw, dict):
        into.gathered.lose("responses that are no objects", where)
        return None
    if "error" in raw:
        return _error(raw, into, where)
    if "image" in raw or "images" in raw:
        return _pictures(
            [*raw.get("images", ()), *([raw["image"]] if "image" in raw else [])], where, into
        )
    if not {"content", "toolCalls", "blocks"} & set(raw):
        kind = next(iter(raw), "nothing")
        into.gathered.lose(f"responses with `{kind}`, which no operation here answers", where)
        return None
    for key in raw:
        if key not in _SPOKEN:
            into.gathered.lose(f"`{key}` of responses", where)
    return _spoken(raw, where, into)


def _spoken(raw: dict[str, Json], where: str, into: Gatherer) -> Partial:
    """Return what a model says: text, calls of tools, or both."""
    blocks = [block for block in raw.get("blocks", ()) if isinstance(block, dict)]
    if blocks:
        into.gathered.lose("the order of texts and tool calls within an answer", where)
    calls = [*raw.get("toolCalls", ()), *(b for b in blocks if b.get("type") == "toolCall")]
    texts = [str(block.get("text", "")) for block in blocks if block.get("type") == "text"]
    content = raw.get("content", "".join(texts) or None)
    usage = raw.get("usage") if isinstance(raw.get("usage"), dict) else {}
    return Partial(
        text=content if isinstance(content, str) or content is None else json.dumps(content),
        tool_calls=tuple((str(call["name"]), _arguments(call)) for call in calls),
        finish_reason=raw.get("finishReason"),
        usage={key: value for key, value in (usage or {}).items() if key in _USAGE},
    )


def _arguments(call: dict[str, Json]) -> Json:
    """Return a call's arguments as an object; a text that is none stays a text."""
    given = call.get("arguments", {})
    if not isinstance(given, str):
        return given
    try:
        found = json.loads(given)
    except ValueError:
        return given
    return found if isinstance(found, dict) else given


def _error(raw: dict[str, Json], into: Gatherer, where: str) -> Exact:
    """Return an error as it stands: its words are aimock's author's, not the provider's."""
    into.gathered.lose("the provider's own shape of errors: these are sent as they stand", where)
    error = raw["error"] if isinstance(raw["error"], dict) else {"message": str(raw["error"])}
    known = {key: error.get(key) for key in ("message", "type", "param", "code")}
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    if "retryAfter" in raw:
        headers = (*headers, ("retry-after", str(raw["retryAfter"])))
    return Exact(int(raw.get("status", 500)), headers, {"error": known})


def _pictures(raw: list[Json], where: str, into: Gatherer) -> Partial | None:
    """Return pictures that the file has; those behind links are lost."""
    names, revised = [], None
    for item in raw:
        data = _decoded(item)
        if data is None:
            into.gathered.lose("pictures behind links: an import follows none", where)
            continue
        names.append(into.picture(data, kind_of(data[:16]) or "bin"))
        revised = revised or item.get("revisedPrompt")
    if revised:
        into.gathered.lose("revised prompts, where the model tells none", where)
    return Partial(pictures=tuple(names)) if names else None


def _decoded(item: Json) -> bytes | None:
    text = item.get("b64Json") if isinstance(item, dict) else None
    if isinstance(item, dict) and str(item.get("url", "")).startswith("data:"):
        text = str(item["url"]).partition(",")[2]
    try:
        return base64.b64decode(text) if text else None
    except binascii.Error:
        return None


def _timed(
    reply: Partial | Exact, raw: dict[str, Json], where: str, into: Gatherer
) -> Partial | Exact:
    """Return a reply with the latency that is given; say which times and faults are lost."""
    for key in (*_TIMES, *_FAULTS):
        if key in raw:
            into.gathered.lose(f"`{key}`; see `timing` and `fault` of a fixture's reply", where)
    latency = raw.get("latency")
    if isinstance(latency, (int, float)) and latency > 0 and isinstance(reply, Partial):
        return replace(reply, each=latency / 1000)
    return reply
