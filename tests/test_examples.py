"""The example's own suite, as users run it: both SDK generations, pytest 8 and 9, newer Pythons."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from clients.packages import environment

HOUSE = Path(__file__).resolve().parents[1]
EXAMPLE = HOUSE / "examples" / "postcards"
DOOR = ("-p", "safelight.pytest_plugin")
PASSED = re.compile(r"^(\d+) passed in ", re.MULTILINE)
TESTS = 20
"""Tests of the example: none may be left out, wherever it runs."""


def suite(python: Path | str, *flags: str) -> str:
    """Run the example's suite with an interpreter, and return what it said at the end."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    env = {**clean, "PYTHONPATH": str(HOUSE / "emulator")}
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *flags, str(EXAMPLE)]
    done = subprocess.run(
        command, cwd=EXAMPLE, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    found = PASSED.search(done.stdout)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert found is not None, done.stdout[-500:]
    assert int(found[1]) == TESTS
    return done.stdout


def other_pythons() -> list[str]:
    """Return the newer Pythons of this machine that run: on the path, or pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {}
    for minor in range(11, 15):
        names = [f"python3.{minor}", *map(str, root.glob(f"3.{minor}.*/bin/python3.{minor}"))]
        for path in filter(None, map(shutil.which, names)):
            told = subprocess.run([path, "-c", ""], capture_output=True, check=False)
            if told.returncode == 0 and sys.version_info[1] != minor:
                found[minor] = path
    return list(found.values())


def test_the_example_passes_with_what_this_project_is_built_with() -> None:
    said = suite(sys.executable, "-o", "asyncio_default_fixture_loop_scope=function", "-W", "error")
    assert re.search(r"^safelight: \d+ requests, 2 refusals, \d+ faults; live", said, re.MULTILINE)


def test_the_example_passes_in_workers() -> None:
    suite(sys.executable, "-n2")


@pytest.mark.parametrize("name", ["plugin_openai2", "plugin_openai3"])
def test_the_example_passes_with_what_users_have(name: str) -> None:
    suite(environment(name), *DOOR, "--randomly-seed=7")


@pytest.mark.parametrize("interpreter", other_pythons(), ids=lambda path: Path(path).name)
def test_the_example_passes_with_other_pythons(interpreter: str) -> None:
    suite(environment("plugin_openai3", interpreter), *DOOR)
