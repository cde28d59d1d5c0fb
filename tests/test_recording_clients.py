"""Real clients are recorded against a running service of another seed, and replayed without it.

What a client saw the first time it has to see again, to the byte, when nobody is behind the
recording any more: from the recorder itself, and from `safelight serve --fixtures`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from asks import ASKS, JSON, Ask
from clients import node
from clients.driver import drawn, holed
from clients.packages import environment
from conftest import DAY, LiveServer
from kit import opened
from rawclient import Seen, ask
from recording_kit import Record, kept

pytest_plugins = ["recording_fixtures"]

CLIENTS = Path(__file__).parent / "clients"
DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = re.compile(r"^### `([\w.]+)`.*?^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""The files that a page describes: their names and texts."""

Run = Callable[[str, Path], Any]
"""Runs a client against an origin, in a folder; returns what it saw."""


@pytest.fixture(scope="module")
def live(serve: Callable[..., LiveServer]) -> LiveServer:
    """Return a running service of another seed than the usual one."""
    return serve("--as-of", DAY, "--seed", "4711")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with pictures to send."""
    place = tmp_path / "client"
    place.mkdir()
    (place / "photo.png").write_bytes(drawn((1024, 1024)))
    (place / "red.png").write_bytes(drawn((1024, 1024)))
    (place / "mask.png").write_bytes(holed((1024, 1024), (200, 200, 800, 800)))
    return place


def shown(photo: bytes) -> Any:
    """Return messages with a picture in them."""
    link = f"data:image/png;base64,{base64.b64encode(photo).decode()}"
    words = {"type": "text", "text": "What is in this picture?"}
    return [{"role": "user", "content": [words, {"type": "image_url", "image_url": {"url": link}}]}]


def python(origin: str, folder: Path) -> Any:
    """Ask one thing of every kind with openai-python."""
    client = openai.OpenAI(
        base_url=f"{origin}/openai/v1",
        api_key="sk-test-of-a-user",
        max_retries=0,
        _strict_response_validation=True,
    )
    draw: Any = {"model": "gpt-image-2", "prompt": "a red fox", "size": "1024x1024"}
    said: Any = [{"role": "user", "content": "What do foxes eat?"}]
    photo, mask = ((folder / name).read_bytes() for name in ("photo.png", "mask.png"))
    with client:
        out = {
            "generated": client.images.generate(**draw, quality="low", n=2).to_json(),
            "edited": client.images.edit(
                **draw, quality="low", image=("a.png", photo), mask=("b.png", mask)
            ).to_json(),
            "stream": [
                event.to_json()
                for event in client.images.generate(
                    **draw, quality="low", stream=True, partial_images=2
                )
            ],
            "chat": [
                event.to_json()
                for event in client.chat.completions.create(
                    model="gpt-4o-mini", messages=said, stream=True
                )
            ],
            "seen": [
                event.to_json()
                for event in client.chat.completions.create(
                    model="gpt-4o-mini", messages=shown(photo), stream=True
                )
            ],
        }
        with pytest.raises(openai.APIStatusError) as refused:
            client.images.generate(**{**draw, "model": "no-such"})
    return {**out, "refused": [refused.value.status_code, refused.value.body]}


def openai_node(package: str) -> Run:
    """Return what asks one thing of every kind with a generation of openai-node."""

    def run(origin: str, folder: Path) -> Any:
        runner = node.node()
        node.installed()
        script = node.ROOT / "openai" / "replay.mjs"
        told = {**os.environ, "OPENAI_PACKAGE": package, "SAFELIGHT_URL": origin}
        done = subprocess.run(
            [runner, script],
            cwd=folder,
            env=told,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


CALLS = (
    "text stream draw see tool toolStream object image ratio edit embed models credits unknownModel"
)


def ai_sdk(generation: str) -> Run:
    """Return what makes calls of every kind with a generation of the AI SDK."""

    def run(origin: str, folder: Path) -> Any:
        place = folder / re.sub(r"\W", "", origin)
        place.mkdir()
        for name in ("red.png", "mask.png"):
            (place / name).write_bytes((folder / name).read_bytes())
        (place / "drive.mjs").write_text((CLIENTS / "ai-sdk" / "drive.mjs").read_text())
        node.project(place, generation)
        return node.drive(place, generation, "drive.mjs", origin=origin, CALLS=CALLS)

    return run


def together(origin: str, folder: Path) -> Any:
    """Ask everything that the drive of Together's own client asks."""
    command = [environment("together"), CLIENTS / "together" / "drive.py", f"{origin}/together"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    out = json.loads(done.stdout)
    with urllib.request.urlopen(out.pop("url"), timeout=10) as picture:  # served by another door
        return {**out, "picture": base64.b64encode(picture.read()).decode()}


CASES: dict[str, tuple[str, Run, int]] = {
    "openai-python": ("openai", python, 6),
    "openai6": ("openai", openai_node("openai6"), 9),
    "openai7": ("openai", openai_node("openai7"), 9),
    "ai5": ("vercel", ai_sdk("ai5"), 14),
    "ai6": ("vercel", ai_sdk("ai6"), 14),
    "ai7": ("vercel", ai_sdk("ai7"), 14),
    "together": ("together", together, 15),
}
SHOWN = {
    "openai": ("generated", "edited", "stream", "seen"),
    "vercel": ("image", "edit", "draw", "see"),  # generateImage streams no pictures, `draw` does
    "together": ("made", "edit", "seen"),  # no masks and no picture streams in its client
}
"""Pictures made, edited, streamed, and shown in a chat, as far as a client can."""

BY_BOTH = ("openai-python", "ai7", "together")
"""Clients that ask the recorder again too, not only the server."""

BASES = {"openai": "/openai/v1", "vercel": "/vercel", "together": "/together"}


@pytest.mark.parametrize("case", CASES)
def test_a_client_sees_the_same_when_nobody_is_there_any_more(  # noqa: PLR0913, PLR0917 - fixtures
    case: str,
    live: LiveServer,
    record: Record,
    serve: Callable[..., LiveServer],
    folder: Path,
    tmp_path: Path,
) -> None:
    provider, run, least = CASES[case]
    out = tmp_path / "kept"
    recorder = record(f"{live.origin}{BASES[provider]}", out, provider=provider)
    first = run(recorder.origin, folder)
    recorder.stop()  # at once: what the client has is kept
    assert len(list(out.glob("*.yaml"))) >= least
    assert all(first[call] for call in SHOWN[provider])
    if case in BY_BOTH:
        base = f"http://127.0.0.1:9{BASES[provider]}"
        dead = record(base, out, "--only-missing", provider=provider)
        assert run(dead.origin, folder) == first
    served = serve("--as-of", DAY, "--fixtures", str(out))
    assert run(served.origin, folder) == first
    usual = serve("--as-of", DAY) if case == "openai-python" else None
    assert usual is None or run(usual.origin, folder) != first


# Every operation of every provider


def told(seen: Seen) -> tuple[int, str | None, bytes]:
    """Return what has to stay the same."""
    return seen.status, seen.headers.get("content-type"), _linked(seen.body)


def _linked(body: bytes) -> bytes:
    """Return a body in which links are the pictures behind them."""

    def picture(found: re.Match[bytes]) -> bytes:
        with urllib.request.urlopen(found[0].decode(), timeout=10) as reply:
            data = reply.read()
        opened(data)
        return base64.b64encode(data)

    return re.sub(rb"http://127\.0\.0\.1:\d+/[^\s\"]*_safelight/files/[^\s\"]*", picture, body)


PROVIDERS = sorted({one.provider for one in ASKS})


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_operation_is_recorded_and_replayed(
    provider: str,
    record: Record,
    serve: Callable[..., LiveServer],
    tmp_path: Path,
) -> None:
    asks = [one for one in ASKS if one.provider == provider and one.as_of == DAY]
    base = _base(provider)
    live = serve("--as-of", DAY, "--seed", "99")
    recorder = record(f"{live.origin}{base}", tmp_path, provider=provider)
    first = [told(_asked(recorder.port, one)) for one in asks]
    recorder.stop()
    kept(tmp_path, len(asks), patience=0)
    assert live.stop() == 0
    dead = record(f"http://127.0.0.1:9{base}", tmp_path, "--only-missing", provider=provider)
    served = serve("--as-of", DAY, "--fixtures", str(tmp_path))
    for one, was in zip(asks, first, strict=True):
        assert told(_asked(dead.port, one)) == was, one.id
        assert told(_asked(served.port, one)) == was, one.id


def _base(provider: str) -> str:
    from safelight.provider import load_provider

    return load_provider(provider).bases[0]


def _asked(port: int, one: Ask) -> Seen:
    path, mark, query = one.path.partition("?")
    return asyncio.run(ask(port, one.method, path + mark + query, one.headers, one.body))


def test_a_provider_of_ones_own_is_recorded_and_replayed(
    record: Record, serve: Callable[..., LiveServer], tmp_path: Path
) -> None:
    home = tmp_path / "shutterbox"
    home.mkdir()
    for name, text in PAGES.findall((DOCS / "adding-a-provider.md").read_text()):
        (home / name).write_text(text)
    own = ("--dialect", str(home))
    body = b'{"model": "box-brownie", "prompt": "A lighthouse"}'
    draw = Ask("shutterbox", "", "POST", "/shutterbox/v1/images/generations", JSON, body)
    live = serve("--seed", "99", *own)
    base, out = f"{live.origin}/shutterbox/v1", tmp_path / "kept"
    first = told(_asked(record(base, out, *own, provider="shutterbox").port, draw))
    (path,) = kept(out, 1)
    assert "operation: images.generate\n" in path.read_text()
    served = serve(*own, "--fixtures", str(out))
    assert told(_asked(served.port, draw)) == first
    assert told(_asked(serve(*own).port, draw)) != first
