"""Eden AI's refusals: three shapes, in the order of the layers, and every row reached."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.core import Emulator
from safelight.messages import Reply, Request
from safelight.provider import load_provider
from safelight.schemas import load

BASE = "/edenai/v3"
GEMINI, GPT = "google/gemini-2.5-flash-image", "openai/gpt-image-1"
ROWS = load_provider("edenai").errors.rows
ASK = {"model": GEMINI, "prompt": "a barn"}
TALK = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
PICTURE = kit.png(64, 64, color=(20, 120, 200))
DATA_URL = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
REF = {"image_url": DATA_URL}


def send(method: str, path: str, *headers: tuple[str, str], body: bytes = b"", **more: Any) -> Any:
    return lambda emu: emu.respond(Request(method, BASE + path, "", headers, body, **more))


def generate(base: str = BASE, **fields: Any) -> Callable[[Emulator], Reply]:
    return lambda emu: kit.post(emu, f"{base}/images/generations", {**ASK, **fields})


def edit(*images: Any, **fields: Any) -> Callable[[Emulator], Reply]:
    body = {**ASK, "images": list(images), **fields}
    return lambda emu: kit.post(emu, f"{BASE}/images/edits", body)


def chat(**fields: Any) -> Callable[[Emulator], Reply]:
    return lambda emu: kit.post(emu, f"{BASE}/chat/completions", {**TALK, **fields})


def delete(**body: Any) -> Callable[[Emulator], Reply]:
    return lambda emu: kit.post(emu, f"{BASE}/upload/delete", body)


def tool(**message: Any) -> dict[str, Any]:
    return {"role": "tool", "content": "4", **message}


PICTURED = [{"type": "image_url", "image_url": {"url": DATA_URL}}]
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "nonsense"}}}
CASES: dict[str, Callable[[Emulator], Reply]] = {
    "E-KEY-MISSING": send("POST", "/images/generations"),
    "E-KEY-WRONG": send("POST", "/images/edits", ("authorization", "Bearer sk-invalid")),
    "E-REGION": generate("/edenai-eu/v3", model=GPT),
    "E-PATH": send("POST", "/images/variations", kit.KEY),
    "E-METHOD": send("GET", "/images/generations", kit.KEY),
    "E-INFO": send("GET", "/info/video"),
    "E-FILE-EXPIRED": lambda emu: kit.get(emu, "/_safelight/files/none.png"),
    "E-MEDIA-EDIT": send("POST", "/images/edits", kit.KEY, ("content-type", "text/plain")),
    "E-MEDIA-FORM": send("POST", "/upload", kit.KEY, ("content-type", "application/json")),
    "E-MEDIA": send("POST", "/images/generations", kit.KEY, ("content-type", "text/plain")),
    "E-JSON": lambda emu: kit.post(emu, f"{BASE}/images/generations", b"{"),
    "E-FORM": send("POST", "/upload", kit.KEY, ("content-type", "multipart/form-data")),
    "E-BODY-SIZE": send("POST", "/upload", kit.KEY, body_limit=10, body_read=11),
    "E-MODEL": generate(model="acme/none"),
    "E-ROUTE-CHAT": chat(model=GEMINI),
    "E-ROUTE": generate(model="openai/gpt-4o"),
    "E-ROUTER-EMPTY": chat(model="@edenai", router_candidates=["acme/none"]),
    "E-REMOTE": edit({"image_url": "https://example.com/a.png"}, model=GPT),
    "E-REMOTE-MASK": edit(REF, model=GPT, mask={"image_url": "https://example.com/a.png"}),
    "E-SIZE": generate(size="huge"),
    "E-VALUE": generate(model=GPT, quality="hd"),
    "E-SIZE-BOUNDS": generate(size="9999x16"),
    "E-IMAGE-URL": edit({"image_url": "http://example.com/a.png"}),
    "E-FILE-ID": edit({"file_id": "a1a2a3a4-0000-4000-8000-000000000000"}),
    "E-IMAGE": edit({"image_url": "data:image/png;base64,AAAA"}),
    "E-MASK": edit(REF, mask={"image_url": "data:image/png;base64,AAAA"}),
    "E-TOOLS": chat(messages=[tool(tool_call_id="call_1")]),
    "E-FUNCTION": chat(tools=[FUNCTION]),
    "E-CONTEXT": chat(
        model="openai/gpt-4", messages=[{"role": "user", "content": "word " * 9000}]
    ),
    "E-CHAT-UNABLE": chat(
        model="openai/gpt-4", messages=[{"role": "user", "content": PICTURED}]
    ),
    "E-ONE-SOURCE": edit({"file_id": "x", "image_url": DATA_URL}),
    "E-SOME-SOURCE": edit({"file_id": None}),
    "E-422-REQUIRED": lambda emu: kit.post(emu, f"{BASE}/images/generations", {}),
    "E-422-TYPE": generate(prompt=5),
    "E-422-EXTRA": edit({**REF, "detail": "high"}),
    "E-422-ENUM": chat(verbosity="loud"),
    "E-422-PATTERN": delete(file_ids=["not-a-uuid"]),
    "E-422-MIN": generate(n=0),
    "E-422-MAX": generate(n=11),
    "E-422-SHORT": generate(prompt=""),
    "E-422-LONG": generate(prompt="x" * 32_001),
    "E-422-FEW": edit(),
    "E-422-MANY": edit(*[REF] * 17),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_row_is_reached_or_waits_for_a_fault(row: Any) -> None:
    if row.fault:
        assert row.id not in CASES
        return
    emu = kit.emulator(provider="edenai")
    reply = CASES[row.id](emu)
    exchange = list(emu._store.session("").journal)[-1]
    assert (exchange.row, reply.status) == (row.id, row.status)
    assert row.text or load("edenai", "error").check(kit.parsed(reply)) is None


@pytest.mark.parametrize("case", sorted(CASES.keys() - {"E-FILE-EXPIRED"}))
def test_every_refusal_has_the_shape_of_its_layer(case: str) -> None:
    reply = CASES[case](kit.emulator())
    told = kit.parsed(reply)
    if reply.status in {400, 451} and case != "E-FORM":
        assert list(told["error"]) == ["message", "type", "param", "code"]
    elif reply.status == 422:
        assert all({"loc", "msg", "type"} <= set(item) for item in told["detail"])
    else:
        assert isinstance(told["detail"], str)


@pytest.mark.parametrize(
    ("case", "body"),
    [
        ("E-KEY-MISSING", {"detail": "Not authenticated"}),
        ("E-KEY-WRONG", {"detail": "Invalid token"}),
        (
            "E-MODEL",
            {
                "error": {
                    "message": "Model(s) not found or inactive: acme/none",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": "invalid_parameter",
                }
            },
        ),
    ],
)
def test_documented_bodies_are_word_for_word(case: str, body: Any) -> None:
    assert kit.parsed(CASES[case](kit.emulator())) == body


def test_an_image_model_at_chat_is_told_where_it_belongs() -> None:
    message = kit.error(CASES["E-ROUTE-CHAT"](kit.emulator()))["message"]
    assert message.startswith(f"Model(s) do not support /chat/completions: '{GEMINI}'")


@pytest.mark.parametrize("model", ["@edenai", "gemini-2.5-flash-image", "google/none"])
def test_pictures_want_one_explicit_model(model: str) -> None:
    told = kit.error(generate(model=model)(kit.emulator()))
    assert (told["type"], told["code"]) == ("invalid_request_error", "invalid_parameter")


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, [["model"], ["prompt"]]),
        ({**ASK, "n": 0, "size": 5}, [["n"], ["size"]]),
        ({**ASK, "extra_headers": {"a": 1}}, [["extra_headers", "a"]]),
        ({**ASK, "model": None}, [["model"]]),
    ],
)
def test_all_faults_are_listed_each_with_its_place(body: Any, places: list[Any]) -> None:
    reply = kit.post(kit.emulator(), f"{BASE}/images/generations", body)
    told = [item["loc"] for item in kit.parsed(reply)["detail"]]
    assert told == [["body", *place] for place in places]


@pytest.mark.parametrize(
    "ref",
    [{}, {"file_id": None, "image_url": None}, {"file_id": "a", "image_url": "b"}, "text", None],
)
def test_a_reference_names_exactly_one_source(ref: Any) -> None:
    for made in (edit(ref), edit(REF, mask=ref) if ref is not None else edit(None)):
        assert made(kit.emulator()).status == 422


def test_the_shape_goes_before_the_model_and_the_key_before_everything() -> None:
    assert generate(model="acme/none", n=99)(kit.emulator()).status == 422
    headers = (("content-type", "application/json"),)
    nobody = send("POST", "/images/generations", *headers, body=json.dumps({"n": 99}).encode())
    assert nobody(kit.emulator()).status == 403


def test_only_the_keys_that_the_server_knows_are_good() -> None:
    emu = kit.emulator(api_keys=("sk-eden-1",))
    assert generate()(emu).status == 401


@pytest.mark.parametrize("key", ["", "Bearer nonsense"])
def test_public_lists_do_not_mind_a_key(key: str) -> None:
    emu = kit.emulator(api_keys=("sk-eden-1",))
    for path in ("/models", "/images/models", "/info"):
        assert send("GET", path, ("authorization", key))(emu).status == 200


def test_the_old_prefix_is_not_served() -> None:
    reply = kit.post(kit.emulator(), f"{BASE}/llm/chat/completions", TALK)
    assert reply.status == 404


def test_the_model_lists_have_no_single_entries() -> None:
    assert kit.get(kit.emulator(), f"{BASE}/models/openai/gpt-4o").status == 404


def test_lenient_draws_for_a_model_that_nobody_knows() -> None:
    emu = kit.emulator(lenient=True)
    assert generate(model="acme/none", n=2, quality="odd")(emu).status == 200
    assert chat(model="acme/none")(emu).status == 200


SCALARS = st.none() | st.booleans() | st.integers(-5, 40) | st.text(max_size=6)
REFS = st.fixed_dictionaries(
    {}, optional={"file_id": SCALARS, "image_url": SCALARS | st.just(DATA_URL), "url": SCALARS}
)
WILD = SCALARS | REFS | st.lists(SCALARS | REFS, max_size=3)
FIELDS = [
    "model", "prompt", "n", "size", "images", "mask", "image", "messages", "fallbacks", "routing",
    "router_candidates", "stream", "tools", "extra_headers", "quality", "tags", "file_ids", "stop",
]  # fmt: skip
MODELS = ["@edenai", "gpt-5.6-sol", "openai/gpt-4o@us", GEMINI, GPT, "openai/gpt-4o"]


@given(
    path=st.sampled_from(
        ["images/generations", "images/edits", "chat/completions", "upload/delete"]
    ),
    base=st.sampled_from([BASE, "/edenai-eu/v3"]),
    body=st.dictionaries(st.sampled_from(FIELDS), WILD, max_size=6),
    model=st.sampled_from(MODELS),
    lenient=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_nothing_that_json_can_say_breaks_the_service(
    *, path: str, base: str, body: dict[str, Any], model: str, lenient: bool
) -> None:
    known = {"size": "64x64", "prompt": "a barn", "messages": TALK["messages"], "model": model}
    reply = kit.post(kit.emulator(lenient=lenient), f"{base}/{path}", {**known, **body})
    assert reply.status in {200, 400, 422, 451}
