"""Reads the messages of a request: what was asked, what was shown, which tools have answered.

What must not enter: how an answer is worded, schema checks (they come before).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from safelight.messages import Json
from safelight.operations.chat.pictures import Picture, look
from safelight.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as the answer needs it.

    `asked` is the text of the last user message; `pictures`, `sounds` and `files` are what came
    with it. `all_pictures` are those of every message, for the count of tokens. `results` are the
    answers of tools, as (tool's name, text), that nobody has spoken about yet.
    """

    asked: str
    pictures: tuple[Picture, ...] = ()
    all_pictures: tuple[Picture, ...] = ()
    sounds: int = 0
    files: tuple[str, ...] = ()
    results: tuple[tuple[str, str], ...] = ()
    system: str = ""


def messages_of(params: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the messages that are objects: a lenient server may be given anything."""
    messages = params.get("messages")
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []


def parts_of(content: Json) -> list[dict[str, Json]]:
    """Return a message's content as a list of parts; a plain string is one text part."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [p for p in content if isinstance(p, dict)] if isinstance(content, list) else []


def text_of(content: Json) -> str:
    """Return the text of a message's content, its parts joined by line breaks."""
    texts = (part.get("text", part.get("refusal")) for part in parts_of(content))
    return "\n".join(clean(text) for text in texts if isinstance(text, str))


def clean(text: str) -> str:
    """Return the text without lone surrogates, which JSON can carry and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def read(params: Mapping[str, Json], *, lenient: bool = False) -> Conversation:
    """Return the conversation. Raises Refusal for an unreadable picture (not when lenient)."""
    messages = messages_of(params)
    last_user = next((m for m in reversed(messages) if m.get("role") == "user"), None)
    last = last_user or (messages[-1] if messages else {})
    shown = {id(message): tuple(_pictures([message], lenient=lenient)) for message in messages}
    parts = parts_of(last.get("content"))
    return Conversation(
        asked=text_of(last.get("content")),
        pictures=shown.get(id(last), ()),
        all_pictures=tuple(picture for found in shown.values() for picture in found),
        sounds=sum(part.get("type") == "input_audio" for part in parts),
        files=tuple(_file_name(part) for part in parts if part.get("type") == "file"),
        results=tuple(_results(messages)),
        system="\n".join(text_of(m.get("content")) for m in messages if _instructs(m)),
    )


def _instructs(message: Mapping[str, Json]) -> bool:
    return message.get("role") in ("system", "developer")


def _pictures(messages: Iterable[Mapping[str, Json]], *, lenient: bool) -> Iterator[Picture]:
    for message in messages:
        for part in pictures_in(message):
            image = part.get("image_url")
            source = image if isinstance(image, dict) else {"url": image}
            yield look(source, lenient=lenient)


def pictures_in(message: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the `image_url` parts of a message, and of its `images`, where answers have them."""
    beside = message.get("images")
    found = parts_of(message.get("content"))
    found += parts_of(beside) if isinstance(beside, list) else []
    return [part for part in found if part.get("type") == "image_url"]


def _file_name(part: Mapping[str, Json]) -> str:
    file = part.get("file")
    names = (file.get("filename"), file.get("file_id")) if isinstance(file, dict) else ()
    return next((clean(name) for name in names if isinstance(name, str)), "a file without a name")


def _results(messages: list[dict[str, Json]]) -> Iterator[tuple[str, str]]:
    """Yield the tool answers that end the conversation, each with the name of its tool."""
    names = _names_of_calls(messages)
    tail: list[tuple[str, str]] = []
    for message in reversed(messages):
        if message.get("role") not in ("tool", "function"):
            break
        name = names.get(str(message.get("tool_call_id"))) or message.get("name") or "the tool"
        tail.append((clean(str(name)), text_of(message.get("content"))))
    return reversed(tail)


def _names_of_calls(messages: list[dict[str, Json]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for call in (call for message in messages for call in calls_of(message)):
        about = call.get("function") or call.get("custom") or {}
        if isinstance(about, dict):
            names[str(call.get("id"))] = str(about.get("name"))
    return names


def calls_of(message: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the tool calls that an assistant's message made."""
    calls = message.get("tool_calls") if message.get("role") == "assistant" else None
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def check_tool_turns(messages: list[dict[str, Json]]) -> None:
    """Raise Refusal when a tool answers nothing, or a call was left without an answer."""
    waiting: dict[str, None] = {}
    called = False
    for index, message in enumerate(messages):
        if message.get("role") == "tool":
            _answer(message, index, waiting, called=called)
            continue
        _none_left(waiting, index)
        waiting = dict.fromkeys(str(call.get("id")) for call in calls_of(message))
        called = bool(waiting)
    _none_left(waiting, len(messages))


def _answer(
    message: Mapping[str, Json], index: int, waiting: dict[str, None], *, called: bool
) -> None:
    name = str(message.get("tool_call_id"))
    if not called:
        raise refused_at("tool_orphan", f"messages[{index}].role")
    if name not in waiting:
        raise refused_at("tool_call_unknown", f"messages[{index}].tool_call_id", id=clean(name))
    waiting.pop(name)


def _none_left(waiting: dict[str, None], index: int) -> None:
    if waiting:
        ids = ", ".join(clean(name) for name in waiting)
        raise refused_at("tool_unanswered", f"messages[{index}].role", ids=ids)


def refused_at(name: str, at: str, **facts: Json) -> Refusal:
    """Return a refusal that also carries its place in the dotted spelling, `messages.[0].role`."""
    return Refusal(name, at=at, dotted_at=at.replace("[", ".["), **facts)
