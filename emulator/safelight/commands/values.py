"""What flags are written as: sizes, seeds, days, speeds, folders.

What must not enter: flags of one command, what is done with a value.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import datetime

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


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
