"""Values with exactly one violation, and the name of that violation.

`matrix` walks through every keyword of every field, in the same order each time; `broken` draws one
of them amid whatever else a valid value may have. What must not enter: sending, judging replies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from safelight.messages import Json
from safelight.phrases import path_text
from safelight.read import as_json
from safelight.schemas import Schema
from safelight.violations import Violation

from safelight_contracts.breaking_fields import attempts
from safelight_contracts.strategies import valid
from safelight_contracts.strategies.choosing import WIDEST

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy


@dataclass(frozen=True, slots=True)
class Broken:
    """A value with one violation and no other. `site` is the field and keyword in the schema."""

    value: Json
    violation: Violation
    how: str
    site: str

    @property
    def name(self) -> str:
        """Return the violation as cases name it: `size:enum`, `messages[0].role:required`."""
        keyword = f"rule:{self.violation.rule}" if self.violation.rule else self.violation.keyword
        return f"{path_text(self.violation.at)}:{keyword}"


def matrix(
    schema: Schema | Json, base: Json | None = None, *, widest: int | None = None
) -> Iterator[Broken]:
    """Yield one broken value for every keyword of every field that can be broken alone.

    Each stands on the plainest value, or on `base` as far as it goes. `widest` leaves out limits
    beyond so many characters or bytes, which are costly to send.
    """
    judge = _as_schema(schema)
    form = _is_form(judge.document)
    done: set[str] = set()
    for attempt in attempts(judge.document, base, form=form):
        if attempt.site in done:
            continue
        if widest is not None and _width(attempt.value) > widest:
            continue
        found = judge.violations(as_json(attempt.value))
        if len(found) == 1 and _meant(attempt.site, found[0]):
            done.add(attempt.site)
            yield Broken(attempt.value, found[0], attempt.how, attempt.site)


def broken(schema: Schema | Json, base: Json | None = None) -> SearchStrategy[Broken]:
    """Return a strategy of values with one violation, amid a drawn valid value, or amid `base`."""
    judge = _as_schema(schema)
    return _drawn(judge, base)


@st.composite
def _drawn(draw: DrawFn, schema: Schema, base: Json | None) -> Broken:
    found = _cheap(_Kept(schema))
    wrong = found[draw(st.integers(0, len(found) - 1))]
    around = draw(valid(schema)) if base is None else base
    return _amid(schema, wrong, around)


def _amid(schema: Schema, wrong: Broken, around: Json) -> Broken:
    """Return a broken value amid other fields; where they do not go together, as it was."""
    if not isinstance(around, dict) or not wrong.violation.at:
        return wrong
    head = wrong.violation.at[0]
    mixed = dict(around)
    mixed.pop(str(head), None)
    if head in wrong.value:
        mixed[str(head)] = wrong.value[head]
    found = schema.violations(as_json(mixed))
    if len(found) == 1 and _same(found[0], wrong.violation):
        return Broken(mixed, found[0], wrong.how, wrong.site)
    return wrong


def _same(one: Violation, two: Violation) -> bool:
    return (one.at, one.keyword, one.rule) == (two.at, two.keyword, two.rule)


def _meant(site: str, found: Violation) -> bool:
    """Tell whether a violation is the one that was to be made, and no other in its place."""
    keyword = site.partition(":")[2]
    if keyword.startswith("rule:"):
        return found.rule is not None
    if keyword == "const":
        return found.keyword in ("const", "enum")
    return found.rule is None and found.keyword == keyword


def _is_form(document: Json) -> bool:
    if isinstance(document, dict):
        return "x-upload" in document or any(_is_form(part) for part in document.values())
    return isinstance(document, list) and any(_is_form(part) for part in document)


def _width(value: Json) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return max(map(_width, value.values()), default=0)
    if isinstance(value, list):
        return max(map(_width, value), default=0)
    return len(getattr(value, "data", b""))


def _as_schema(schema: Schema | Json) -> Schema:
    return schema if isinstance(schema, Schema) else Schema(schema, "schema")


class _Kept:
    """A schema as a key: the catalogue gives the same object for the same narrowing."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self.schema is other.schema


@lru_cache(maxsize=128)
def _cheap(kept: _Kept) -> list[Broken]:
    return list(matrix(kept.schema, widest=WIDEST))
