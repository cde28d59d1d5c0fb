"""Every check catches what it is for, and nobody else blames the same: one bent answer for each."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from checks_kit import DAY, ask
from hypothesis import given
from hypothesis import strategies as st
from kit import emulator
from PIL import Image
from safelight.refusals import Refusal
from safelight.violations import Violation
from safelight_contracts.cases import Case, Fetched, Piece, Seen
from safelight_contracts.checks import ANSWERS, judge
from safelight_contracts.findings import CHECKS
from safelight_contracts.promises import Promises
from safelight_contracts.requests import case_of, least

Bend = Callable[[Seen], Seen]
CONTRACTS = {
    name: Promises(name, DAY) for name in ("openai", "vercel", "edenai", "together", "compatible")
}


@dataclass(frozen=True)
class Question:
    """What is asked, of whom; `fault` is what is wrong with it, if it is to be refused."""

    provider: str
    operation: str
    model: str
    more: tuple[tuple[str, Any], ...] = ()
    fault: Violation | None = None
    broken: str = ""


KEPT: dict[str, tuple[Case, Seen, Promises]] = {}


def asked(question: Question) -> tuple[Case, Seen, Promises]:
    """Return a case, the emulator's good answer to it, and the contract; each is asked once."""
    mark = repr(question)
    if mark not in KEPT:
        KEPT[mark] = answered(question)
    return KEPT[mark]


def answered(question: Question) -> tuple[Case, Seen, Promises]:
    contract = CONTRACTS[question.provider]
    row = contract.of(question.operation)
    params = least(contract, row, question.model)
    params = {k: v for k, v in {**params, **dict(question.more)}.items() if v is not ...}
    case = case_of(contract, row, params, purpose="bent", broken=question.broken)
    if question.fault:
        case = dataclasses.replace(case, expects=contract.expect(case, question.fault))
    return case, ask(emulator(), case, contract), contract


IMAGE = Question("openai", "images.generate", "gpt-image-1-mini")


def wrong(broken: str, value: Any, keyword: str, limit: Any = None) -> Question:
    """Return the plain question with one wrong field; a value of `...` leaves it out."""
    fault = Violation((broken,), keyword, limit, None if value is ... else value)
    return dataclasses.replace(
        IMAGE, more=((broken, value),), fault=fault, broken=f"{broken}:{keyword}"
    )


CLEAR = dataclasses.replace(IMAGE, more=(("background", "transparent"),))
MANY = wrong("n", 11, "maximum", 10)
UNKNOWN = wrong("colour", "red", "additionalProperties")
SILENT = wrong("prompt", ..., "required")
FILM = dataclasses.replace(IMAGE, more=(("stream", True), ("partial_images", 2)))
CHAT = Question("openai", "chat.create", "gpt-4o")
TALK = dataclasses.replace(CHAT, more=(("stream", True),))
COUNTED = dataclasses.replace(
    CHAT, more=(("stream", True), ("stream_options", {"include_usage": True}))
)
TOOL = {"type": "function", "function": {"name": "get", "parameters": {"type": "object"}}}
CALLED = dataclasses.replace(
    CHAT, more=(("stream", True), ("tools", [TOOL]), ("tool_choice", "required"))
)
LINKED = Question("together", "images.generate", "black-forest-labs/FLUX.1-schnell")
EDIT = Question("openai", "images.edit", "gpt-image-1-mini")


def body(change: Callable[[Any], Any]) -> Bend:
    """Return a bend of the JSON body."""

    def bend(seen: Seen) -> Seen:
        document = json.loads(seen.body)
        changed = change(document)
        data = json.dumps(document if changed is None else changed).encode()
        return dataclasses.replace(seen, pieces=(Piece(0.0, data),))

    return bend


def put(value: Any, *path: Any) -> Bend:
    """Return a bend that puts a value at a place of the body; `...` takes the place away."""

    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        if value is ...:
            del document[path[-1]]
        else:
            document[path[-1]] = value

    return body(change)


def frames(change: Callable[[list[bytes]], list[bytes]]) -> Bend:
    """Return a bend of an event stream's frames."""

    def bend(seen: Seen) -> Seen:
        told = seen.body.split(b"\n\n")[:-1]
        pieces = tuple(Piece(i / 10, data + b"\n\n") for i, data in enumerate(change(told)))
        return dataclasses.replace(seen, pieces=pieces)

    return bend


