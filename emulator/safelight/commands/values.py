"""What flags are written as: sizes, seeds, days, speeds, folders.

What must not enter: flags of one command, what is done with a value.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import datetime

PREFIX = "SAFELIGHT_"
"""How the environment variables begin that stand for flags."""

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


class Setting(click.Option):
    """A flag that the environment can set too: `--max-body` is SAFELIGHT_MAX_BODY.

    One that may be repeated has a value on each line.
    """

    def __init__(self, *given: Any, **more: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*given, **more)
        flag = max(self.opts, key=len).removeprefix("--")
        self.envvar = PREFIX + flag.replace("-", "_").upper()

    def value_from_envvar(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """Return what the environment says, None for nothing."""
        text = self.resolve_envvar_value(ctx)
        if text is None or not self.multiple:
            return super().value_from_envvar(ctx)
        return tuple(line.strip() for line in text.splitlines() if line.strip())

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return how an error calls it: as it was set."""
        source = None if ctx is None or self.name is None else ctx.get_parameter_source(self.name)
        if source is click.core.ParameterSource.ENVIRONMENT:
            return f"'{self.envvar}'"
        return super().get_error_hint(ctx)


setting = partial(click.option, cls=Setting)
"""Declares a flag of a server."""


def size(text: str) -> int:
    """Return a number of bytes: 1048576, 512KiB, 64MiB, 1GiB."""
    found = re.fullmatch(r"(\d+)(?:([kmg])i?b?)?", text.strip().lower())
    if found is None:
        raise click.BadParameter(f"{text!r} is no size; write bytes, or 512KiB, 64MiB, 1GiB")
    return int(found[1]) * _UNITS[found[2] or ""]


def seed(text: str) -> int:
    """Return a seed; `random` is another one at every start."""
    if text == "random":
        import secrets  # seldom asked for

        return secrets.randbelow(2**32)
    try:
        return int(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is neither a whole number nor 'random'") from error


def day(text: str) -> datetime.date:
    """Return the day that is written as 2026-11-20."""
    import datetime  # seldom asked for

    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no date; write it as 2026-11-20") from error


def pace(text: str) -> float:
    """Return how much faster than real: 10x, 10, 0.5x."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)x?", text.strip().lower())
    if found is None or float(found[1]) == 0:
        raise click.BadParameter(f"{text!r} is no speed; write 10x, or 0.5x for half of it")
    return float(found[1])


def room(text: str) -> tuple[str, int]:
    """Return how much a journal keeps: 5000 exchanges, or 64MiB."""
    if text.strip().isdigit():
        return "exchanges", int(text)
    try:
        return "bytes", size(text)
    except click.BadParameter as error:
        said = f"{text!r} is neither a number of exchanges nor a size; write 5000, or 64MiB"
        raise click.BadParameter(said) from error
