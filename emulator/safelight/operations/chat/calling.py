"""Makes the tool calls of an answer: which, how many, and with arguments that their schemas allow.

What must not enter: wire shapes; the choice of text when no tool is called.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from safelight.messages import Json
from safelight.operations.chat.chance import seeded
from safelight.operations.chat.conversation import clean
from safelight.operations.chat.hints import Hints, words_of
from safelight.operations.chat.limits import Limits
from safelight.operations.chat.making import Source, Unmakeable, make
from safelight.operations.chat.patterns import UnsampledPattern, sample
from safelight.operations.chat.results import ToolCall
from safelight.operations.chat.strings import PLACE_WORDS
from safelight.operations.chat.tools import Choosing, Tool, fitting
from safelight.refusals import Refusal
from safelight.tokens import pieces

_OVERHEAD = 6
"""Tokens that a call costs beside its name and arguments: an estimate."""

_MOST_CALLS = 8
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def calls_for(choosing: Choosing, source: Source) -> list[ToolCall]:
    """Return the calls that the answer makes; none when no tool plainly fits and none must.

    Arguments fit their schema, or come as near to it as was found: models err there too. Raises
    Refusal for a tool whose parameters no value comes near.
    """
    chosen = fitting(choosing, source.hints)
    found = [
        pair
        for tool in chosen
        for pair in _each(tool, source.hints, choosing, alone=len(chosen) == 1)
    ]
    calls = []
    for index, (tool, hints) in enumerate(found[:_MOST_CALLS]):
        mine = replace(source, hints=hints, seed=source.seed + 101 * index)
        calls.append(ToolCall(_call_id(mine.seed), tool.kind, tool.name, _arguments(tool, mine)))
    return calls


def call_tokens(call: ToolCall) -> int:
    """Return what a call counts in the completion: an estimate."""
    return _OVERHEAD + len(pieces(call.name)) + len(pieces(call.arguments))


def cut_calls(calls: list[ToolCall], limits: Limits) -> tuple[list[ToolCall], bool]:
    """Return the calls that the token limit leaves, the last one cut short, and whether it is."""
    if limits.tokens is None:
        return calls, False
    left, kept = limits.tokens, []
    for call in calls:
        cost = call_tokens(call)
        if cost <= left:
            kept.append(call)
            left -= cost
            continue
        room = max(0, left - _OVERHEAD - len(pieces(call.name)))
        kept.append(replace(call, arguments="".join(pieces(call.arguments)[:room])))
        return kept, True
    return kept, False


def _call_id(seed: int) -> str:
    return "call_" + "".join(seeded(seed, 0xCA11).choices(_ID_LETTERS, k=24))


def _each(
    tool: Tool, hints: Hints, choosing: Choosing, *, alone: bool
) -> Iterator[tuple[Tool, Hints]]:
    """Yield the tool once, or once for each place or name that the message asks about."""
    if not (
        choosing.parallel and alone and len(hints.names) > 1 and _takes_one_name(tool.parameters)
    ):
        yield tool, hints
        return
    for name in hints.names:
        yield tool, hints.only(name)


def _takes_one_name(parameters: Json) -> bool:
    """Tell whether exactly one required argument is a place, and no argument is a list."""
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    if not isinstance(properties, dict):
        return False
    schemas = [schema for schema in properties.values() if isinstance(schema, dict)]
    if any(schema.get("type") == "array" for schema in schemas):
        return False
    return sum(bool(words_of(name) & PLACE_WORDS) for name in properties) == 1


def _arguments(tool: Tool, source: Source) -> str:
    if tool.kind == "custom":
        return clean(_input(tool, source))
    schema = tool.parameters if isinstance(tool.parameters, dict) else {}
    if not schema:
        return "{}"
    schema = schema if "type" in schema or "$ref" in schema else {**schema, "type": "object"}
    try:
        value = make(schema, source)
    except Unmakeable as error:
        if error.best is None:
            facts = {"subject": tool.name, "problem": str(error)}
            raise Refusal("invalid_function_parameters", at="tools", **facts) from error
        value = error.best
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _input(tool: Tool, source: Source) -> str:
    """Return a custom tool's text: by its regular expression if it has one, else what was asked."""
    grammar = tool.format.get("grammar") if isinstance(tool.format, dict) else None
    if isinstance(grammar, dict) and grammar.get("syntax") == "regex":
        try:
            return sample(str(grammar.get("definition")), seeded(source.seed))
        except UnsampledPattern:
            pass
    hints = source.hints
    return hints.quoted[0] if hints.quoted else hints.text.strip()[:2000] or "offline"
