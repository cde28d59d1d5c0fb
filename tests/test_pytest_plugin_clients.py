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
import litellm, pytest
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
    safelight.assert_requested("chat.create", times=1)

async def test_litellm_streams_on_a_loop(safelight):
    pieces = await litellm.acompletion(model="gpt-4o-mini", messages=SAID, stream=True)
    assert "".join([piece.choices[0].delta.content or "" async for piece in pieces])

async def test_litellm_draws_on_a_loop(safelight):
    reply = await litellm.aimage_generation(model="gpt-image-2", prompt="a lamp")
    assert_image(reply.data[0].b64_json)

async def test_litellm_is_limited_on_a_loop(safelight):
    safelight.fail_next("rate_limited", times=None, retry_after=0.01)
    with pytest.raises(litellm.RateLimitError):
        await litellm.acompletion(model="gpt-4o-mini", messages=SAID, max_retries=0)

async def test_litellm_times_out_on_a_loop(safelight):
    safelight.fail_next("stall_before_headers", times=None, seconds=600)
    with pytest.raises(litellm.Timeout):
        await litellm.acompletion(model="gpt-4o-mini", messages=SAID, max_retries=0, timeout=30)
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


@pytest.mark.parametrize("on_httpx", ["True", "False"], ids=["httpx", "aiohttp"])
def test_litellm_is_answered_on_httpx_and_on_aiohttp(tmp_path: Path, on_httpx: str) -> None:
    """On a loop it prefers aiohttp. It fetches a table of prices at import, unless told not to."""
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DISABLE_AIOHTTP_TRANSPORT": on_httpx}
    passing("plugin_litellm", LITELLM, tmp_path, **env)
