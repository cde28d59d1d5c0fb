"""Behind the door of the pytest plugin: what is loaded once a test uses a fixture.

Reads a test's options, makes its world, judges it after the test's body and tells the reports.
What must not enter: how requests are answered or guarded.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from safelight import assertions, inprocess
from safelight.guard import Guard
from safelight.leftover import Leftover
from safelight.plugin_options import options_of
from safelight.refusals import UsageError
from safelight.world import World

_WORLD = pytest.StashKey[World]()
_GUARD = pytest.StashKey[Guard]()
_JUDGED = pytest.StashKey[tuple[int, int]]()
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
        if not any("scenario" in marker.kwargs for marker in item.iter_markers("safelight")):
            world.spare_scenario()  # of the whole run: nobody expects all of it in each test
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    item.stash[_WORLD] = world
    with inprocess.guarded(world) as guard, assertions.writing_to(folder):
        item.stash[_GUARD] = guard
        yield world
    judged = item.stash.get(_JUDGED, None)  # the take-down of the test's own fixtures came after
    if judged is not None and (problem := world.problem(judged)):
        pytest.fail(problem, pytrace=False)


@contextmanager
def intercepting(request: pytest.FixtureRequest, world: World) -> Iterator[None]:
    """Answer httpx, httpx2 and aiohttp in this process for the test."""
    with inprocess.intercepted(world, request.node.stash[_GUARD]):
        yield


def session_name(nodeid: str) -> str:
    """Return the name of a test's session: the same in every run, fit for a URL."""
    name = re.sub(r"[^\w.-]+", "-", nodeid.rpartition("::")[2], flags=re.ASCII)[:40].strip("-")
    return f"{name}-{blake2b(nodeid.encode(), digest_size=5).hexdigest()}"


class Hooks:
    """What the plugin does around every test, from the first on that uses a fixture of ours."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Fail a test that passed although something escaped or would have been refused."""
        world = item.stash.get(_WORLD, None)
        try:
            result = yield
        finally:
            if world is not None:
                item.stash[_JUDGED] = world.so_far()
        if world is not None and (problem := world.problem()):
            pytest.fail(problem, pytrace=False)
        if world is not None and (left := world.warning()) and not _warned(item, left):
            pytest.fail(str(left), pytrace=False)
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
        if report.failed and (lines := [*world.journal(), *world.leftovers()]):
            report.sections.append(("safelight journal", "\n".join(lines)))
        if report.when == "teardown":
            report.safelight = _sums(world)  # type: ignore[attr-defined]  # reports carry anything
            world.close()
            del item.stash[_WORLD]
        return report


def _warned(item: pytest.Item, left: Leftover) -> bool:
    """Warn of what a test left; False where warnings are errors."""
    try:
        item.warn(left)
    except Leftover:
        return False
    return True


def _sums(world: World) -> list[Any]:
    """Return requests, refusals, faults and US dollars: what a worker can send in a report."""
    asked, spend = world.requests, world.spend
    refused = sum(r.refused for r in asked)
    faults = sum(r.exchange.fault is not None for r in asked)
    session = world.session
    used = list(session.used)
    known = session.library.names() if session.library else []
    known = list(dict.fromkeys([*known, *used, *(a.source for a in session.answers if a.source)]))
    return [len(asked), refused, faults, str(spend.usd), spend.unpriced, known, used]


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


def unused(told: Iterable[list[Any]]) -> list[str]:
    """Return lines that name the fixtures which no test has used."""
    known: dict[str, None] = {}
    used: set[str] = set()
    for row in told:
        known |= dict.fromkeys(row[5])
        used |= set(row[6])
    left = sorted(name for name in known if name not in used)
    if not left:
        return [f"safelight: all of {_many(len(known), 'fixture')} were used"] if known else []
    head = f"safelight: {len(left)} of {_many(len(known), 'fixture')} not used by any test:"
    return [head, *(f"  {name}" for name in left)]


def _many(amount: int, what: str) -> str:
    return f"{amount} {what}{'' if amount == 1 else 's'}"
