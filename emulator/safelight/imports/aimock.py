"""aimock's fixture files: `{"fixtures": [{"match": …, "response": …}]}`, written or recorded.

What aimock matches as a substring is `contains` here, and the first that matches there is the most
specific here, so an order that mattered is told. What must not enter: what a response says
(`aimock_replies`), where fixtures go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from safelight.fixtures.model import Fixture, Match, Text
from safelight.imports import opening
from safelight.imports.aimock_replies import Loss, pictured, reply_of
from safelight.imports.gathering import Gatherer
from safelight.imports.opening import word
from safelight.messages import Json
from safelight.refusals import UsageError

SUFFIXES = (".json",)
_ENDPOINTS = {"chat": "chat.create", "image": "images.*"}
_LAST = "messages.-1"


def gather(path: Path, into: Gatherer) -> None:
    """Gather the fixtures of a file. Raises UsageError for what is none."""
    found = opening.json_of(path, "fixtures of aimock", "fixtures")["fixtures"]
    if not isinstance(found, list):
        raise UsageError(f"{path}: no fixtures of aimock: its `fixtures` are no list")
    if not found:
        raise UsageError(f"{path}: no fixtures of aimock: its list `fixtures` is empty")
    if len(found) > 1:
        into.gathered.lose("that the first match wins: here the most specific does", path.name)
    for number, raw in enumerate(found, start=1):
        where = f"{path.name}, fixture {number}"
        if isinstance(raw, dict):
            _keep(raw, path, where, into)
        else:
            into.gathered.lose("fixtures that are no objects", where)


def _keep(raw: dict[str, Json], path: Path, where: str, into: Gatherer) -> None:
    def lose(what: str) -> None:
        into.gathered.lose(what, where)

    asked, response = raw.get("match", {}), raw.get("response")
    if not isinstance(asked, dict) or not isinstance(response, dict):
        lose("fixtures whose `match` or `response` is no object: functions are not in files")
        return
    asking = _Asking(asked, lose)
    operation = asking.operation(response)
    if operation is None:
        return
    match = asking.match(into.understanding.provider.name, operation)
    reply = reply_of(raw, operation, lose, into.picture)
    if match is None or reply is None:
        return
    said = word(asked.get("userMessage"))
    fixture = Fixture(match, reply, source=f"imported from {path.name}", note=said)
    into.distinct(fixture, asking.narrower(match), where, operation.rstrip(".*"), said or path.stem)


@dataclass
class _Asking:
    """A `match` of aimock, on its way to one of ours; `rest` are the keys not looked at yet."""

    raw: dict[str, Json]
    lose: Loss
    rest: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rest = {key for key, value in self.raw.items() if value is not None}

    def _take(self, key: str) -> Json:
        self.rest.discard(key)
        return self.raw.get(key)

    def operation(self, response: dict[str, Json]) -> str | None:
        """Return the operation that is meant, as a glob; None for one that is not served."""
        endpoint = self._take("endpoint")
        if endpoint is None:
            return "images.*" if pictured(response) else "chat.create"
        if word(endpoint) not in _ENDPOINTS:
            self.lose(f"the endpoint `{endpoint}`, which is not served")
            return None
        return _ENDPOINTS[word(endpoint)]

    def match(self, provider: str, operation: str) -> Match | None:
        """Return the match; None where what it asks for cannot be told."""
        said, model = self._text("userMessage"), self._text("model")
        if said is None or model is None:
            return None
        index, form = self._take("sequenceIndex"), self._take("responseFormat")
        if index is not None and not (isinstance(index, int) and index >= 0):
            self.rest.add("sequenceIndex")
        fields: dict[str, Json] = {}
        if isinstance(form, str):
            fields["response_format.type"] = form
        if operation.startswith("chat"):
            fields |= {**self._system(), **self._tools()}
        if said and fields.get(f"{_LAST}.role") == "tool":
            self.lose(
                "`userMessage` before a tool's result, but where one call was made and answered"
            )
            fields |= {"messages.-3.role": "user", "messages.-3.content": Text("contains", said)}
            said = ""
        self._take("turnIndex")  # see `narrower`
        for key in sorted(self.rest):
            self.lose(f"the condition `{key}`")
        return Match(
            provider=provider,
            operation=operation,
            model=model or None,
            prompt=Text("contains", said) if said else None,
            fields=fields,
            nth=index + 1 if isinstance(index, int) and index >= 0 else None,
        )

    def _text(self, key: str) -> str | None:
        """Return a text, or an empty one; None for a regular expression, which JSON cannot hold."""
        value = self._take(key)
        if value is None or isinstance(value, str):
            return value or ""
        self.lose(f"fixtures whose `{key}` is no text: regular expressions are not in files")
        return None

    def _system(self) -> dict[str, Json]:
        """Return what the first message has to be: the system's, with these texts."""
        wanted = self._take("systemMessage")
        texts = [wanted] if isinstance(wanted, str) else opening.items(wanted)
        texts = [text for text in texts if isinstance(text, str) and text]
        if not texts:
            return {}
        self.lose("system messages but the first one: `systemMessage` is looked for there")
        if len(texts) > 1:
            self.lose("texts of `systemMessage` but the longest one")
        return {
            "messages.0.role": "system",
            "messages.0.content": Text("contains", max(texts, key=len)),
        }

    def _tools(self) -> dict[str, Json]:
        """Return what tools have to be there, and what the last message has to be."""
        found: dict[str, Json] = {}
        name, call, held = (
            self._take(key) for key in ("toolName", "toolCallId", "toolResultContains")
        )
        answered = self._take("hasToolResult")
        if isinstance(name, str):
            self.lose("tools but the first one: `toolName` is looked for there")
            found["tools.0.function.name"] = name
        if isinstance(call, str):
            found[f"{_LAST}.tool_call_id"] = call
        if isinstance(held, str):
            found[f"{_LAST}.content"] = Text("contains", held)
        if call or held or isinstance(answered, bool):
            found[f"{_LAST}.role"] = "tool" if call or held or answered else "user"
        return found

    def narrower(self, match: Match) -> Match | None:
        """Return the match with the turn, for where it tells fixtures apart that are alike.

        aimock counts the assistant's messages, and takes the number for a hint too.
        """
        index = self.raw.get("turnIndex")
        if not isinstance(index, int) or index < 0 or match.operation != "chat.create":
            return None
        return replace(match, turn=index + 1)
