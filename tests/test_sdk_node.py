"""openai-node, two generations of it, drives every endpoint over a real socket.

The promises are written in JavaScript, in `tests/node/openai`; here their servers and pictures come
from, and every single one has to hold.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from clients.driver import FLAGS, ORIGINS, drawn, holed
from clients.node import MODULES, ROOT, installed, node

pytest_plugins = ["clients.fixtures"]

AREAS = {"images": 10, "models": 4, "chat": 7, "errors": 8}
"""How many promises each script holds at least: fewer would mean that some were not run."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of pictures to send."""
    folder = tmp_path_factory.mktemp("samples")
    (folder / "photo.png").write_bytes(drawn((1024, 1024)))
    (folder / "alpha.png").write_bytes(drawn((256, 256), "RGBA"))
    (folder / "mask.png").write_bytes(holed((1024, 1024), (200, 200, 800, 800)))
    return folder


@pytest.mark.parametrize("package", ["openai6", "openai7"])
@pytest.mark.parametrize("area", AREAS)
def test_openai_node_is_served(
    origins: Callable[[str], str], samples: Path, area: str, package: str
) -> None:
    runner = node()
    installed()
    assert (MODULES / package).exists()
    told = {
        **os.environ,
        ORIGINS: json.dumps({name: origins(name) for name in FLAGS}),
        "OPENAI_PACKAGE": package,
        "SAFELIGHT_SAMPLES": str(samples),
    }
    command = [runner, "--test", "--test-reporter=tap", f"openai/{area}.mjs"]
    done = subprocess.run(
        command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=200, check=False
    )
    counts = dict(re.findall(r"^# (pass|fail|skipped) (\d+)$", done.stdout, re.MULTILINE))
    assert (counts["fail"], counts["skipped"]) == ("0", "0"), _failures(done.stdout)
    assert int(counts["pass"]) >= AREAS[area]


def _failures(tap: str) -> str:
    return "\n".join(re.findall(r"^\s*not ok.*?^\s*\.\.\.", tap, re.MULTILINE | re.DOTALL)) or tap
