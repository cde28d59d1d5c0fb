"""Amounts that the judge's commands take: dollars, and seconds.

What must not enter: what they are for.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

import click

_LONGEST = 86_400.0


def usd(text: str) -> Decimal:
    """Return an amount of US dollars. Raises click.BadParameter for what is none."""
    try:
        amount = Decimal(str(text).removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise click.BadParameter(f"{text!r} is no amount; write dollars, such as 0.50")
    return amount


def seconds(text: str | float) -> float:
    """Return a time above 0, and a day at most. Raises click.BadParameter for others, and nan."""
    found = _number(text)
    if not 0 < found <= _LONGEST:
        raise _no_time(text, "above 0, up to 86400")
    return found


def pause(text: str | float) -> float:
    """Return a time as `seconds` does, or 0. Raises click.BadParameter."""
    found = _number(text)
    if not 0 <= found <= _LONGEST:
        raise _no_time(text, "from 0 to 86400")
    return found


def _number(text: str | float) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _no_time(text: str | float, span: str) -> click.BadParameter:
    return click.BadParameter(f"{text!r} is no time; write seconds, {span}")
