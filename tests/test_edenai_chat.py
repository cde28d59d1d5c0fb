"""Eden AI's chat: OpenAI's shape and what stands beside it, who answers, and the stream."""

from __future__ import annotations

import json
from typing import Any

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.dialects.edenai_chat import route
from safelight.messages import Reply
from safelight.provider import load_provider
from safelight.schemas import load

BASE, EU = "/edenai/v3", "/edenai-eu/v3"
TALK = [{"role": "user", "content": "Explain machine learning in one sentence."}]
PROVIDER = load_provider("edenai")
CHATS = [model for model in PROVIDER.catalog.models if model.kind == "chat"]
ONLY_AZURE = {"routing": {"allowed_providers": ["azure"]}}
TOLD = ("x-edenai-metadata", "Enabled")


def ask(*headers: tuple[str, str], base: str = BASE, **fields: Any) -> Reply:
    body = {"model": "openai/gpt-4o", "messages": TALK, **fields}
    return kit.post(kit.emulator(), f"{base}/chat/completions", body, *headers)


def told(*headers: tuple[str, str], **fields: Any) -> Any:
    reply = ask(*headers, **fields)
    assert reply.status == 200, reply.body
    return kit.parsed(reply)


def frames(reply: Reply) -> list[Any]:
    """Return the frames of a stream, which has to end as it should."""
    assert reply.chunks is not None
    raw = b"".join(chunk.data for chunk in reply.chunks).split(b"\n\n")
    assert raw[-2:] == [b"data: [DONE]", b""]
    return [json.loads(frame.removeprefix(b"data: ")) for frame in raw[:-2]]


@pytest.mark.parametrize("model", [model.id for model in CHATS])
def test_every_chat_model_answers_in_the_documented_shape(model: str) -> None:
    answer = told(model=model)
    assert load("edenai", "chat.create.reply").check(answer) is None
    assert answer["provider"] == model.partition("/")[0]
    assert "/" not in answer["model"]
    assert answer["cost"] > 0


def test_the_cost_follows_from_the_listed_prices() -> None:
    answer = told(model="google/gemini-3.6-flash")
    spent = answer["usage"]
    exact = spent["prompt_tokens"] * 1.5e-6 + spent["completion_tokens"] * 7.5e-6
    assert answer["cost"] == pytest.approx(exact)


def test_a_stream_tells_usage_and_cost_after_the_finish() -> None:
    whole = told(model="openai/gpt-4o")
    events = frames(ask(model="openai/gpt-4o", stream=True))
    for event in events:
        assert load("edenai", "chat.create.event").check(event) is None
        assert event["model"] == "openai/gpt-4o"
    *_, finish, last = events
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert last["choices"] == [{"index": 0, "delta": {}, "finish_reason": None}]
    assert (last["usage"], last["cost"]) == (whole["usage"], whole["cost"])
    text = "".join(e["choices"][0]["delta"].get("content") or "" for e in events)
    assert text == whole["choices"][0]["message"]["content"]


def test_the_report_comes_when_asked_for_and_changes_nothing_else() -> None:
    plain, reported = told(), told(TOLD)
    report = reported.pop("edenai_metadata")
    assert reported == plain
    assert report["requested"] == "openai/gpt-4o"
    assert (report["strategy"], report["region"], report["attempt"]) == ("direct", "global", 1)
    assert report["attempts"][0]["model"] == "openai/gpt-4o"
    assert "edenai_metadata" not in told(("x-edenai-metadata", "disabled"))


def test_the_report_rides_on_the_first_frame_of_a_stream() -> None:
    first, *rest = frames(ask(TOLD, stream=True))
    assert first["edenai_metadata"]["strategy"] == "direct"
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert not any("edenai_metadata" in frame for frame in rest)


@pytest.mark.parametrize(
    ("model", "extra", "served", "strategy"),
    [
        ("gpt-5.6-sol", {}, "openai/gpt-5.6-sol", "routed"),
        ("gpt-5.6-sol:latency", {}, "openai/gpt-5.6-sol", "routed"),
        ("gpt-5.6-sol", ONLY_AZURE, "azure/gpt-5.6-sol", "routed"),
        ("gpt-5.6-sol@eu", {}, "azure/gpt-5.6-sol", "routed"),
        ("azure/gpt-5.6-sol@eu", {}, "azure/gpt-5.6-sol", "direct"),
        ("google/gemini-flash-latest", {}, "google/gemini-flash-latest", "alias"),
        ("@edenai", {"router_candidates": ["openai/gpt-5-nano"]}, "openai/gpt-5-nano", "auto"),
    ],
)  # fmt: skip
def test_names_are_routed(model: str, extra: Any, served: str, strategy: str) -> None:
    answer = told(TOLD, model=model, **extra)
    report = answer["edenai_metadata"]
    assert (report["strategy"], report["requested"]) == (strategy, model)
    assert report["attempts"][0]["model"] == served
    assert answer["provider"] == served.partition("/")[0]


def test_an_alias_answers_by_the_name_it_stands_for() -> None:
    assert told(model="google/gemini-flash-latest")["model"] == "gemini-3.6-flash"


