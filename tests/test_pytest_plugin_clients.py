"""Libraries on top of the SDK, and SDKs of their own, with the plugin: nothing is reconfigured."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from clients.packages import environment

HOUSE = Path(__file__).resolve().parents[1]
FLAGS = ("-q", "-p", "no:cacheprovider", "-p", "safelight.pytest_plugin", "-o", "asyncio_mode=auto")

LAYERS = """
def test_langchain(safelight):
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="gpt-4o-mini")
    assert model.invoke("Is anybody there?").content
    assert "".join(piece.content for piece in model.stream("Is anybody there?"))
    safelight.assert_requested("chat.create", times=2)

async def test_langchain_on_a_loop(safelight):
    from langchain_openai import ChatOpenAI

    assert (await ChatOpenAI(model="gpt-4o-mini").ainvoke("Is anybody there?")).content
    safelight.assert_requested("chat.create", times=1)

def test_pydantic_ai(safelight):
    from pydantic_ai import Agent

    assert Agent("openai-chat:gpt-4o-mini").run_sync("Is anybody there?").output
    safelight.assert_requested("chat.create", times=1)

ASK = {"model": "black-forest-labs/FLUX.1-schnell", "prompt": "a lamp", "response_format": "base64"}

def test_together(safelight):
    from safelight import assert_image
    from together import Together

    assert_image(Together().images.generate(**ASK).data[0].b64_json, size=(1024, 1024))
    safelight.assert_requested("images.generate", provider="together", times=1)

async def test_together_on_a_loop(safelight):
    from together import AsyncTogether

    async with AsyncTogether() as client:
        await client.images.generate(**ASK)
    safelight.assert_requested("images.generate", provider="together", times=1)
"""

LITELLM = """
import litellm
from safelight import assert_image

SAID = [{"role": "user", "content": "Is anybody there?"}]

def test_litellm(safelight):
    reply = litellm.completion(model="gpt-4o-mini", messages=SAID)
    assert reply.choices[0].message.content
    assert_image(litellm.image_generation(model="gpt-image-2", prompt="a lamp").data[0].b64_json)
    safelight.assert_requested(provider="openai", times=2)

async def test_litellm_on_a_loop(safelight):
    reply = await litellm.acompletion(model="gpt-4o-mini", messages=SAID)
    assert reply.choices[0].message.content
"""

OWN_STACK = """
import litellm, pytest
from safelight import Escaped

SAID = [{"role": "user", "content": "Is anybody there?"}]

async def test_litellm_on_aiohttp(safelight):
    with pytest.raises(Escaped, match="api.openai.com/v1/chat/completions.*safelight_server"):
        await litellm.acompletion(model="gpt-4o-mini", messages=SAID)
    safelight.escapes.clear()
"""


def passing(name: str, code: str, folder: Path, **env: str) -> None:
    """Run inner tests in an environment; all of them have to pass."""
    (folder / "test_clients.py").write_text(code)
    command = [str(environment(name)), "-m", "pytest", *FLAGS, str(folder)]
    told = {**os.environ, "PYTHONPATH": str(HOUSE / "emulator"), **env}
    done = subprocess.run(
        command, cwd=folder, env=told, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert f"{code.count('def test_')} passed" in done.stdout


def test_layers_and_other_sdks_are_answered(tmp_path: Path) -> None:
    passing("plugin_layers", LAYERS, tmp_path)


@pytest.mark.parametrize(
    ("code", "aiohttp"), [(LITELLM, "True"), (OWN_STACK, "False")], ids=["httpx", "aiohttp"]
)
def test_litellm_is_answered_on_httpx_and_stopped_on_aiohttp(
    tmp_path: Path, code: str, aiohttp: str
) -> None:
    """It fetches a table of prices at import, and prefers aiohttp, unless it is told not to."""
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DISABLE_AIOHTTP_TRANSPORT": aiohttp}
    passing("plugin_litellm", code, tmp_path, **env)
