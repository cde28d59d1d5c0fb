"""The page about recording is run from top to bottom, and prints what it shows."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

from conftest import LiveServer

PAGE = Path(__file__).resolve().parents[1] / "docs" / "recording.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def free() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
    return port


def test_the_page_prints_what_it_shows(live_server: LiveServer, tmp_path: Path) -> None:
    ports = {"4010": live_server.port, "4011": free(), "4012": free()}
    text = re.sub(r"\b401[012]\b", lambda found: str(ports[found[0]]), PAGE.read_text())
    blocks = BLOCK.findall(text)
    assert [kind for kind, _ in blocks] == ["bash", "text", "bash", "text"]
    script = "\n".join(body for kind, body in blocks if kind == "bash")
    script = script.replace(
        "safelight ", f"{sys.executable} -m safelight ", script.count("safelight ")
    )
    done = subprocess.run(
        ["bash", "-ec", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(body for kind, body in blocks if kind == "text")


def test_every_flag_of_the_page_exists() -> None:
    from safelight.commands.record import record

    known = {name for option in record.params for name in option.opts}
    table = re.findall(r"^\| `(--[a-z-]+)", PAGE.read_text(), re.MULTILINE)
    assert table
    assert set(table) <= known
