"""Amounts that the judge's commands take: dollars, and seconds.

What must not enter: what they are for.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

import click

_LONGEST = 86_400.0


class Dollars(click.ParamType[Decimal]):
    """An amount of US dollars."""

    name = "USD"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click hands over anything
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Decimal:
        """Return an amount as a decimal; fails for what is none."""
        try:
            amount = Decimal(str(value).removeprefix("$"))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is no amount; write dollars, such as 0.50", param, ctx)
        return amount


class Seconds(click.ParamType[float]):
    """A time in seconds, above 0 and a day at most; with `none` it may be 0."""

    name = "SECONDS"

    def __init__(self, *, none: bool = False) -> None:
        self._none = none

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click hands over anything
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return a time as a float; fails for what is none, such as nan."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds <= _LONGEST or (seconds == 0 and not self._none):
            span = "from 0 to 86400" if self._none else "above 0, up to 86400"
            self.fail(f"{value!r} is no time; write seconds, {span}", param, ctx)
        return seconds


USD = Dollars()
SECONDS = Seconds()
PAUSE = Seconds(none=True)
