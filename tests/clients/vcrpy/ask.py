"""Asks for pictures and chats, each under a cassette if a folder is given; prints what came.

`python ask.py BASE_URL [FOLDER]`: the last line is JSON, the sha256 of each answer's bytes by name.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import requests
import vcr

KEY = "sk-live-AbCdEf0123456789xyz"
HEADERS = {"Authorization": f"Bearer {KEY}"}
DRAW: dict[str, Any] = {
    "model": "gpt-image-2",
    "prompt": "a red fox",
    "size": "1024x1024",
    "quality": "low",
}
RED, MASK = Path("red.png"), Path("mask.png")


def talk(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}


def of_openai(client: openai.OpenAI) -> dict[str, Callable[[], bytes]]:
    images, chat = client.images, client.chat.completions

    def edit() -> bytes:
        asked = {**DRAW, "prompt": "a hät"}
        made = images.with_raw_response.edit(
            **asked,
            image=("red.png", RED.read_bytes(), "image/png"),
            mask=("mask.png", MASK.read_bytes(), "image/png"),
        )
        return made.http_response.content

    def refusal() -> bytes:
        try:
            images.generate(**{**DRAW, "model": "no-such"})
        except openai.APIStatusError as error:
            return error.response.content
        raise AssertionError

    def stream(asked: Any) -> bytes:
        with asked as answer:
            return b"".join(answer.iter_bytes())

    return {
        "generate": lambda: images.with_raw_response.generate(**DRAW).http_response.content,
        "edit": edit,
        "image stream": lambda: stream(
            images.with_streaming_response.generate(**DRAW, stream=True, partial_images=1)
        ),
        "chat": lambda: chat.with_raw_response.create(**talk("é漢")).http_response.content,
        "chat stream": lambda: stream(
            chat.with_streaming_response.create(**talk("é漢"), stream=True)
        ),
        "models": lambda: client.models.with_raw_response.list().http_response.content,
        "refusal": refusal,
    }


def of_requests(base: str) -> dict[str, Callable[[], bytes]]:
    def post(path: str, **body: Any) -> bytes:
        return requests.post(base + path, headers=HEADERS, timeout=60, **body).content

    def file() -> bytes:
        data = io.BytesIO(json.dumps(talk("from a file")).encode())
        kind = {**HEADERS, "Content-Type": "application/json"}
        return requests.post(
            base + "/chat/completions", headers=kind, timeout=60, data=data
        ).content

    def edit() -> bytes:
        with RED.open("rb") as red:
            return post("/images/edits", data={**DRAW, "prompt": "r"}, files={"image": red})

    return {
        "requests": lambda: post("/images/generations", json={**DRAW, "prompt": "requests"}),
        "requests edit": edit,
        "requests file": file,
        "requests stream": lambda: post("/chat/completions", json=talk("lines", stream=True)),
    }


def of_aiohttp(base: str) -> dict[str, Callable[[], bytes]]:
    async def post(**asked: Any) -> bytes:
        async with (
            aiohttp.ClientSession() as session,
            session.post(base + "/chat/completions", headers=HEADERS, json=talk(**asked)) as answer,
        ):
            return await answer.read()

    return {"aiohttp": lambda: asyncio.run(post(text="aiohttp é"))}


def main() -> None:
    base, *folder = sys.argv[1:]
    client = openai.OpenAI(base_url=base, api_key=KEY, max_retries=0)
    calls = {**of_openai(client), **of_requests(base), **of_aiohttp(base)}
    came = {}
    for name, call in calls.items():
        with taped(name, Path(*folder) if folder else None):
            came[name] = hashlib.sha256(call()).hexdigest()
    sys.stdout.write(json.dumps(came) + "\n")


@contextlib.contextmanager
def taped(name: str, folder: Path | None) -> Iterator[None]:
    """Record what happens, as YAML; what has no bytes in it, as JSON."""
    if folder is None:
        yield
        return
    kind = "json" if name.endswith("stream") else "yaml"
    path = str(folder / f"{name.replace(' ', '-')}.{kind}")
    with vcr.VCR(serializer=kind, record_mode="all").use_cassette(path):
        yield


main()
