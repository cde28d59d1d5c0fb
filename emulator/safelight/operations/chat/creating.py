"""Answers a chat request: the whole way from its parameters to a ChatResult, readable in `create`.

What must not enter: wire shapes, ids and times of a reply, I/O, the clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from safelight.messages import Call, Json
from safelight.operations.chat import answering, drawing, moderation, usage
from safelight.operations.chat.abilities import check_abilities, check_schemas
from safelight.operations.chat.calling import calls_for, cut_calls
from safelight.operations.chat.chance import seeded
from safelight.operations.chat.conversation import (
    Conversation,
    check_tool_turns,
    clean,
    messages_of,
    read,
)
from safelight.operations.chat.drawing import Drawing
from safelight.operations.chat.hints import Hints, listed, read_hints
from safelight.operations.chat.limits import Limits, cut, read_limits
from safelight.operations.chat.logprobs import logprobs_for
from safelight.operations.chat.making import Source, Unmakeable
from safelight.operations.chat.results import ChatResult, Choice
from safelight.operations.chat.tools import Choosing, read_choosing, read_tools
from safelight.refusals import Refusal

_TIERS = {"auto": "default", "fast": "priority"}
"""Service tiers that a reply names differently from the request; the others it repeats."""

_MOST_CHOICES = 128
_DELIVERY = listed(
    """max_completion_tokens max_tokens metadata moderation n logprobs prompt_cache_key
    prompt_cache_options prompt_cache_retention safety_identifier service_tier stop store stream
    stream_options top_logprobs user"""
)
"""Fields that change how an answer is delivered and where it is cut, not what it says."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What every one of the `n` answers is made from."""

    params: Mapping[str, Json]
    talk: Conversation
    hints: Hints
    choosing: Choosing
    limits: Limits
    digest: int
    now: float
    count: int
    lenient: bool
    drawing: Drawing | None


def create(call: Call) -> ChatResult:
    """Answer a chat request whose `params` are its body.

    The same params and seed give the same answer, streamed or not. Raises Refusal for what no
    schema can see: unreadable pictures, tool messages without a call, abilities a model lacks.
    """
    params = call.params
    talk, told = read(params, lenient=call.lenient), usage.told_in(params)
    if not call.lenient:
        check_tool_turns(messages_of(params))
        check_schemas(params)
        check_abilities(params, call.traits, talk, told)
    task = _task(call, talk)
    prices = call.traits.get("picture_tokens", {})
    reasons = call.traits.get("family") == "reasoning"
    thinking = _thinking(task, told) if reasons else 0
    choices = tuple(_choice(task, index, thinking) for index in range(task.count))
    said = "\n".join(choice.text or "" for choice in choices)
    return ChatResult(
        choices=choices,
        usage=drawing.counted(
            usage.usage_for(params, talk, told, prices=prices, choices=choices, thinking=thinking),
            task.drawing,
            sum(len(choice.drawings) for choice in choices),
        ),
        model=str(call.traits.get("snapshot") or call.model),
        service_tier=_tier(params.get("service_tier")),
        moderation=moderation.report(params.get("moderation"), talk.asked, said, task.digest),
        metadata=params.get("metadata") if params.get("store") else None,
        reasoning=reasons,
    )


def _task(call: Call, talk: Conversation) -> _Task:
    choosing = _choosing(call, talk)
    searched = choosing.tools or _wants_json(call.params.get("response_format"))
    return _Task(
        params=call.params,
        talk=talk,
        hints=read_hints(talk.asked) if searched else Hints(),
        choosing=choosing,
        limits=read_limits(call.params),
        digest=digest_of(call.params, call.seed),
        now=call.now,
        count=_count(call.params.get("n")),
        lenient=call.lenient,
        drawing=drawing.planned(call, talk),
    )


def digest_of(params: Mapping[str, Json], seed: int) -> int:
    """Return a number that follows from the seed and from what was asked, not from its delivery."""
    asked = {key: value for key, value in params.items() if key not in _DELIVERY}
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=repr)
    key = f"{seed}:{text}".encode("ascii")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")


def _count(n: Json) -> int:
    return min(max(n, 1), _MOST_CHOICES) if isinstance(n, int) else 1


def _tier(asked: Json) -> str:
    return _TIERS.get(asked, asked) if isinstance(asked, str) else "default"


def _choosing(call: Call, talk: Conversation) -> Choosing:
    """Return who may be called: nobody under `auto` once a tool's result waits to be told."""
    try:
        choosing = read_choosing(call.params, read_tools(call.params))
    except Refusal:
        if not call.lenient:
            raise
        return Choosing()
    return choosing if choosing.must or not talk.results else Choosing()


def _thinking(task: _Task, told: usage.Told) -> int:
    """Return the reasoning tokens, which the limit covers too: a tight one leaves no answer."""
    wanted = usage.thinking_tokens(task.params, told.all)
    return wanted if task.limits.tokens is None else min(wanted, task.limits.tokens)


def _choice(task: _Task, index: int, thinking: int) -> Choice:
    seed = task.digest + 7919 * index
    source = Source(task.hints, seed, task.now)
    limits = task.limits.less(thinking)
    if task.choosing.tools and (called := _called(task, source, limits)):
        return called
    response_format = task.params.get("response_format") or {}
    rng = seeded(seed)
    sketch = task.drawing
    text = sketch.words() if sketch else answering.answer(task.talk, rng, index, task.count)
    if _wants_json(response_format):
        try:
            text = answering.json_answer(response_format, text, source)
        except Unmakeable as error:
            return _refused(task, f"No value fits the schema: {error}.", rng)
        if response_format["type"] == "json_schema" and answering.wants_refusal(task.talk.asked):
            return _refused(task, answering.REFUSAL_TEXT, rng)
    drawings = sketch.jobs(index) if sketch and not _wants_json(response_format) else ()
    text, reason = cut(clean(text), limits)
    logprobs = _logprobs(task, text, rng)
    return Choice(text, finish_reason=reason, logprobs=logprobs, drawings=drawings)


def _wants_json(response_format: Json) -> bool:
    formats = ("json_object", "json_schema")
    return isinstance(response_format, dict) and response_format.get("type") in formats


def _called(task: _Task, source: Source, limits: Limits) -> Choice | None:
    sparse = Source(source.hints, source.seed, source.now, sparse=True)
    try:
        calls, short = cut_calls(calls_for(task.choosing, sparse), limits)
    except Refusal:
        if not task.lenient:
            raise
        return None
    if not calls:
        return None
    legacy = task.choosing.tools[0].legacy
    reason = "function_call" if legacy else "tool_calls"
    if task.choosing.named:
        reason = "stop"
    return Choice(
        text=None,
        tool_calls=tuple(calls[:1] if legacy else calls),
        finish_reason="length" if short else reason,
        logprobs=_logprobs(task, "", seeded(source.seed)),
        legacy_function=legacy,
    )


def _refused(task: _Task, text: str, rng: Random) -> Choice:
    return Choice(None, refusal=clean(text), logprobs=_logprobs(task, clean(text), rng))


def _logprobs(task: _Task, text: str, rng: Random) -> Json:
    if task.params.get("logprobs") is not True:
        return None
    top = task.params.get("top_logprobs")
    return logprobs_for(text, top if isinstance(top, int) else 0, rng)
