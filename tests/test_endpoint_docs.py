"""The page on checking endpoints: every block of it is run, every option it names exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DAY, LiveServer
from safelight_contracts.baseline import read_baseline
from safelight_contracts.commands.check_endpoint import endpoint
from safelight_contracts.commands.explain import load_checks
from safelight_contracts.findings import CHECKS

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "checking-endpoints.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HERE = "http://127.0.0.1:4010"
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def of(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


def test_every_command_of_the_page_prints_what_it_shows(
    live_server: LiveServer, tmp_path: Path
) -> None:
    shown = {i: BLOCKS[i + 1][1] for i in range(len(BLOCKS) - 1) if BLOCKS[i + 1][0] == "text"}
    for index, (kind, text) in enumerate(BLOCKS):
        if kind != "bash":
            continue
        there = text.replace(HERE, live_server.origin)
        for part in ("endpoint", "replay"):
            there = there.replace(f"check {part}", f"check {part} --as-of {DAY}")
        done = subprocess.run(
            ["bash", "-ec", there], cwd=tmp_path, capture_output=True, text=True, timeout=120,
            check=False, env={**os.environ, "PATH": PATH},
        )  # fmt: skip
        right = 4 if "nothing was asked" in shown.get(index, "") else 0
        assert done.returncode == right, done.stdout + done.stderr
        if index in shown:
            assert done.stdout.replace(live_server.origin, HERE) == shown[index]


def test_the_test_on_the_page_passes(live_server: LiveServer, pytester: pytest.Pytester) -> None:
    text = of("python")[0].replace(HERE, live_server.origin)
    dated = f"    as_of=datetime.date.fromisoformat({DAY!r}),\n    max_cases"
    pytester.makepyfile("import datetime\n" + text.replace("    max_cases", dated))
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=30)


def test_the_live_command_is_one_that_the_program_takes() -> None:
    flags = set(re.findall(r"--[a-z][a-z-]+", PAGE))
    known = {name for option in endpoint.params for name in option.opts}
    assert flags - known == set()


def test_the_baseline_on_the_page_is_one(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(of("toml")[0])
    load_checks()
    assert [entry.code for entry in read_baseline(path) if entry.code in CHECKS] == ["SL-URL"]


def test_every_exit_code_of_the_page_is_one_of_a_run() -> None:
    assert set(re.findall(r"\| ([0-4])[,| ]", PAGE)) == {"0", "1", "2", "3", "4"}
