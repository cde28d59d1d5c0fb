"""docs/fixtures.md: every file it shows is good, every key is told, the order is the order."""

from __future__ import annotations

import json
import re
from pathlib import Path

import kit
from click.testing import CliRunner
from fixtures_kit import draw, library, said
from safelight.cli import main
from safelight.core import Emulator, Settings
from safelight.datafiles import data_dir
from safelight.fixtures import matching
from safelight.fixtures.bodies import LAYOUTS

PAGE = (Path(__file__).parents[1] / "docs" / "fixtures.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def folder_of(tmp_path: Path) -> Path:
    (tmp_path / "cat.png").write_bytes(kit.png(300, 200, color=(255, 0, 0)))
    for number, text in enumerate(text for kind, text in BLOCK.findall(PAGE) if kind == "yaml"):
        (tmp_path / f"{number}.yaml").write_text(text)
    return tmp_path


def test_every_file_that_is_shown_is_good_and_answers(tmp_path: Path) -> None:
    shown = library(folder_of(tmp_path))
    assert len(shown.folders.state.fixtures) >= 8
    emu = Emulator(Settings(), clock=kit.Clock(), library=shown)
    assert said(emu, "hello") == "Good morning."
    assert said(emu, "hi, who is there?") == "Hello to you."
    assert kit.picture(draw(emu, "my cat", size="1024x1024")).getpixel((0, 0)) == (255, 0, 0)
    first = draw(emu, "the first cat")
    assert kit.parsed(first)["created"] == 1713833628


def told(heading: str) -> set[str]:
    """Return the names in the first column of the tables below a heading."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_key_is_told() -> None:
    document = json.loads((data_dir("schemas") / "fixture.schema.json").read_text())
    assert told("Which requests") == set(document["$defs"]["match"]["properties"])
    assert told("What they get") == set(document["$defs"]["reply"]["properties"])
    assert all(f"`{name}`" in PAGE for name in LAYOUTS)
    assert all(f"`{name}`" in PAGE for name in ("source", "recorded", "note", "$schema"))


def test_the_order_is_told_as_the_code_has_it() -> None:
    def lines(text: str) -> list[str]:
        found = re.findall(r"^\d\. (.*)[;.]$", text, re.MULTILINE)
        return [line.replace("`", "").removesuffix(", nth is one)").rstrip(")") for line in found]

    assert len(lines(PAGE)) == 6
    assert lines(matching.__doc__ or "") == lines(PAGE)


def test_the_schema_is_printed_as_shown() -> None:
    (command,) = [text for kind, text in BLOCK.findall(PAGE) if kind == "bash"]
    words = command.partition(" > ")[0].split()[1:]
    printed = CliRunner().invoke(main, words)
    assert json.loads(printed.output)["title"].startswith("A fixture of Safelight")