def swap(old: bytes, new: bytes, times: int = -1) -> Bend:
    def bend(seen: Seen) -> Seen:
        assert old in seen.body, old
        return dataclasses.replace(seen, pieces=(Piece(0.0, seen.body.replace(old, new, times)),))

    return bend


def head(name: str, value: str | None) -> Bend:
    def bend(seen: Seen) -> Seen:
        kept = tuple(pair for pair in seen.headers if pair[0] != name)
        return dataclasses.replace(seen, headers=kept + (((name, value),) if value else ()))

    return bend


def file(image: Image.Image, form: str = "PNG") -> str:
    out = io.BytesIO()
    image.save(out, form)
    return base64.b64encode(out.getvalue()).decode()


def drawn(change: Callable[[Image.Image], Image.Image], form: str = "PNG") -> Bend:
    """Return a bend of the first picture."""

    def bend(document: Any) -> None:
        data = base64.b64decode(document["data"][0]["b64_json"])
        document["data"][0]["b64_json"] = file(change(Image.open(io.BytesIO(data))), form)

    return body(bend)


def status(number: int) -> Bend:
    return lambda seen: dataclasses.replace(seen, status=number)


def served(**told: Any) -> Bend:
    """Return a bend that serves what should have been refused."""

    def bend(_: Seen) -> Seen:
        good = asked(IMAGE)[1]
        return body(lambda document: {**document, **told})(good)

    return bend


def dead(seen: Seen) -> Seen:
    found = tuple(Fetched(link.url, 403) for link in seen.fetched)
    return dataclasses.replace(seen, fetched=found)


def late(seen: Seen) -> Seen:
    first, *rest = seen.pieces
    slow = tuple(Piece(piece.at + 90, piece.data) for piece in rest)
    return dataclasses.replace(seen, pieces=(first, *slow))


def picture(size: tuple[int, int], colour: Any = "red") -> Any:
    image = Image.new("RGB", size, colour)
    image.putpixel((0, 0), (0, 0, 0))
    return image


