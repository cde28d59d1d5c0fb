"""Two schemas as one: what fits the result fits both.

Needed wherever a schema speaks of one value in several places: a branch beside its siblings, the
`then` of a rule beside the property it limits. What must not enter: drawing, Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable

from safelight.messages import Json

_ANY_TYPE = ["object", "array", "string", "number", "integer", "boolean", "null"]


def merged(one: Json, two: Json) -> dict[str, Json]:
    """Return a schema that a value fits only if it fits both. Neither is changed."""
    out, more = _opened(one), _opened(two)
    out, more = _closing(out, more), _closing(more, out)
    if "if" in out and "if" in more:
        rule = {"if": more.pop("if"), "then": more.pop("then", True)}
        more["allOf"] = [*more.get("allOf", []), rule]
    for keyword, value in more.items():
        out = _with(out, keyword, value)
        if impossible(out):
            break
    return out


def _closing(schema: dict[str, Json], other: dict[str, Json]) -> dict[str, Json]:
    """Return a schema that says of the other's fields what it says of unknown ones."""
    more = schema.get("additionalProperties", True)
    if more is True:
        return schema
    own = schema.get("properties", {})
    unknown = [name for name in other.get("properties", {}) if name not in own]
    closed = {name: {"not": {}} if more is False else more for name in unknown}
    return {**schema, "properties": {**own, **closed}} if closed else schema


def _opened(schema: Json) -> dict[str, Json]:
    """Return a schema as an object: `true` asserts nothing, `false` is `{"not": {}}`."""
    if isinstance(schema, dict):
        return dict(schema)
    return {} if schema else {"not": {}}


def _with(schema: dict[str, Json], keyword: str, value: Json) -> dict[str, Json]:
    if keyword not in schema:
        return {**schema, keyword: value}
    if keyword in _JOIN:
        joined = _JOIN[keyword](schema[keyword], value)
        nothing = keyword in ("type", "enum") and not joined
        return {"not": {}} if nothing else {**schema, keyword: joined}
    if schema[keyword] == value or keyword.startswith(("x-", "$")) or keyword in _SAID:
        return schema
    also = {"if": True, "then": {keyword: value}}  # two patterns, two unions: both have to hold
    return {**schema, "allOf": [*schema.get("allOf", []), also]}


def split_rules(schema: dict[str, Json]) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """Return a schema without `allOf`, `if` and `then`, and the rules that stood there.

    A rule has `if` and `then`, and a `title` where it has one. What stands in `allOf` without an
    `if` is no rule but a second reading of the same value: it is merged.
    """
    rules: list[dict[str, Json]] = []
    rest = {k: v for k, v in schema.items() if k not in ("allOf", "if", "then")}
    if "if" in schema:
        rules.append({"if": schema["if"], "then": schema.get("then", True)})
    for entry in schema.get("allOf", []):
        inner, found = split_rules({k: v for k, v in entry.items() if k != "title"})
        titled = {"title": entry["title"]} if "title" in entry else {}
        rules += [{**titled, **rule} for rule in found]
        if any(not key.startswith(("x-", "$")) for key in inner):
            rest, more = split_rules(merged(rest, inner))
            rules += more
    return rest, rules


def types(schema: dict[str, Json]) -> list[str]:
    """Return the JSON types that a schema takes; all of them where it names none."""
    named = schema.get("type", _ANY_TYPE)
    named = [named] if isinstance(named, str) else list(named)
    banned = schema.get("not", {})
    if isinstance(banned, dict) and set(banned) == {"type"}:
        banned = [banned["type"]] if isinstance(banned["type"], str) else banned["type"]
        named = [kind for kind in named if kind not in banned]
    return named


def impossible(schema: Json) -> bool:
    """Tell whether nothing fits: the schema is `false`, `{"not": {}}`, or of no type at all."""
    if not isinstance(schema, dict):
        return schema is False
    return schema.get("not") in ({}, True) or schema.get("type") == []


def _both_types(one: Json, two: Json) -> Json:
    ours, theirs = ([kinds] if isinstance(kinds, str) else kinds for kinds in (one, two))
    kept = [kind for kind in ours if kind in theirs or (kind == "integer" and "number" in theirs)]
    kept += [kind for kind in theirs if kind == "integer" and "number" in ours and kind not in kept]
    return kept


def _both_objects(one: Json, two: Json) -> Json:
    out = dict(one)
    for key, schema in two.items():
        out[key] = merged(out[key], schema) if key in out else schema
    return out


def _more(one: Json, two: Json) -> Json:
    return one if one is False or two is False else merged(one, two)


_SAID = frozenset({"title", "description", "default", "examples"})
_JOIN: dict[str, Callable[[Json, Json], Json]] = {
    "type": _both_types,
    "enum": lambda one, two: [value for value in one if value in two],
    "properties": _both_objects,
    "required": lambda one, two: list(dict.fromkeys((*one, *two))),
    "items": merged,
    "additionalProperties": _more,
    "propertyNames": merged,
    "minimum": max,
    "maximum": min,
    "minLength": max,
    "maxLength": min,
    "minItems": max,
    "maxItems": min,
    "maxProperties": min,
    "allOf": lambda one, two: [*one, *two],
}
