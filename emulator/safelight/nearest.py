"""What was asked instead: the request that comes nearest to the one expected, and what differs.

What must not enter: whether enough was asked (`verify.py`), test frameworks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from safelight.journal import Exchange
from safelight.messages import Json
from safelight.verify import Expectation, line

_LONG = 200
"""Characters of a value that are shown."""


def fits(exchange: Exchange, match: Mapping[str, Json], params: Mapping[str, Json]) -> bool:
    """Tell whether a request is as expected: `match` by the journal, `params` by its parameters."""
    return not differing(exchange, match, params)


def differing(
    exchange: Exchange, match: Mapping[str, Json], params: Mapping[str, Json]
) -> list[str]:
    """Return the names of what is not as expected."""
    about = [key for key, value in match.items() if not _one(key, value).fits(exchange)]
    return about + [key for key, value in params.items() if exchange.params.get(key) != value]


def told(
    asked: Sequence[Exchange], match: Mapping[str, Json], params: Mapping[str, Json]
) -> list[str]:
    """Return the nearest request that does not fit, and each difference, a line each.

    Nearest is the one in which least differs, its operation before all; of equals the first.
    """
    others = [(e, wrong) for e in asked if (wrong := differing(e, match, params))]
    if not others:
        return []
    exchange, wrong = min(others, key=lambda pair: ("operation" in pair[1], len(pair[1])))
    lines = [f"nearest is {line(exchange)}"]
    for key in wrong:
        wanted = match[key] if key in match else params[key]
        got = _journalled(exchange, key) if key in match else _sent(exchange, key)
        lines.append(f"  {key}: expected {_short(wanted)}, got {got}")
    return lines


def _one(key: str, value: Json) -> Expectation:
    return Expectation({key: value}, 0, None)


def _journalled(exchange: Exchange, key: str) -> str:
    return _short("mask" in exchange.params if key == "with_mask" else getattr(exchange, key))


def _sent(exchange: Exchange, key: str) -> str:
    """Return what a request says of a parameter; of one it lacks, which may have been meant."""
    if key in exchange.params:
        return _short(exchange.params[key])
    near = get_close_matches(key, exchange.params, n=1)
    if near:
        return f"nothing; it has {near[0]}={_short(exchange.params[near[0]])}"
    return f"nothing; it has {', '.join(exchange.params) or 'no parameters'}"


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
