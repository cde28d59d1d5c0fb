"""together-py's own tests of images, models and chat completions, run against a lenient server.

They judge the shapes that Together's own client accepts, loose and strict, over two HTTP stacks.
Their code is fetched from the package index and is no part of this project.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable

from clients.packages import environment, source
from conftest import DAY, LiveServer

AMOUNT = 425
FILES = ["test_images.py", "test_models.py", "models", "chat/test_completions.py"]


def test_every_test_of_the_sdk_passes(serve: Callable[..., LiveServer]) -> None:
    python = environment("together")
    suite = source(python, "together", "3.1.1")
    server = serve("--lenient", "--as-of", DAY)
    files = [f"tests/api_resources/{name}" for name in FILES]
    alone = ["-o", "addopts=", "-p", "no:cacheprovider", "-q"]
    command = [str(python), "-m", "pytest", *alone, *files]
    told = {**os.environ, "TEST_API_BASE_URL": f"{server.origin}/together"}
    done = subprocess.run(
        command, cwd=suite, env=told, capture_output=True, text=True, timeout=300, check=False
    )
    assert re.search(rf"^{AMOUNT} passed in ", done.stdout, re.MULTILINE), done.stdout[-5000:]
