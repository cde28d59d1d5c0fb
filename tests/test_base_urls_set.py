"""A base URL that the environment names: in a test it leads to the emulator, and nowhere else."""

from __future__ import annotations

import asyncio

import aiohttp
import httpx
import kit
import openai
import pytest
import safelight
from safelight.background import serving

KEY = {"authorization": "Bearer sk-x"}


@pytest.mark.parametrize(
    ("base", "provider"),
    [
        ("http://localhost:4010/v1", "openai"),
        ("http://127.0.0.1:4010/openai/v1/", "openai"),
        ("http://localhost:4010", "openai"),
        ("http://[::1]:4010/s/desk/openai/v1", "openai"),
        ("http://localhost:4010/vercel/v1", "vercel"),
    ],
)
def test_a_client_that_works_with_the_server_is_answered_here(
    monkeypatch: pytest.MonkeyPatch, base: str, provider: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", base)
    with safelight.Emulator() as world:
        assert openai.OpenAI().models.list().data
        (asked,) = world.requests
    assert (asked.provider, asked.operation) == (provider, "models.list")


def test_every_variable_that_a_provider_knows_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = safelight.core.Emulator(clock=lambda: kit.NOW).providers()
    rows = [(i.name, name, row) for i in infos for name, row in i.env if "{base}" in row]
    assert len(rows) > 4
    with safelight.Emulator() as world:
        for number, (_, name, row) in enumerate(rows):
            base = row.format(base=f"http://localhost:{4000 + number}")
            monkeypatch.setenv(name, base)
            surface = "/v1" if name == "TOGETHER_BASE_URL" else ""  # its SDK appends that itself
            httpx.get(f"{base}{surface}/models", headers=KEY)
        assert [asked.provider for asked in world.requests] == [provider for provider, _, _ in rows]


def test_aiohttp_is_answered_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:4010/v1")

    async def ask() -> int:
        async with (
            aiohttp.ClientSession() as client,
            client.get("http://localhost:4010/v1/models", headers=KEY) as reply,
        ):
            return reply.status

    with safelight.Emulator() as world:
        assert asyncio.run(ask()) == 200
        world.assert_requested("models.list", times=1)


def test_a_server_that_is_allowed_by_name_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(kit.emulator()) as origin:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{origin}/openai/v1")
        with safelight.Emulator(allow=[origin.removeprefix("http://")]) as world:
            assert openai.OpenAI().models.list().data
            assert world.requests == ()


def test_other_servers_of_this_machine_stay_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:4010/v1")
    with serving(kit.emulator()) as origin, safelight.Emulator() as world:
        assert httpx.get(f"{origin}/_safelight/health").status_code == 200
        assert world.requests == ()


def test_a_gateway_elsewhere_is_an_escape_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://llm.corp.example/v1")
    with safelight.Emulator() as world:
        with pytest.raises(safelight.Escaped) as told:
            openai.OpenAI().models.list()
        world.escapes.clear()
    text = "OPENAI_BASE_URL sends clients there; base_urls=['https://llm.corp.example/v1'] answers"
    assert text in str(told.value)
