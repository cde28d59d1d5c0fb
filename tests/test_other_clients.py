"""LiteLLM and langchain-openai against a running server: pictures, edits, chats, refusals."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clients.packages import environment
from conftest import LiveServer
from kit import mask, opened, png
from PIL import Image

SCRIPTS = Path(__file__).parent / "clients" / "other"
RED = (210, 20, 20)


@pytest.fixture(scope="module")
def brought(
    tmp_path_factory: pytest.TempPathFactory, live_server: LiveServer
) -> Callable[[str], Any]:
    """Return a function that gives what the calls of a script brought."""
    kept: dict[str, Any] = {}

    def ask(script: str) -> Any:
        if script not in kept:
            folder = tmp_path_factory.mktemp(script)
            (folder / "red.png").write_bytes(png(512, 512, color=RED))
            (folder / "mask.png").write_bytes(mask(512, 512, (0, 0, 256, 512)))
            command = [environment("other"), SCRIPTS / f"{script}_calls.py", live_server.origin]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stderr[-3000:]
            kept[script] = json.loads(done.stdout.splitlines()[-1])
        return kept[script]

    return ask


def picture(text: str) -> Image.Image:
    return opened(base64.b64decode(text, validate=True))


def test_litellm_gets_the_pictures_it_asked_for(brought: Callable[[str], Any]) -> None:
    out = brought("litellm")
    assert [picture(text).size for text in out["made"]] == [(1024, 1024)] * 2
    assert out["usage"] > 0
    assert picture(out["free"]).size == (640, 480)
    assert picture(out["flux"]).size == (512, 256)


def test_litellm_edits_what_it_sent(brought: Callable[[str], Any]) -> None:
    red, green, _ = (
        picture(brought("litellm")["edit"]).resize((1, 1)).convert("RGB").getpixel((0, 0))
    )
    assert red > green + 40


def test_litellm_s_mask_keeps_what_it_covers(brought: Callable[[str], Any]) -> None:
    shown = picture(brought("litellm")["masked"]).convert("RGB")
    assert shown.crop((257, 0, 512, 512)).getcolors() == [(255 * 512, RED)]
    assert len(shown.crop((0, 0, 256, 512)).getcolors(256 * 512) or []) > 100


def test_litellm_raises_the_refusals_of_each_provider(brought: Callable[[str], Any]) -> None:
    out = brought("litellm")
    assert out["refused"][0] == 400
    assert "divisible by 16" in out["refused"][1]
    assert "invalid_api_key" in out["key"]
    assert out["openai_key"] == 401


def test_litellm_chats_and_asks_at_once(brought: Callable[[str], Any]) -> None:
    out = brought("litellm")
    assert (out["said"], out["streamed"]) == ("Hello!", "Hello!")
    assert len({picture(text).tobytes() for text in out["at_once"]}) == 3


@pytest.mark.parametrize("provider", ["openai", "compatible", "together", "vercel"])
def test_langchain_chats_and_streams(brought: Callable[[str], Any], provider: str) -> None:
    assert brought("langchain")[provider] == ["Hello!", "Hello!"]


def test_langchain_shows_a_picture_calls_a_tool_and_gets_an_object(
    brought: Callable[[str], Any],
) -> None:
    out = brought("langchain")
    assert "512\N{MULTIPLICATION SIGN}512 PNG" in out["seen"]
    assert out["called"] == [{"city": "Paris"}]
    assert out["lamp"]["colour"] == "red"


def test_langchain_survives_an_answer_with_a_picture(brought: Callable[[str], Any]) -> None:
    text, tokens = brought("langchain")["drawn"]
    assert "lighthouse" in text
    assert tokens > 1000
