"""The judge judges: every broken emulator is caught by the check that is meant, and by no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import kit
import pytest
from mutants import (
    Change,
    Endpoint,
    Restless,
    all_new,
    blank,
    body,
    each,
    error,
    events,
    findings,
    half,
    header,
    instead,
    picture,
    spotted,
    unchanged,
)
from PIL import Image
from safelight.core import Emulator
from safelight.messages import Reply
from safelight_contracts.cases import Case, Fetched
from safelight_contracts.checks import ANSWERS

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


MUTANTS: dict[str, tuple[Change, str]] = {
    # the shape of a body
    "created missing": (body(drop("created")), "SL-BODY-SHAPE"),
    "created null": (body(to_all(created=None)), "SL-BODY-SHAPE"),
    "created a text": (body(to_all(created="now")), "SL-BODY-SHAPE"),
    "data renamed": (body(lambda r: r.update(images=r.pop("data"))), "SL-BODY-SHAPE"),
    "unknown field": (body(to_all(mood="good")), "SL-BODY-SHAPE"),
    "quality out of range": (body(to_all(quality="ultra")), "SL-BODY-SHAPE"),
    "size no size": (body(to_all(size="large")), "SL-BODY-SHAPE"),
    "usage a number": (body(to_all(usage=3)), "SL-BODY-SHAPE"),
    "usage without total": (usage(drop("total_tokens")), "SL-BODY-SHAPE"),
    "picture null": (items(to_all(b64_json=None)), "SL-BODY-SHAPE"),
    "picture missing": (items(drop("b64_json")), "SL-BODY-SHAPE"),
    "body a list": (body(lambda r: [r]), "SL-BODY-SHAPE"),
    "body cut": (cut_json, "SL-BODY-SHAPE"),
    "chat without choices": (body(drop("choices"), of=CHAT), "SL-BODY-SHAPE"),
    "chat of another object": (body(to_all(object="text"), of=CHAT), "SL-BODY-SHAPE"),
    "models without ids": (
        body(lambda r: [one.pop("id") for one in r["data"]] and None, of="models.list"),
        "SL-BODY-SHAPE",
    ),
    # headers
    "no content type": (header("content-type", None), "SL-CONTENT-TYPE"),
    "text/plain": (header("content-type", "text/plain"), "SL-CONTENT-TYPE"),
    "a page with status 200": (html, "SL-CONTENT-TYPE"),
    "a stream labelled JSON": (header("content-type", "application/json", of=CHAT), "SL-CONTENT-TYPE"),  # noqa: E501
    "JSON where a stream was asked for": (no_stream, "SL-CONTENT-TYPE"),
    "no request id": (header("x-request-id", None), "SL-HEADER"),
    # statuses
    "created for ok": (status(201, when=200), "SL-STATUS"),
    "unprocessable for bad": (status(422, when=400), "SL-STATUS"),
    "refusal of what is good": (status(403, when=200, of="models.list"), "SL-STATUS"),
    "breaks down over a fault": (status(500, when=400), "SL-SERVER-ERROR"),
    "breaks down": (status(502, when=200, of=CHAT), "SL-SERVER-ERROR"),
    "keys not asked for": (keys_ignored, "SL-STATUS"),
    # refusals
    "param null": (error(to_all(param=None)), "SL-ERROR-PARAM"),
    "param of another field": (error(to_all(param="model")), "SL-ERROR-PARAM"),
    "code null": (error(lambda e: e["code"] and e.update(code=None)), "SL-ERROR-CODE"),
    "code of another row": (error(to_all(code="billing_hard_limit_reached")), "SL-ERROR-CODE"),
    "type of another row": (error(to_all(type="server_error")), "SL-ERROR-TYPE"),
    "worded otherwise": (error(to_all(message="That will not do.")), "SL-ERROR-MESSAGE"),
    "another reason": (other_reason, "SL-ERROR-REASON"),
    "error without param": (error(drop("param")), "SL-BODY-SHAPE"),
    "error a text": (flat_error, "SL-BODY-SHAPE"),
    "refused with status 200": (status(200, when=400), "SL-STATUS"),
    # what should be refused
    "unknown field overlooked": (instead(surprise=...), "SL-IGNORED"),
    "size put right": (instead(size="1024x1024"), "SL-COERCED"),
    "quality put right": (instead(quality="low"), "SL-COERCED"),
    "n put right": (instead(n=1), "SL-COERCED"),
    "a text too long accepted": (instead(prompt="a red circle on white"), "SL-ACCEPTED-BILLED"),
    # counts, times, amounts
    "n not heeded": (body(lambda r: r.update(data=r["data"][:1])), "SL-COUNT"),
    "one too many": (body(lambda r: r.update(data=[*r["data"], r["data"][0]])), "SL-COUNT"),
    "created long ago": (body(to_all(created=1_500_000_000)), "SL-CREATED"),
    "created in milliseconds": (body(late), "SL-CREATED"),
    "chat created long ago": (body(to_all(created=1), of=CHAT), "SL-CREATED"),
    "no usage": (body(drop("usage")), "SL-USAGE-MISSING"),
    "total off by one": (usage(plus_one), "SL-USAGE-SUM"),
    "details off": (
        usage(lambda told: told["input_tokens_details"].update(text_tokens=999)),
        "SL-USAGE-SUM",
    ),
    "chat's total off": (
        body(lambda r: r["usage"].update(total_tokens=0), of=CHAT),
        "SL-USAGE-SUM",
    ),
    "another size told": (body(to_all(size="1536x1024")), "SL-ECHO"),
    "another quality told": (body(to_all(quality="high")), "SL-ECHO"),
    # pictures
    "JPEG for PNG": (picture(jpeg), "SL-PICTURE-FORMAT"),
    "half a picture": (picture(half), "SL-PICTURE-FORMAT"),
    "no picture": (picture(lambda *_: b"not a picture"), "SL-PICTURE-FORMAT"),
    "a data URL": (items(labelled), "SL-PICTURE-FORMAT"),
    "half the size": (picture(smaller), "SL-PICTURE-SIZE"),
    "on its side": (
        picture(lambda image, _: image.resize((image.width, image.height + 64))),
        "SL-PICTURE-SIZE",
    ),
    "blank": (picture(blank), "SL-PICTURE-BLANK"),
    "opaque though transparent was asked": (picture(opaque), "SL-PICTURE-ALPHA"),
    "transparent though opaque was asked": (picture(spotted), "SL-PICTURE-ALPHA"),
    "mask not heeded": (picture(all_new), "SL-MASK-OUTSIDE"),
    "input sent back": (picture(unchanged), "SL-MASK-INSIDE"),
    # links
    "a link without an origin": (rootless, "SL-URL"),
    # streams of pictures
    "data without its name": (rewritten(b"data: ", b""), "SL-STREAM-FRAMING"),
    "bytes that are no UTF-8": (rewritten(b"opaque", b"opaqu\xe9"), "SL-STREAM-FRAMING"),
    "no blank lines": (rewritten(b"\n\n", b"\n"), "SL-STREAM-TERMINAL"),
    "an event that is no JSON": (frames(no_json), "SL-STREAM-SHAPE"),
    "an event without its picture": (images(drop("b64_json")), "SL-STREAM-SHAPE"),
    "an event of unknown type": (images(to_all(type="image_generation.draft")), "SL-STREAM-SHAPE"),
    "events misnamed": (frames(misnamed), "SL-STREAM-ORDER"),
    "an index skipped": (frames(renumbered), "SL-STREAM-INDEX"),
    "an index repeated": (
        images(lambda e: "partial_image_index" in e and e.update(partial_image_index=0)),
        "SL-STREAM-INDEX",
    ),
    "no completed event": (frames(missing_part), "SL-STREAM-TERMINAL"),
    "completed twice": (frames(twice), "SL-STREAM-TERMINAL"),
    "a preview after the end": (frames(preview_last), "SL-STREAM-TERMINAL"),
    # streams of chats
    "no [DONE]": (chat(lambda told: told[:-1]), "SL-STREAM-DONE"),
    "[DONE] twice": (chat(twice), "SL-STREAM-DONE"),
    "[DONE] early": (chat(lambda told: [told[-1], *told[:-1]]), "SL-STREAM-DONE"),
    "no role": (chat(with_roles_late), "SL-STREAM-ORDER"),
    "ids change": (chat(other_ids), "SL-STREAM-ORDER"),
    "a choice nobody asked for": (chat(other_choice), "SL-STREAM-INDEX"),
    "no finish_reason": (chat(unfinished), "SL-STREAM-TERMINAL"),
    "usage asked for and not told": (chat(without_usage), "SL-STREAM-USAGE"),
    "usage told unasked": (chat(with_usage), "SL-STREAM-USAGE"),
    "arguments that join to no JSON": (tool_pieces(spoil), "SL-STREAM-TOOLCALL"),
    "ten silent minutes": (silent, "SL-STREAM-TIMING"),
}  # fmt: skip
"""What is wrong with each, and the one check that has to find it."""

FETCHES: dict[str, tuple[Callable[[Fetched], Fetched], str]] = {
    "a link that leads nowhere": (lambda got: replace(got, status=404), "SL-URL"),
    "a link to a page": (lambda got: replace(got, content_type="text/html"), "SL-URL"),
    "a seed that does not repeat": (Restless(), "SL-SEED-REPEAT"),
}
"""What is wrong with the pictures that links lead to."""


HEALTHY: dict[str, Reply] = {}


@pytest.fixture(scope="module")
def emu() -> Emulator:
    return kit.emulator()


def test_the_healthy_emulator_is_blamed_for_nothing(emu: Emulator) -> None:
    assert [(name, found.says) for name, found in findings(Endpoint(emu))] == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught_by_the_check_that_is_meant(emu: Emulator, name: str) -> None:
    change, code = MUTANTS[name]
    found = findings(Endpoint(emu, change, healthy=HEALTHY))
    assert {finding.code for _, finding in found} == {code}, [(q, f.says) for q, f in found]


@pytest.mark.parametrize("name", FETCHES)
def test_a_mutant_behind_a_link_is_caught(emu: Emulator, name: str) -> None:
    fetch, code = FETCHES[name]
    found = findings(Endpoint(emu, fetch=fetch, healthy=HEALTHY))
    assert {finding.code for _, finding in found} == {code}, [(q, f.says) for q, f in found]


def test_every_check_of_an_answer_has_a_mutant() -> None:
    caught = {code for _, code in (*MUTANTS.values(), *FETCHES.values())}
    assert set(ANSWERS) - caught == set()
    assert len(MUTANTS) + len(FETCHES) >= 60
