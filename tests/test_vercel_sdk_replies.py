"""Every reply of the AI SDK's protocol is what its schemas promise, and what clients can bear."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from aisdk import DRAWER, PAINTER, PATHS, TALKER, b64, file, image, language, parts, send, user
from hypothesis import given
from hypothesis import strategies as st
from kit import Clock, emulator, error, get, opened, parsed, png
from safelight.core import Emulator
from safelight.dialects.vercel_report import rows
from safelight.messages import Reply
from safelight.schemas import load

EMU = emulator()
SPECS = [2, 3, 4]
TOOL = {"type": "function", "name": "fox", "inputSchema": {"type": "object", "properties": {}}}
ASKED = [
    {},
    {"model": DRAWER, "providerOptions": {"google": {"responseModalities": ["TEXT", "IMAGE"]}}},
    {"tools": [TOOL], "toolChoice": {"type": "required"}},
    {"topK": 3, "seed": 1},
    {"maxOutputTokens": 2},
    {"model": "openai/gpt-5", "reasoning": "high"},
    {"responseFormat": {"type": "json"}},
]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: ",".join(asked) or "plain")
@pytest.mark.parametrize("spec", SPECS)
def test_answers_and_parts_are_what_the_schemas_promise(spec: int, asked: Any) -> None:
    whole = parsed(language(EMU, spec, "Draw a fox", **asked))
    assert load("vercel", f"sdk.language.v{spec}.reply").check(whole) is None
    event = load("vercel", f"sdk.language.v{spec}.event")
    streamed = parts(language(EMU, spec, "Draw a fox", stream=True, **asked))
    assert [event.check(part) for part in streamed if event.check(part)] == []


@pytest.mark.parametrize("spec", SPECS)
def test_pictures_and_lists_are_what_the_schemas_promise(spec: int) -> None:
    grok = image(EMU, spec, model="spacexai/grok-imagine-image", prompt="x", size="512x512")
    for reply in (image(EMU, spec, prompt="A boat", n=2), grok):
        assert load("vercel", f"sdk.image.v{spec}.reply").check(parsed(reply)) is None
    models = parsed(get(EMU, f"{PATHS[spec]}/config"))
    assert load("vercel", f"sdk.config.v{spec}.reply").check(models) is None


def test_the_generations_refuse_each_others_shapes() -> None:
    flat = parsed(language(EMU, 2, "Hi"))
    nested = parsed(language(EMU, 3, "Hi"))
    assert load("vercel", "sdk.language.v3.reply").check(flat) is not None
    assert load("vercel", "sdk.language.v2.reply").check(nested) is not None


def test_the_origin_is_the_gateway_where_it_is_the_default() -> None:
    emu = emulator(provider="vercel")
    body = {"prompt": [user("Hi")]}
    reply = send(emu, "/v1/ai/language-model", body, ai_language_model_id=TALKER)
    assert parsed(reply)["finishReason"] == "stop"


# Pictures


@pytest.mark.parametrize(
    ("model", "ratio", "wanted"),
    [(PAINTER, "16:9", 16 / 9), ("google/imagen-4.0-generate-001", "3:4", 0.75)],
)
def test_a_ratio_shapes_the_picture(model: str, ratio: str, wanted: float) -> None:
    picture = first(image(EMU, 3, model=model, prompt="A boat", aspectRatio=ratio))
    assert picture.width / picture.height == pytest.approx(wanted, rel=0.03)


def first(reply: Reply) -> Any:
    """Return the first picture of an image model's reply, decoded."""
    return opened(base64.b64decode(parsed(reply)["images"][0], validate=True))


def test_a_ratio_that_the_model_lacks_is_warned_of() -> None:
    reply = image(EMU, 4, model="openai/gpt-image-2", prompt="A boat", aspectRatio="16:9")
    (warning,) = parsed(reply)["warnings"]
    assert (warning["type"], warning["feature"]) == ("unsupported", "aspectRatio")


