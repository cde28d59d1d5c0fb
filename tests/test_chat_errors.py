"""What chat refuses: every row of the table is reached, and verified rows word for word."""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

import pytest
from kit import emulator, error, header, parsed, png, post
from safelight.core import Emulator
from safelight.datafiles import data_dir, read_toml
from safelight.messages import Reply
from test_chat_tools import WEATHER, spoken

CHAT = "/v1/chat/completions"
HI = [{"role": "user", "content": "Hi"}]
OLD = "gpt-4o"
NEW = "gpt-5.6-terra"
ROWS = {row["id"]: row for row in read_toml(data_dir("schemas") / "openai/errors.chat.toml")["row"]}


def said(*content: Any) -> dict[str, Any]:
    """Return a body whose one user message has that content."""
    return {"messages": [{"role": "user", "content": content[0] if len(content) == 1 else content}]}


def shown(url: str) -> dict[str, Any]:
    return said([{"type": "image_url", "image_url": {"url": url}}])


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def format_of(schema: Any, **about: Any) -> dict[str, Any]:
    wanted = {"name": "x", "schema": schema, **about}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


def tool_of(parameters: Any, name: str = "f", **about: Any) -> dict[str, Any]:
    function = {"name": name, "parameters": parameters, **about}
    return {"tools": [{"type": "function", "function": function}]}


OPEN = {"type": "object", "properties": {}}
NAMED = {"type": "function", "function": {"name": "nope"}}

