"""The same promises kept to the older generation of openai-python, which runs on httpx.

Its environment holds the library, pytest and Pillow, and nothing of this project; the servers are
ours.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from clients.driver import FLAGS, ORIGINS
from clients.packages import environment

pytest_plugins = ["clients.fixtures"]

HERE = Path(__file__).parent
ALONE = ["--noconftest", "-c", os.devnull, "--rootdir", str(HERE), "-p", "no:cacheprovider"]


@pytest.mark.parametrize("area", ["images", "models", "chat", "errors"])
def test_openai_2_is_served_like_openai_3(origins: Callable[[str], str], area: str) -> None:
    python = environment("openai2")
    servers = json.dumps({name: origins(name) for name in FLAGS})
    command = [str(python), "-m", "pytest", *ALONE, "-W", "error", "-q", f"test_sdk_{area}.py"]
    told = {**os.environ, ORIGINS: servers, "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        command, cwd=HERE, env=told, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert re.search(r"^\d{2,} passed", done.stdout, re.MULTILINE), done.stdout[-500:]
