"""How single mutants answer: each does one thing wrong, made of the changes of `mutant_changes`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import kit
from mutant_changes import (
    body,
    each,
    events,
)
from mutants import Change, Endpoint
from PIL import Image
from safelight.messages import Reply
from safelight_contracts.cases import Case

IMAGES, CHAT = "images.generate", "chat.create"


def images(change: Callable[[Any], Any]) -> Change:
    """Return a change of every event of a picture's stream."""
    return events(each(change), of=IMAGES)


def frames(change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]]) -> Change:
    """Return a change of the frames of a picture's stream."""
    return events(change, of=IMAGES)


def chat(change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]]) -> Change:
    """Return a change of the frames of a chat's stream."""
    return events(change, of=CHAT)


def items(change: Callable[[Any], Any]) -> Change:
    """Return a change of every picture's entry."""
    return body(lambda reply: [change(item) for item in reply["data"]] and None)


def status(wanted: int, *, when: int, of: str = IMAGES) -> Change:
    def run(case: Case, reply: Reply) -> Reply:
        hit = case.operation == of and reply.status == when
        return replace(reply, status=wanted) if hit else reply

    return run


def to_all(**more: Any) -> Callable[[Any], None]:
    return lambda part: part.update(more)


def drop(name: str) -> Callable[[Any], Any]:
    return lambda part: part.pop(name, None) and None


def html(case: Case, reply: Reply) -> Reply:
    if case.operation != IMAGES or reply.status != 200 or reply.chunks:
        return reply
    return Reply(200, (("content-type", "text/html"), ("x-request-id", "r")), b"<html></html>")


def bare_refusal(_case: Case, reply: Reply) -> Reply:
    """Leave out what kind of body a refusal has."""
    if reply.status != 400:
        return reply
    kept = tuple(pair for pair in reply.headers if pair[0].lower() != "content-type")
    return replace(reply, headers=kept)


def cut_json(case: Case, reply: Reply) -> Reply:
    if case.operation != CHAT or reply.status != 200 or reply.chunks:
        return reply
    return replace(reply, body=reply.body[:-20])


def no_stream(case: Case, reply: Reply) -> Reply:
    """Answer a stream's question with a whole document."""
    if reply.chunks is None or case.operation != CHAT:
        return reply
    whole = {name: value for name, value in case.params.items() if name[:6] != "stream"}
    return Endpoint(kit.emulator())._reply(replace(case, params=whole))


def keys_ignored(case: Case, reply: Reply) -> Reply:
    if case.key == "good":
        return reply
    return Endpoint(kit.emulator())._reply(replace(case, key="good"))


def other_reason(_case: Case, reply: Reply) -> Reply:
    if reply.status != 400:
        return reply
    document = json.loads(reply.body)
    document["error"] |= {"message": "You have no more money.", "code": "billing", "type": "quota"}
    return replace(reply, body=json.dumps(document).encode())


def flat_error(_case: Case, reply: Reply) -> Reply:
    return replace(reply, body=b'{"error":"no"}') if reply.status == 400 else reply


def rewritten(old: bytes, new: bytes) -> Change:
    """Return a change of the bytes of a picture's stream."""

    def run(case: Case, reply: Reply) -> Reply:
        if reply.chunks is None or case.operation != IMAGES:
            return reply
        made = (replace(chunk, data=chunk.data.replace(old, new)) for chunk in reply.chunks)
        return replace(reply, chunks=tuple(made))

    return run


def rootless(case: Case, reply: Reply) -> Reply:
    """Link to a picture by its path alone."""
    if case.provider != "together":
        return reply
    document = json.loads(reply.body)
    document["data"][0]["url"] = "/pictures/1.png"
    return replace(reply, body=json.dumps(document).encode())


def silent(case: Case, reply: Reply) -> Reply:
    """Be silent for ten minutes in the middle of a chat's stream."""
    if reply.chunks is None or case.operation != CHAT:
        return reply
    first, *rest = reply.chunks
    return replace(reply, chunks=(first, *(replace(chunk, wait=600.0) for chunk in rest)))


def tool_pieces(change: Callable[[Any], None]) -> Change:
    """Return a change of every piece of a streamed tool call."""

    def run(part: Any) -> None:
        for choice in part.get("choices", ()):
            for call in choice.get("delta", {}).get("tool_calls") or ():
                change(call)

    return chat(each(run))


def spoil(call: Any) -> None:
    """Leave out what closes the arguments."""
    call["function"]["arguments"] = call["function"].get("arguments", "").replace("}", "")


def renumbered(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Skip an index."""
    change = each(
        lambda part: part.get("partial_image_index") == 1 and part.update(partial_image_index=2)
    )
    return change(told)


def with_roles_late(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return each(lambda part: [c["delta"].pop("role", None) for c in part["choices"]])(told)


def unfinished(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return each(lambda part: [c.update(finish_reason=None) for c in part["choices"]])(told)


def other_ids(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    first, *rest = told
    return [first, *each(to_all(id="chatcmpl-other"))(rest)]


def other_choice(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return each(lambda part: [c.update(index=3) for c in part["choices"]])(told)


def without_usage(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pair for pair in told if '"usage":{' not in pair[1]]


def with_usage(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Tell the usage though nobody asked: on the last chunk before the end."""
    if any('"usage":{' in data for _, data in told):
        return told
    last = json.loads(told[-2][1])
    last["choices"] = []
    last["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return [*told[:-1], ("", json.dumps(last)), told[-1]]


def missing_part(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the completed event."""
    return [pair for pair in told if not pair[0].endswith("completed")]


def twice(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*told, told[-1]]


def misnamed(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("message", data) for _, data in told]


def no_json(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(told[0][0], "{"), *told[1:]]


def preview_last(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*told, told[0]]


def jpeg(image: Image.Image, _case: Case) -> bytes:
    return kit.encoded(image.convert("RGB"), "JPEG")


def smaller(image: Image.Image, _case: Case) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


def opaque(image: Image.Image, case: Case) -> Image.Image:
    return image.convert("RGB") if case.params.get("background") == "transparent" else image


def usage(change: Callable[[Any], Any]) -> Change:
    """Return a change of what the one provider that tells it says of usage."""
    return body(lambda reply: change(reply["usage"]) if "usage" in reply else None)


def plus_one(told: Any) -> None:
    told["total_tokens"] += 1


def late(reply: Any) -> None:
    """Tell the time in milliseconds."""
    if "created" in reply:
        reply["created"] *= 1000


def labelled(item: Any) -> None:
    if "b64_json" in item:
        item["b64_json"] = "data:image/png;base64," + item["b64_json"]
