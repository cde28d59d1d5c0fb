"""Behind the door of the pytest plugin: what is loaded once a test uses a fixture.

Reads a test's options, makes its world, judges it after the test's body and tells the reports.
What must not enter: how requests are answered or guarded.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from safelight import assertions, inprocess
from safelight.guard import Guard
from safelight.options import OPTIONS, Options, read_options
from safelight.refusals import UsageError
from safelight.world import World

_WORLD = pytest.StashKey[World]()
_GUARD = pytest.StashKey[Guard]()
_NAME = "safelight-room"


@contextmanager
def world_of(request: pytest.FixtureRequest) -> Iterator[World]:
    """Give the test its world. Raises pytest.UsageError for a wrong option."""
    manager = request.config.pluginmanager
    if not manager.hasplugin(_NAME):
        manager.register(Hooks(), _NAME)

    def folder() -> Path:
        found: Path = request.getfixturevalue("tmp_path")
        return found

    item = request.node
    try:
        world = inprocess.make_world(options_of(item), session_name(item.nodeid), folder)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    item.stash[_WORLD] = world
    with inprocess.guarded(world) as guard, assertions.writing_to(folder):
        item.stash[_GUARD] = guard
        yield world


@contextmanager
def intercepting(request: pytest.FixtureRequest, world: World) -> Iterator[None]:
    """Answer httpx and httpx2 in this process for the test."""
    with inprocess.intercepted(world, request.node.stash[_GUARD]):
        yield


def options_of(item: pytest.Item) -> Options:
    """Return the options of a test: markers, command line, ini file; the nearest wins."""
    layers: list[tuple[str, Mapping[str, Any]]] = []
    for marker in item.iter_markers("safelight"):
        if marker.args:
            raise UsageError(f"the marker takes names only: {', '.join(OPTIONS)}")
        layers.append(("@pytest.mark.safelight", marker.kwargs))
    config = item.config
    flags = {name: config.getoption(f"safelight_{name}") for name in OPTIONS}
    lines: dict[str, Any] = dict.fromkeys(_ini_names(config))
    lines |= {name: config.getini(f"safelight_{name}") or None for name in OPTIONS}
    return read_options(*layers, ("--safelight", flags), ("the ini file", lines))


def _ini_names(config: pytest.Config) -> Iterator[str]:
    """Yield the options that the ini file names: pytest itself only warns of one nobody has."""
    held = vars(config)  # pytest 9 deprecates `inicfg` and has no other way to ask for names
    for key in held.get("_inicfg") or held.get("inicfg") or ():
        if key.startswith("safelight_"):
            yield key.removeprefix("safelight_")


def session_name(nodeid: str) -> str:
    """Return the name of a test's session: the same in every run, fit for a URL."""
    name = re.sub(r"[^\w.-]+", "-", nodeid.rpartition("::")[2], flags=re.ASCII)[:40].strip("-")
    return f"{name}-{blake2b(nodeid.encode(), digest_size=5).hexdigest()}"


class Hooks:
    """What the plugin does around every test, from the first on that uses a fixture of ours."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Fail a test that passed although something escaped or would have been refused."""
        result = yield
        world = item.stash.get(_WORLD, None)
        if world is not None and (problem := world.problem()):
            pytest.fail(problem, pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the journal to the report of a failing test, and the sums to the last report."""
        report = yield
        world = item.stash.get(_WORLD, None)
        if world is None:
            return report
        if report.failed and world.journal():
            report.sections.append(("safelight journal", "\n".join(world.journal())))
        if report.when == "teardown":
            report.safelight = _sums(world)  # type: ignore[attr-defined]  # reports carry anything
            world.close()
            del item.stash[_WORLD]
        return report


def _sums(world: World) -> list[Any]:
    """Return requests, refusals, faults and US dollars: what a worker can send in a report."""
    asked, spend = world.requests, world.spend
    refused = sum(r.refused for r in asked)
    faults = sum(r.exchange.fault is not None for r in asked)
    return [len(asked), refused, faults, str(spend.usd), spend.unpriced]


def summary(told: Iterable[list[Any]]) -> str:
    """Return the closing line of a run."""
    requests, refused, faults, usd, unpriced = 0, 0, 0, Decimal(0), 0
    for row in told:
        requests, refused, faults = requests + row[0], refused + row[1], faults + row[2]
        usd, unpriced = usd + Decimal(row[3]), unpriced + row[4]
    more = f" and {_many(unpriced, 'request')} without a known price" if unpriced else ""
    return (
        f"safelight: {_many(requests, 'request')}, {_many(refused, 'refusal')}, "
        f"{_many(faults, 'fault')}; live this run would have cost ${usd:.4f}{more}"
    )


def _many(amount: int, what: str) -> str:
    return f"{amount} {what}{'' if amount == 1 else 's'}"
