"""Makes a JSON value for a schema that a user sent: bounded, seeded, filled from what was asked.

It covers what structured outputs allow and the usual extras. Every value is judged before it is
given away; what cannot be met is said, not guessed.

What must not enter: the network (a `$ref` to elsewhere is refused), a stranger's regular expressions
run by a backtracking engine without limit, chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor
from random import Random

from safelight.messages import Json
from safelight.operations.chat.hints import Hints
from safelight.operations.chat.strings import string_for

_DEEP = 4
_TOO_DEEP = 24
_MOST_VALUES = 5000
_TRIES = 6
_ABSENT = object()


class Unmakeable(ValueError):
    """No value was found for the schema. The text says where and why."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from: the message's hints, the answer's seed, and the time, in seconds."""

    hints: Hints
    seed: int
    now: float
    sparse: bool = False
    """Leave out optional properties that nothing in the message speaks for."""


def make(schema: Json, source: Source) -> Json:
    """Return a value that is valid by the schema. Raises Unmakeable."""
    judge = judge_of(schema)
    problem = "no value was found"
    for attempt in range(_TRIES):
        maker = _Maker(schema, source, Random(source.seed + attempt), lean=attempt >= _TRIES // 2)
        try:
            value = maker.value(schema, "", 0)
        except Unmakeable as error:
            problem = str(error)
            continue
        fault = judge(value)
        if fault is None:
            return value
        problem = fault
    raise Unmakeable(problem)


def judge_of(schema: Json) -> Callable[[Json], str | None]:
    """Return a function that says what is wrong with a value, or None. Raises Unmakeable.

    jsonschema-rs judges here: its engine for patterns has a limit, and its fetching is shut off.
    """
    import jsonschema_rs

    try:
        validator = jsonschema_rs.validator_for(schema, retriever=_no_network)
    except ValueError as error:
        raise Unmakeable(str(error).splitlines()[0]) from error

    def judge(value: Json) -> str | None:
        try:
            fault = next(iter(validator.iter_errors(value)), None)
        except ValueError as error:
            return str(error)
        return None if fault is None else fault.message

    return judge


def _no_network(uri: str) -> Json:
    raise ValueError(f"{uri} is elsewhere; only references inside the schema are followed")


class _Maker:
    """One attempt. Its state is the random stream, the numbers already used, and a budget."""

    def __init__(self, root: Json, source: Source, rng: Random, *, lean: bool) -> None:
        self._root = root
        self._source = source
        self._rng = rng
        self._lean = lean
        self._numbers = list(source.hints.numbers)
        self._made = 0

    def value(self, schema: Json, name: str, depth: int) -> Json:
        self._made += 1
        if depth > _TOO_DEEP or self._made > _MOST_VALUES:
            raise Unmakeable(f"the schema never ends at {name!r}")
        if schema is True or schema == {}:
            return string_for({}, name, self._source.hints, self._rng, self._source.now)
        if not isinstance(schema, dict):
            raise Unmakeable(f"nothing is allowed at {name!r}")
        flat = self._flat(schema)
        chosen = self._given(flat)
        if chosen is not _ABSENT:
            return chosen
        if branches := flat.get("anyOf") or flat.get("oneOf"):
            return self._branch(flat, branches, name, depth)
        return _TYPES[self._type(flat)](self, flat, name, depth)

    def _flat(self, schema: dict[str, Json]) -> dict[str, Json]:
        """Return the schema with `$ref` followed and `allOf` laid together."""
        for _ in range(32):
            if "$ref" not in schema:
                break
            target = self._target(str(schema["$ref"]))
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = merged(target, rest)
        else:
            raise Unmakeable(f"$ref {schema['$ref']!r} leads back to itself")
        if "allOf" not in schema:
            return schema
        parts = schema["allOf"]
        schema = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            schema = merged(schema, self._flat(part) if isinstance(part, dict) else {})
        return schema

    def _target(self, ref: str) -> dict[str, Json]:
        node = self._root
        if not ref.startswith("#"):
            raise Unmakeable(
                f"$ref {ref!r} is elsewhere; only references inside the schema are followed"
            )
        for step in filter(None, ref[1:].split("/")):
            step = step.replace("~1", "/").replace("~0", "~").replace("%25", "%")
            if isinstance(node, list) and step.isdigit() and int(step) < len(node):
                node = node[int(step)]
            else:
                node = node.get(step) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            raise Unmakeable(f"$ref {ref!r} points at no schema object")
        return node

    def _given(self, schema: Mapping[str, Json]) -> Json:
        """Return a value that the schema itself names, or `_ABSENT`."""
        if "const" in schema:
            return schema["const"]
        if "enum" not in schema:
            return _ABSENT
        choices = schema["enum"]
        if not choices:
            raise Unmakeable("an enum without values")
        said = [c for c in choices if isinstance(c, str) and self._source.hints.mentions(c)]
        usual = [schema["default"]] if schema.get("default") in choices else choices
        return said[0] if said else self._rng.choice(usual)

    def _branch(self, flat: dict[str, Json], branches: Json, name: str, depth: int) -> Json:
        beside = {k: v for k, v in flat.items() if k not in ("anyOf", "oneOf")}
        order = list(branches)
        self._rng.shuffle(order)
        order.sort(key=lambda branch: _weight(branch, late=depth >= _DEEP or self._lean))
        problem = Unmakeable(f"no branch fits at {name!r}")
        for branch in order:
            try:
                inner = self._flat(branch) if isinstance(branch, dict) else branch
                whole = merged(beside, inner) if isinstance(inner, dict) else inner
                return self.value(whole, name, depth + 1)
            except Unmakeable as error:
                problem = error
        raise problem

    def _type(self, schema: Mapping[str, Json]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            real = [k for k in kind if k != "null" and k in _TYPES]
            kind = "null" if not real or (self._lean and "null" in kind) else real[0]
        if kind is None:
            kind = next((t for key, t in _IMPLIED.items() if key in schema), "string")
        if kind not in _TYPES:
            raise Unmakeable(f"unknown type {kind!r}")
        return str(kind)

    def _object(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        wanted = [
            k for k in properties if k in required or self._spoken_for(k, properties[k], depth)
        ]
        wanted += [k for k in required if k not in properties]
        least = int(schema.get("minProperties", 0))
        wanted += [k for k in properties if k not in wanted][: max(0, least - len(wanted))]
        wanted += [f"{name or 'key'}{i}" for i in range(1, 1 + least - len(wanted))]
        extra = schema.get("additionalProperties", True)
        return {k: self.value(properties.get(k, extra), k, depth + 1) for k in wanted}

    def _spoken_for(self, name: str, schema: Json, depth: int) -> bool:
        """Tell whether an optional property is wanted."""
        if self._lean or depth >= _DEEP:
            return False
        if not self._source.sparse:
            return True
        choices = schema.get("enum", []) if isinstance(schema, dict) else []
        hints = self._source.hints
        return hints.mentions(name) or any(
            isinstance(c, str) and hints.mentions(c) for c in choices
        )

    def _array(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        least = int(schema.get("minItems", 1 if "contains" in schema else 0))
        most = int(schema.get("maxItems", max(least, 3)))
        usual = least if self._lean or depth >= _DEEP else max(1, len(self._source.hints.names))
        count = min(most, max(least, usual))
        if count > _MOST_VALUES:
            raise Unmakeable(f"{name!r} wants {count} items")
        first = schema.get("prefixItems", [])
        items = schema.get("contains", schema.get("items", True))
        unique = schema.get("uniqueItems") is True
        made: list[Json] = []
        for item in self._items(first, items, name, depth, count):
            if not unique or item not in made:
                made.append(item)
            if len(made) >= count:
                break
        return made

    def _items(
        self, first: list[Json], items: Json, name: str, depth: int, count: int
    ) -> Iterator[Json]:
        """Yield more items than are wanted, so that equal ones can be dropped."""
        for schema in first[:count]:
            yield self.value(schema, name, depth + 1)
        if items is False:
            return
        for _ in range(count * 4 + 8):
            yield self.value(items, name, depth + 1)

    def _string(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        del depth
        return string_for(schema, name, self._source.hints, self._rng, self._source.now)

    def _integer(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        del name, depth
        low, high = _range(schema, 1)
        low, high = ceil(low), floor(high)
        if low > high:
            raise Unmakeable(f"no integer between {low} and {high}")
        said = self._said(low, high)
        value = self._rng.randint(low, high) if said is None else said
        return self._multiple(schema, value, low, high)

    def _number(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        del name, depth
        low, high = _range(schema, 1e-6)
        if low > high:
            raise Unmakeable(f"no number between {low} and {high}")
        said = self._said(low, high)
        value = round(self._rng.uniform(low, high), 2) if said is None else said
        return self._multiple(schema, min(max(value, low), high), low, high)

    def _said(self, low: float, high: float) -> int | float | None:
        """Return the next number of the message that fits the bounds, each used once."""
        for number in self._numbers:
            if low <= number <= high and (isinstance(low, float) or number == int(number)):
                self._numbers.remove(number)
                return number if isinstance(low, float) else int(number)
        return None

    def _multiple(self, schema: Mapping[str, Json], value: float, low: float, high: float) -> Json:
        step = schema.get("multipleOf")
        if not step:
            return value
        start = floor(value / step)
        for distance in range(200):
            for count in (start + distance, start - distance):
                near = round(count * step, 10)
                if low <= near <= high and (near / step).is_integer():
                    return int(near) if isinstance(low, int) else near
        raise Unmakeable(f"no multiple of {step} between {low} and {high}")

    def _boolean(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        del name, depth
        default = schema.get("default")
        return default if isinstance(default, bool) else self._rng.random() < 0.5

    def _null(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        del schema, name, depth


_TYPES: dict[str, Callable[[_Maker, dict[str, Json], str, int], Json]] = {
    "object": _Maker._object,
    "array": _Maker._array,
    "string": _Maker._string,
    "integer": _Maker._integer,
    "number": _Maker._number,
    "boolean": _Maker._boolean,
    "null": _Maker._null,
}

_IMPLIED = {
    "properties": "object", "required": "object", "additionalProperties": "object",
    "items": "array", "prefixItems": "array", "minItems": "array",
    "minimum": "number", "maximum": "number", "multipleOf": "number",
}  # fmt: skip
"""The type that a keyword speaks of, for schemas that name none."""


def _weight(branch: Json, *, late: bool) -> int:
    """Order the branches of a union: real values first, but the shallow ones once it gets deep."""
    if not isinstance(branch, dict):
        return 9
    kind = branch.get("type")
    if late:
        return {"null": 0, "object": 3, "array": 2}.get(str(kind), 4 if "$ref" in branch else 1)
    return 1 if kind == "null" else 0


def merged(one: Mapping[str, Json], two: Mapping[str, Json]) -> dict[str, Json]:
    """Return a schema that asks for what both ask for, as far as one object can say it."""
    out = dict(one)
    for key, value in two.items():
        if key in ("properties", "$defs") and isinstance(out.get(key), dict):
            out[key] = {**out[key], **value}
        elif key == "required" and key in out:
            out[key] = [*out[key], *(name for name in value if name not in out[key])]
        elif key in ("minimum", "minLength", "minItems") and key in out:
            out[key] = max(out[key], value)
        elif key in ("maximum", "maxLength", "maxItems") and key in out:
            out[key] = min(out[key], value)
        elif key == "allOf" and key in out:
            out[key] = [*out[key], *value]
        else:
            out[key] = value
    return out


def _range(schema: Mapping[str, Json], step: float) -> tuple[float, float]:
    """Return the inclusive bounds of a number; without any, a small range that looks ordinary."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(above, (int, float)) and not isinstance(above, bool):
        low = max(above + step, low) if low is not None else above + step
    if isinstance(below, (int, float)) and not isinstance(below, bool):
        high = min(below - step, high) if high is not None else below - step
    if low is None:
        low = min(1, high - 10) if high is not None else 1
    if high is None:
        high = max(100, low + 10)
    return (float(low), float(high)) if step < 1 else (low, high)
