"""What a response of aimock says, as the reply of a fixture.

What must not enter: which requests get it, where fixtures go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from safelight.fixtures.model import Exact, Partial
from safelight.imports.opening import items, number, table, unbase64, word
from safelight.messages import Json
from safelight.pixels import UnreadablePicture, inspect
from safelight.recording.lifting import kind_of

Loss = Callable[[str], None]
"""Notes what could not be carried over."""

Keep = Callable[[bytes, str], str]
"""Keeps a picture of that extension; returns its name from the fixture's folder."""

_FAULTS = ("truncateAfterChunks", "disconnectAfterMs", "chaos", "chunkSize", "openRouterProcessing")
_SPOKEN = {
    "content", "toolCalls", "blocks", "usage", "finishReason", "role", "id", "created", "model",
    "systemFingerprint",
}  # fmt: skip
_COUNTS = {"prompt_tokens": "prompt_tokens", "completion_tokens": "completion_tokens"}
_DETAILS = {
    ("prompt_tokens_details", "cached_tokens"): "cached_tokens",
    ("completion_tokens_details", "reasoning_tokens"): "reasoning_tokens",
}
_TOTALS = {"total_tokens", "input_tokens", "output_tokens"}
_FIELDS = {
    "id": "id",
    "created": "created",
    "model": "model",
    "systemFingerprint": "system_fingerprint",
}
_ERROR = ("message", "type", "param", "code")


def pictured(response: dict[str, Json]) -> bool:
    """Tell whether a response is one of pictures."""
    return "image" in response or "images" in response


def reply_of(
    raw: dict[str, Json], operation: str, lose: Loss, keep: Keep
) -> Partial | Exact | None:
    """Return what a fixture replies, in its time, or None and say what is lost."""
    response = table(raw.get("response"))
    if "error" in response:
        return _timed(_error(response, lose), raw, lose)
    if pictured(response):
        found = _pictures(response, lose, keep)
    elif not {"content", "toolCalls", "blocks"} & set(response):
        kind = next(iter(response), "nothing")
        lose(f"responses with `{kind}`, which no operation here answers")
        return None
    elif operation.startswith("images"):
        lose("answers to image requests without a picture: aimock keeps none of an image stream")
        return None
    else:
        found = _spoken(response, lose)
    return None if found is None else _timed(found, raw, lose)


def _spoken(raw: dict[str, Json], lose: Loss) -> Partial:
    """Return what a model says: text, calls of tools, or both."""
    for key in raw:
        if key not in _SPOKEN:
            lose(f"`{key}` of responses")
    blocks = [table(block) for block in items(raw.get("blocks"))]
    if blocks:
        lose("the order of texts and tool calls within an answer")
        calls = [block for block in blocks if block.get("type") == "toolCall"]
        content: Json = "".join(word(b.get("text")) for b in blocks if b.get("type") == "text")
    else:
        calls, content = [table(call) for call in items(raw.get("toolCalls"))], raw.get("content")
    if any("id" in call for call in calls):
        lose("the ids of tool calls")
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    return Partial(
        text=None if calls and not text else text,
        tool_calls=tuple((word(call.get("name")), _arguments(call)) for call in calls),
        finish_reason=word(raw.get("finishReason")) or None,
        usage=_usage(table(raw.get("usage")), lose),
        fields={ours: raw[key] for key, ours in _FIELDS.items() if key in raw},
    )


def _usage(raw: dict[str, Json], lose: Loss) -> dict[str, Json]:
    """Return the counts that a fixture may give; totals follow from them."""
    found = {ours: raw[key] for key, ours in _COUNTS.items() if key in raw}
    seen = {*_COUNTS, *_TOTALS}
    for (group, key), ours in _DETAILS.items():
        if number(table(raw.get(group)).get(key)):
            found[ours] = raw[group][key]
    for key, value in raw.items():
        known = {name for group, name in _DETAILS if group == key}
        counts = value.items() if isinstance(value, dict) else [("", value)]
        if key not in seen and any(count for name, count in counts if name not in known):
            lose(f"`{key}` of usage")
    return found


def _arguments(call: dict[str, Json]) -> Json:
    """Return a call's arguments as an object; a text that is none stays a text."""
    given = call.get("arguments", {})
    if not isinstance(given, str):
        return given
    try:
        found = json.loads(given)
    except ValueError:
        return given
    return found if isinstance(found, dict) else given


def _error(raw: dict[str, Json], lose: Loss) -> Exact:
    """Return an error as it stands: its words are aimock's author's, not the provider's."""
    lose("the provider's own shape of errors: these are sent as they stand")
    told = raw["error"]
    error = told if isinstance(told, dict) else {"message": str(told)}
    for key in error:
        if key not in _ERROR:
            lose(f"`{key}` of errors")
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    if "retryAfter" in raw:
        headers = (*headers, ("retry-after", f"{number(raw['retryAfter']):g}"))
    status = raw.get("status")
    known = {key: error.get(key) for key in _ERROR}
    known["type"] = known["type"] or "server_error"  # as aimock itself says
    usual = status if isinstance(status, int) and 400 <= status <= 599 else 500
    return Exact(usual, headers, {"error": known})


def _pictures(raw: dict[str, Json], lose: Loss, keep: Keep) -> Partial | None:
    """Return pictures that the file has; those behind links are lost."""
    names, revised = [], None
    for item in [*items(raw.get("images")), *([raw["image"]] if "image" in raw else [])]:
        one = table(item)
        link = word(one.get("url"))
        text = word(one.get("b64Json")) or (link.partition(",")[2] if link[:5] == "data:" else "")
        data = unbase64(text) if text else None
        kind = _picture(data or b"")
        if data is None or kind is None:
            lose(
                "base64 that is no picture"
                if text
                else "pictures behind links: an import follows none"
            )
            continue
        names.append(keep(data, kind))
        revised = revised or one.get("revisedPrompt")
    if revised:
        lose("revised prompts, where the model tells none")
    return Partial(pictures=tuple(names), revised_prompt=word(revised) or None) if names else None


def _picture(data: bytes) -> str | None:
    """Return the extension of a picture's file, None for what is none, or is cut off."""
    try:
        inspect(data)
    except UnreadablePicture:
        return None
    return kind_of(data[:16])


def _timed(reply: Partial | Exact, raw: dict[str, Json], lose: Loss) -> Partial | Exact:
    """Return a reply with the times that are given; say which times and faults are lost."""
    for key in _FAULTS:
        if raw.get(key) is not None:
            lose(f"`{key}`; see `timing` and `fault` of a fixture's reply")
    first, each = _waits(raw, lose)
    if isinstance(reply, Partial) and (first or each):
        return replace(reply, first=round(first, 4), each=round(each, 4))
    return reply


def _waits(raw: dict[str, Json], lose: Loss) -> tuple[float, float]:
    """Return the seconds to the first byte, and between the events of a stream."""
    recorded, profile = table(raw.get("recordedTimings")), table(raw.get("streamingProfile"))
    if recorded:
        gaps = [number(gap) for gap in items(recorded.get("interChunkDelaysMs"))]
        if any(gaps):
            lose("the single waits of `recordedTimings`: their mean stands for them")
        speed = 1000 * (number(raw.get("replaySpeed")) or 1)
        return number(recorded.get("ttftMs")) / speed, sum(gaps) / len(gaps or [0]) / speed
    if profile:
        if number(profile.get("jitter")):
            lose("`jitter` of `streamingProfile`")
        rate = number(profile.get("tps"))
        return number(profile.get("ttft")) / 1000, 1 / rate if rate else 0.0
    return 0.0, number(raw.get("latency")) / 1000