BENT: list[tuple[str, Question, Bend]] = [
    ("SL-SERVER-ERROR", MANY, status(500)),
    ("SL-SERVER-ERROR", IMAGE, status(502)),
    ("SL-STATUS", MANY, status(422)),
    ("SL-STATUS", IMAGE, status(400)),
    ("SL-STATUS", IMAGE, status(201)),
    ("SL-IGNORED", UNKNOWN, served()),
    ("SL-COERCED", MANY, served()),
    ("SL-ACCEPTED-BILLED", SILENT, served()),
    ("SL-CONTENT-TYPE", IMAGE, head("content-type", "text/plain")),
    ("SL-CONTENT-TYPE", TALK, head("content-type", "application/json")),
    ("SL-CONTENT-TYPE", MANY, head("content-type", None)),
    ("SL-HEADER", IMAGE, head("x-request-id", None)),
    ("SL-HEADER", TALK, head("x-request-id", "")),
    ("SL-BODY-SHAPE", IMAGE, put(..., "created")),
    ("SL-BODY-SHAPE", IMAGE, put(None, "data")),
    ("SL-BODY-SHAPE", IMAGE, put("1", "created")),
    ("SL-BODY-SHAPE", IMAGE, put("huge", "quality")),
    ("SL-BODY-SHAPE", IMAGE, put([], "data")),
    ("SL-BODY-SHAPE", IMAGE, lambda seen: dataclasses.replace(seen, pieces=(Piece(0, b"<html>"),))),
    ("SL-BODY-SHAPE", CHAT, put("chat", "object")),
    ("SL-BODY-SHAPE", MANY, put(..., "error", "code")),
    (
        "SL-ERROR-REASON",
        MANY,
        put({"message": "No.", "type": "a", "param": "n", "code": "b"}, "error"),
    ),
    ("SL-ERROR-PARAM", MANY, put("size", "error", "param")),
    ("SL-ERROR-PARAM", MANY, put(None, "error", "param")),
    ("SL-ERROR-CODE", MANY, put("wrong", "error", "code")),
    ("SL-ERROR-TYPE", MANY, put("wrong", "error", "type")),
    ("SL-ERROR-MESSAGE", MANY, put("Something else.", "error", "message")),
    ("SL-COUNT", IMAGE, body(lambda d: d["data"].extend(d["data"]))),
    ("SL-COUNT", CHAT, body(lambda d: d["choices"].append({**d["choices"][0], "index": 1}))),
    ("SL-CREATED", IMAGE, put(1795176000_000, "created")),
    ("SL-CREATED", CHAT, put(0, "created")),
    ("SL-USAGE-MISSING", IMAGE, put(..., "usage")),
    ("SL-USAGE-SUM", IMAGE, body(lambda d: d["usage"].update(total_tokens=1))),
    ("SL-USAGE-SUM", CHAT, body(lambda d: d["usage"].update(total_tokens=1))),
    ("SL-USAGE-SUM", IMAGE, put(999, "usage", "input_tokens_details", "text_tokens")),
    ("SL-ECHO", IMAGE, put("high", "quality")),
    ("SL-ECHO", IMAGE, put("1536x1024", "size")),
    ("SL-PICTURE-FORMAT", IMAGE, drawn(lambda i: i.convert("RGB"), "JPEG")),
    ("SL-PICTURE-FORMAT", IMAGE, put("@@@@", "data", 0, "b64_json")),
    ("SL-PICTURE-FORMAT", IMAGE, put("aGVsbG8=", "data", 0, "b64_json")),
    ("SL-PICTURE-SIZE", IMAGE, drawn(lambda i: i.resize((512, 512)))),
    ("SL-PICTURE-ALPHA", CLEAR, drawn(lambda i: i.convert("RGB"))),
    ("SL-PICTURE-BLANK", IMAGE, drawn(lambda i: Image.new("RGB", i.size))),
    ("SL-URL", LINKED, dead),
    ("SL-URL", LINKED, put("/relative.png", "data", 0, "url")),
    ("SL-STREAM-FRAMING", TALK, frames(lambda f: [b"hello", *f])),
    ("SL-STREAM-FRAMING", TALK, lambda seen: dataclasses.replace(seen, pieces=())),
    ("SL-STREAM-SHAPE", TALK, swap(b"chat.completion.chunk", b"chunk", 1)),
    ("SL-STREAM-SHAPE", TALK, frames(lambda f: [f[0], b"data: {", *f[1:]])),
    ("SL-STREAM-ORDER", TALK, frames(lambda f: [f[1], f[0], *f[2:]])),
    ("SL-STREAM-ORDER", FILM, swap(b"event: image_generation.completed", b"event: done")),
    ("SL-STREAM-INDEX", FILM, frames(lambda f: f[1:])),
    ("SL-STREAM-INDEX", TALK, swap(b'"index":0', b'"index":1')),
    ("SL-STREAM-TERMINAL", FILM, frames(lambda f: f[:-1])),
    ("SL-STREAM-TERMINAL", FILM, frames(lambda f: [*f, f[-1]])),
    ("SL-STREAM-TERMINAL", TALK, frames(lambda f: [*f[:-2], f[-1]])),
    ("SL-STREAM-TERMINAL", TALK, frames(lambda f: f[:3])),
    ("SL-STREAM-DONE", TALK, frames(lambda f: f[:-1])),
    ("SL-STREAM-DONE", TALK, frames(lambda f: [*f, f[-1]])),
    ("SL-STREAM-USAGE", COUNTED, frames(lambda f: [*f[:-2], f[-1]])),
    ("SL-STREAM-TOOLCALL", CALLED, swap(b'"arguments":"{', b'"arguments":"[', 1)),
    ("SL-STREAM-TIMING", TALK, lambda seen: late(frames(list)(seen))),
]


@pytest.mark.parametrize(("code", "question", "bend"), BENT, ids=[b[0] for b in BENT])
def test_a_bent_answer_is_caught_by_its_check_alone(
    code: str, question: Question, bend: Bend
) -> None:
    case, seen, contract = asked(question)
    assert judge(case, seen, contract) == []
    assert [finding.code for finding in judge(case, bend(seen), contract)] == [code]


def test_what_only_an_answer_knows_may_be_anything_in_its_place() -> None:
    contract = CONTRACTS["openai"]
    row = contract.of("models.list")
    case = case_of(contract, row, {}, purpose="a wrong key", key="wrong")
    case = dataclasses.replace(case, expects=contract.expect(case, Refusal("wrong_key")))
    seen = ask(emulator(), case, contract)
    assert judge(case, seen, contract) == []
    for old, code in ((b"Incorrect API key", "SL-ERROR-MESSAGE"), (b"sk-", None)):
        found = judge(case, swap(old, b"Odd")(seen), contract)
        assert [finding.code for finding in found] == ([code] if code else [])


