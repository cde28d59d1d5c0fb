"""Words for violations: paths, lists, and what was wanted and got, as error templates name them.

The nouns are data (`[phrases]` of a provider.toml); the grammar is the one that every provider here
shares. What must not enter: whole sentences of a provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from safelight.messages import Json
from safelight.violations import Path, Violation

_NOUNS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
    "decimal": "a decimal number",
    "file": "a file",
}


@dataclass(frozen=True, slots=True)
class Phrases:
    """The nouns of one provider's error texts, by JSON type (and `decimal`, `file`)."""

    nouns: dict[str, str] = field(default_factory=lambda: dict(_NOUNS))

    @classmethod
    def of(cls, table: dict[str, str]) -> Phrases:
        """Return the default nouns with a provider's own laid over them."""
        return cls({**_NOUNS, **table})


def path_text(path: Path, *, dotted: bool = False) -> str:
    """Return `messages[0].role`, or with `dotted` the odd form `messages.[0].role`."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f".[{step}]" if dotted else f"[{step}]"
        else:
            out += f".{step}" if out else step
    return out


def listing(values: Sequence[Json], last: str = "and") -> str:
    """Return `'a'`, `'a' and 'b'`, or `'a', 'b', and 'c'`; null is no choice and is left out."""
    words = [f"'{value}'" if isinstance(value, str) else _plain(value) for value in values]
    words = [word for value, word in zip(values, words, strict=True) if value is not None]
    if len(words) <= 2:
        return f" {last} ".join(words)
    return ", ".join(words[:-1]) + f", {last} {words[-1]}"


def _plain(value: Json) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def json_type(value: Json) -> str:
    """Return the JSON type of a parsed value; `decimal` for a number with a fraction."""
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "decimal"), (str, "string")):
        if isinstance(value, kind):
            return name
    if isinstance(value, dict):
        return "file" if "x-file" in value else "object"
    return "array"


def wanted(schema: Json, phrases: Phrases) -> str:
    """Return what a schema expects, in the provider's nouns; `x-noun` of the schema wins."""
    if not isinstance(schema, dict):
        return ""
    if noun := schema.get("x-noun"):
        return str(noun)
    if "enum" in schema:
        return f"one of {listing(schema['enum'], 'or')}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    for branch in schema.get("anyOf", []):
        kind = branch.get("type")
        kinds = [*kinds, *([kind] if isinstance(kind, str) else kind or [])]
    nouns = list(dict.fromkeys(phrases.nouns[kind] for kind in kinds if kind != "null"))
    return nouns[0] if len(nouns) == 1 else "one of " + " or ".join(nouns)


def phrase_facts(violation: Violation, phrases: Phrases, *, form: bool) -> dict[str, Json]:
    """Return the placeholders that a row's templates may use for this violation."""
    value = violation.value
    sized = isinstance(value, (str, list, dict))
    choices = violation.limit if isinstance(violation.limit, list) else [violation.limit]
    return {
        "at": path_text(violation.at),
        "dotted_at": path_text(violation.at, dotted=True),
        "parent": path_text(violation.at[:-1]),
        "field": str(violation.at[0]) if violation.at else "",
        "key": str(violation.at[-1]) if violation.at else "",
        "value": _shown(value),
        "limit": violation.limit,
        "choices": listing(choices) if violation.keyword in ("enum", "const") else "",
        "want": wanted(violation.schema, phrases) if violation.keyword == "type" else "",
        "got": phrases.nouns["string" if form and isinstance(value, str) else json_type(value)],
        "length": len(value) if sized else 0,
        "rule": violation.rule or "",
    }


def _shown(value: Json) -> str:
    if isinstance(value, str):
        return value if len(value) <= 200 else value[:200] + "..."
    return _plain(value)
