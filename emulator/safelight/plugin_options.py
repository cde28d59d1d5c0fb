"""What was settled for a test, by markers, command line and ini file; checked once at the start.

Loaded at the start of a run whose command line or ini file names an option of ours, so it stays
light. What must not enter: the emulator.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from safelight.options import OPTIONS, Options, read_options
from safelight.refusals import UsageError

Layer = tuple[str, Mapping[str, Any]]


def check(config: pytest.Config, names: Iterable[str]) -> None:
    """Read what command line and ini file say; `names` are all of ours that stand in the latter.

    Raises pytest.UsageError, which ends the run before its first test.
    """
    try:
        read_options(("the ini file", dict.fromkeys(_strangers(config, names))))
        read_options(*_settled(config))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def options_of(item: pytest.Item) -> Options:
    """Return the options of a test: markers, command line, ini file; the nearest wins."""
    layers: list[Layer] = []
    for marker in item.iter_markers("safelight"):
        if marker.args:
            raise UsageError(f"the marker takes names only: {', '.join(OPTIONS)}")
        layers.append(("@pytest.mark.safelight", _placed(marker.kwargs, item.path.parent)))
    return read_options(*layers, *_settled(item.config))


def _settled(config: pytest.Config) -> Iterator[Layer]:
    called = {name: config.getoption(f"safelight_{name}") for name in OPTIONS}
    yield "--safelight", _placed(called, config.invocation_params.dir)
    written = {name: config.getini(f"safelight_{name}") or None for name in OPTIONS}
    yield "the ini file", _placed(written, config.rootpath)


def _placed(values: Mapping[str, Any], base: Path) -> Mapping[str, Any]:
    """Return values whose folders of fixtures begin at `base`, where the value was written."""
    given = values.get("fixtures")
    if given is None:
        return values
    items = [given] if isinstance(given, (str, os.PathLike)) else given
    if not isinstance(items, (list, tuple)):
        return values  # to be refused by who reads it
    placed = [str(base / i) if isinstance(i, (str, os.PathLike)) else i for i in items]
    return {**values, "fixtures": placed}


def _strangers(config: pytest.Config, names: Iterable[str]) -> Iterator[str]:
    """Yield names in the ini file that nobody has: pytest itself only warns of them."""
    for name in names:
        try:
            config.getini(name)
        except ValueError:
            yield name.removeprefix("safelight_")
