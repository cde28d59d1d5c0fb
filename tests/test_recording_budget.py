"""A budget within which a recorder forwards, however many ask, whatever comes back."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from clients import node
from clients.packages import environment
from conftest import DAY
from rawclient import Seen, ask
from recording_kit import JSON, Record, Recorder, Service, chunk, chunked, kept, whole

pytest_plugins = ["recording_fixtures"]

STRANGER = {"model": "no-such", "prompt": "a fox"}
CENT = ("--unpriced", "0.01", "--as-of", DAY)
CLIENTS = Path(__file__).parent / "clients"


def draw(recorder: Recorder, count: int = 1) -> list[Seen]:
    """Ask so many different things at once, each of which is reckoned as a cent."""
    path = "/openai/v1/images/generations"

    async def everyone() -> list[Seen]:
        bodies = (json.dumps({**STRANGER, "prompt": f"fox {n}"}).encode() for n in range(count))
        asked = (ask(recorder.port, "POST", path, JSON, body) for body in bodies)
        return await asyncio.gather(*asked)

    return asyncio.run(everyone())


def through(recorder: Recorder, count: int) -> int:
    """Ask one after the other; return how many were forwarded."""
    return sum(draw(recorder)[0].status != 402 for _ in range(count))


def test_many_at_once_do_not_break_it(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(0.3, whole(b"{}"))
    recorder = record(service.base, tmp_path, "--budget", "0.07", *CENT)
    statuses = sorted(seen.status for seen in draw(recorder, 30))
    assert statuses == [200] * 7 + [402] * 23
    assert len(service.seen) == 7
    kept(tmp_path, 7)


@pytest.mark.parametrize(
    ("answer", "free"),
    [
        (whole(b"{}", status="429 Too Many Requests"), True),
        (whole(b"{}", status="400 Bad Request"), True),
        (whole(b"{}"), False),
        (whole(b"{}", status="500 Internal Server Error"), False),
        (whole(b"{}").replace(b"length: 2", b"length: 9"), False),
        (b"", False),
        (chunked() + chunk(b"data: 1\n\n") + chunk(b""), False),
    ],
    ids=["429", "400", "200", "500", "broken off", "no answer", "stream"],
)
def test_what_is_refused_counts_for_nothing_and_what_may_be_billed_counts(
    record: Record, service: Service, tmp_path: Path, answer: bytes, *, free: bool
) -> None:
    service.answer(answer)
    recorder = record(service.base, tmp_path, "--budget", "0.02", *CENT)
    assert through(recorder, 4) == (4 if free else 2)


def test_what_is_replayed_costs_nothing(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(whole(b"{}"))
    first = record(service.base, tmp_path)
    draw(first, 5)
    first.stop()
    kept(tmp_path, 5, patience=0)
    again = record(service.base, tmp_path, "--only-missing", "--budget", "0.02", *CENT)
    assert sorted(seen.status for seen in draw(again, 9)) == [200] * 7 + [402] * 2
    assert len(service.seen) == 7


# What the developer sees


def openai_python(origin: str, _: Path) -> str:
    with openai.OpenAI(base_url=f"{origin}/openai/v1", api_key="sk-test") as client:
        with pytest.raises(openai.APIStatusError) as refused:
            client.images.generate(model="gpt-image-2", prompt="a fox")
        with pytest.raises(openai.APIStatusError) as streamed:
            client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
    assert (refused.value.status_code, streamed.value.status_code) == (402, 402)
    return str(refused.value)


def openai_node(origin: str, _: Path) -> str:
    runner = node.node()
    node.installed()
    script = f"""
      const {{ default: OpenAI }} = await import('openai7');
      const client = new OpenAI({{ apiKey: 'sk-test', baseURL: '{origin}/openai/v1' }});
      try {{
        await client.images.generate({{ model: 'gpt-image-2', prompt: 'a fox' }});
      }} catch (error) {{
        console.log(error.status, error.message);
      }}"""
    command = [runner, "--input-type=module", "-e", script]
    return subprocess.run(command, cwd=node.ROOT, capture_output=True, text=True, check=True).stdout


def ai_sdk(origin: str, folder: Path) -> str:
    (folder / "drive.mjs").write_text((CLIENTS / "ai-sdk" / "drive.mjs").read_text())
    node.project(folder, "ai7")
    said: Any = node.drive(folder, "ai7", "drive.mjs", origin=origin, CALLS="text stream image")
    assert {one["error"]["isRetryable"] for one in said.values()} == {False}
    return f"{said['image']['error']['statusCode']} {said['image']['error']['message']}"


def together(origin: str, _: Path) -> str:
    script = f"""
from together import APIStatusError, Together
client = Together(base_url="{origin}/together", api_key="sk-test")
try:
    client.images.generate(model="black-forest-labs/FLUX.1-schnell", prompt="a fox")
except APIStatusError as error:
    print(error)
"""
    command = [environment("together"), "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("provider", "run"),
    [
        ("openai", openai_python),
        ("openai", openai_node),
        ("vercel", ai_sdk),
        ("together", together),
    ],
)
def test_every_client_tells_what_the_budget_lacks(
    record: Record,
    service: Service,
    tmp_path: Path,
    provider: str,
    run: Callable[[str, Path], str],
) -> None:
    place = tmp_path / "client"
    place.mkdir()
    flags = ("--budget", "0.0001", "--as-of", DAY)
    recorder = record(service.base, tmp_path / "kept", *flags, provider=provider)
    said = run(recorder.origin, place)
    assert "402" in said
    assert "safelight record: not forwarded: it may cost $0.0" in said
    assert "of the budget of $0.0001 there is $0.0001 left; --budget sets it" in said
    assert service.seen == []
