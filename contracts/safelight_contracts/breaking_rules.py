"""Values against the rules between fields: the `if` holds and the `then` does not.

What must not enter: single fields' limits (see `breaking_fields`), Hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.messages import Json

from safelight_contracts.strategies import Unmakable, fits, plainest
from safelight_contracts.strategies.merging import impossible, merged


def against_rules(
    rest: dict[str, Json], rules: list[dict[str, Json]], base: Json
) -> Iterator[tuple[dict[str, Json], str]]:
    """Yield objects that should break one rule, with the rule's title (or number).

    The fields that a rule does not speak of are those of `base`, if there is one.
    """
    for number, rule in enumerate(rules):
        kept = [other for other in rules if other is not rule]
        spoken = _spoken(rule)
        title = str(rule.get("title", number))
        for value in _against({**rest, "allOf": kept} if kept else rest, rule):
            if isinstance(base, dict):
                around = {name: part for name, part in base.items() if name not in spoken}
                yield {**value, **around}, title
            yield value, title


def _spoken(rule: Json) -> set[str]:
    """Return the names of the fields that a rule speaks of, on any level."""
    if isinstance(rule, list):
        return {name for part in rule for name in _spoken(part)}
    if not isinstance(rule, dict):
        return set()
    found = {*rule.get("required", ()), *rule.get("properties", ())}
    return found | {name for part in rule.values() for name in _spoken(part)}


def _against(others: dict[str, Json], rule: dict[str, Json]) -> Iterator[dict[str, Json]]:
    for test in _tests(rule["if"]):
        try:
            start = plainest(merged(others, test))
        except Unmakable:
            continue
        if isinstance(start, dict) and fits(rule["if"])(start):
            for value in _turns(start, others, rule["then"]):
                if not fits({"if": rule["if"], "then": rule["then"]})(value):
                    yield value


def _tests(test: Json) -> Iterator[Json]:
    """Yield stricter forms of an `if`: the fields that it speaks of are there, and not null."""
    if not isinstance(test, dict):
        yield test
        return
    for branch in test.get("anyOf", [True]):
        whole = merged({key: value for key, value in test.items() if key != "anyOf"}, branch)
        named = [
            name for name in whole.get("properties", {}) if name not in whole.get("required", [])
        ]
        yield merged(whole, {"required": named}) if named else whole
        yield whole


def _turns(
    start: dict[str, Json], others: dict[str, Json], then: Json
) -> Iterator[dict[str, Json]]:
    """Yield an object changed in each way that a `then` may forbid."""
    yield start
    if impossible(then) or not isinstance(then, dict):
        return
    parts = others.get("properties", {})
    for name in then.get("required", []):
        yield {key: value for key, value in start.items() if key != name}
    for name, limits in then.get("properties", {}).items():
        for value in samples(parts.get(name, True)):
            if not fits(limits)(value):
                yield {**start, name: value}
    for name in then.get("not", {}).get("required", []):
        for value in samples(parts.get(name, True)):
            yield {**start, name: value}


def samples(schema: Json) -> Iterator[Json]:
    """Yield a few good values of a schema that lie apart; null, which often means absent, last."""
    if not isinstance(schema, dict):
        return
    found: list[Json] = []
    for branch in schema.get("anyOf", [True]):
        whole = merged({key: value for key, value in schema.items() if key != "anyOf"}, branch)
        ends = [whole[word] for word in ("maximum", "minimum") if word in whole]
        tries = [*whole.get("enum", []), *ends, True, False]
        try:
            tries.append(plainest(whole))
        except Unmakable:
            continue
        judge = fits(schema)
        found += [value for value in tries if judge(value)]
    yield from sorted(found, key=lambda value: value is None)
