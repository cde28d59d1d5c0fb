"""openai-python's own tests of images, models and chat completions, run against a lenient server.

They judge what its authors expect of a mock: every reply is parsed by strict and loose clients,
over three HTTP stacks. Their code is fetched from the package index and is no part of this project.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable

import pytest
from clients.packages import environment, source
from conftest import DAY, LiveServer

FILES = ["test_images.py", "test_models.py", "chat/test_completions.py"]
AMOUNT = 275


@pytest.mark.parametrize("base", ["", "/v1"], ids=["unprefixed", "v1"])
def test_every_test_of_the_sdk_passes(serve: Callable[..., LiveServer], base: str) -> None:
    python = environment("openai3_suite")
    suite = source(python, "openai", "3.52.0")
    server = serve("--lenient", "--as-of", DAY)
    files = [f"tests/api_resources/{name}" for name in FILES]
    alone = ["-o", "addopts=", "-p", "no:cacheprovider", "-q"]
    command = [str(python), "-m", "pytest", *alone, *files]
    told = {**os.environ, "TEST_API_BASE_URL": server.origin + base}
    done = subprocess.run(
        command, cwd=suite, env=told, capture_output=True, text=True, timeout=300, check=False
    )
    assert re.search(rf"^{AMOUNT} passed in ", done.stdout, re.MULTILINE), done.stdout[-5000:]