def masked() -> tuple[Case, Seen, Promises]:
    from safelight_contracts.strategies.pictures import mask, picture, upload

    image = upload("image/png", picture(width=1024, height=1024))
    hole = upload("image/png", mask(1024, 1024))
    more = (("image", image), ("mask", hole), ("size", "1024x1024"))
    return asked(dataclasses.replace(EDIT, more=more))


def unmasked(_: Image.Image) -> Image.Image:
    from safelight_contracts.strategies.pictures import picture

    return Image.open(io.BytesIO(picture(width=1024, height=1024)))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("SL-MASK-OUTSIDE", lambda image: picture(image.size)),
        ("SL-MASK-INSIDE", unmasked),
    ],
)
def test_an_edit_beyond_its_mask_is_caught(code: str, change: Any) -> None:
    case, seen, contract = masked()
    assert judge(case, seen, contract) == []
    assert [finding.code for finding in judge(case, drawn(change)(seen), contract)] == [code]


def test_every_check_of_an_answer_has_caught_something() -> None:
    caught = {code for code, _, _ in BENT} | {"SL-MASK-OUTSIDE", "SL-MASK-INSIDE"}
    assert set(ANSWERS) == caught


def test_every_check_explains_itself() -> None:
    for code in ANSWERS:
        assert CHECKS[code].explanation.startswith("Say "), code
        assert len(CHECKS[code].title) > 10


def test_a_finding_names_expected_got_where_and_the_source() -> None:
    case, seen, contract = asked(MANY)
    (found,) = judge(case, put("size", "error", "param")(seen), contract)
    assert (found.at, found.expected, found.got) == ("error.param", "n", "size")
    assert "facts" in found.source


@given(st.binary(max_size=300), st.sampled_from(["application/json", "text/event-stream", ""]))
def test_no_garbage_breaks_the_judge(data: bytes, kind: str) -> None:
    for question in (IMAGE, TALK, MANY):
        case, seen, contract = asked(question)
        pieces = (Piece(0.0, data),)
        bent = dataclasses.replace(seen, pieces=pieces, headers=(("content-type", kind),))
        assert judge(case, bent, contract)


DRAW = Question(
    "vercel",
    "chat.create",
    "google/gemini-2.5-flash-image",
    more=(
        ("messages", [{"role": "user", "content": "Draw a red circle"}]),
        ("modalities", ["text", "image"]),
        ("max_tokens", 4096),
    ),
)


def in_chat(change: Callable[[str], str]) -> Bend:
    def bend(document: Any) -> None:
        item = document["choices"][0]["message"]["images"][0]["image_url"]
        item["url"] = change(item["url"])

    return body(bend)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("SL-PICTURE-FORMAT", lambda url: url.replace("image/png", "image/webp")),
        ("SL-PICTURE-FORMAT", lambda url: url[:200]),
        ("SL-PICTURE-BLANK", lambda _: f"data:image/png;base64,{file(Image.new('RGB', (64, 64)))}"),
    ],
)
def test_the_pictures_in_a_chat_are_looked_at_too(code: str, change: Any) -> None:
    case, seen, contract = asked(DRAW)
    assert judge(case, seen, contract) == []
    assert [f.code for f in judge(case, in_chat(change)(seen), contract)] == [code]


@pytest.mark.parametrize("below", ["/v1/ai", "/v3/ai", "/v4/ai"])
def test_the_pictures_among_parts_are_looked_at_too(below: str) -> None:
    contract = CONTRACTS["vercel"]
    row = contract.of("chat.create", below)
    asks = [{"role": "user", "content": [{"type": "text", "text": "Draw a red circle"}]}]
    params = {"model": "google/gemini-2.5-flash-image", "prompt": asks}
    for stream in (False, True):
        case = case_of(contract, row, {**params, "stream": stream}, purpose="drawn")
        seen = ask(emulator(), case, contract)
        assert judge(case, seen, contract) == []
        bent = swap(b"image/png", b"image/webp")(seen)
        assert [f.code for f in judge(case, bent, contract)] == ["SL-PICTURE-FORMAT"]
