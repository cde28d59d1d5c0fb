"""The door of the pytest plugin: options, the marker, the fixtures. Shut, it weighs nothing.

pytest imports this room at every start, so it imports nothing that pytest has not. What happens
behind the door is in `plugin_room`, loaded when a fixture runs.

Precedence, for each option by itself: the marker nearest to the test, then the command line, then
the ini file, then the default.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from safelight.began import BEGAN  # noqa: F401 - the time, before a test can freeze it

if TYPE_CHECKING:
    from safelight.world import World

# The names and words of `options.OPTIONS`, which a test holds against it: it stays unloaded.
_INI = {
    "provider": "string",
    "base_urls": "linelist",
    "as_of": "string",
    "lenient": "string",
    "seed": "string",
    "scenario": "linelist",
    "allow": "linelist",
    "strict": "string",
    "leftovers": "string",
    "fixtures": "linelist",
    "unmatched": "string",
}
_UNUSED = "safelight_list_unused"
_SWITCHES = ("lenient", "strict")
_MANY = ("base_urls", "scenario", "allow", "fixtures")
_HELP = {
    "provider": "whose base URL and key are meant when a test names none",
    "base_urls": "more base URLs to answer for, as the provider; may be repeated",
    "as_of": "the day whose contract is served, such as 2026-05-11",
    "lenient": "refuse only what breaks the shape of a schema",
    "seed": "a whole number: pictures, ids and chances follow from it",
    "scenario": "a fault or a step as JSON; may be repeated, in their order",
    "allow": "a host that may really be reached, a glob; may be repeated",
    "strict": "fail a test whose requests the live service would refuse (default)",
    "leftovers": "faults and replies that a test did not use: warn (default), fail, ignore",
    "fixtures": "a folder of canned exchanges, which answer what they fit; may be repeated",
    "unmatched": "what a request gets that no fixture fits: make (default) or error",
}
_MARKER = (
    "safelight(provider=…, base_urls=[…], as_of=…, lenient=…, seed=…, scenario=[…], allow=[…], "
    "strict=…, leftovers=…, fixtures=[…], unmatched=…): what the fixtures safelight and "
    "safelight_server are for this test."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line's options, and the same names for the ini file."""
    group = parser.getgroup("safelight", "safelight: offline image APIs")
    for name, kind in _INI.items():
        flag = "--safelight-" + name.replace("_", "-")
        dest = f"safelight_{name}"
        if name in _SWITCHES:
            switch = argparse.BooleanOptionalAction
            group.addoption(flag, dest=dest, action=switch, default=None, help=_HELP[name])
        elif name in _MANY:
            group.addoption(flag, dest=dest, action="append", help=_HELP[name])
        else:
            group.addoption(flag, dest=dest, help=_HELP[name])
        parser.addini(dest, _HELP[name], type=kind, default=None)  # type: ignore[arg-type]  # of the table
    unused = "list the fixtures that no test has used"
    group.addoption("--safelight-unused-fixtures", dest=_UNUSED, action="store_true", help=unused)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """Name the legal options for one that is misspelt. Raises pytest.UsageError."""
    written = [arg.partition("=")[0] for arg in args]
    ours = [arg for arg in written if arg.startswith(("--safelight", "--no-safelight"))]
    if ours:
        options = parser.getgroup("safelight").options
        known = {name for option in options for name in option.names()}
        known |= {"--no-safelight-" + name for name in _SWITCHES}
        for arg in ours:
            if arg not in known:
                names = ", ".join(sorted(known))
                raise pytest.UsageError(f"unknown option {arg}; known are {names}")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and check what command line and ini file say, if they do."""
    config.addinivalue_line("markers", _MARKER)
    _spare(config.pluginmanager.rewrite_hook)
    flags = [name for name in _INI if config.getoption(f"safelight_{name}") is not None]
    held = vars(config)  # pytest 9 deprecates `inicfg` and has no other way to ask for names
    names = held.get("_inicfg") or held.get("inicfg") or ()
    called = (text.partition("=")[0] for text in config.getoption("override_ini") or ())
    lines = [name for name in (*names, *called) if name.startswith("safelight_")]
    if flags or lines:
        from safelight import plugin_options

        plugin_options.check(config, lines)


def _spare(hook: object) -> None:
    """Keep pytest from rewriting the assertions of our packages, none of which a test is shown.

    It means to for every module of a plugin's distribution, and where bytecode cannot be written
    (containers) it did so in every run: 0.3 s before the first test.
    """
    marked = getattr(hook, "_must_rewrite", None)  # there is no public way out
    if isinstance(marked, set):
        marked -= {"safelight", "safelight_contracts"}


@pytest.fixture
def _safelight_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Give the test a session of its own, a guard and keys; both public fixtures build on it."""
    from safelight import plugin_room

    with plugin_room.world_of(request) as world:
        yield world


@pytest.fixture
def safelight(_safelight_world: World, request: pytest.FixtureRequest) -> Iterator[World]:
    """Answer for the image APIs in this process: every httpx, httpx2 and aiohttp client, offline.

    No base URL is changed and nothing else leaves this machine. Gives a `safelight.World`.
    """
    from safelight import plugin_room

    with plugin_room.intercepting(request, _safelight_world):
        yield _safelight_world


@pytest.fixture(scope="session")
def _safelight_origin() -> Iterator[str]:
    """Serve on a free port of this machine, once for each process of the test run."""
    from safelight import background, inprocess

    with background.serving(inprocess.shared()) as origin:
        yield origin


@pytest.fixture
def safelight_server(_safelight_world: World, _safelight_origin: str) -> World:
    """Serve the image APIs on a real port: for subprocesses, browsers and other languages.

    `base_url("…")` and `env` say where; the session is the test's own. Gives a `safelight.World`.
    """
    _safelight_world.origin = _safelight_origin
    return _safelight_world


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the tests told, from this process and from workers, in one line."""
    lists = terminalreporter.stats.values()
    told = [report.safelight for reports in lists for report in reports if _tells(report)]
    if not told:
        return
    from safelight import plugin_room

    terminalreporter.write_line(plugin_room.summary(told))
    if terminalreporter.config.getoption(_UNUSED):
        for line in plugin_room.unused(told):
            terminalreporter.write_line(line)


def _tells(report: object) -> bool:
    return hasattr(report, "safelight") and getattr(report, "when", "") == "teardown"
