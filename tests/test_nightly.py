"""The nightly workflow: its very commands, run against emulators behind a socket."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

HOUSE = Path(__file__).resolve().parents[1]
WORKFLOW = HOUSE / ".github" / "workflows" / "nightly-contracts.yml"
JOB = yaml.safe_load(WORKFLOW.read_text())["jobs"]["contracts"]
STEPS = {step["name"]: step for step in JOB["steps"] if "name" in step}
GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$GH_LOG"
if [ "$1 $2" = "issue list" ]; then printf '%s' "$GH_OPEN"; fi
"""


class Night:
    """One night's run of the steps, in a folder, as a runner would run them."""

    def __init__(self, folder: Path, base_url: str, provider: str, **env: str) -> None:
        self.folder = folder
        tools = folder / "tools"
        tools.mkdir()
        (tools / "gh").write_text(GH)
        (tools / "gh").chmod(0o755)
        self.env = {
            **os.environ,
            "PATH": os.pathsep.join(
                [str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
            "PROVIDER": provider,
            "BASE_URL": base_url,
            "BUDGET": "0.20",
            "MONTHLY_CAP": "1.00",
            "API_KEY": "sk-night",
            "KEPT": ".safelight",
            "OUT": "nightly",
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GH_LOG": str(folder / "gh.log"),
            "GH_OPEN": "",
            "RUN_URL": "https://ci.example/run/1",
            **env,
        }

    def step(self, name: str, **env: str) -> tuple[int, str]:
        """Run one step; return the `code` that it told and all it printed."""
        (self.folder / "output").write_text("")
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", STEPS[name]["run"]],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told = re.findall(r"^code=(\w+)$", (self.folder / "output").read_text(), re.MULTILINE)
        code = int(told[-1]) if told and told[-1].isdigit() else -1
        return code, done.stdout + done.stderr

    def said(self) -> list[str]:
        """Return what was asked of `gh`."""
        log = self.folder / "gh.log"
        return log.read_text().splitlines() if log.exists() else []


def test_a_good_night_keeps_its_ledgers_and_opens_nothing(live_server: Any, tmp_path: Path) -> None:
    night = Night(tmp_path, f"{live_server.origin}/together", "together")
    code, text = night.step("Check the contract")
    assert code in (0, 4), text  # 4: the models without a price are not asked
    drift, text = night.step("Look for drift")
    assert drift == 0, text
    for name in ("junit.xml", "run.json", "run.html", "summary.md", "drift.md", "drift.json"):
        assert (tmp_path / "nightly" / name).stat().st_size > 0, name
    run = json.loads((tmp_path / ".safelight" / "observed.json").read_text())["providers"]
    assert len(run["together"]) == 1
    assert (tmp_path / ".safelight" / "ledger.json").exists()
    summary = (tmp_path / "summary").read_text()
    assert "together" in summary.lower()
    assert "No drift." in summary
    night.step("Say it in one issue", CHECK="0", DRIFT="0")
    assert [line.split(" --")[0] for line in night.said()] == ["issue list"]


def test_a_bad_night_opens_one_issue_and_the_next_one_edits_it(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    broken = serve("--fault", "wrong_size")
    night = Night(tmp_path, f"{broken.origin}/together", "together")
    code, text = night.step("Check the contract")
    assert code == 1, text
    assert "SL-PICTURE-SIZE" in (tmp_path / "nightly" / "summary.md").read_text()
    night.step("Say it in one issue", CHECK="1", DRIFT="0")
    night.step("Say it in one issue", CHECK="1", DRIFT="0", GH_OPEN="7")
    night.step("Say it in one issue", CHECK="0", DRIFT="0", GH_OPEN="7")
    done = [" ".join(line.split()[:3]) for line in night.said() if "issue list" not in line]
    assert done == ["issue create --title", "issue edit 7", "issue close 7"]
    assert "SL-PICTURE-SIZE" in (tmp_path / "nightly" / "issue.md").read_text() + text


def test_a_provider_without_its_secret_is_skipped_and_says_so(tmp_path: Path) -> None:
    night = Night(tmp_path, "https://api.example/v1", "openai", API_KEY="")
    _, text = night.step("Check the contract")
    assert "openai: not checked, its secret is not set" in text
    assert "code=skipped" in (tmp_path / "output").read_text()
    assert "not checked" in (tmp_path / "summary").read_text()


def test_the_matrix_names_providers_of_ours_and_budgets() -> None:
    from safelight.dialects import REGISTRY

    rows = JOB["strategy"]["matrix"]["include"]
    assert {row["provider"] for row in rows} == set(REGISTRY) - {"compatible"}
    assert all(0 < float(row["budget"]) <= 0.5 for row in rows)
    assert all(row["secret"].isupper() and row["base_url"].startswith("https://") for row in rows)


@pytest.mark.parametrize("name", ["Check the contract", "Look for drift"])
def test_the_document_has_the_same_commands(name: str) -> None:
    """docs/nightly.md shows the cron line; its flags are the workflow's."""
    text = (HOUSE / "docs" / "nightly.md").read_text()
    flags = set(re.findall(r"--[a-z-]+", STEPS[name]["run"]))
    assert flags - set(re.findall(r"--[a-z-]+", text)) == set()
