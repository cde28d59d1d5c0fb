"""Applications of the AI SDK through the command line: run, judged, found good."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from clients import node
from conftest import LiveServer

SCRIPTS = Path(__file__).parent / "clients" / "contract"


@pytest.mark.parametrize(
    ("sdk", "script", "flags"),
    [
        ("ai5", "stream.mjs", ("--must-detect", "truncated_stream,html_200")),
        ("ai6", "draw.mjs", ("--must-detect", "html_200,wrong_bytes")),
    ],
)
def test_the_ai_sdk_used_well_passes_every_lens(
    tmp_path: Path, live_server: LiveServer, sdk: str, script: str, flags: tuple[str, ...]
) -> None:
    folder = node.project(tmp_path, sdk)
    shutil.copy(SCRIPTS / script, folder)
    said = check(
        folder, "--provider", "vercel", "--url", live_server.origin, "--examples", "18",
        "--retry-after", "0.05", "--as-of", "2026-11-20", *flags,
        "--", node.node(), "--import", "./preload.mjs", script,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    assert "no finding" in said.stdout
    assert "18 examples: plain 1, planted" in said.stdout


def check(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run `safelight check client` in a folder."""
    command = [sys.executable, "-m", "safelight", "check", "client", *flags]
    return subprocess.run(
        command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False
    )