def test_the_router_trades_quality_for_cost_and_tells_what_it_dropped() -> None:
    candidates = ["openai/gpt-5.5", "openai/gpt-5-nano", "acme/none"]
    chosen = []
    for lean in (None, 0, 10):
        asked = {"router_candidates": candidates, "routing": {"quality_cost": lean}}
        auto = told(TOLD, model="@edenai", **asked)["edenai_metadata"]["auto"]
        assert (auto["selection"], auto["quality_cost"]) == ("ranked", lean)
        assert auto["dropped"] == ["acme/none"]
        chosen.append(auto["chosen"])
    assert chosen == ["openai/gpt-5.5", "openai/gpt-5.5", "openai/gpt-5-nano"]


def test_the_router_is_no_model() -> None:
    rows = kit.parsed(kit.get(kit.emulator(), f"{BASE}/models"))["data"]
    assert "@edenai" not in {row["id"] for row in rows}


@given(
    model=st.text(max_size=20) | st.sampled_from(["@edenai", "gpt-5.6-sol", "openai/gpt-4o:cost"]),
    routing=st.none()
    | st.fixed_dictionaries(
        {},
        optional={
            "quality_cost": st.none() | st.floats(-5, 20) | st.text(),
            "allowed_providers": st.none() | st.lists(st.sampled_from(["openai", "azure", "x"])),
        },
    ),
    candidates=st.none() | st.lists(st.sampled_from([m.id for m in CHATS]), min_size=1),
)
def test_whoever_answers_is_one_that_may(model: str, routing: Any, candidates: Any) -> None:
    params = {"model": model, "routing": routing, "router_candidates": candidates}
    found = route(params, CHATS, PROVIDER.facts["router_models"])
    assert found.requested == model
    if found.pool:
        assert found.model in found.pool
        assert set(found.pool) <= {m.id for m in CHATS}
    if model == "@edenai" and candidates:
        assert found.model in candidates


def test_unknown_fallbacks_are_refused_and_four_are_too_many() -> None:
    assert ask(fallbacks=["openai/gpt-4", "google/gemini-3.5-flash"]).status == 200
    assert ask(fallbacks=["acme/none"]).status == 400
    assert ask(fallbacks=["openai/gpt-4"] * 4).status == 422


def test_a_fallback_is_named_in_every_way_that_a_model_is() -> None:
    assert ask(fallbacks=["gpt-4o", "openai/gpt-4o:latency"]).status == 200
    told = kit.error(ask(fallbacks=["google/gemini-2.5-flash-image"]))["message"]
    assert told.startswith("Model(s) do not support /chat/completions: 'google/gemini-2.5-flash")


def test_lenient_takes_any_fallback() -> None:
    body = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    emu = kit.emulator(lenient=True)
    path = f"{BASE}/chat/completions"
    assert kit.post(emu, path, {**body, "fallbacks": ["acme/none"]}).status == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "google/gemini-3.5-flash"},
        {"model": "mistral/mistral-large-latest", "fallbacks": ["openai/gpt-4o"]},
        {"model": "@edenai", "router_candidates": ["openai/gpt-4o"]},
        {"model": "google/gemini-3.5-flash", "temperature": 99},
    ],
)
def test_one_stranger_to_the_region_is_enough(fields: Any) -> None:
    reply = ask(base=EU, **fields)
    assert reply.status == 451
    assert kit.error(reply)["code"] == "region_not_allowed"


def test_the_eu_answers_from_the_eu() -> None:
    for model in ("mistral/mistral-large-latest", "gpt-5.6-sol", "@edenai"):
        answer = told(TOLD, base=EU, model=model)
        assert answer["edenai_metadata"]["region"] == "eu"


@pytest.mark.parametrize(
    "extra",
    [
        {
            "session_id": "conv-1",
            "metadata": {"a": "b"},
            "tags": ["x"],
            "pre_hooks": [{"action": "a"}],
        },
        {"thinking": {"type": "enabled"}, "web_search_options": {"search_context_size": "low"}},
        {"service_tier": "flex", "verbosity": "low", "reasoning_effort": "disable", "foo": 1},
        {"temperature": None, "stop": None, "n": None, "stream": None, "tools": None},
    ],
)
def test_extras_and_nulls_are_accepted(extra: Any) -> None:
    assert told(**extra)["status"] == "success"


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": 0}, {"max_tokens": 0}, {"temperature": 2.1}, {"top_p": 1.1}, {"presence_penalty": -3},
        {"top_logprobs": 21}, {"messages": "hi"}, {"messages": [{"role": "robot"}]},
        {"messages": [{"role": "user", "content": [{"type": "input_video"}]}]},
        {"service_tier": "fast"}, {"router_candidates": ["a/b"] * 65}, {"session_id": "x" * 257},
    ],
)  # fmt: skip
def test_the_bounds_are_held(wrong: Any) -> None:
    reply = ask(**wrong)
    assert reply.status == 422
    assert kit.parsed(reply)["detail"][0]["loc"][:2] == ["body", next(iter(wrong))]
