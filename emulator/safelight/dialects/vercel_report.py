"""The gateway's spend report: what this session's generations cost, summed by day, model or other.

Parameters and columns: wire facts B3, B9; the AI SDK's client asks it from the origin. What must
not enter: how a generation is answered or kept.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from safelight.messages import Json
from safelight.refusals import Refusal

_GROUPS = {
    "day": "day",
    "user": "user",
    "model": "model",
    "tag": "tag",
    "provider": "provider",
    "credential_type": "credential_type",
}
_SUMS = {
    "total_cost": "total_cost",
    "market_cost": "market_cost",
    "input_tokens": "native_tokens_prompt",
    "output_tokens": "native_tokens_completion",
    "cached_input_tokens": "native_tokens_cached",
    "cache_creation_input_tokens": "native_tokens_cache_creation",
    "reasoning_tokens": "native_tokens_reasoning",
}
"""Columns of a row, by the field of a generation that they sum up."""


def rows(generations: Iterable[Mapping[str, Json]], query: Mapping[str, str]) -> list[Json]:
    """Return the rows of a report. Raises Refusal("report_malformed") for a wild query."""
    first, last = _day(query, "start_date"), _day(query, "end_date")
    group = _word(query, "group_by", _GROUPS, "day")
    hourly = _word(query, "date_part", ("day", "hour"), "day") == "hour" and group == "day"
    found: dict[str, dict[str, Any]] = {}
    for each in generations:
        day = datetime.date.fromisoformat(each["created_at"][:10])
        if not first <= day <= last or not _asked_for(each, query):
            continue
        for key in _keys(each, group, hourly=hourly):
            name = "hour" if hourly else group
            row = found.setdefault(key, {name: key, **dict.fromkeys(_SUMS, 0), "request_count": 0})
            _add(row, each)
    return [found[key] for key in sorted(found)]


def _add(row: dict[str, Any], generation: Mapping[str, Json]) -> None:
    for column, field in _SUMS.items():
        row[column] = round(row[column] + generation[field], 12)
    row["request_count"] += 1


def _keys(generation: Mapping[str, Json], group: str, *, hourly: bool) -> list[str]:
    """Return the groups that a generation belongs to: one, or one for each of its tags."""
    if group == "day":
        return [generation["created_at"][: 13 if hourly else 10] + (":00:00Z" if hourly else "")]
    if group == "tag":
        return [str(tag) for tag in generation["_tags"]]
    key = _fields(generation)[group]
    return [key] if key else []


def _fields(generation: Mapping[str, Json]) -> dict[str, str]:
    return {
        "user": str(generation["_user"] or ""),
        "model": generation["model"],
        "provider": generation["provider_name"],
        "credential_type": "byok" if generation["is_byok"] else "system",
    }


def _asked_for(generation: Mapping[str, Json], query: Mapping[str, str]) -> bool:
    """Tell whether a generation passes the filters of the query."""
    own = _fields(generation)
    wanted = {key: query.get(key) for key in ("model", "provider", "credential_type")}
    wanted["user"] = query.get("user_id")
    tags = set(filter(None, query.get("tags", "").split(",")))
    return all(own[key] == value for key, value in wanted.items() if value) and tags <= {
        str(tag) for tag in generation["_tags"]
    }


def _day(query: Mapping[str, str], name: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(query.get(name, ""))
    except ValueError as error:
        problem = f"{name} is a date such as 2026-11-20"
        raise Refusal("report_malformed", name, problem=problem) from error


def _word(query: Mapping[str, str], name: str, known: Iterable[str], default: str) -> str:
    given = query.get(name, default)
    if given not in known:
        problem = f"{name} is one of {', '.join(known)}"
        raise Refusal("report_malformed", name, problem=problem)
    return given
