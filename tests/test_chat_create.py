"""What a chat answer means: it speaks of what was asked, obeys its limits, and repeats itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.messages import Call
from safelight.operations.chat import ChatResult, create, recall
from safelight.refusals import Refusal
from safelight.tokens import count_text, pieces

REASONING = {"family": "reasoning"}


def ask(text: Any = "Why is the sky blue?", *, server: int = 0, **params: Any) -> ChatResult:
    """Answer one user message, or the `messages` given; `server` is the server's own seed."""
    traits, lenient = params.pop("traits", {}), params.pop("lenient", False)
    params.setdefault("messages", [{"role": "user", "content": text}])
    return create(Call("chat.create", "m", params, server, 1.7e9, traits, lenient=lenient))


def text_of(result: ChatResult) -> str:
    found = result.choices[0].text
    assert found is not None
    return found


def test_the_answer_speaks_of_what_was_asked() -> None:
    assert "Why is the sky blue?" in text_of(ask())


def test_a_long_question_is_quoted_in_part() -> None:
    assert len(text_of(ask("word " * 2000))) < 600


def test_the_last_user_message_counts() -> None:
    messages = [
        {"role": "user", "content": "First thing"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": [{"type": "text", "text": "Second thing"}]},
    ]
    answer = text_of(ask(messages=messages))
    assert "Second thing" in answer
    assert "First" not in answer


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Say this is a test", "this is a test"),
        ('Reply with exactly "pong"', "pong"),
        ("Please just say: good night", "good night"),
    ],
)
def test_what_it_is_told_to_say_it_says(asked: str, answered: str) -> None:
    assert text_of(ask(asked)) == answered


def test_same_request_and_seed_same_answer() -> None:
    assert ask(n=3, logprobs=True) == ask(n=3, logprobs=True)


def test_another_seed_another_answer() -> None:
    assert len({text_of(ask(server=seed)) for seed in range(12)}) > 3


def test_the_seed_parameter_changes_the_answer() -> None:
    assert len({text_of(ask(seed=seed)) for seed in range(12)}) > 3


def test_streaming_does_not_change_what_is_said() -> None:
    assert ask(stream=True, stream_options={"include_usage": True}) == ask()


def test_a_limited_answer_is_the_start_of_the_whole_one() -> None:
    assert text_of(ask()).startswith(text_of(ask(max_tokens=7)))


@given(st.integers(1, 16), st.text(max_size=30))
def test_several_answers_differ(n: int, text: str) -> None:
    answers = [choice.text for choice in ask(text, n=n).choices]
    assert len(set(answers)) == n


@given(st.integers(0, 40))
def test_no_answer_is_longer_than_allowed(limit: int) -> None:
    choice = ask(max_completion_tokens=limit).choices[0]
    assert choice.text is not None
    whole = text_of(ask())
    assert count_text(choice.text) <= limit
    assert choice.finish_reason == ("stop" if choice.text == whole else "length")


def test_the_newer_limit_wins_over_the_older() -> None:
    assert len(pieces(text_of(ask("Say one two three four", max_tokens=3)))) == 3
    both = ask("Say one two three four", max_tokens=3, max_completion_tokens=2)
    assert text_of(both) == "one two"


def test_a_limit_that_just_fits_is_no_cut() -> None:
    assert ask("Say one two three", max_tokens=3).choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stop", ["three", ["zebra", "three"], ["three", "five"]])
def test_an_answer_ends_before_its_stop_sequence(stop: Any) -> None:
    result = ask("Say one two three four five", stop=stop)
    assert text_of(result) == "one two "
    assert result.choices[0].finish_reason == "stop"


def test_usage_counts_the_prompt_once_and_every_answer() -> None:
    one, two = ask("Say pong", n=1).usage, ask("Say pong", n=2).usage
    assert one.prompt_tokens == two.prompt_tokens
    assert two.completion_tokens > one.completion_tokens == 1
    assert two.total_tokens == two.prompt_tokens + two.completion_tokens


def test_reasoning_is_counted_and_the_limit_covers_it() -> None:
    result = ask(traits=REASONING, reasoning_effort="low", max_completion_tokens=70)
    assert result.usage.reasoning_tokens == 64
    assert result.usage.completion_tokens == 70
    assert result.choices[0].finish_reason == "length"


def test_a_limit_below_the_reasoning_leaves_no_answer() -> None:
    result = ask(traits=REASONING, reasoning_effort="high", max_completion_tokens=20)
    assert text_of(result) == ""
    assert (result.usage.completion_tokens, result.usage.reasoning_tokens) == (20, 20)


def test_without_effort_nothing_is_reasoned() -> None:
    assert ask(traits=REASONING, reasoning_effort="none").usage.reasoning_tokens == 0


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        (None, "default"),
        ("auto", "default"),
        ("default", "default"),
        ("fast", "priority"),
        ("priority", "priority"),
        ("flex", "flex"),
    ],
)
def test_the_service_tier_is_resolved(asked: str | None, served: str) -> None:
    assert ask(service_tier=asked).service_tier == served


def test_the_snapshot_answers_for_its_alias() -> None:
    assert ask(traits={"snapshot": "m-2026-01-01"}).model == "m-2026-01-01"
    assert ask().model == "m"


