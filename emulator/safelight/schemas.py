"""JSON Schemas as data: load them, refuse what we do not understand, and judge values by them.

A schema file is JSON Schema 2020-12 restricted to `KEYWORDS`, with `$ref` to other files or to its
own `$defs`. References are written out at load, so that a model's narrowing can touch any part.
jsonschema is the authority on what is wrong; jsonschema-rs stands before it as a quick yes.

What must not enter: providers, models, wording of errors.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safelight.datafiles import data_dir
from safelight.messages import Json
from safelight.refusals import DataError
from safelight.violations import Violation, explain

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

ASSERTIONS = frozenset(
    {
        "type", "enum", "const", "anyOf", "allOf", "if", "then", "not",
        "properties", "required", "additionalProperties", "propertyNames", "maxProperties",
        "items", "minItems", "maxItems", "contains",
        "minimum", "maximum", "minLength", "maxLength", "pattern",
    }
)  # fmt: skip
"""What a schema may assert. Validator, strategies, `broken()` and docs each cover this set."""

ANNOTATIONS = frozenset(
    {
        "$schema", "$id", "$defs", "$ref", "$comment", "title", "description", "default",
        "examples", "x-order", "x-source", "x-checked", "x-noun", "x-upload",
    }
)  # fmt: skip
"""What a schema may say without asserting. `x-order`: which violation is told first. `x-noun`: how
error texts call the expected value. `x-upload`: the value is a file (see `messages.Upload`)."""

KEYWORDS = ASSERTIONS | ANNOTATIONS

_SCHEMA_MAPS = frozenset({"properties", "$defs"})
_SCHEMA_LISTS = frozenset({"anyOf", "allOf"})
_SCHEMAS = frozenset(
    {"items", "if", "then", "not", "contains", "propertyNames", "additionalProperties"}
)


class Schema:
    """One schema with its references written out. Immutable; the validators are made when needed.

    `document` is the plain JSON Schema, `name` says where it came from (for messages).
    """

    def __init__(self, document: Json, name: str) -> None:
        self.document = document
        self.name = name
        self.order: tuple[str, ...] = tuple(document.get("x-order", ())) if document else ()
        self._parts: dict[str, Schema] = {}

    def part(self, name: str) -> Schema:
        """Return the schema of one of its properties, made once: its validators cost 100 us."""
        found = self._parts.get(name)
        if found is None:
            made = Schema(self.document["properties"][name], self.name)
            found = self._parts.setdefault(name, made)
        return found

    @cached_property
    def _validator(self) -> Validator:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(self.document)

    @cached_property
    def _quick(self) -> Json:
        import jsonschema_rs

        return jsonschema_rs.Draft202012Validator(self.document)

    def accepts(self, value: Json) -> bool:
        """Tell whether the value is valid, quickly (tens of microseconds)."""
        return bool(self._quick.is_valid(value))

    def violations(self, value: Json) -> list[Violation]:
        """Return every violation, in the order in which the provider would report them."""
        if self.accepts(value):
            return []
        found = explain(self._validator.iter_errors(value), self.document)
        return sorted(found, key=lambda v: stage(v, self.order))

    def check(self, value: Json) -> Violation | None:
        """Return the violation to report, or None when the value is valid."""
        return next(iter(self.violations(value)), None)

    def compile(self) -> None:
        """Make both validators now (about 10 ms), so that the first request does not wait."""
        _ = self._validator, self._quick


def stage(violation: Violation, order: tuple[str, ...]) -> int:
    """Return when a violation is reported: its place in `x-order`, the most exact entry winning.

    Entries: `field:keyword`, `rule:title`, `field`, and `unknown` for keys that nobody declared.
    """
    head = str(violation.at[0]) if violation.at else ""
    names = [f"{head}:{violation.keyword}", head]
    if violation.rule:
        names.insert(0, f"rule:{violation.rule}")
    if violation.keyword == "additionalProperties" and len(violation.at) == 1:
        names = ["unknown"]
    for name in names:
        if name in order:
            return order.index(name)
    return len(order)


def load(provider: str, name: str, *, root: Path | None = None) -> Schema:
    """Return the schema `schemas/<provider>/<name>.json`. Raises DataError with file and key."""
    path = (root or data_dir("schemas")) / provider / f"{name}.json"
    return Schema(_Loader().file(path), f"{provider}/{name}.json")


class _Loader:
    """Reads schema files, checks their keywords, and writes out references."""

    def __init__(self) -> None:
        self._raw: dict[Path, Json] = {}
        self._open: list[tuple[Path, str]] = []

    def file(self, path: Path) -> Json:
        document = self._resolve(self._read(path), path, "#")
        document.pop("$defs", None)
        return document

    def _read(self, path: Path) -> Json:
        if path not in self._raw:
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
            except FileNotFoundError as error:
                raise DataError(path, "(file)", "is missing") from error
            except ValueError as error:
                raise DataError(path, "(syntax)", str(error)) from error
            check_keywords(document, path)
            self._raw[path] = document
        return self._raw[path]

    def _resolve(self, node: Json, path: Path, where: str) -> Json:
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            node = self._follow(node, path, where)
        out: dict[str, Json] = {}
        for key, value in node.items():
            if key in _SCHEMA_MAPS and key != "$defs":
                out[key] = {
                    k: self._resolve(v, path, f"{where}/{key}/{k}") for k, v in value.items()
                }
            elif key in _SCHEMA_LISTS:
                out[key] = [
                    self._resolve(v, path, f"{where}/{key}/{i}") for i, v in enumerate(value)
                ]
            elif key in _SCHEMAS:
                out[key] = self._resolve(value, path, f"{where}/{key}")
            elif key != "$ref":
                out[key] = value
        return out

    def _follow(self, node: dict[str, Json], path: Path, where: str) -> Json:
        file, _, pointer = str(node["$ref"]).partition("#")
        target_path = path.parent / file if file else path
        mark = (target_path, pointer)
        if mark in self._open:
            raise DataError(path, where, f"$ref {node['$ref']!r} leads back to itself")
        target = self._read(target_path)
        for step in filter(None, pointer.split("/")):
            target = target.get(step) if isinstance(target, dict) else None
            if target is None:
                raise DataError(path, where, f"$ref {node['$ref']!r} points at nothing")
        self._open.append(mark)
        resolved = self._resolve(target, target_path, f"{file}#{pointer}")
        self._open.pop()
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return {**resolved, **beside} if isinstance(resolved, dict) else resolved


def check_keywords(node: Json, path: Path, where: str = "#") -> None:
    """Raise DataError, with file and key, for a keyword outside the closed set."""
    if isinstance(node, bool):
        return
    if not isinstance(node, dict):
        raise DataError(path, where, f"expected a schema (an object or a boolean), got {node!r}")
    for key, value in node.items():
        if key not in KEYWORDS:
            raise DataError(path, f"{where}/{key}", "unknown keyword; see KEYWORDS in schemas.py")
        for name, child in _children(key, value):
            if child is False and key in _SCHEMA_MAPS:
                raise DataError(path, f"{where}/{name}", 'write {"not": {}} for false')
            check_keywords(child, path, f"{where}/{name}")
    if "allOf" in node and not all("title" in rule for rule in node["allOf"]):
        raise DataError(path, f"{where}/allOf", "each rule needs a title: errors are found by it")


def _children(key: str, value: Json) -> list[tuple[str, Json]]:
    """Return the schemas that stand under a keyword, with their paths."""
    if key in _SCHEMA_MAPS:
        return [(f"{key}/{name}", child) for name, child in value.items()]
    if key in _SCHEMA_LISTS:
        return [(f"{key}/{index}", child) for index, child in enumerate(value)]
    return [(key, value)] if key in _SCHEMAS else []
