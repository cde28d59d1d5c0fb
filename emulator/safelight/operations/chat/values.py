"""Values by a schema: one attempt, bounded in depth and number, filled from a message's hints.

What must not enter: judging the value (see `making`), strings' own rules (see `strings`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor
from random import Random

from safelight.messages import Json
from safelight.operations.chat.constraints import IMPLIED, bounds, merged, weight
from safelight.operations.chat.hints import Hints
from safelight.operations.chat.judging import Unmakeable
from safelight.operations.chat.strings import string_for

_DEEP = 4
_TOO_DEEP = 24
_MOST_VALUES = 5000
_LONGEST = 100_000
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from: the message's hints, the answer's seed, and the time, in seconds."""

    hints: Hints
    seed: int
    now: float
    sparse: bool = False
    """Leave out optional properties that nothing in the message speaks for."""


class Maker:
    """One attempt. Its state is the random stream, the numbers already used, and a budget."""

    def __init__(self, root: Json, source: Source, rng: Random, *, lean: bool) -> None:
        self._root = root
        self._source = source
        self._rng = rng
        self._lean = lean
        self._numbers = list(source.hints.numbers)
        self._made = 0

    def value(self, schema: Json, name: str, depth: int) -> Json:
        """Return a value for a schema; `name` is the property that it is for. Raises Unmakeable."""
        self._made += 1
        if depth > _TOO_DEEP:
            raise Unmakeable(f"the schema never ends at {name!r}")
        if self._made > _MOST_VALUES:
            raise Unmakeable(f"the schema wants more than {_MOST_VALUES} values")
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
        for escaped in filter(None, ref[1:].split("/")):
            step = escaped.replace("~1", "/").replace("~0", "~").replace("%25", "%")
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
        order.sort(key=lambda branch: weight(branch, late=depth >= _DEEP or self._lean))
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
            kind = next((t for key, t in IMPLIED.items() if key in schema), "string")
        if kind not in _TYPES:
            raise Unmakeable(f"unknown type {kind!r}")
        return str(kind)

    def an_object(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        """Return an object with its required keys, and others where they are wanted."""
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

    def an_array(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        """Return a list: as long as the message has names, within the bounds."""
        least = int(schema.get("minItems", 1 if "contains" in schema else 0))
        most = int(schema.get("maxItems", max(least, 3)))
        usual = least if self._lean or depth >= _DEEP else max(1, len(self._source.hints.names))
        count = min(most, max(least, usual))
        if count > _MOST_VALUES:
            raise Unmakeable(f"{name!r} wants {count} items")
        items = schema.get("contains", schema.get("items", True))
        first, items = (items, True) if isinstance(items, list) else ([], items)
        first = schema.get("prefixItems", first)
        unique = schema.get("uniqueItems") is True
        made: list[Json] = []
        offers = self._items(first, items, name, depth, count)
        while len(made) < count and (item := next(offers, _ABSENT)) is not _ABSENT:
            if not unique or item not in made:
                made.append(item)
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

    def a_string(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        """Return a string by the rules of `strings`."""
        del depth
        if schema.get("minLength", 0) > _LONGEST:
            raise Unmakeable(f"{name!r} wants {schema['minLength']} characters")
        return string_for(schema, name, self._source.hints, self._rng, self._source.now)

    def an_integer(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        """Return a whole number: one of the message that fits, else a small one."""
        del name, depth
        low, high = bounds(schema, 1)
        low, high = ceil(low), floor(high)
        if low > high:
            raise Unmakeable(f"no integer between {low} and {high}")
        said = self._said(low, high)
        value = self._rng.randint(low, high) if said is None else said
        return self._multiple(schema, value, low, high)

    def a_number(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        """Return a number: one of the message that fits, else one with two decimals."""
        del name, depth
        low, high = bounds(schema, 1e-6)
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

    def a_boolean(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        """Return the default, else either."""
        del name, depth
        default = schema.get("default")
        return default if isinstance(default, bool) else self._rng.random() < 0.5

    def a_null(self, schema: dict[str, Json], name: str, depth: int) -> Json:
        """Return None."""
        del schema, name, depth


_TYPES: dict[str, Callable[[Maker, dict[str, Json], str, int], Json]] = {
    "object": Maker.an_object,
    "array": Maker.an_array,
    "string": Maker.a_string,
    "integer": Maker.an_integer,
    "number": Maker.a_number,
    "boolean": Maker.a_boolean,
    "null": Maker.a_null,
}
