"""Recorders that cannot start: one line that says what was wrong and what would be right."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--base-url", "ftp://x"), "begins with https://"),
        (("--base-url", "https://"), "names a host"),
        (("--base-url", "https://x/v1?key=1"), "no query"),
        (("--base-url", "https://me:pw@x/v1"), "no user name"),
        (("--base-url", "https://x:99999/v1"), "port"),
        (("--base-url", "https://x:0/v1"), "from 1 to 65535"),
        (("--base-url", "http://[::1/v1"), "in brackets"),
        (("--base-url", "http://ex ample/v1"), "no spaces"),
        (("--base-url", "http://exämple.com/v1"), "xn--"),
        (("--base-url", ""), "names a host"),
        (("--out", "/sys"), "cannot be written"),
        (("--budget", "much"), "US dollars"),
        (("--budget", "-1"), "US dollars"),
        (("--provider", "nobody"), "unknown provider 'nobody'"),
        (("--out", __file__), "is a file"),
    ],
)
def test_a_slip_is_one_line(tmp_path: Path, flags: tuple[str, str], words: str) -> None:
    from click.testing import CliRunner
    from safelight.cli import main

    usual = {"--provider": "openai", "--base-url": "http://x/v1", "--out": str(tmp_path)}
    args = [part for pair in {**usual, flags[0]: flags[1]}.items() for part in pair]
    done = CliRunner().invoke(main, ["record", "--port", "0", *args])
    assert done.exit_code == 2
    assert words in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize("kind", ["taken", "unwritable"])
def test_what_cannot_be_had_is_one_line(tmp_path: Path, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port, out = "0", str(tmp_path)
        if kind == "taken":
            port, words = str(door.getsockname()[1]), "cannot listen on 127.0.0.1 port"
        else:
            out, words = "/proc/kept", "--out /proc/kept: cannot be made"
        command = [sys.executable, "-m", "safelight", "record", "--provider", "openai"]
        command += ["--base-url", "http://127.0.0.1:9/v1", "--out", out, "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_certificates_that_are_not_there_are_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner
    from safelight.cli import main

    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    args = ["--provider", "openai", "--base-url", "https://x/v1", "--out", str(tmp_path)]
    done = CliRunner().invoke(main, ["record", "--port", "0", *args])
    assert done.exit_code == 2
    assert done.output.startswith(f"Error: SSL_CERT_FILE={tmp_path / 'own.pem'}: no such file")
    assert len(done.output.splitlines()) == 1
