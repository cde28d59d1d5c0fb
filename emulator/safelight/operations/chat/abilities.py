"""What a model cannot do with a request that its schema allows: rules over several fields.

What must not enter: limits of one field (those narrow the schema), wording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safelight.messages import Json
from safelight.operations.chat.conversation import (
    Conversation,
    messages_of,
    parts_of,
    refused_at,
    text_of,
)
from safelight.operations.chat.judging import Unmakeable, judge_of
from safelight.operations.chat.pictures import picture_tokens
from safelight.operations.chat.strictness import first_violation
from safelight.operations.chat.usage import Told
from safelight.refusals import Refusal


def check_abilities(
    params: Mapping[str, Json], traits: Mapping[str, Json], talk: Conversation, told: Told
) -> None:
    """Raise Refusal for the first thing that this model cannot do. `traits` are the catalogue's."""
    if traits.get("json_word") is not False:
        _check_json_word(params)
    if traits.get("sees") is False and (at := next(_picture_parts(params), None)):
        raise refused_at("images_not_supported", at)
    _check_context(traits, talk, told)


def _check_json_word(params: Mapping[str, Json]) -> None:
    wanted = params.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_object":
        return
    if not any("json" in text_of(m.get("content")).lower() for m in messages_of(params)):
        raise Refusal("json_word_missing", at="messages")


def _picture_parts(params: Mapping[str, Json]) -> Iterator[str]:
    for index, message in enumerate(messages_of(params)):
        for number, part in enumerate(parts_of(message.get("content"))):
            if part.get("type") == "image_url":
                yield f"messages[{index}].content[{number}].type"


def _check_context(traits: Mapping[str, Json], talk: Conversation, told: Told) -> None:
    """Raise Refusal when the conversation is longer than the model's context, in tokens."""
    most = traits.get("context")
    if not isinstance(most, int):
        return
    prices = traits.get("picture_tokens", {})
    pictures = sum(picture_tokens(picture, prices) for picture in talk.all_pictures)
    shown, tools = told.messages + pictures, told.tools
    if shown + tools > most:
        name = "context_length_exceeded" + ("_with_tools" if tools else "")
        facts = {"limit": most, "length": shown + tools, "told": shown, "tools": tools}
        raise Refusal(name, at="messages", **facts)


def check_schemas(params: Mapping[str, Json]) -> None:
    """Raise Refusal for a schema of the user's that is none, or that strict mode does not take."""
    for at, name, schema, strict in _function_schemas(params):
        if problem := _problem(schema, strict=strict):
            raise Refusal("invalid_function_parameters", at=at, subject=name, problem=problem)
    wanted = params.get("response_format")
    about = wanted.get("json_schema") if isinstance(wanted, dict) else None
    if isinstance(about, dict):
        problem = _problem(about.get("schema"), strict=about.get("strict") is True)
        if problem:
            raise Refusal(
                "invalid_response_schema",
                at="response_format",
                subject=str(about.get("name")),
                problem=problem,
            )


def _function_schemas(params: Mapping[str, Json]) -> Iterator[tuple[str, str, Json, bool]]:
    for index, tool in enumerate(params.get("tools") or ()):
        about = tool.get("function")
        if isinstance(about, dict):
            at = f"tools[{index}].function.parameters"
            yield at, str(about.get("name")), about.get("parameters"), about.get("strict") is True
    for index, about in enumerate(params.get("functions") or ()):
        yield (
            f"functions[{index}].parameters",
            str(about.get("name")),
            about.get("parameters"),
            False,
        )


def _problem(schema: Json, *, strict: bool) -> str | None:
    if not isinstance(schema, dict) or not schema:
        return None
    if strict and (violation := first_violation(schema)):
        return violation
    try:
        judge_of(schema)
    except Unmakeable as error:
        return f"{error}."
    return None