BAD: list[tuple[str, dict[str, Any]]] = [
    ("E-CHAT-MODEL-MISSING", {"model": None}),
    ("E-CHAT-MODEL-MISSING", {"model": ""}),
    ("E-CHAT-MODEL-UNREADABLE", {"model": 7}),
    ("E-CHAT-MODEL-404", {"model": "gpt-nope"}),
    ("E-CHAT-MODEL-RETIRED", {"model": "gpt-3.5-turbo"}),
    ("E-NOT-CHAT", {"model": "gpt-image-2"}),
    ("E-STREAM-OPTIONS", {"stream_options": {"include_usage": True}}),
    ("E-STREAM-OPTIONS", {"stream_options": {}, "stream": False}),
    ("E-TOP-LOGPROBS", {"top_logprobs": 2}),
    ("E-TOP-LOGPROBS-HIGH", {"logprobs": True, "top_logprobs": 21}),
    ("E-TOOL-CHOICE-ALONE", {"tool_choice": "auto"}),
    ("E-PARALLEL-ALONE", {"parallel_tool_calls": False}),
    ("E-CONTENT-NULL", {"messages": [{"role": "user"}]}),
    ("E-CONTENT-NULL", {"messages": [{"role": "system", "content": None}]}),
    ("E-CONTENT-NULL", {"messages": [*HI, {"role": "assistant", "refusal": None}]}),
    ("E-CHAT-UNSUPPORTED-TEMPERATURE", {"model": NEW, "temperature": 0.5}),
    ("E-CHAT-UNSUPPORTED-EFFORT", {"model": NEW, "reasoning_effort": "minimal"}),
    ("E-CHAT-UNSUPPORTED-TOP-P", {"model": NEW, "top_p": 0.5}),
    ("E-CHAT-UNSUPPORTED-SAMPLING", {"model": NEW, "presence_penalty": 0.5}),
    ("E-CHAT-UNSUPPORTED-SAMPLING", {"model": NEW, "logprobs": True}),
    ("E-TOOLS-EFFORT", {"model": NEW, "reasoning_effort": "low", "tools": [WEATHER]}),
    ("E-WEBSEARCH", {"web_search_options": {}}),
    ("E-CHAT-UNSUPPORTED-NULL", {"model": NEW, "max_tokens": None}),
    ("E-CHAT-UNSUPPORTED-MAX", {"model": NEW, "max_tokens": 5}),
    ("E-CHAT-UNSUPPORTED", {"model": NEW, "stop": "x"}),
    ("E-CHAT-UNSUPPORTED", {"model": NEW, "logit_bias": {"1": 1}}),
    ("E-CHAT-MISSING", {"messages": None}),
    ("E-CHAT-MISSING", {"messages": [{"content": "x"}]}),
    ("E-CHAT-MISSING", {"messages": [{"role": "developer"}]}),
    ("E-CHAT-MISSING", {"tools": [{"type": "function", "function": {}}]}),
    ("E-CHAT-MISSING", {"tools": [WEATHER], "tool_choice": {"type": "function"}}),
    ("E-CHAT-MISSING", {"response_format": {}}),
    ("E-CHAT-MISSING", {"response_format": {"type": "json_schema", "json_schema": {}}}),
    ("E-CHAT-MISSING", {"functions": [{}]}),
    ("E-CHAT-EMPTY", {"messages": []}),
    ("E-CHAT-EMPTY", {"messages": [{"role": "assistant", "content": "x", "tool_calls": []}]}),
    ("E-CHAT-UNKNOWN", {"bogus": 1}),
    ("E-CHAT-UNKNOWN", {"stream": True, "stream_options": {"bogus": 1}}),
    ("E-CHAT-UNKNOWN", {"model": NEW, "modalities": ["text"]}),
    ("E-CHAT-TYPE", {"n": "2"}),
    ("E-CHAT-TYPE", {"temperature": "hot"}),
    ("E-CHAT-TYPE", said(7)),
    ("E-CHAT-TYPE", {"tools": [WEATHER], "tool_choice": 7}),
    ("E-CHAT-TYPE", {"messages": [{"role": "developer", "content": None}]}),
    ("E-CHAT-ENUM", {"messages": [{"role": "user2", "content": "x"}]}),
    ("E-CHAT-ENUM", {"response_format": {"type": "jason"}}),
    ("E-CHAT-ENUM", {"service_tier": "gold"}),
    ("E-CHAT-ENUM", {"verbosity": "loud"}),
    ("E-CHAT-ENUM", {"tools": [WEATHER], "tool_choice": "maybe"}),
    ("E-CHAT-DEC-HIGH", {"temperature": 2.5}),
    ("E-CHAT-DEC-LOW", {"frequency_penalty": -3}),
    ("E-CHAT-INT-HIGH", {"n": 129}),
    ("E-CHAT-INT-HIGH", {"model": NEW, "n": 9}),
    ("E-CHAT-INT-LOW", {"max_completion_tokens": 0}),
    ("E-CHAT-METADATA", {"metadata": {str(n): "x" for n in range(17)}}),
    ("E-CHAT-METADATA-KEY", {"metadata": {"k" * 65: "x"}}),
    ("E-CHAT-STR", {"metadata": {"k": "x" * 513}}),
    ("E-CHAT-STR", said("x" * 1_048_577)),
    ("E-CHAT-PATTERN", tool_of(OPEN, "get weather")),
    ("E-CHAT-ARRAY", {"tools": [WEATHER] * 129}),
    ("E-CHAT-ARRAY-STOP", {"stop": ["a"] * 5}),
    ("E-JSON-WORD", {"response_format": {"type": "json_object"}}),
    ("E-SCHEMA", format_of(OPEN, strict=True)),
    ("E-TOOL-SCHEMA", tool_of(OPEN, strict=True)),
    ("E-TOOL-CHOICE-NAME", {"tools": [WEATHER], "tool_choice": NAMED}),
    ("E-TOOL-ORPHAN", {"messages": spoken("x")[::2]}),
    ("E-TOOL-ORPHAN-ID", {"messages": [*spoken("x")[:2], {**spoken("x")[2], "tool_call_id": "b"}]}),
    ("E-TOOL-UNANSWERED", {"messages": spoken("x")[:2]}),
    ("E-CONTEXT", said("word " * 130_000)),
    ("E-CONTEXT-TOOLS", {**said("word " * 130_000), "tools": [WEATHER]}),
    ("E-IMAGE-URL-DOWNLOAD", shown("nowhere")),
    ("E-IMAGE-FORMAT", shown(data_url(b"hello"))),
    ("E-IMAGE-B64", shown("data:image/png;base64,?")),
]

