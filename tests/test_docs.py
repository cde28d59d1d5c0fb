"""What README and docs show is run: every Python and curl block, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = {"make serve", "make test"}
"""Blocks that are not run here: what serves, and what runs this very test."""


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in BLOCK.findall(page.read_text())]


def test_every_block_of_the_readme_prints_what_it_shows(live_server: Any, tmp_path: Path) -> None:
    page = blocks(ROOT / "README.md")
    shown = {i: page[i + 1][1] for i in range(len(page) - 1) if page[i + 1][0] == "text"}
    ran = 0
    for index, (kind, text) in enumerate(page):
        if kind not in {"python", "bash"} or text.strip() in COMMANDS:
            continue
        here = text.replace("http://127.0.0.1:4010", live_server.origin)
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [sys.executable, "-c", here] if kind == "python" else ["bash", "-ec", here]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PATH": tools},
        )
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        said = done.stdout.replace(live_server.origin, "http://127.0.0.1:4010")
        assert said == shown.get(index, "")
        ran += 1
    assert ran >= 3


def test_the_picture_in_the_readme_is_the_one_its_example_draws(
    live_server: Any, tmp_path: Path
) -> None:
    first = next(text for kind, text in blocks(ROOT / "README.md") if kind == "python")
    code = first.replace("http://127.0.0.1:4010", live_server.origin)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    drawn = Image.open(tmp_path / "lighthouse.png").convert("RGB")
    shown = Image.open(ROOT / "docs" / "images" / "lighthouse.webp").convert("RGB")
    difference = ImageStat.Stat(ImageChops.difference(drawn, shown)).mean
    assert max(difference) < 3  # lossy webp against the png itself


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_readme_names_the_two_commands_and_its_flags_exist() -> None:
    text = (ROOT / "README.md").read_text()
    help_text = "".join(
        subprocess.run(
            [sys.executable, "-m", "safelight", *command, "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for command in (["serve"], ["check", "endpoint"], ["check", "client"], ["drift"])
    )
    flags = set(re.findall(r"`(--[a-z-]+)", text))
    assert "make serve" in text
    assert "make test" in text
    assert {flag for flag in flags if flag not in help_text} == set()


def test_the_tables_of_the_readme_are_made_from_the_data() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "tables.py"), "--check"], check=False, timeout=60
    )
    assert done.returncode == 0, "run python docs/tables.py"


def test_every_operation_is_proven_by_a_client_and_every_proof_exists() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    import tables

    for row in tables.proofs():
        file, _, name = str(row["test"]).partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(), row["test"]
    bare = [
        (provider, operation)
        for provider, dialect in tables.load_dialects().items()
        for operation in tables.operations(dialect)
        if not tables.clients(provider, operation)
    ]
    assert bare == []
