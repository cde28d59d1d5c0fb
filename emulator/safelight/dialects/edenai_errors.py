"""Eden AI's lists of what is wrong with a body's shape, as its framework writes them (facts 8).

What must not enter: wordings, which are rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safelight.dialects.base import Visit
from safelight.messages import Json
from safelight.violations import Violation

if TYPE_CHECKING:
    from safelight.dialects.base import Dialect

_TYPES = {
    "string": "string_type",
    "integer": "int_type",
    "number": "float_type",
    "boolean": "bool_type",
    "list": "list_type",
    "dictionary": "dict_type",
}
"""What the framework calls a wrong type, by the noun in its message."""


def violations(dialect: Dialect, visit: Visit) -> list[Json]:
    """Return every violation of a body's shape as it is told, not the first alone."""
    name = dialect.schema_name(visit)
    assert name is not None  # a violation came from it
    found = dialect.provider.catalog.schema(name).violations(dialect.seen(visit))
    return [_told(dialect, visit, violation) for violation in found]


def _told(dialect: Dialect, visit: Visit, violation: Violation) -> Json:
    """Return one violation: its type and place, a message, and the value if it is a plain one."""
    error = dialect.provider.errors.violated(violation, visit.situation()).error or {}
    place = "query" if visit.body == "query" else "body"
    noun = str(error.get("type")).rpartition(" ")[2]
    kind = _TYPES.get(noun, error.get("type"))
    told = {"type": kind, "loc": [place, *violation.at], "msg": error.get("msg")}
    value = violation.value
    plain = value is None or isinstance(value, (bool, int, float, str))
    return {**told, "input": value} if plain else told
