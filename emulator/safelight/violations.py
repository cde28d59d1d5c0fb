"""What is wrong with a value, where, and by which rule: jsonschema's errors made exact.

An error inside `anyOf` is traced into the branch that was plainly meant, so that a wrong field of a
tagged object is reported at that field and not as "matches no branch".

What must not enter: wording, providers, which violation a provider tells first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safelight.messages import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise of a schema.

    `at` leads to the value (for a missing or unknown key: to that key). `keyword` is the schema's
    word, `forbidden` where the schema is `{"not": {}}`; `propertyNames/maxLength` and the like for
    a key's own name. `limit` is the keyword's value, `value` the offending one, `rule` the title of
    the cross-field rule that spoke, `schema` the part of the schema that was broken.
    """

    at: Path
    keyword: str
    limit: Json = None
    value: Json = None
    rule: str | None = None
    schema: Json = None


def explain(errors: Iterable[ValidationError], document: Json) -> list[Violation]:
    """Return the violations behind jsonschema's errors, each once, in document order."""
    found: list[Violation] = []
    seen: set[tuple[Path, str, str | None]] = set()
    for error in errors:
        for violation in _trace(error, document):
            mark = (violation.at, violation.keyword, violation.rule)
            if mark not in seen:
                seen.add(mark)
                found.append(violation)
    return found


def _trace(error: ValidationError, document: Json) -> Iterator[Violation]:
    at: Path = tuple(error.absolute_path)
    nothing = error.validator == "not" and error.validator_value == {}
    keyword = "forbidden" if nothing else str(error.validator)
    rule = _rule(error, document)
    schema: Json = error.schema
    limit: Json = error.validator_value
    value: Json = error.instance
    if keyword == "anyOf":
        yield from _branch(error, document)
    elif keyword == "required":
        for key in limit:
            if key not in value:
                yield Violation((*at, key), keyword, rule=rule, schema=schema)
    elif keyword == "additionalProperties" and limit is False:
        declared = schema.get("properties", {})
        for key in value:
            if key not in declared:
                yield Violation((*at, key), keyword, None, value[key], rule, schema)
    elif "propertyNames" in error.absolute_schema_path:
        key = str(value)
        yield Violation((*at, key), f"propertyNames/{keyword}", limit, key, rule, schema)
    else:
        yield Violation(at, keyword, limit, value, rule, schema)


def _rule(error: ValidationError, document: Json) -> str | None:
    """Return the title of the cross-field rule (an `allOf` entry) that the error came through."""
    node: Json = document
    steps = list(error.absolute_schema_path)
    title = None
    for index, step in enumerate(steps[:-1]):
        node = node[step]
        if index and steps[index - 1] == "allOf" and isinstance(node, dict):
            title = node.get("title")
    return title


def _branch(error: ValidationError, document: Json) -> Iterator[Violation]:
    """Yield what is wrong inside the branch of an `anyOf` that the value was meant for."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    here = tuple(error.absolute_path)
    fitting = {i: inner for i, inner in branches.items() if not _wrong_type(inner, here)}
    if not fitting:
        yield Violation(here, "type", error.validator_value, error.instance, None, error.schema)
        return
    meant = {i: inner for i, inner in fitting.items() if not _wrong_tag(error, i)}
    if not meant and (tag := _tag_violation(fitting, error)):
        yield tag
        return
    _, chosen = min((meant or fitting).items(), key=lambda item: (len(item[1]), item[0]))
    for inner in chosen:
        yield from _trace(inner, document)


def _wrong_type(errors: list[ValidationError], here: Path) -> bool:
    return any(e.validator == "type" and tuple(e.absolute_path) == here for e in errors)


def _tags(schema: Json) -> dict[str, Json]:
    """Return the constant properties by which a branch is known."""
    if not isinstance(schema, dict):
        return {}
    properties = schema.get("properties", {})
    return {k: v["const"] for k, v in properties.items() if isinstance(v, dict) and "const" in v}


def _wrong_tag(union: ValidationError, index: int) -> bool:
    branches: Json = union.validator_value
    value: Json = union.instance
    tags = _tags(branches[index])
    if not tags or not isinstance(value, dict):
        return False
    return any(value.get(key) != tag for key, tag in tags.items())


def _tag_violation(
    fitting: dict[int, list[ValidationError]], union: ValidationError
) -> Violation | None:
    """Return what is wrong with a tag that names no branch: absent, of a wrong type, or unknown."""
    choices: dict[str, list[Json]] = {}
    branches: Json = union.validator_value
    value: Json = union.instance
    for index in fitting:
        for key, tag in _tags(branches[index]).items():
            choices.setdefault(key, []).append(tag)
    for key, values in choices.items():
        at = (*tuple(union.absolute_path), key)
        if key not in value:
            return Violation(at, "required", schema=union.schema)
        got = value[key]
        schema = {"type": "string", "enum": values}
        if not isinstance(got, str):
            return Violation(at, "type", "string", got, None, schema)
        if got not in values:
            return Violation(at, "enum", values, got, None, schema)
    return None