def test_a_mask_that_the_model_lacks_is_warned_of() -> None:
    shown = file(b64(png(64, 64)))
    body = {"prompt": "A boat", "files": [shown], "mask": shown}
    (warning,) = parsed(image(EMU, 2, model="recraft/recraft-v3", **body))["warnings"]
    assert (warning["type"], warning["message"][:4]) == ("other", "mask")


def test_a_seed_picks_the_picture() -> None:
    one, same, other = (first(image(EMU, 3, prompt="A boat", seed=n)) for n in (7, 7, 8))
    assert one.tobytes() == same.tobytes() != other.tobytes()


def test_options_of_the_provider_reach_the_picture() -> None:
    options = {"blackForestLabs": {"outputFormat": "jpeg", "width": 640, "height": 320}}
    picture = first(image(EMU, 3, prompt="A boat", providerOptions=options, size="512x512"))
    assert (picture.format, picture.size) == ("JPEG", (640, 320))


@pytest.mark.parametrize("spec", SPECS)
def test_files_alone_are_enough(spec: int) -> None:
    reply = image(EMU, spec, model="topaz/wonder-3.5", files=[file(b64(png(64, 64)))])
    assert reply.status == 200


# Thoughts


@pytest.mark.parametrize(
    "wish",
    [
        {"reasoning": "high"},
        {"providerOptions": {"openai": {"reasoningEffort": "low"}}},
        {"providerOptions": {"google": {"thinkingConfig": {"includeThoughts": True}}}},
        {"providerOptions": {"anthropic": {"thinking": {"type": "enabled", "budgetTokens": 99}}}},
    ],
    ids=repr,
)
def test_thoughts_come_first_where_they_are_asked_for(wish: Any) -> None:
    answer = parsed(language(EMU, 4, "Why is snow white?", model="openai/gpt-5", **wish))
    assert [part["type"] for part in answer["content"]] == ["reasoning", "text"]
    assert answer["usage"]["outputTokens"]["reasoning"] > 0


@pytest.mark.parametrize("wish", [{}, {"reasoning": "none"}, {"reasoning": "provider-default"}])
def test_no_thoughts_are_told_unasked(wish: Any) -> None:
    answer = parsed(language(EMU, 4, "Why is snow white?", model="openai/gpt-5", **wish))
    assert [part["type"] for part in answer["content"]] == ["text"]


# Embeddings


def embed(emu: Emulator, spec: int, texts: Any, **more: Any) -> Reply:
    body = {"input" if spec == 2 else "values": texts, **more}
    path = f"{PATHS[spec]}/embedding-model"
    return send(emu, path, body, ai_model_id="openai/text-embedding-3-small")


@pytest.mark.parametrize("spec", SPECS)
def test_texts_become_vectors(spec: int) -> None:
    told = parsed(embed(EMU, spec, ["a fox", "a boat"]))
    assert load("vercel", "sdk.embedding.reply").check(told) is None
    assert [math.hypot(*vector) for vector in told["embeddings"]] == pytest.approx([1, 1])


def test_one_text_is_enough_for_the_second_generation() -> None:
    assert len(parsed(embed(EMU, 2, "a fox"))["embeddings"]) == 1


def test_vectors_are_as_long_as_asked() -> None:
    for more in ({"dimensions": 64}, {"providerOptions": {"openai": {"dimensions": 64}}}):
        (vector,) = parsed(embed(EMU, 4, ["a fox"], **more))["embeddings"]
        assert len(vector) == 64


@pytest.mark.parametrize("spec", SPECS)
def test_the_generations_name_their_texts_differently(spec: int) -> None:
    other = {"values": ["x"]} if spec == 2 else {"input": ["x"]}
    path = f"{PATHS[spec]}/embedding-model"
    reply = send(EMU, path, other, ai_model_id="openai/text-embedding-3-small")
    assert (reply.status, error(reply)["type"]) == (400, "invalid_request_error")


# The account, asked from the origin


