"""docs/faults.md: its table is the table, and its examples do what they show."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from safelight.control import PAGES
from safelight.faults import FAULTS, as_markdown
from safelight.latency import as_markdown as as_markdown_of_latency
from safelight.latency import load_latency
from safelight.verdict import RULES

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_table_is_the_one_that_the_program_knows() -> None:
    shown = PAGE.read_text().partition("<!-- faults -->\n")[2]
    assert shown.removesuffix("<!-- end of faults -->\n") == as_markdown() + "\n"


def test_the_ranges_are_shown_with_their_sources() -> None:
    shown = PAGE.read_text().partition("<!-- latency -->\n")[2].partition("<!-- end of latency")[0]
    assert shown == as_markdown_of_latency(load_latency()) + "\n"


def test_every_example_prints_what_it_shows(live_server: Any, tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text())
    examples = [text for kind, text in blocks if kind == "bash"]
    shown = [text for kind, text in blocks if kind == "text"]
    assert len(examples) == len(shown) >= 6
    for text, wanted in zip(examples, shown, strict=True):
        here = text.replace("http://127.0.0.1:4010", live_server.origin)
        done = subprocess.run(
            ["bash", "-ec", here],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.stdout, done.stderr) == (wanted, ""), text


def test_every_page_and_every_rule_is_named() -> None:
    text = PAGE.read_text()
    assert [page.path for page in PAGES if page.path not in text] == []
    codes = set(
        re.findall(r"`(\w+(?:-\w+)+)`", text.partition("**verdict**")[2].partition("```")[0])
    )
    assert len(codes) == len(RULES)


def test_the_readme_counts_the_faults_right() -> None:
    text = (PAGE.parents[1] / "README.md").read_text()
    assert f"`safelight faults` lists {len(FAULTS)} ways" in text
