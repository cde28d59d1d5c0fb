"""What findings tell, and what checks look at beyond the mutants: garbage, pictures within chats.

That each check catches what it is for, and no other does, is proved in `test_mutants.py`.
"""

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
from safelight_contracts.cases import Case, Piece, Seen
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


MANY = wrong("n", 11, "maximum", 10)
CHAT = Question("openai", "chat.create", "gpt-4o")
TALK = dataclasses.replace(CHAT, more=(("stream", True),))


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


def swap(old: bytes, new: bytes, times: int = -1) -> Bend:
    def bend(seen: Seen) -> Seen:
        assert old in seen.body, old
        return dataclasses.replace(seen, pieces=(Piece(0.0, seen.body.replace(old, new, times)),))

    return bend


def file(image: Image.Image, form: str = "PNG") -> str:
    out = io.BytesIO()
    image.save(out, form)
    return base64.b64encode(out.getvalue()).decode()


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