def test_the_origin_answers_for_the_account() -> None:
    emu = emulator()
    told = parsed(language(emu, 3, "Hi"))["providerMetadata"]["gateway"]
    credit = parsed(get(emu, "/v1/credits"))
    assert float(credit["total_used"]) == pytest.approx(float(told["cost"]))
    found = emu.respond(request("/v1/generation", f"id={told['generationId']}"))
    assert parsed(found)["data"]["total_cost"] == pytest.approx(float(told["cost"]))
    assert not [key for key in parsed(found)["data"] if key.startswith("_")]


def request(path: str, query: str) -> Any:
    from kit import KEY
    from safelight.messages import Request

    return Request("GET", path, query=query, headers=(KEY,))


NOVEMBER = "start_date=2026-11-01&end_date=2026-11-30"


def report(emu: Emulator, query: str) -> list[Any]:
    found: list[Any] = parsed(emu.respond(request("/v1/report", query)))["results"]
    return found


def spending() -> Emulator:
    """Return an emulator that has answered on two days, for two models and users."""
    clock = Clock()
    emu = emulator(clock)
    tagged = {"gateway": {"user": "ada", "tags": ["web", "beta"]}}
    language(emu, 3, "Hi", providerOptions=tagged)
    clock.now += 24 * 3600
    language(emu, 3, "Hi", model=DRAWER)
    language(emu, 3, "Hi", providerOptions={"gateway": {"user": "bob", "tags": ["web"]}})
    return emu


def test_a_report_sums_up_days() -> None:
    first_day, second_day = report(spending(), NOVEMBER)
    assert (first_day["day"], first_day["request_count"]) == ("2026-11-20", 1)
    assert (second_day["day"], second_day["request_count"]) == ("2026-11-21", 2)
    assert second_day["total_cost"] > first_day["total_cost"] > 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("group_by=model", {DRAWER: 1, TALKER: 2}),
        ("group_by=user", {"ada": 1, "bob": 1}),
        ("group_by=tag", {"beta": 1, "web": 2}),
        ("group_by=provider", {"openai": 2, "vertex": 1}),
        ("group_by=credential_type", {"system": 3}),
        ("group_by=user&tags=beta", {"ada": 1}),
        ("group_by=model&user_id=bob", {TALKER: 1}),
        ("group_by=model&model=no/such", {}),
        ("date_part=hour", {"2026-11-20T12:00:00Z": 1, "2026-11-21T12:00:00Z": 2}),
    ],
)
def test_a_report_groups_and_filters(query: str, expected: dict[str, int]) -> None:
    found = report(spending(), f"{NOVEMBER}&{query}")
    assert {next(iter(row.values())): row["request_count"] for row in found} == expected


@pytest.mark.parametrize("query", ["", "start_date=soon&end_date=later", f"{NOVEMBER}&group_by=x"])
def test_a_report_without_sense_is_refused(query: str) -> None:
    reply = EMU.respond(request("/v1/report", query))
    assert (reply.status, error(reply)["type"]) == (400, "invalid_request_error")


@given(st.lists(st.integers(0, 10**6), max_size=8))
def test_a_report_loses_nothing(costs: list[int]) -> None:
    made = [generation(cost / 10**6) for cost in costs]
    query = {"start_date": "2026-11-20", "end_date": "2026-11-20"}
    found = rows(made, query)
    assert sum(row["request_count"] for row in found) == len(costs)
    assert sum(row["total_cost"] for row in found) == pytest.approx(sum(costs) / 10**6)


def generation(cost: float) -> dict[str, Any]:
    counts = ("prompt", "completion", "cached", "cache_creation", "reasoning")
    return {
        **{f"native_tokens_{name}": 1 for name in counts},
        "created_at": "2026-11-20T12:00:00.000Z",
        "model": TALKER,
        "provider_name": "openai",
        "is_byok": False,
        "total_cost": cost,
        "market_cost": cost,
        "_user": None,
        "_tags": [],
    }


def test_a_streamed_picture_is_one_part() -> None:
    reply = language(EMU, 4, "Draw a fox", model=DRAWER, stream=True)
    (frame,) = [c.data for c in reply.chunks or () if c.data.startswith(b'data: {"type":"file"')]
    assert json.loads(frame[6:])["data"]["type"] == "data"
    assert len(frame) > 100_000