AGES: list[tuple[str, dict[str, Any], datetime.date]] = [
    ("E-CHAT-UNKNOWN-OLD", {"bogus": 1, "model": "gpt-4"}, datetime.date(2024, 1, 1)),
    ("E-IMAGE-URL-MODEL", {**shown(data_url(png())), "model": "gpt-4"}, datetime.date(2026, 1, 1)),
]


def refused(body: dict[str, Any], emu: Emulator | None = None) -> tuple[Reply, str | None]:
    """Return the reply to a body laid over a good one (None takes a field out), and its row."""
    emu = emu or emulator()
    whole = {"model": OLD, "messages": HI, **body}
    dropped = {"messages"} if whole["messages"] is None else set()
    reply = post(emu, CHAT, {key: value for key, value in whole.items() if key not in dropped})
    *_, exchange = emu._store.session("").journal
    return reply, exchange.row


@pytest.mark.parametrize(
    ("row", "body"), BAD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_bad_request_meets_its_row(row: str, body: dict[str, Any]) -> None:
    reply, found = refused(body)
    assert found == row, parsed(reply)
    assert reply.status == ROWS[row]["status"]
    assert list(error(reply)) == ["message", "type", "param", "code"]


@pytest.mark.parametrize(
    ("row", "body", "day"), AGES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_row_of_another_day_is_met_on_that_day(
    row: str, body: dict[str, Any], day: datetime.date
) -> None:
    assert refused(body, emulator(as_of=day))[1] == row


def test_every_chat_row_is_reached() -> None:
    reached = {row for row, _ in BAD} | {row for row, *_ in AGES}
    assert set(ROWS) == reached


@pytest.mark.parametrize(
    ("body", "message", "code", "param"),
    [
        ({"model": None}, "you must provide a model parameter", None, None),
        (
            {"model": "gpt-nope"},
            "The model `gpt-nope` does not exist or you do not have access to it.",
            "model_not_found",
            None,
        ),
        (
            {"messages": None},
            "Missing required parameter: 'messages'.",
            "missing_required_parameter",
            "messages",
        ),
        (
            {"tools": [{"type": "function", "function": {}}]},
            "Missing required parameter: 'tools[0].function.name'.",
            "missing_required_parameter",
            "tools[0].function.name",
        ),
        (
            {"messages": []},
            (
                "Invalid 'messages': empty array. Expected an array with minimum length 1, but got "
                "an empty array instead."
            ),
            "empty_array",
            "messages",
        ),
        (
            {"stream": True, "stream_options": {"bogus": 1}},
            "Unknown parameter: 'stream_options.bogus'.",
            "unknown_parameter",
            "stream_options.bogus",
        ),
        (
            {"n": "2"},
            "Invalid type for 'n': expected an integer, but got a string instead.",
            "invalid_type",
            "n",
        ),
        (
            {"temperature": "hot"},
            "Invalid type for 'temperature': expected a decimal, but got a string instead.",
            "invalid_type",
            "temperature",
        ),
        (
            said(7),
            (
                "Invalid type for 'messages[0].content': expected one of a string or array of "
                "objects, but got an integer instead."
            ),
            "invalid_type",
            "messages[0].content",
        ),
        (
            {"messages": [{"role": "boss", "content": "x"}]},
            (
                "Invalid value: 'boss'. Supported values are: 'system', 'assistant', 'user', "
                "'function', 'tool', and 'developer'."
            ),
            "invalid_value",
            "messages[0].role",
        ),
        (
            {"response_format": {"type": "jason"}},
            (
                "Invalid value: 'jason'. Supported values are: 'json_object', 'json_schema', and "
                "'text'."
            ),
            "invalid_value",
            "response_format.type",
        ),
        (
            {"n": 129},
            (
                "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 "
                "instead."
            ),
            "integer_above_max_value",
            "n",
        ),
        (
            {"temperature": 3},
            (
                "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but "
                "got 3 instead."
            ),
            "decimal_above_max_value",
            "temperature",
        ),
        (
            {"metadata": {str(n): "x" for n in range(17)}},
            (
                "Invalid 'metadata': too many properties. Expected an object with at most 16 "
                "properties, but got an object with 17 properties instead."
            ),
            "object_above_max_properties",
            "metadata",
        ),
        (
            {"model": NEW, "max_tokens": 5},
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead."
            ),
            "unsupported_parameter",
            "max_tokens",
        ),
        (
            {"model": NEW, "temperature": 0.5},
            (
                "Unsupported value: 'temperature' does not support 0.5 with this model. Only the "
                "default (1) value is supported."
            ),
            "unsupported_value",
            "temperature",
        ),
        (
            {"stream_options": {"include_usage": True}},
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            None,
            "stream_options",
        ),
        (
            {"response_format": {"type": "json_object"}},
            (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of "
                "type 'json_object'."
            ),
            None,
            "messages",
        ),
        (
            tool_of(OPEN, strict=True),
            (
                "Invalid schema for function 'f': In context=(), 'additionalProperties' is "
                "required to be supplied and to be false."
            ),
            "invalid_function_parameters",
            "tools[0].function.parameters",
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]},
            (
                "Invalid parameter: messages with role 'tool' must be a response to a preceding "
                "message with 'tool_calls'."
            ),
            None,
            "messages.[0].role",
        ),
        (
            {"messages": [*HI, {"role": "user", "content": None}]},
            "Invalid value for 'content': expected a string, got null.",
            None,
            "messages.[1].content",
        ),
    ],
)
def test_what_was_recorded_is_said_word_for_word(
    body: dict[str, Any], message: str, code: str | None, param: str | None
) -> None:
    assert error(refused(body)[0]) == {
        "message": message,
        "type": "invalid_request_error",
        "param": param,
        "code": code,
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": None, "bogus": 1}, "messages"),
        ({"bogus": 1, "n": "x"}, "bogus"),
        ({"n": "x", "tools": []}, "tools"),
        ({"temperature": 9, "max_completion_tokens": 0}, "max_completion_tokens"),
        ({"verbosity": 1, "seed": "x"}, "seed"),
        ({"stop": 1, "service_tier": 1}, "service_tier"),
        ({"model": NEW, "temperature": 0.5, "stop": "x"}, "stop"),
        ({"model": NEW, "temperature": 0.5, "verbosity": "x"}, "verbosity"),
        ({**said(None), "prediction": 1}, "prediction"),
        ({**said(None), "model": NEW, "top_p": 0.5}, "top_p"),
    ],
    ids=str,
)
def test_of_two_faults_the_measured_one_is_reported(body: dict[str, Any], field: str) -> None:
    assert error(refused(body)[0])["param"] == field


