"""Schema to node: every keyword of the closed set is read here, once.

Rules (`if` and `then`) are kept by mending: an object that breaks one either gets what `then` asks
for or loses what `if` asked about. What must not enter: Hypothesis, providers.
"""

from __future__ import annotations

from collections.abc import Callable

from jsonschema_rs import Draft202012Validator
from safelight.messages import Json
from safelight.read import as_json

from safelight_contracts.strategies.choosing import Chooser
from safelight_contracts.strategies.merging import impossible, merged, split_rules, types
from safelight_contracts.strategies.nodes import (
    Array,
    Branch,
    File,
    Node,
    Nothing,
    Number,
    Object,
    OneOf,
    Rule,
    Text,
    Unmakable,
)

_FREE = OneOf(("", "free", 1, True, None))
_DEEP = OneOf(({}, {"free": "text"}, {"free": [1, None]}))
_PICTURES = ("image/png", "image/jpeg", "image/webp")


def fits(schema: Json) -> Callable[[Json], bool]:
    """Return the judge of a schema, for values with files in them too."""
    if schema is True:
        return lambda _: True
    judge = Draft202012Validator(schema)
    return lambda value: bool(judge.is_valid(as_json(value)))


def compiled(schema: Json) -> Node:
    """Return what makes values of a schema. References are written out already (see Schema)."""
    if schema is not False and (schema is True or not _asserts(schema)):
        return _FREE
    rest, rules = split_rules(schema) if isinstance(schema, dict) else ({"not": {}}, [])
    if impossible(rest):
        return Nothing()
    if "anyOf" in rest:
        return _union(rest, rules)
    if "const" in rest or "enum" in rest:
        return _listed(rest)
    return _file(rest) if rest.get("x-upload") else _typed(rest, rules)


def _typed(rest: dict[str, Json], rules: list[dict[str, Json]]) -> Node:
    nodes = [node for kind in _kinds(rest) if (node := _MAKERS[kind](rest, rules)) is not None]
    if not nodes:
        return Nothing()
    return nodes[0] if len(nodes) == 1 else Branch(nodes)


def _asserts(schema: dict[str, Json]) -> bool:
    said = ("title", "description", "default", "examples")
    return any(key not in said and not key.startswith(("x-", "$")) for key in schema)


def _union(rest: dict[str, Json], rules: list[dict[str, Json]]) -> Node:
    beside = {key: value for key, value in rest.items() if key != "anyOf"}
    if rules:
        beside = merged(beside, {"allOf": rules})
    nodes = [compiled(merged(branch, beside)) for branch in rest["anyOf"]]
    nodes = [node for node in nodes if not isinstance(node, Nothing)]
    return Branch(nodes) if nodes else Nothing()


def _listed(rest: dict[str, Json]) -> Node:
    judge = fits(rest)
    listed = [rest["const"]] if "const" in rest else rest["enum"]
    values = [value for value in listed if judge(value)]
    return OneOf(values) if values else Nothing()


def _kinds(rest: dict[str, Json]) -> list[str]:
    """Return the types to make values of; an untyped schema means what its keywords are about."""
    if "type" not in rest:
        for kind, words in (
            ("object", ("properties", "required", "additionalProperties", "maxProperties")),
            ("array", ("items", "minItems", "maxItems", "contains")),
            ("string", ("minLength", "maxLength", "pattern")),
            ("number", ("minimum", "maximum")),
        ):
            if any(word in rest for word in words):
                return [kind]
    kinds = types(rest)
    return [kind for kind in kinds if kind != "integer" or "number" not in kinds]


def _text(rest: dict[str, Json], _: Json) -> Node:
    return Text(rest.get("minLength", 0), rest.get("maxLength"), rest.get("pattern"))


def _integer(rest: dict[str, Json], _: Json) -> Node:
    return Number(rest.get("minimum"), rest.get("maximum"), whole=True)


def _number(rest: dict[str, Json], _: Json) -> Node:
    return Number(rest.get("minimum"), rest.get("maximum"), whole=False)


