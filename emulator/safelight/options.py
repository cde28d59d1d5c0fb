"""What a test may settle about its emulator, by marker, command line, ini file or argument.

One table for all four. Light: a pytest run that uses none of it loads this room. What must not
enter: test frameworks, providers.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from safelight.refusals import UsageError

OPTIONS: dict[str, str] = {
    "provider": "whose base URL and key are meant when none is named",
    "base_urls": "more base URLs to answer for, as `provider`",
    "as_of": "the day whose contract is served: 2026-05-11",
    "lenient": "refuse only what breaks the shape of a schema",
    "seed": "pictures, ids and chances follow from this whole number",
    "scenario": "faults in their order: names, `rate_limited; times=2`, or steps as JSON",
    "allow": "hosts that may really be reached: globs of a name, or of name:port",
    "strict": "a request that the live service would refuse fails the test",
    "leftovers": "faults and replies that a test called for and did not use: warn, fail, ignore",
    "fixtures": "folders (or files) of canned exchanges, which answer what they fit",
    "unmatched": "what a request gets that no fixture fits: make (an answer as usual) or error",
}
"""Every option, and what it is for."""

LEFTOVERS = ("warn", "fail", "ignore")
UNMATCHED = ("make", "error")


@dataclass(frozen=True, slots=True)
class Options:
    """What was settled. Every field has the name of its option."""

    provider: str | None = None
    base_urls: tuple[str, ...] = ()
    as_of: datetime.date | None = None
    lenient: bool = False
    seed: int = 0
    scenario: tuple[Any, ...] = field(default=())
    allow: tuple[str, ...] = ()
    strict: bool = True
    leftovers: str = "warn"
    fixtures: tuple[str, ...] = ()
    unmatched: str = "make"


def read_options(*layers: tuple[str, Mapping[str, Any]]) -> Options:
    """Return the options of several layers, each a place's name and its values; the first one wins.

    Raises UsageError that names the place, and the legal names or values.
    """
    found: dict[str, Any] = {}
    for where, values in reversed(layers):
        for name, value in values.items():
            if name not in OPTIONS:
                raise UsageError(
                    f"{where}: unknown option {name!r}; known are {', '.join(OPTIONS)}"
                )
            if value is not None:
                found[name] = _READ[name](value, f"{where}: {name}")
    return Options(**found)


def _provider(value: Any, where: str) -> str:  # noqa: ANN401 - from a marker comes anything
    from safelight.dialects import REGISTRY  # only who names one needs it

    if not isinstance(value, str) or value not in REGISTRY:
        raise UsageError(f"{where}: unknown provider {value!r}; known are {', '.join(REGISTRY)}")
    return value


def _one_of(words: tuple[str, ...]) -> Callable[[Any, str], str]:
    """Return what reads one of these words."""

    def read(value: Any, where: str) -> str:  # noqa: ANN401
        if value not in words:
            raise UsageError(f"{where} is one of {', '.join(words)}, got {value!r}")
        return str(value)

    return read


def _paths(value: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401
    items = [value] if isinstance(value, (str, os.PathLike)) else value
    if not isinstance(items, Iterable):
        raise UsageError(f"{where} is a list of folders, got {value!r}")
    return _texts([os.fspath(i) if isinstance(i, os.PathLike) else i for i in items], where)


def _urls(value: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401
    urls = _texts(value, where)
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{where}: {url!r} is no base URL; write https://host/v1")
    return urls


def _texts(value: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Iterable) or not all(isinstance(item, str) for item in items):
        raise UsageError(f"{where} is a list of texts, got {value!r}")
    return tuple(item.strip() for item in items if item.strip())


def _hosts(value: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401
    hosts = _texts(value, where)
    for host in hosts:
        if "/" in host:  # a URL, or a network of addresses: neither would ever fit
            raise UsageError(
                f"{where}: {host!r} is no host; write db.example, *.example or db:5432"
            )
    return hosts


def _day(value: Any, where: str) -> datetime.date:  # noqa: ANN401
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where} is a date such as 2026-05-11, got {value!r}") from error


def _flag(value: Any, where: str) -> bool:  # noqa: ANN401
    words = {"true": True, "yes": True, "on": True, "1": True}
    words |= {"false": False, "no": False, "off": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise UsageError(f"{where} is true or false, got {value!r}")


def _whole(value: Any, where: str) -> int:  # noqa: ANN401
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(value if isinstance(value, str) else "")
    except ValueError as error:
        raise UsageError(f"{where} is a whole number, got {value!r}") from error


def _steps(value: Any, where: str) -> tuple[Any, ...]:  # noqa: ANN401
    steps = [value] if isinstance(value, (str, Mapping)) else value
    if not isinstance(steps, Iterable):
        raise UsageError(f"{where} is a list of faults or steps, got {value!r}")
    out: list[Any] = []
    for step in steps:
        if not isinstance(step, str) or not step.lstrip().startswith(("{", "[")):
            out.append(step)
            continue
        try:
            read = json.loads(step)
        except ValueError as error:
            raise UsageError(f"{where}: {step!r} is no JSON: {error}") from error
        out += read if isinstance(read, list) else [read]
    from safelight.directing import read_steps  # only who has a scenario needs it

    read_steps(out, where)
    return tuple(out)


_READ: dict[str, Callable[[Any, str], Any]] = {
    "provider": _provider,
    "base_urls": _urls,
    "as_of": _day,
    "lenient": _flag,
    "seed": _whole,
    "scenario": _steps,
    "allow": _hosts,
    "strict": _flag,
    "leftovers": _one_of(LEFTOVERS),
    "fixtures": _paths,
    "unmatched": _one_of(UNMATCHED),
}
