"""JavaScript clients as users get them: a project folder for each generation of the AI SDK.

The packages lie in `tests/node` and are installed once for each text of its lock file. Where Node
is absent a test is left out with one line; under CI that is a failure. What must not enter: this
project.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from clients.packages import missing

ROOT = Path(__file__).parents[1] / "node"
MODULES = ROOT / "node_modules"
PRELOAD = Path(__file__).parents[2] / "docs" / "ai-sdk" / "preload.mjs"
_ARCH = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of the AI SDK: where its packages lie, and the oldest Node it runs on."""

    name: str
    packages: dict[str, str]
    node: int = 20


def _generation(number: int, early: str = "", node: int = 20) -> Generation:
    own = {"ai": f"ai{number}{early}"}
    beside = {
        "@ai-sdk/openai-compatible": f"openai-compatible{number}",
        "@ai-sdk/togetherai": f"togetherai{number}",
    }
    return Generation(f"ai{number}{early}", own | beside, node)


GENERATIONS = {
    g.name: g
    for g in (
        _generation(5),
        _generation(5, "-early"),
        _generation(6),
        _generation(6, "-early"),
        _generation(7, node=22),
        _generation(7, "-early", node=22),
    )
}


@functools.cache
def installed() -> None:
    """Install the packages of the lock file, unless they are. Skips where there is no npm."""
    with (Path(tempfile.gettempdir()) / "safelight-node.lock").open("w") as door:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(door, fcntl.LOCK_EX)  # two installations at once spoil each other
        _install()


def _install() -> None:
    lock = (ROOT / "package-lock.json").read_bytes()
    stamp = MODULES / f".safelight-{hashlib.blake2b(lock, digest_size=6).hexdigest()}"
    if stamp.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        missing("the JavaScript clients", "no npm on this machine")
    done = subprocess.run([npm, "ci"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        missing("the JavaScript clients", f"npm ci failed: {reason}")
    stamp.touch()


@functools.cache
def node(oldest: int = 20) -> str:
    """Return a Node of that major version or newer: the machine's own, else the packaged one."""
    own = shutil.which("node")
    if own and _major(own) >= oldest:
        return own
    installed()
    name = f"node22-{platform.system().lower()}-{_ARCH.get(platform.machine().lower())}"
    packaged = MODULES / name / "bin" / "node"
    if not packaged.exists() or _major(str(packaged)) < oldest:
        missing(f"clients that need Node {oldest}", "the machine has none that new")
    return str(packaged)


def _major(executable: str) -> int:
    done = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", done.stdout)
    return int(found[1]) if found else 0


def project(folder: Path, name: str) -> Path:
    """Return a folder in which scripts import `ai` and its neighbours of that generation."""
    node(GENERATIONS[name].node)
    installed()
    links = {"tsx": "tsx", "dotenv": "dotenv", **GENERATIONS[name].packages}
    ai = (MODULES / links["ai"]).resolve()
    nested = ai / "node_modules" / "@ai-sdk" / "gateway"
    links["@ai-sdk/gateway"] = str(nested if nested.exists() else MODULES / "@ai-sdk" / "gateway")
    for package, target in links.items():
        link = folder / "node_modules" / package
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(MODULES / target)
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    shutil.copy(PRELOAD, folder / "preload.mjs")
    return folder


def run(folder: Path, name: str, script: str, *, origin: str, **env: str) -> str:
    """Run a script of a project, TypeScript or not, with the preload; return what it printed.

    Fails when the script does, or says anything on stderr.
    """
    command, world = _command(folder, name, script), _world(origin, env)
    done = subprocess.run(
        command, cwd=folder, env=world, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-2000:] or done.stdout[-2000:]
    return done.stdout


def drive(folder: Path, name: str, script: str, *, origin: str, **env: str) -> Any:
    """Run a script that prints one JSON value, and return it. What it warns of does not matter."""
    done = subprocess.run(
        _command(folder, name, script),
        cwd=folder,
        env=_world(origin, env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Talk:
    """What a script that asks was told, line by line, whenever it printed `prompt`."""

    prompt: str
    lines: tuple[str, ...]


def converse(folder: Path, name: str, script: str, talk: Talk, *, origin: str) -> str:
    """Run a script that asks, until it asks once more than there are lines; return what it said."""
    process = subprocess.Popen(
        _command(folder, name, script),
        cwd=folder,
        env=_world(origin, {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )
    said = b""
    try:
        for asked, line in enumerate((*talk.lines, None)):
            said += _until(
                process, talk.prompt.encode(), asked + 1 - said.count(talk.prompt.encode())
            )
            if line is not None:
                _pipe(process.stdin).write(line.encode() + b"\n")
    finally:
        process.kill()
        process.wait()
        _pipe(process.stdin).close()
        _pipe(process.stdout).close()
    return said.decode()


def _until(process: subprocess.Popen[bytes], prompt: bytes, times: int) -> bytes:
    """Return what a process says until it has printed the prompt so many times."""
    said = b""
    while said.count(prompt) < times:
        piece = _pipe(process.stdout).read(65536)
        assert piece, said.decode()[-2000:]
        said += piece
    return said


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _command(folder: Path, name: str, script: str) -> list[str]:
    assert (folder / script).exists(), script
    runner = node(GENERATIONS[name].node)
    return [runner, "--import", "tsx", "--import", "./preload.mjs", script]


def _world(origin: str, env: dict[str, str]) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return {**kept, "SAFELIGHT_URL": origin, "NO_COLOR": "1", **env}
