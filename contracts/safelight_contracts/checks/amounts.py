"""What an answer says in numbers and words: how many, when, how much, and what it echoes.

What must not enter: pictures' pixels (see `checks.pictures`), streams' order.
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.messages import Json

from safelight_contracts.checks.looking import SHAPE, Look, answer
from safelight_contracts.findings import Finding

LATE = 900.0
"""Seconds by which `created` may differ from our clock: pictures take minutes."""

_LISTS = ("data", "images", "choices")


@answer("SL-COUNT", "as many answers come as were asked for")
def count(look: Look) -> Iterator[Finding]:
    """Say that another number of pictures or choices came than `n` asked for.

    Too few and an index runs out of its list; too many and somebody pays for what nobody wanted.
    """
    if not look.accepted or look.streamed or look.row is None or not look.row.bodies:
        return
    for name in _LISTS:
        items = look.told.get(name)
        if isinstance(items, list) and look.row.operation.partition(".")[0] in ("images", "chat"):
            if len(items) != look.amount:
                yield look.finding("SL-COUNT", name, look.amount, len(items))
            return


@answer("SL-CREATED", "`created` is the time of the answer")
def created(look: Look) -> Iterator[Finding]:
    """Say that `created` is not near now, in seconds since the epoch.

    The usual slips are milliseconds, a constant, and a local time zone.
    """
    if not look.accepted or look.row is None or not look.row.bodies or not look.seen.began:
        return
    told = _whole(look)
    for name in ("created", "created_at"):
        value = told.get(name)
        if isinstance(value, (int, float)) and abs(value - look.seen.began) > LATE:
            yield look.finding("SL-CREATED", name, f"about {int(look.seen.began)}", value)


@answer("SL-USAGE-MISSING", "an answer tells what it used")
def usage_missing(look: Look) -> Iterator[Finding]:
    """Say that `usage` is absent or null where it is promised. Nobody can add up such a bill."""
    row = look.row
    if not look.accepted or row is None or look.streamed:
        return
    if look.promises.promised(row.usage, look.case.model) and not look.told.get("usage"):
        yield look.finding("SL-USAGE-MISSING", "usage", "an object", look.told.get("usage"))


@answer("SL-USAGE-SUM", "usage adds up", (*SHAPE, "SL-USAGE-MISSING", "SL-STREAM-*"))
def usage_sum(look: Look) -> Iterator[Finding]:
    """Say that the total is not the sum of its parts, or a part not that of its details."""
    if look.accepted:
        for at, usage in usages(look):
            yield from (look.finding("SL-USAGE-SUM", *off) for off in _sums(usage, at))


_TOTALS = (
    ("total_tokens", ("input_tokens", "output_tokens")),
    ("total_tokens", ("prompt_tokens", "completion_tokens")),
    ("totalTokens", ("inputTokens", "outputTokens")),
)
_DETAILS = (("input_tokens", "input_tokens_details"), ("output_tokens", "output_tokens_details"))


def _sums(usage: dict[str, Json], at: str) -> Iterator[tuple[str, Json, Json]]:
    for total, parts in _TOTALS:
        if _counts(usage, (total, *parts)) and usage[total] != sum(usage[part] for part in parts):
            yield f"{at}.{total}", sum(usage[part] for part in parts), usage[total]
            return
    for whole, name in _DETAILS:
        details = usage.get(name)
        parts = ("text_tokens", "image_tokens")
        if isinstance(details, dict) and _counts(details, parts) and _counts(usage, (whole,)):
            added = sum(details[part] for part in parts)
            if added != usage[whole]:
                yield f"{at}.{name}", usage[whole], added
                return


def _counts(told: dict[str, Json], names: tuple[str, ...]) -> bool:
    return all(type(told.get(name)) is int for name in names)


def usages(look: Look) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield every usage object of an answer, with its place."""
    if not look.streamed:
        if isinstance(look.told.get("usage"), dict):
            yield "usage", look.told["usage"]
        return
    for number, part in enumerate(look.parts):
        if isinstance(part.get("usage"), dict):
            yield f"events[{number}].usage", part["usage"]


@answer(
    "SL-ECHO", "what an answer repeats of a request is what was asked", (*SHAPE, "SL-PICTURE-*")
)
def echo(look: Look) -> Iterator[Finding]:
    """Say that an answer tells another size, quality, format, background or model than was asked.

    `auto` may become anything. Where the picture itself is otherwise too, that is told instead.
    """
    if not look.accepted:
        return
    told = _whole(look)
    for name in ("size", "quality", "output_format", "background"):
        asked = look.case.params.get(name)
        if isinstance(asked, str) and asked != "auto" and isinstance(told.get(name), str):
            plain = "x" in asked or name != "size"
            if plain and told[name] != asked:
                yield look.finding("SL-ECHO", name, asked, told[name])


@answer("SL-URL", "a link leads to the picture")
def url(look: Look) -> Iterator[Finding]:
    """Say that a link of an answer is none, leads nowhere, or not to what it says.

    Only links that were followed are judged for what they lead to. One that leads into a private
    network, and not to the endpoint itself, is never followed: that alone breaks the promise.
    """
    if not look.accepted or look.streamed:
        return
    for number, item in enumerate(look.told.get("data") or ()):
        link = item.get("url") if isinstance(item, dict) else None
        if not isinstance(link, str):
            continue
        at = f"data[{number}].url"
        if not link.startswith(("https://", "http://", "data:")):
            yield look.finding("SL-URL", at, "an absolute URL", link)
        for got in look.seen.fetched:
            if got.url == link and got.status != 200:
                yield look.finding("SL-URL", at, 200, got.why or got.status)
            elif got.url == link and not (got.content_type or "").startswith("image/"):
                yield look.finding("SL-URL", at, "image/*", got.content_type)


def _whole(look: Look) -> dict[str, Json]:
    """Return the body, or the last event of a stream that tells something of the whole."""
    return look.parts[-1] if look.streamed and look.parts else look.told