@pytest.mark.parametrize("name", ["gpt-nope", "gpt-3.5-turbo"])
def test_an_unknown_model_has_the_recorded_headers(name: str) -> None:
    reply = refused({"model": name})[0]
    assert header(reply, "content-type") == "application/json; charset=utf-8"
    assert header(reply, "vary") == "Origin"


@pytest.mark.parametrize(
    "body",
    [
        {"n": None, "stop": None, "metadata": None, "stream": None, "stream_options": None},
        said(""),
        said([]),
        {"messages": [*HI, {"role": "assistant", "content": "x", "audio": None}]},
        {"model": NEW, "reasoning_effort": "none", "presence_penalty": 1, "logprobs": True},
        {"model": NEW, "temperature": 1, "top_p": 1},
        {"top_logprobs": 0, "logprobs": True},
        {"messages": [*spoken("x"), {"role": "assistant", "content": "ok", "annotations": []}]},
        {"messages": [{"role": "function", "name": "f", "content": None}, *HI]},
        {"messages": [{"role": "user", "content": "Hi", "name": "Ada"}]},
    ],
    ids=str,
)
def test_what_live_takes_is_taken(body: dict[str, Any]) -> None:
    reply = refused(body)[0]
    assert reply.status == 200, json.loads(reply.body)
