"""Checks that run at the same time, each with its part of the questions: one purse, one ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

from judge_kit import Priced, bases, honest, priced
from safelight_contracts.drift.observed import Run, append, read_ledger

CAP = Decimal("0.02")


def started(folder: Path, endpoint: Priced, operations: str, *more: str) -> subprocess.Popen[str]:
    """Start a check of some operations; what it spends counts against the cap of all."""
    flags = ["--provider", "openai", "--base-url", endpoint.origin, "--as-of", "2026-11-20"]
    flags += ["--operations", operations, "--budget", "0.015", "--max-cases", "170", *more]
    flags += ["--ledger", "ledger.json", "--monthly-cap", str(CAP), "--database", "kept"]
    flags += ["--observations", "observed.json", "--json", f"{operations[:4]}.json"]
    return subprocess.Popen(
        [sys.executable, "-m", "safelight", "check", "endpoint", *flags],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip


def test_runs_side_by_side_share_one_cap_and_lose_nothing_of_what_they_saw(tmp_path: Path) -> None:
    models = ("--models", "gpt-image-1-mini", "--models", "gpt-4o*")
    with priced(bases("openai"), honest) as endpoint:
        parts = [started(tmp_path, endpoint, name, *models) for name in ("images.*", "chat.*")]
        for part in parts:
            _, err = part.communicate(timeout=120)
            assert part.returncode in (0, 4), err
        charged = endpoint.charged
    (month,) = json.loads((tmp_path / "ledger.json").read_text()).values()
    assert 0 < charged <= Decimal(month["spent"]) <= CAP
    assert month["runs"] == 2
    told = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("imag", "chat")]
    assert sum(Decimal(one["money"]["spent"]) for one in told) == Decimal(month["spent"])
    seen = [set(run.operations) for run in read_ledger(tmp_path / "observed.json", "openai")]
    assert len(seen) == 2
    assert any("images.generate" in one for one in seen)
    assert any("chat.create" in one for one in seen)


def test_observations_that_are_added_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "observed.json"
    many = [
        threading.Thread(target=append, args=(path, "openai", Run(f"2026-11-{day:02}", "http://x")))
        for day in range(1, 13)
    ]
    for one in many:
        one.start()
    for one in many:
        one.join()
    kept = sorted(run.at for run in read_ledger(path, "openai"))
    assert kept == [f"2026-11-{day:02}" for day in range(1, 13)]
