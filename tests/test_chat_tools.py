"""When tools are called, how often, and with which arguments."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from safelight.operations.chat import ToolCall
from safelight.refusals import Refusal
from test_chat_create import ask, text_of


def tool(name: str, description: str = "", **properties: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"name": name, "description": description}
    about["parameters"] = {
        "type": "object",
        "properties": properties,
        "required": [key for key, schema in properties.items() if "default" not in schema],
        "additionalProperties": False,
    }
    return {"type": "function", "function": about}


UNIT = {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}
WEATHER = tool("get_weather", "Get the current weather", city={"type": "string"}, unit=UNIT)
TIME = tool("get_local_time", "Tell the local time", place={"type": "string"})
MAIL = tool("send_email", "Send a mail", to={"type": "string"}, subject={"type": "string"})
SHELL = {"type": "custom", "custom": {"name": "run_shell", "description": "Run a shell command"}}


def calls(text: str, *tools: Any, **params: Any) -> tuple[ToolCall, ...]:
    return ask(text, tools=list(tools), **params).choices[0].tool_calls


def arguments(call: ToolCall) -> Any:
    return json.loads(call.arguments)


def test_a_tool_that_plainly_fits_is_called() -> None:
    (call,) = calls("What's the weather like in Paris?", WEATHER, TIME, MAIL)
    assert (call.name, arguments(call)) == ("get_weather", {"city": "Paris"})


def test_calling_ends_with_tool_calls_and_no_text() -> None:
    choice = ask("Weather in Paris?", tools=[WEATHER]).choices[0]
    assert (choice.text, choice.finish_reason) == (None, "tool_calls")


@pytest.mark.parametrize("text", ["Hello!", "Tell me a joke about cats.", "What is 2 + 2?"])
def test_no_tool_is_called_that_does_not_fit(text: str) -> None:
    assert calls(text, WEATHER, TIME, MAIL) == ()


def test_a_tool_that_is_named_is_called() -> None:
    assert calls("Use get_local_time, please.", WEATHER, TIME)[0].name == "get_local_time"


def test_two_places_make_two_calls() -> None:
    found = calls("What's the weather in Paris and London?", WEATHER)
    assert [arguments(call)["city"] for call in found] == ["Paris", "London"]
    assert len({call.id for call in found}) == 2


def test_lower_case_places_are_understood_too() -> None:
    found = calls("what is the weather in paris and london", WEATHER)
    assert [arguments(call)["city"] for call in found] == ["paris", "london"]


def test_two_tools_are_called_when_both_are_asked_for() -> None:
    found = calls("Get the weather and the local time in Tokyo", WEATHER, TIME)
    assert {call.name for call in found} == {"get_weather", "get_local_time"}
    assert all("Tokyo" in call.arguments for call in found)


def test_without_parallel_calls_there_is_one() -> None:
    assert len(calls("Weather in Paris and London?", WEATHER, parallel_tool_calls=False)) == 1


def test_required_calls_even_what_does_not_fit() -> None:
    assert len(calls("Hello!", WEATHER, TIME, tool_choice="required")) == 1


def test_none_calls_nothing() -> None:
    assert calls("Weather in Paris?", WEATHER, tool_choice="none") == ()


def test_a_forced_function_is_called_and_ends_with_stop() -> None:
    forced = {"type": "function", "function": {"name": "get_local_time"}}
    choice = ask("Weather?", tools=[WEATHER, TIME], tool_choice=forced).choices[0]
    assert [call.name for call in choice.tool_calls] == ["get_local_time"]
    assert choice.finish_reason == "stop"


def test_forcing_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refusal, match="tool_choice_unknown"):
        calls("Hi", WEATHER, tool_choice={"type": "function", "function": {"name": "nope"}})


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_only_allowed_tools_are_called(mode: str) -> None:
    named = [{"type": "function", "function": {"name": "get_local_time"}}]
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": named}}
    found = calls("What's the weather in Paris?", WEATHER, TIME, tool_choice=allowed)
    assert [call.name for call in found] == (["get_local_time"] if mode == "required" else [])


def test_values_of_an_enum_are_taken_from_the_message() -> None:
    (call,) = calls("What's the weather in Oslo in fahrenheit?", WEATHER)
    assert arguments(call) == {"city": "Oslo", "unit": "fahrenheit"}


def test_addresses_and_quotes_fill_their_arguments() -> None:
    (call,) = calls('Send an email to ada@example.com with subject "Hello there"', MAIL)
    assert arguments(call)["subject"] == "Hello there"


def test_numbers_fill_in_order() -> None:
    add = tool("add", "Add two numbers", a={"type": "integer"}, b={"type": "integer"})
    (call,) = calls("Please add the numbers 12 and 30", add)
    assert arguments(call) == {"a": 12, "b": 30}


def test_arguments_fit_their_schema() -> None:
    complex_one = tool(
        "book_flight", "Book a flight", origin={"type": "string"},
        day={"type": "string", "format": "date"}, seats={"type": "integer", "maximum": 4},
        extras={"type": "array", "items": {"type": "string", "enum": ["bag", "meal"]}},
    )  # fmt: skip
    (call,) = calls("Book a flight from Rome", complex_one, tool_choice="required")
    schema = complex_one["function"]["parameters"]
    jsonschema.validate(arguments(call), schema, format_checker=jsonschema.FormatChecker())


def test_a_tool_without_parameters_gets_an_empty_object() -> None:
    bare = {"type": "function", "function": {"name": "ping"}}
    assert calls("ping", bare)[0].arguments == "{}"


def test_a_custom_tool_gets_text() -> None:
    (call,) = calls("Use run_shell to run `ls -l`", SHELL)
    assert (call.kind, call.arguments) == ("custom", "ls -l")


def test_a_grammar_shapes_the_text_of_a_custom_tool() -> None:
    grammar = {"syntax": "regex", "definition": "^[A-Z]{3}$"}
    about = {"name": "code", "format": {"type": "grammar", "grammar": grammar}}
    (call,) = calls("Use code", {"type": "custom", "custom": about})
    assert len(call.arguments) == 3
    assert call.arguments.isupper()


def spoken(*results: str) -> list[dict[str, Any]]:
    asked = [
        {"id": f"c{i}", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        for i in range(len(results))
    ]
    return [
        {"role": "user", "content": "What's the weather in Paris?"},
        {"role": "assistant", "content": None, "tool_calls": asked},
        *({"role": "tool", "tool_call_id": f"c{i}", "content": t} for i, t in enumerate(results)),
    ]


def test_a_tool_result_is_told_and_not_asked_for_again() -> None:
    result = ask(messages=spoken("21 degrees", "windy"), tools=[WEATHER])
    assert "get_weather returned: 21 degrees" in text_of(result)
    assert "windy" in text_of(result)
    assert result.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("change", "name", "at"),
    [
        (lambda m: [m[0], m[2]], "tool_orphan", "messages.[1].role"),
        (lambda m: m[:2], "tool_unanswered", "messages.[2].role"),
        (lambda m: [*m[:2], m[0]], "tool_unanswered", "messages.[2].role"),
        (
            lambda m: [*m[:2], {**m[2], "tool_call_id": "other"}],
            "tool_call_unknown",
            "messages.[2].tool_call_id",
        ),
    ],
)
def test_tool_messages_must_answer_calls(change: Any, name: str, at: str) -> None:
    with pytest.raises(Refusal) as caught:
        ask(messages=change(spoken("21 degrees")), tools=[WEATHER])
    assert (caught.value.name, caught.value.facts["dotted_at"]) == (name, at)


def test_deprecated_functions_are_called_the_old_way() -> None:
    choice = ask("Weather in Rome?", functions=[WEATHER["function"]]).choices[0]
    assert choice.legacy_function
    assert choice.finish_reason == "function_call"
    assert arguments(choice.tool_calls[0]) == {"city": "Rome"}


def test_a_forced_deprecated_function_ends_with_stop() -> None:
    forced = {"name": "get_weather"}
    choice = ask("Hi", functions=[WEATHER["function"]], function_call=forced).choices[0]
    assert choice.finish_reason == "stop"


def test_a_limit_cuts_the_arguments() -> None:
    whole = calls("Weather in Paris and London?", WEATHER)
    result = ask("Weather in Paris and London?", tools=[WEATHER], max_tokens=12)
    (kept,) = result.choices[0].tool_calls
    assert whole[0].arguments.startswith(kept.arguments)
    assert result.choices[0].finish_reason == "length"
    assert result.usage.completion_tokens <= 12


def test_parameters_that_are_no_schema_are_refused() -> None:
    broken = {"type": "function", "function": {"name": "f", "parameters": {"type": "objekt"}}}
    with pytest.raises(Refusal) as caught:
        calls("f", broken)
    assert caught.value.name == "invalid_function_parameters"
    assert caught.value.at == "tools[0].function.parameters"


def test_a_tool_that_takes_a_list_is_called_once_with_all() -> None:
    cities = {"type": "array", "items": {"type": "string"}}
    (call,) = calls("Weather in Paris and London?", tool("get_weather", cities=cities))
    assert len(arguments(call)["cities"]) == 2


def test_arguments_that_cannot_fit_come_as_near_as_they_can() -> None:
    odd = tool("f", code={"type": "string", "pattern": r"^a\b\B$"})
    (call,) = calls("Use f", odd)
    assert list(arguments(call)) == ["code"]


def test_parameters_that_nothing_comes_near_are_refused() -> None:
    with pytest.raises(Refusal, match="invalid_function_parameters"):
        calls("Use f", tool("f", code={"enum": []}))
    assert calls("Use f", tool("f", code={"enum": []}), lenient=True) == ()


def test_a_grammar_that_cannot_be_sampled_leaves_the_message() -> None:
    grammar = {"syntax": "regex", "definition": "("}
    about = {"name": "code", "format": {"type": "grammar", "grammar": grammar}}
    assert calls("Use code now", {"type": "custom", "custom": about})[0].arguments == "Use code now"