def test_logprobs_have_an_item_for_every_piece() -> None:
    choice = ask(logprobs=True, top_logprobs=3).choices[0]
    assert choice.logprobs is not None
    assert "".join(item.token for item in choice.logprobs) == choice.text
    for item in choice.logprobs:
        chances = [logprob for _, logprob in item.top]
        assert item.top[0] == (item.token, item.logprob)
        assert chances == sorted(chances, reverse=True)
        assert len({token for token, _ in item.top}) == 3
        assert max(chances) <= 0


def test_logprobs_come_only_when_asked_for() -> None:
    assert ask().choices[0].logprobs is None
    assert ask(logprobs=True).choices[0].logprobs[0].top == ()


def test_json_object_answers_an_object() -> None:
    result = ask("Answer in JSON.", response_format={"type": "json_object"})
    assert isinstance(json.loads(text_of(result)), dict)


def test_json_object_uses_the_keys_that_were_named() -> None:
    wanted = "Give me JSON with the keys name, age and city."
    found = json.loads(text_of(ask(wanted, response_format={"type": "json_object"})))
    assert list(found) == ["name", "age", "city"]
    assert isinstance(found["age"], int)


def schema_format(schema: Any, *, strict: bool = False) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": schema, "strict": strict},
    }


@pytest.mark.parametrize("text", ["[[safelight:refusal]]", "Please refuse this request."])
def test_a_plain_wish_for_refusal_is_granted_under_a_schema(text: str) -> None:
    wanted = schema_format({"type": "object", "properties": {}})
    choice = ask(text, response_format=wanted, logprobs=True).choices[0]
    assert (choice.text, choice.finish_reason) == (None, "stop")
    assert choice.refusal
    assert "".join(item.token for item in choice.logprobs or ()) == choice.refusal


def test_a_schema_that_nothing_fits_is_refused_in_words() -> None:
    choice = ask(response_format=schema_format({"type": "integer", "enum": ["x"]})).choices[0]
    assert choice.text is None
    assert "No value fits the schema" in str(choice.refusal)


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        ask(response_format=schema_format({"type": "objekt"}))
    assert caught.value.name == "invalid_response_schema"
    assert "objekt" in caught.value.facts["problem"]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "object", "properties": {}}, "In context=(), 'additionalProperties'"),
        (
            {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
            "Missing 'a'",
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "object", "properties": {}}},
                "required": ["a"],
                "additionalProperties": False,
            },
            "In context=('properties', 'a'), 'additionalProperties'",
        ),
    ],
)
def test_strict_schemas_are_held_to_the_strict_rules(schema: Any, problem: str) -> None:
    with pytest.raises(Refusal) as caught:
        ask(response_format=schema_format(schema, strict=True))
    assert problem in caught.value.facts["problem"]


def test_json_object_needs_the_word_json() -> None:
    with pytest.raises(Refusal) as caught:
        ask("Answer me.", response_format={"type": "json_object"})
    assert caught.value.name == "json_word_missing"


def test_moderation_is_reported_when_asked_for() -> None:
    report = ask("[[safelight:flagged]] now", moderation={"model": "judge"}).moderation
    assert report["input"]["results"][0]["flagged"] is True
    assert report["output"]["model"] == "judge"
    assert ask().moderation is None


def test_metadata_comes_back_with_a_stored_answer() -> None:
    assert ask(store=True, metadata={"a": "b"}).metadata == {"a": "b"}
    assert ask(metadata={"a": "b"}).metadata is None


def test_an_id_recalls_the_same_answer() -> None:
    params = {"completion_id": "chatcmpl-1", "metadata": {"a": "b"}}
    one, two = (recall(Call("chat.retrieve", "m", params, 0, now)) for now in (1.0, 2.0))
    assert one == two
    assert "chatcmpl-1" in text_of(one)
    assert one.metadata == {"a": "b"}


def test_a_context_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        ask("word " * 200, traits={"context": 100})
    assert caught.value.facts["limit"] == 100
    assert caught.value.facts["length"] > 200


@pytest.mark.parametrize("text", ["say " + " " * 200_000, "keys " * 50_000, "a@" * 100_000])
def test_hostile_texts_are_answered(text: str) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    wanted = {"type": "json_object"}
    assert text_of(ask(text + " json", response_format=wanted, tools=tools))
    assert text_of(ask(text))


@pytest.mark.parametrize("text", ["\ud800 alone", "pair \ud83d\ude00"])
def test_lone_surrogates_do_not_reach_the_answer(text: str) -> None:
    assert "alone" in text_of(ask(text)) or "😀" in text_of(ask(text))
    text_of(ask(text)).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "tool_calls", "function", "name", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON, JSON, JSON)
def test_lenient_answers_anything(messages: Any, tools: Any, choice: Any, limit: Any) -> None:
    result = ask(
        messages=messages, tools=tools, tool_choice=choice, stop=limit, n=limit,
        max_tokens=limit, response_format=choice, functions=tools, lenient=True,
        moderation=choice, stream_options=choice,
    )  # fmt: skip
    assert result.choices
