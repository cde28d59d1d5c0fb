"""The tools of a request, and which of them the answer calls.

What must not enter: how calls are written on a wire, how arguments are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from safelight.messages import Json
from safelight.operations.chat.hints import Hints, listed, words_of
from safelight.refusals import Refusal

_COMMON = listed(
    """a all an and any are as at be by call can current currently data day do each for from
    function get given has have help i if in info information is it its json like make me my name
    need new not number object of on one or please result return returned should some specific
    specified string that the their them then there this to today tool type unit use used user
    using value want was what when where which who will with you your"""
)
_PLAIN_FIT = 3
_NAME_WEIGHT, _DESCRIPTION_WEIGHT, _PARAMETER_WEIGHT = 2, 1, 1


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool as the request describes it. `legacy` marks the deprecated list of functions."""

    kind: str
    name: str
    description: str = ""
    parameters: Json = None
    strict: bool = False
    format: Json = None
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Choosing:
    """Who may be called: `tools`, whether one `must` be, whether it was `named`, and how many."""

    tools: tuple[Tool, ...] = ()
    must: bool = False
    named: bool = False
    parallel: bool = True


def read_tools(params: Mapping[str, Json]) -> tuple[Tool, ...]:
    """Return the tools of a request; the deprecated `functions` only when there are no `tools`."""
    tools = tuple(_tools(params.get("tools")))
    return tools or tuple(_functions(params.get("functions")))


def _tools(given: Json) -> Iterator[Tool]:
    for entry in given if isinstance(given, list) else []:
        kind = entry.get("type", "function") if isinstance(entry, dict) else ""
        about = entry.get(kind) if kind in ("function", "custom") else None
        if isinstance(about, dict) and isinstance(about.get("name"), str):
            yield _tool(kind, about, legacy=False)


def _functions(given: Json) -> Iterator[Tool]:
    for about in given if isinstance(given, list) else []:
        if isinstance(about, dict) and isinstance(about.get("name"), str):
            yield _tool("function", about, legacy=True)


def _tool(kind: str, about: Mapping[str, Json], *, legacy: bool) -> Tool:
    return Tool(
        kind=kind,
        name=about["name"],
        description=str(about.get("description") or ""),
        parameters=about.get("parameters"),
        strict=about.get("strict") is True,
        format=about.get("format"),
        legacy=legacy,
    )


def read_choosing(params: Mapping[str, Json], tools: tuple[Tool, ...]) -> Choosing:
    """Return who may be called. Raises Refusal when a tool is named that the request lacks."""
    choice = params.get("function_call" if tools and tools[0].legacy else "tool_choice", "auto")
    parallel = params.get("parallel_tool_calls") is not False
    if choice == "none" or not tools:
        return Choosing()
    if choice == "required":
        return Choosing(tools, must=True, parallel=parallel)
    if not isinstance(choice, dict):
        return Choosing(tools, parallel=parallel)
    if choice.get("type") == "allowed_tools":
        return _allowed(choice.get("allowed_tools") or {}, tools, parallel=parallel)
    return _named(choice, tools)


def _named(choice: Mapping[str, Json], tools: tuple[Tool, ...]) -> Choosing:
    about = choice.get("function") or choice.get("custom") or choice
    name = about.get("name") if isinstance(about, dict) else None
    found = tuple(tool for tool in tools if tool.name == name)
    if not found:
        key = "function_call" if tools[0].legacy else "tool_choice"
        raise Refusal("tool_choice_unknown", at=key, subject=str(name))
    return Choosing(found[:1], must=True, named=True, parallel=False)


def _allowed(allowed: Mapping[str, Json], tools: tuple[Tool, ...], *, parallel: bool) -> Choosing:
    names = {tool.name for tool in _tools(allowed.get("tools"))}
    found = tuple(tool for tool in tools if tool.name in names)
    if not found:
        raise Refusal("tool_choice_unknown", at="tool_choice", subject=", ".join(sorted(names)))
    return Choosing(found, must=allowed.get("mode") == "required", parallel=parallel)


def fitting(choosing: Choosing, hints: Hints) -> tuple[Tool, ...]:
    """Return the tools to call, the best first: those that plainly fit, or one if one must be."""
    scores = {tool.name: _score(tool, hints) for tool in choosing.tools}
    ranked = sorted(choosing.tools, key=lambda tool: -scores[tool.name])
    chosen = tuple(tool for tool in ranked if scores[tool.name] >= _PLAIN_FIT)
    if choosing.must and not chosen:
        chosen = tuple(ranked[:1])
    if not choosing.parallel or not chosen:
        return chosen[:1]
    return tuple(_apart(chosen, hints))


def _apart(tools: tuple[Tool, ...], hints: Hints) -> Iterator[Tool]:
    """Yield the tools that the message names by words which no better tool has claimed."""
    claimed: set[str] = set()
    for tool in tools:
        own = (words_of(tool.name) - _COMMON) & hints.words
        if not claimed or own - claimed:
            yield tool
        claimed |= own


def _score(tool: Tool, hints: Hints) -> int:
    said = hints.words - _COMMON
    if hints.mentions(tool.name):
        return 3 * _PLAIN_FIT
    name = words_of(tool.name) - _COMMON
    by_name = said & name
    by_description = said & words_of(tool.description)
    by_parameter = said & _parameter_words(tool.parameters)
    score = _NAME_WEIGHT * len(by_name) + _DESCRIPTION_WEIGHT * len(by_description)
    whole = bool(name) and by_name == name
    return score + whole + _PARAMETER_WEIGHT * len(by_parameter - by_description)


def _parameter_words(parameters: Json) -> frozenset[str]:
    """Return the words of the parameters' names and of the values that they may have."""
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    words: frozenset[str] = frozenset()
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        choices = schema.get("enum", []) if isinstance(schema, dict) else []
        words |= words_of(" ".join([name, *(c for c in choices if isinstance(c, str))]))
    return words - _COMMON
