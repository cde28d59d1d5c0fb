"""Prints as JSON what an SDK's types say of fields: `python sdk_types.py PACKAGE MODULE:NAME …`.

Runs by itself in the environment where the SDK is installed, so it imports the standard library
alone. pydantic models and TypedDicts are understood. What must not enter: anything of Safelight.
"""

from __future__ import annotations

import collections.abc
import importlib
import json
import sys
import types
import typing
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_DEEP = 6


def fields(kind: Any, path: str = "", depth: int = 0) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """Return the fields of a class by path: presence, types, values, deprecated."""
    found: dict[str, dict[str, Any]] = {}
    for name, (hint, needed, old) in members(kind).items():
        here = f"{path}.{name}" if path else name
        told = describe(hint)
        told["presence"] = "always" if needed else "sometimes"
        told["old"] = old
        found[here] = told
        if depth < _DEEP:
            below(hint, here, depth, found)
    return found


def below(hint: Any, path: str, depth: int, found: dict[str, dict[str, Any]]) -> None:  # noqa: ANN401
    """Add the fields of the classes that a hint names; those of a union may be absent."""
    parts = branches(hint)
    classes = [part for part in parts if members(part)]
    for part in classes:
        for key, told in fields(part, path, depth + 1).items():
            if key in found:
                found[key] = either(found[key], told)
            else:
                found[key] = told
    if len(classes) > 1:
        each: list[set[str]] = [set(fields(part, path, depth + 1)) for part in classes]
        for key in set().union(*each) - each[0].intersection(*each):
            found[key]["presence"] = "sometimes"
    for part in parts:
        for inner in items(part):
            here = f"{path}[]"
            found[here] = {**describe(inner), "presence": "always", "old": False}
            if depth < _DEEP:
                below(inner, here, depth, found)


def either(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    """Return what two branches of a union say of the same field, together."""
    closed = one["values"] is not None and two["values"] is not None
    values = sorted({*one["values"], *two["values"]}) if closed else None
    return {**one, "types": sorted({*one["types"], *two["types"]}), "values": values}


def members(kind: Any) -> dict[str, tuple[Any, bool, bool]]:  # noqa: ANN401
    """Return the fields of a pydantic model or a TypedDict: hint, whether required, deprecated."""
    models = getattr(kind, "model_fields", None)
    if isinstance(models, dict):
        return {
            field.alias or name: (field.annotation, field.is_required(), bool(field.deprecated))
            for name, field in models.items()
        }
    required = getattr(kind, "__required_keys__", None)
    if required is None:
        return {}
    # under postponed evaluation the class does not know its Required[...]: the hints do
    return {
        name: (hint, name in required or "Required" in str(typing.get_origin(hint)), False)
        for name, hint in hints(kind).items()
    }


def hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a TypedDict's hints; one that cannot be resolved here leaves its field untyped."""
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except NameError:
        return dict.fromkeys(kind.__annotations__, Any)


def branches(hint: Any) -> list[Any]:  # noqa: ANN401
    """Return the parts of a union, a required or annotated hint opened."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return [part for arg in typing.get_args(hint) for part in branches(arg)]
    if (origin is not None and str(origin) in _WRAPPERS) or origin is typing.Annotated:
        return branches(typing.get_args(hint)[0])
    if getattr(hint, "__metadata__", None) is not None:
        return branches(typing.get_args(hint)[0])
    return [hint]


_WRAPPERS = {
    "typing.Required", "typing.NotRequired", "typing_extensions.Required",
    "typing_extensions.NotRequired",
}  # fmt: skip


def items(part: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the type of a list's items, if the part is some kind of list."""
    origin = typing.get_origin(part)
    listed = isinstance(origin, type) and issubclass(origin, collections.abc.Iterable)
    mapped = isinstance(origin, type) and issubclass(origin, collections.abc.Mapping)
    return typing.get_args(part)[:1] if listed and not mapped else ()


def describe(hint: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a hint's JSON types and, where it is a closed set of texts, its values."""
    kinds: set[str] = set()
    values: set[str] = set()
    closed = True
    for part in branches(hint):
        if typing.get_origin(part) is typing.Literal or "Literal" in str(typing.get_origin(part)):
            for value in typing.get_args(part):
                kinds.add(_PLAIN[type(value)])
                values |= {value} if isinstance(value, str) else set()
        elif part in _PLAIN:
            kinds.add(_PLAIN[part])
            closed = closed and part is not str
        elif members(part) or typing.get_origin(part) is dict:
            kinds.add("object")
        elif items(part):
            kinds.add("array")
        else:
            closed = False
    return {"types": sorted(kinds), "values": sorted(values) if closed and values else None}


def load(name: str) -> Any:  # noqa: ANN401
    """Return what `module:attribute` names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def main() -> None:
    """Print `{"version": …, "types": {NAME: fields or {"error": …}}}` for the names given."""
    out: dict[str, Any] = {}
    for name in sys.argv[2:]:
        try:
            out[name] = {"fields": fields(load(name))}
        except (ImportError, AttributeError) as error:
            out[name] = {"error": f"{type(error).__name__}: {error}"}
    try:
        found: str | None = version(sys.argv[1])
    except PackageNotFoundError:
        found = None
    print(json.dumps({"version": found, "types": out}))  # noqa: T201 - its output is its answer


if __name__ == "__main__":
    main()
