"""The page on pytest: every block of it is run, every option and name it tells exists."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import httpcore  # noqa: F401 - what is loaded here, the inner runs find loaded
import httpcore2  # noqa: F401
import openai
import pytest
from kit import mask, png
from safelight import Emulator, background, intercept, plugin_room
from safelight.clock import Clock
from safelight.options import OPTIONS
from safelight.recorded import Recorded
from safelight.world import World

pytest_plugins = ["pytester"]
LOADED = (background, intercept, plugin_room)

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "pytest.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
TESTS = [text for kind, text in BLOCKS if kind == "python"]
FLAGS = ("-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function")


def test_the_blocks_are_tests_and_settings() -> None:
    assert {kind for kind, _ in BLOCKS} == {"python", "toml", "text"}
    assert all("def test_" in text for text in TESTS)


def test_the_messages_on_the_page_are_those_that_come() -> None:
    nearest, refusal = (text for kind, text in BLOCKS if kind == "text")
    with Emulator(strict=False) as emulator:
        client = openai.OpenAI()
        client.models.list()
        client.images.edit(
            model="gpt-image-2",
            prompt="a lamp",
            image=("a.png", png(1024, 1024)),
            mask=("b.png", mask(1024, 1024, (9, 9, 99, 99))),
            size="1024x1024",
        )
        with pytest.raises(AssertionError) as error:
            emulator.assert_requested("images.edit", size="1536x1024")
    assert f"{error.value}\n" == nearest
    with pytest.raises(AssertionError) as error, Emulator(), suppress(openai.BadRequestError):
        openai.OpenAI().images.generate(model="gpt-image-2", prompt="a lamp", size="1x1")  # type: ignore[arg-type]
    assert str(error.value).startswith(refusal)


@pytest.mark.parametrize("number", range(len(TESTS)))
def test_every_test_on_the_page_passes(pytester: pytest.Pytester, number: int) -> None:
    settings = next(text for kind, text in BLOCKS if kind == "toml")
    pytester.makepyprojecttoml(settings)
    pytester.makepyfile(TESTS[number])
    result = pytester.runpytest_inprocess(*FLAGS, "-W", "error", "--strict-config")
    result.assert_outcomes(passed=TESTS[number].count("def test_"))


def test_the_table_of_options_is_whole() -> None:
    rows = re.findall(
        r"^\| `(\w+)=.*?` \| `--(?:no-)?safelight-([\w-]+)` \| `(\w+)`", PAGE, re.MULTILINE
    )
    assert [row[0] for row in rows] == list(OPTIONS)
    assert all(row[1].replace("-", "_") == row[0] for row in rows)
    assert all(row[2] == f"safelight_{row[0]}" for row in rows)


def test_the_names_of_the_fixture_exist() -> None:
    table = PAGE.split("## What the fixture gives")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    names = {name for cell in cells for name in re.findall(r"`\.(\w+)", cell)}
    assert names - {"usd", "billed", "unpriced", "by_model"} <= set(dir(World)) | {"clock"}
    assert {"advance", "now"} <= set(dir(Clock))
    assert {"image", "images", "mask", "size", "prompt", "cost"} <= set(dir(Recorded))
