"""Client libraries as users get them: environments and sources from the package index, kept.

An environment is made once for each text of its requirements and lies in `.cache/`, which git does
not know. Where the index cannot be reached a test is left out with one line; under CI that fails.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "clients"
_QUIET = ["--quiet", "--disable-pip-version-check", "--no-input"]


def environment(name: str, interpreter: str = sys.executable) -> Path:
    """Return the Python of an environment that holds what `<name>.txt` beside this file names."""
    wanted = HERE / f"{name}.txt"
    own = interpreter == sys.executable
    told = wanted.read_bytes() + (sys.version if own else interpreter).encode()
    home = CACHE / f"{name}-{hashlib.blake2b(told, digest_size=6).hexdigest()}"
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = home / "installed"
    with _alone(home.name):
        if not stamp.exists():
            shutil.rmtree(home, ignore_errors=True)
            _run(name, [interpreter, "-m", "venv", str(home)])
            _run(name, [str(python), "-m", "pip", "install", *_QUIET, "--requirement", str(wanted)])
            stamp.touch()
    return python


def source(python: Path, distribution: str, version: str) -> Path:
    """Return an unpacked source distribution, fetched by that environment's pip, never built."""
    folder = CACHE / "sources"
    unpacked = folder / f"{distribution}-{version}"
    with _alone(unpacked.name):
        if unpacked.exists():
            return unpacked
        only = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(folder)]
        wanted = f"{distribution}=={version}"
        _run(wanted, [str(python), "-m", "pip", "download", *_QUIET, *only, wanted])
        with tarfile.open(folder / f"{unpacked.name}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return unpacked


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Wait until no other process of the test run makes the same thing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as door:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(door, fcntl.LOCK_EX)
        yield


def missing(what: str, why: str) -> NoReturn:
    """Leave a test out, saying what is not proven; under CI nothing is left out."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} cannot run: {why}")
    pytest.skip(f"{what} not proven: {why}")


def _run(what: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(what, (done.stderr.strip().splitlines() or ["no reason given"])[-1])
