"""The page on checking clients: its blocks run, its tables are whole."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import kit
from click.testing import CliRunner
from safelight_contracts import client_contract
from safelight_contracts.client_results import LENSES, MUST_DETECT
from safelight_contracts.commands.check_client import client
from safelight_contracts.findings import CHECKS
from safelight_contracts.lenses.planted import LIES
from safelight_contracts.oracles import FAMILY
from test_client_check import GOOD

PAGE = Path(__file__).resolve().parents[1] / "docs" / "checking-clients.md"
TEXT = PAGE.read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
SETTINGS = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function")


def block(kind: str, number: int = 0) -> str:
    return [text for name, text in BLOCKS if name == kind][number]


def test_the_test_on_the_page_passes(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(kit.png(1024, 1024))
    head = f"PHOTO = {str(tmp_path / 'photo.png')!r}\n"
    (tmp_path / "test_page.py").write_text(head + block("python"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SETTINGS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout[-3000:]


def test_the_command_on_the_page_says_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(GOOD)
    argv = block("bash").split()
    assert argv[:3] == ["safelight", "check", "client"]
    command = [sys.executable, "-m", *argv]
    command[-2] = sys.executable
    done = subprocess.run(
        command, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith(block("text").rstrip("\n"))


def test_the_tables_are_whole() -> None:
    arguments = re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\|$", TEXT, re.MULTILINE)
    assert arguments == list(inspect.signature(client_contract).parameters)
    assert [lens for lens in LENSES if f"| `{lens}` |" not in TEXT] == []
    assert [name for name in (*MUST_DETECT, *LIES) if f"`{name}`" not in TEXT] == []
    flags = set(re.findall(r"`(--[\w-]+)", TEXT)) - {"--", "--fixtures"}
    known = CliRunner().invoke(client, ["--help"]).output
    assert [flag for flag in sorted(flags) if flag not in known] == []


def test_every_code_is_on_the_page() -> None:
    wanted = [
        f"| `{code}` | {check.title} |"
        for code, check in sorted(CHECKS.items())
        if code.startswith(FAMILY)
    ]
    table = TEXT.split("<!-- codes -->")[1].split("<!-- end of codes -->")[0]
    found = [line for line in table.splitlines() if line.startswith("| `")]
    assert found == wanted, "\n".join(wanted)
