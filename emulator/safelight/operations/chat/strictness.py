"""What strict mode demands of a user's schema, and where a schema falls short of it.

What must not enter: values for schemas, whole error texts (those are rows).
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.messages import Json

_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf", "oneOf")


def first_violation(schema: Json) -> str | None:
    """Return what strict mode would say about a schema, such as `In context=(), …`, or None.

    Every object must list all its keys as required and close itself against others.
    """
    return next(_violations(schema, ()), None)


def _violations(schema: Json, context: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            yield _say(
                context, "'additionalProperties' is required to be supplied and to be false."
            )
        missing = [k for k in schema.get("properties", {}) if k not in schema.get("required", [])]
        if missing:
            rule = "'required' is required to be supplied and to be an array including every key"
            yield _say(context, f"{rule} in properties. Missing '{missing[0]}'.")
    yield from _inner(schema, context)


def _inner(schema: dict[str, Json], context: tuple[str, ...]) -> Iterator[str]:
    for key in _MAPS:
        if isinstance(children := schema.get(key), dict):
            for name, child in children.items():
                yield from _violations(child, (*context, key, name))
    for key in _LISTS:
        if isinstance(branches := schema.get(key), list):
            for index, child in enumerate(branches):
                yield from _violations(child, (*context, key, str(index)))
    yield from _violations(schema.get("items"), (*context, "items"))


def _say(context: tuple[str, ...], problem: str) -> str:
    return f"In context={context}, {problem}"
