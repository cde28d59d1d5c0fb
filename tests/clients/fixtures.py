"""Servers and clients as fixtures: `pytest_plugins = ["clients.fixtures"]` in a test module.

A plugin and no conftest, because the same tests also run in an environment of an older client
library: there the servers come by `ORIGINS`, a JSON object in the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clients.driver import FLAGS, KEY, ORIGINS, Driver, driver


@pytest.fixture(scope="session")
def origins(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Return a function from the name of a server in FLAGS to its http://127.0.0.1:<port>."""
    known: dict[str, str] = json.loads(os.environ.get(ORIGINS, "{}"))

    def find(name: str) -> str:
        if name not in known:
            server = request.getfixturevalue("serve")(*FLAGS[name])
            known[name] = server.origin
        return known[name]

    return find


@pytest.fixture(params=["sync", "async"])
def connect(
    request: pytest.FixtureRequest, origins: Callable[[str], str]
) -> Iterator[Callable[..., Driver]]:
    """Return a function that connects a client to a named server, under `path`."""
    opened: list[Driver] = []

    def start(name: str = "today", path: str = "/openai/v1", **options: Any) -> Driver:
        base = origins(name) + path
        one = driver(request.param, {"base_url": base, "api_key": KEY, **options})
        opened.append(one)
        return one

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def sdk(connect: Callable[..., Driver]) -> Driver:
    """Return a client of the contract of 2026-11-20."""
    return connect()
