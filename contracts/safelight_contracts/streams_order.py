"""What the events of a stream have to be like together: order, indices, one end.

An automaton for each kind of stream. The first thing that goes wrong is told, and nothing that only
follows from it. What must not enter: framing (see `streams`), single events' shapes, providers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from safelight.messages import Json

from safelight_contracts.unfolding import items, table


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a stream: `kind` is the last part of the check's code."""

    kind: str
    at: str
    expected: Json
    got: Json


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked: `amount` of answers, `previews` of each picture.

    `strict` is False where no schema of an event is promised: then a role need not come first.
    """

    amount: int = 1
    previews: int = 0
    strict: bool = True


Parts = Sequence[dict[str, Json]]


def order_faults(kind: str, names: Sequence[str], parts: Parts, asked: Order) -> Iterator[Fault]:
    """Yield what is wrong with the events of a stream; `names` are the names that frames gave."""
    if kind == "images":
        yield from _images(names, parts, asked)
    elif kind == "chat":
        yield from _chat(parts, asked)
    elif kind == "sdk":
        yield from _parts(parts)


# Pictures


def _images(names: Sequence[str], parts: Parts, asked: Order) -> Iterator[Fault]:
    seen = ended = 0
    for number, (name, part) in enumerate(zip(names, parts, strict=True)):
        at, kind = f"events[{number}]", str(part.get("type"))
        if name != kind:
            yield Fault("ORDER", f"{at}.event", kind, name)
        if ended >= asked.amount:
            yield Fault("TERMINAL", at, "nothing after the last completed event", kind)
            return
        if kind.endswith(".partial_image"):
            index = part.get("partial_image_index")
            if asked.amount == 1 and index != seen:
                yield Fault("INDEX", f"{at}.partial_image_index", seen, index)
                return
            seen += 1
        elif kind.endswith(".completed"):
            ended += 1
        else:
            yield Fault("TERMINAL", at, "a preview or a completed picture", kind)
            return
    if ended == 0:
        yield Fault("TERMINAL", "events", "one completed event", "none")
    elif seen > asked.previews * asked.amount:
        yield Fault("INDEX", "events", f"at most {asked.previews} previews", seen)


# Chat


@dataclass
class _Choice:
    spoke: bool = False
    finished: bool = False


def _chat(parts: Parts, asked: Order) -> Iterator[Fault]:
    choices = {index: _Choice() for index in range(asked.amount)}
    head: dict[str, Json] = {}
    for number, part in enumerate(parts):
        at = f"events[{number}]"
        if "error" in part:
            yield Fault("TERMINAL", at, "a chunk", "an error")
            return
        for key in ("id", "created", "model"):
            if part.get(key) != head.setdefault(key, part.get(key)):
                yield Fault("ORDER", f"{at}.{key}", head[key], part.get(key))
                return
        for place, told in enumerate(map(table, items(part.get("choices")))):
            fault = _delta(choices, told, f"{at}.choices[{place}]", strict=asked.strict)
            if fault:
                yield fault
                return
    for index, choice in choices.items():
        if not choice.finished:
            yield Fault("TERMINAL", f"choices[{index}]", "one finish_reason", "none")
            return


def _delta(
    choices: dict[int, _Choice], told: dict[str, Json], at: str, *, strict: bool
) -> Fault | None:
    index = told.get("index")
    choice = choices.get(index) if isinstance(index, int) else None
    if choice is None:
        return Fault("INDEX", f"{at}.index", f"one of {sorted(choices)}", index)
    delta = table(told.get("delta"))
    spoken = {key: value for key, value in delta.items() if value not in (None, "", [], {})}
    if choice.finished and (told.get("finish_reason") or set(spoken) - {"role"}):
        return Fault("TERMINAL", at, "nothing after the finish_reason", spoken or told)
    if strict and not choice.spoke and not choice.finished and "role" not in delta and spoken:
        return Fault("ORDER", f"{at}.delta", "the role first", spoken)
    choice.spoke = choice.spoke or "role" in delta
    choice.finished = choice.finished or bool(told.get("finish_reason"))
    return None


# The parts of the AI SDK's protocol


@dataclass
class _Open:
    started: dict[str, str] = field(default_factory=dict)
    finished: bool = False


def _parts(parts: Parts) -> Iterator[Fault]:
    state = _Open()
    for number, part in enumerate(parts):
        fault = _part(state, part, number)
        if fault:
            yield fault
            return
    if not state.finished:
        yield Fault("TERMINAL", "events", "one finish part", "none")


def _part(state: _Open, part: dict[str, Json], number: int) -> Fault | None:
    at, kind = f"events[{number}]", str(part.get("type"))
    for wrong, fault, wanted in (
        (state.finished, "TERMINAL", "nothing after the finish part"),
        (kind == "error", "TERMINAL", "a finish part"),
        (number == 0 and kind != "stream-start", "ORDER", "stream-start first"),
        (number > 0 and kind == "stream-start", "ORDER", "stream-start once"),
    ):
        if wrong:
            return Fault(fault, at, wanted, kind)
    if kind == "finish":
        state.finished = True
        left = sorted(state.started)
        return Fault("ORDER", at, "every part ended", left) if left else None
    family, _, step = kind.rpartition("-")
    if family in ("text", "reasoning", "tool-input"):
        return _bracket(state.started, family, step, str(part.get("id")), at)
    return None


def _bracket(started: dict[str, str], family: str, step: str, name: str, at: str) -> Fault | None:
    if step == "start":
        if name in started:
            return Fault("ORDER", f"{at}.id", "an id that is not open", name)
        started[name] = family
    elif started.get(name) != family:
        return Fault("ORDER", f"{at}.id", f"the id of an open {family}", name)
    elif step == "end":
        del started[name]
    return None


# Tools


def tool_faults(kind: str, parts: Parts) -> Iterator[Fault]:
    """Yield what is wrong with tool calls that came in pieces: they have to join to JSON."""
    joined: dict[str, str] = {}
    gather: Callable[[Parts, dict[str, str]], Iterator[Fault]] = {
        "chat": _chat_calls,
        "sdk": _sdk_calls,
    }.get(kind, _no_calls)
    yield from gather(parts, joined)
    for at, text in joined.items():
        fault = _no_json(text)
        if fault:
            yield Fault("TOOLCALL", at, "arguments that join to a JSON object", fault)


def _no_calls(_parts: Parts, _joined: dict[str, str]) -> Iterator[Fault]:
    yield from ()


def _chat_calls(parts: Parts, joined: dict[str, str]) -> Iterator[Fault]:
    for number, part in enumerate(parts):
        for choice in map(table, items(part.get("choices"))):
            for call in map(table, items(table(choice.get("delta")).get("tool_calls"))):
                at = f"choices[{choice.get('index')}].tool_calls[{call.get('index')}]"
                told = table(call.get("function") or call.get("custom"))
                if at not in joined and not (call.get("id") and told.get("name")):
                    yield Fault("TOOLCALL", f"events[{number}].{at}", "id and name first", call)
                    return
                plain = "custom" in call or call.get("type") == "custom"
                joined[at] = joined.get(at, "") + str(told.get("arguments") or "")
                if plain:
                    joined[at] = "{}"


def _sdk_calls(parts: Parts, joined: dict[str, str]) -> Iterator[Fault]:
    pieces: dict[str, str] = {}
    for number, part in enumerate(parts):
        kind, name = part.get("type"), str(part.get("id", part.get("toolCallId")))
        if kind == "tool-input-delta":
            pieces[name] = pieces.get(name, "") + str(part.get("delta"))
        elif kind == "tool-call":
            told = str(part.get("input", ""))
            joined[f"events[{number}].input"] = told
            if name in pieces and pieces[name] != told:
                yield Fault("TOOLCALL", f"events[{number}].input", pieces[name], told)
                return


def _no_json(text: str) -> str | None:
    import orjson

    try:
        value = orjson.loads(text)
    except ValueError:
        return text[:120]
    return None if isinstance(value, dict) else text[:120]
