"""Vercel AI Gateway's catalogue, account and embeddings, and the whole population of its models."""

from __future__ import annotations

import base64
import json
import math
import struct
from decimal import Decimal
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.core import Emulator
from safelight.messages import Reply, Request
from safelight.operations.embeddings import embed
from safelight.provider import load_provider
from safelight.schemas import load

BASE = "/vercel/v1"
MODELS = load_provider("vercel").catalog.models
PICTURES = [m.id for m in MODELS if "images.generate" in m.operations]
CHATS = [m for m in MODELS if "chat.create" in m.operations]
SMALL = "openai/text-embedding-3-small"
SEEDS = [
    "google/imagen-4.0-ultra-generate-001",
    "google/imagen-4.0-generate-001",
    "bfl/flux-2-pro",
    "bfl/flux-2-flex",
    "bfl/flux-kontext-max",
    "bfl/flux-kontext-pro",
    "bfl/flux-pro-1.0-fill",
    "bfl/flux-pro-1.1",
    "google/gemini-3-pro-image",
    "google/gemini-2.5-flash-image-preview",
    "google/gemini-2.5-flash-image",
]


def accepted(name: str, reply: Reply) -> Any:
    """Return a reply's JSON, which our own schema of it accepts."""
    assert reply.status == 200, reply.body
    found = kit.parsed(reply)
    assert load("vercel", name).check(found) is None
    return found


def keyless(path: str) -> Reply:
    return kit.emulator().respond(Request("GET", BASE + path))


def asked(emu: Emulator, path: str, query: str = "") -> Reply:
    return emu.respond(Request("GET", BASE + path, query, headers=(kit.KEY,)))


# The catalogue


def test_the_catalogue_needs_no_key_and_fits_its_schema() -> None:
    found = accepted("models.list.reply", keyless("/models"))
    assert len(found["data"]) == len(MODELS)
    assert {model["type"] for model in found["data"]} == {"language", "image", "embedding"}


@pytest.mark.parametrize("name", SEEDS)
def test_every_model_of_the_documents_is_there(name: str) -> None:
    assert name in {
        model["id"] for model in accepted("models.list.reply", keyless("/models"))["data"]
    }


def test_an_entry_is_found_by_a_raw_and_by_an_encoded_slash() -> None:
    raw = accepted("models.get.reply", keyless("/models/google/imagen-4.0-generate-001"))
    assert raw == kit.parsed(keyless("/models/google%2Fimagen-4.0-generate-001"))
    assert raw["owned_by"] == "google"


def test_prices_are_decimal_strings() -> None:
    entry = kit.parsed(keyless("/models/anthropic/claude-haiku-4.5"))
    assert entry["pricing"] == {
        "input": "0.000001",
        "output": "0.000005",
        "input_cache_read": "0.0000001",
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.id))
def test_every_model_tells_who_serves_it(model: Any) -> None:
    found = accepted("models.endpoints.reply", keyless(f"/models/{model.id}/endpoints"))["data"]
    assert found["id"] == model.id
    assert [e["provider_name"] for e in found["endpoints"]] == model.traits["providers"]


def test_nobody_serves_a_model_that_lenient_mode_invents() -> None:
    reply = asked(kit.emulator(lenient=True), "/models/acme/none/endpoints")
    assert (reply.status, kit.error(reply)["type"]) == (404, "model_not_found")


# Every model


@pytest.mark.parametrize("name", PICTURES)
def test_every_image_model_draws(name: str) -> None:
    body = {"model": name, "prompt": "A lighthouse"}
    reply = kit.post(kit.emulator(), f"{BASE}/images/generations", body)
    accepted("images.reply", reply)
    assert kit.picture(reply).format == "PNG"


@pytest.mark.parametrize("model", CHATS, ids=lambda model: str(model.id))
def test_every_chat_model_answers_and_draws_if_it_can(model: Any) -> None:
    body = {"model": model.id, "messages": [{"role": "user", "content": "Draw a lighthouse"}]}
    reply = kit.post(kit.emulator(), f"{BASE}/chat/completions", body)
    message = accepted("chat.create.reply", reply)["choices"][0]["message"]
    assert message["content"]
    assert ("images" in message) is bool(model.traits.get("draws"))


# Credits and generations


def test_credits_are_strings_and_go_down() -> None:
    emu = kit.emulator()
    before = accepted("credits.get.reply", asked(emu, "/credits"))
    kit.post(emu, f"{BASE}/images/generations", {"model": "bfl/flux-kontext-pro", "prompt": "A"})
    after = accepted("credits.get.reply", asked(emu, "/credits"))
    assert before["total_used"] == "0"
    assert Decimal(after["total_used"]) > 0
    assert Decimal(after["balance"]) + Decimal(after["total_used"]) == Decimal(before["balance"])


