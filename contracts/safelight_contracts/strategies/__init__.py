"""Schemas as Hypothesis strategies: everything drawn is valid.

Own strategies, not those of a package: they compile the closed keyword set of the schemas and
nothing else, and the same nodes give the plainest value and the broken one (`breaking`).
What must not enter: providers, broken values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from safelight.messages import Json
from safelight.schemas import Schema

from safelight_contracts.strategies.choosing import Drawn, Plainest
from safelight_contracts.strategies.compiling import compiled, fits
from safelight_contracts.strategies.nodes import Node, Unmakable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["Unmakable", "fits", "node_of", "plainest", "valid"]


def valid(schema: Schema | Json) -> SearchStrategy[Json]:
    """Return a strategy of values that fit a schema; files are real pictures, as `Upload`s.

    Limits are drawn as often as what lies between them: the longest text, the fewest items. Values
    mean one thing only: integers that every parser reads alike, never a float for an integer.
    Raises Unmakable for a schema that nothing fits.
    """
    node, judge = _ready(_told(schema))
    return _values(node).filter(judge)


def plainest(schema: Schema | Json) -> Json:
    """Return the smallest valid value. Raises Unmakable if there is none."""
    node, judge = _ready(_told(schema))
    value = node.make(Plainest())
    if not judge(value):
        raise Unmakable
    return value


def node_of(schema: Schema | Json) -> Node:
    """Return what makes values of a schema."""
    return _ready(_told(schema))[0]


@st.composite
def _values(draw: DrawFn, node: Node) -> Json:
    return node.make(Drawn(draw))


class _Told:
    """A schema that can be looked up by what it says."""

    def __init__(self, document: Json) -> None:
        from orjson import OPT_SORT_KEYS, dumps

        self.document = document
        self._mark = dumps(document, option=OPT_SORT_KEYS)

    def __hash__(self) -> int:
        return hash(self._mark)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and self._mark == other._mark


def _told(schema: Schema | Json) -> _Told:
    return _Told(schema.document if isinstance(schema, Schema) else schema)


@lru_cache(maxsize=512)
def _ready(told: _Told) -> tuple[Node, Callable[[Json], bool]]:
    return compiled(told.document), fits(told.document)