def _array(rest: dict[str, Json], _: Json) -> Node:
    item = compiled(rest.get("items", True))
    low, high = rest.get("minItems", 0), rest.get("maxItems")
    if "contains" in rest:
        holds = compiled(merged(rest.get("items", True), rest["contains"]))
        return Array(item, max(low, 1), high, holds)
    return Array(item, low, high)


def _object(rest: dict[str, Json], rules: list[dict[str, Json]]) -> Node | None:
    required = rest.get("required", [])
    nodes = {name: compiled(schema) for name, schema in rest.get("properties", {}).items()}
    free = _free(rest)
    for name in required:
        nodes.setdefault(name, _FREE if free is None else free)
    banned = _banned(rest.get("not"))
    able = {k: v for k, v in nodes.items() if not isinstance(v, Nothing) and k not in banned}
    if any(name not in able for name in required):
        return None
    if not able and not rules and free is None and rest.get("additionalProperties") is not False:
        return _DEEP
    made = Object(
        required=[(name, able[name]) for name in required],
        optional=[(name, node) for name, node in able.items() if name not in required],
        free=free,
        key=Text(1, rest.get("propertyNames", {}).get("maxLength", 64)),
        most=rest.get("maxProperties"),
    )
    made.rules.extend(_rule(rule, rest) for rule in rules)
    return made


def _free(rest: dict[str, Json]) -> Node | None:
    """Return what makes values for keys that the schema does not name; only where it types them."""
    more = rest.get("additionalProperties")
    return compiled(more) if isinstance(more, dict) else None


def _file(rest: dict[str, Json]) -> Node:
    kinds = rest.get("properties", {}).get("content_type", {}).get("enum", _PICTURES)
    return File([str(kind) for kind in kinds], None)


def _banned(schema: Json) -> list[str]:
    required = schema.get("required", []) if isinstance(schema, dict) else []
    return required if len(required) == 1 and set(schema) == {"required"} else []


# Rules

Way = Callable[[dict[str, Json], Chooser], bool]


def _rule(rule: dict[str, Json], rest: dict[str, Json]) -> Rule:
    test, then = rule["if"], rule["then"]
    ways: list[Way] = [] if impossible(then) else [_imposing(then, rest)]
    ways += [_dropping(key) for key in _named(test) if key not in rest.get("required", [])]
    ways += [_imposing(escape, rest) for escape in _escapes(test)]
    return Rule(fits({"if": test, "then": then}), ways)


def _named(test: Json) -> list[str]:
    return list(test.get("required", ())) if isinstance(test, dict) else []


def _escapes(test: Json) -> list[Json]:
    """Return the schemas each of which, when it fits, makes an `if` false."""
    denied = test.get("not") if isinstance(test, dict) else None
    if not isinstance(denied, dict):
        return []
    return list(denied["anyOf"]) if "anyOf" in denied else [denied]


def _dropping(key: str) -> Way:
    def drop(value: dict[str, Json], _: Chooser) -> bool:
        return value.pop(key, None) is not None

    return drop


def _imposing(schema: Json, rest: dict[str, Json]) -> Way:
    """Return a way that gives an object what a schema asks for."""
    properties = rest.get("properties", {})
    wanted = schema.get("properties", {})
    needed = schema.get("required", [])
    names = [*needed, *(name for name in wanted if name not in needed)]
    makers = {
        name: compiled(merged(properties.get(name, True), wanted.get(name, True))) for name in names
    }
    judges = {name: fits(wanted[name]) for name in wanted}
    banned = schema.get("not", {}).get("required", [])

    def impose(value: dict[str, Json], choose: Chooser) -> bool:
        for name in banned:
            value.pop(name, None)
        for name in names:
            if name not in value and name not in needed:
                continue
            if name in value and (name not in judges or judges[name](value[name])):
                continue
            try:
                value[name] = makers[name].make(choose)
            except Unmakable:
                value.pop(name, None)
        return True

    return impose


_MAKERS: dict[str, Callable[[dict[str, Json], list[dict[str, Json]]], Node | None]] = {
    "null": lambda _rest, _rules: OneOf((None,)),
    "boolean": lambda _rest, _rules: OneOf((False, True)),
    "string": _text,
    "integer": _integer,
    "number": _number,
    "array": _array,
    "object": _object,
}