def test_a_generation_can_be_looked_up() -> None:
    emu = kit.emulator()
    body = {"model": "openai/gpt-5", "messages": [{"role": "user", "content": "Hello"}]}
    chat = kit.parsed(kit.post(emu, f"{BASE}/chat/completions", body))
    found = accepted("generation.get.reply", asked(emu, "/generation", f"id={chat['id']}"))["data"]
    assert found["id"] == chat["id"] == chat["generationId"]
    assert found["model"] == "openai/gpt-5"
    assert found["total_cost"] == chat["usage"]["cost"]
    assert found["tokens_prompt"] == chat["usage"]["prompt_tokens"]
    assert found["finish_reason"] == "stop"


def test_a_generation_of_pictures_can_be_looked_up_too() -> None:
    emu = kit.emulator()
    body = {"model": "bfl/flux-2-pro", "prompt": "A", "n": 2}
    made = kit.parsed(kit.post(emu, f"{BASE}/images/generations", body))
    name = made["provider_metadata"]["gateway"]["generationId"]
    found = accepted("generation.get.reply", asked(emu, "/generation", f"id={name}"))["data"]
    assert Decimal(str(found["total_cost"])) == Decimal(
        made["provider_metadata"]["gateway"]["cost"]
    )


def test_sessions_do_not_see_each_others_generations() -> None:
    emu = kit.emulator()
    body = {"model": SMALL, "input": "a"}
    made = kit.parsed(kit.post(emu, f"/s/one{BASE}/embeddings", body))
    name = made["providerMetadata"]["gateway"]["generationId"]
    there = Request("GET", f"/s/one{BASE}/generation", f"id={name}", headers=(kit.KEY,))
    assert emu.respond(there).status == 200
    assert asked(emu, "/generation", f"id={name}").status == 404


# Embeddings


def embedded(**body: Any) -> Any:
    reply = kit.post(kit.emulator(), f"{BASE}/embeddings", {"model": SMALL, **body})
    return accepted("embeddings.create.reply", reply)


def test_every_text_gets_a_vector_of_length_one() -> None:
    found = embedded(input=["a red fox", "the stock market"])
    assert [item["index"] for item in found["data"]] == [0, 1]
    for item in found["data"]:
        assert len(item["embedding"]) == 1536
        assert math.isclose(math.hypot(*item["embedding"]), 1.0, rel_tol=1e-9)


def test_fewer_dimensions_are_given_when_asked_for() -> None:
    assert len(embedded(input="a", dimensions=64)["data"][0]["embedding"]) == 64


def test_base64_holds_the_same_floats() -> None:
    floats = embedded(input="a red fox", dimensions=16)["data"][0]["embedding"]
    packed = embedded(input="a red fox", dimensions=16, encoding_format="base64")["data"][0]
    unpacked = struct.unpack("<16f", base64.b64decode(packed["embedding"]))
    assert all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(floats, unpacked, strict=True))


def likeness(first: str, second: str) -> float:
    vectors = embed(first, 512), embed(second, 512)
    return sum(a * b for a, b in zip(*vectors, strict=True))


def test_shared_words_make_texts_alike() -> None:
    near = likeness("a red fox in the snow", "the red fox in deep snow")
    far = likeness("a red fox in the snow", "quarterly revenue of banks")
    assert near > 0.5
    assert far < 0.3
    assert math.isclose(likeness("Red foxes", "red foxes"), 1.0, abs_tol=0.01)


@given(st.text(min_size=1, max_size=200), st.integers(1, 600))
@settings(deadline=None)
def test_any_text_can_be_embedded(text: str, dimensions: int) -> None:
    vector = embed(text, dimensions)
    assert len(vector) == dimensions
    assert math.isclose(math.fsum(x * x for x in vector), 1.0, rel_tol=1e-9)
    assert vector == embed(text, dimensions)


@given(st.lists(st.sampled_from(["fox", "snow", "bank", "moon", "tree"]), min_size=2))
def test_a_text_is_nearest_to_itself(words: list[str]) -> None:
    text = " ".join(words)
    assert likeness(text, text) >= likeness(text, f"{text} galaxy") - 1e-9


# The same again


def test_the_same_requests_get_the_same_bytes() -> None:
    body = {"model": "bfl/flux-2-pro", "prompt": "A whale", "n": 2}
    chat = {"model": "openai/gpt-5", "messages": [{"role": "user", "content": "Draw a whale"}]}
    paths = {"images/generations": body, "chat/completions": chat}

    def run() -> list[bytes]:
        emu = kit.emulator()
        return [
            kit.post(emu, f"{BASE}/{path}", json.loads(json.dumps(paths[path]))).body
            for path in paths
        ]

    assert run() == run()
