"""What tests of fixtures share: a folder of files, and an emulator that answers with it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import kit
from safelight.core import Emulator, Settings
from safelight.dialects import load_dialects
from safelight.fixtures.loading import load_library
from safelight.fixtures.serving import Library

DAY = datetime.date(2026, 11, 20)
IMAGES = "/v1/images/generations"
CHAT = "/v1/chat/completions"
SIMPLE = {"one": "match: {operation: 'images.*'}\nreply: {picture: cat.png}\n"}
"""A red picture for every request of pictures."""


def library(folder: Path, day: datetime.date = DAY, **how: Any) -> Library:
    """Return the checked fixtures of a folder."""
    return load_library([folder], load_dialects(), day, **how)


def emulator(folder: Path, files: dict[str, str], **how: Any) -> Emulator:
    """Return an emulator that answers with these files, beside a red cat.png of 300x200."""
    write(folder, files)
    (folder / "cat.png").write_bytes(kit.png(300, 200, color=(255, 0, 0)))
    return Emulator(Settings(), clock=kit.Clock(), library=library(folder, **how))


def write(folder: Path, files: dict[str, str]) -> None:
    """Write fixtures: `name` becomes `name.yaml` unless it has a suffix."""
    for name, text in files.items():
        path = folder / (name if "." in name else f"{name}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def draw(emu: Emulator, prompt: str = "a cat", **fields: Any) -> Any:
    """Ask for a picture."""
    body = {"model": "gpt-image-2", "prompt": prompt, **fields}
    return kit.post(emu, IMAGES, body)


def say(emu: Emulator, *texts: str, **fields: Any) -> Any:
    """Ask a chat: the user's texts, each answered but the last."""
    messages: list[dict[str, str]] = []
    for text in texts:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "well"}]
    return kit.post(emu, CHAT, {"model": "gpt-4o", "messages": messages[:-1], **fields})


def said(emu: Emulator, *texts: str, **fields: Any) -> str:
    """Return what a chat answers."""
    return str(kit.parsed(say(emu, *texts, **fields))["choices"][0]["message"]["content"])


def spoken(reply: Any) -> str:
    """Return the text of a chat's stream."""
    frames = b"".join(chunk.data for chunk in reply.chunks).split(b"\n\n")[:-2]
    events = [json.loads(frame.removeprefix(b"data: ")) for frame in frames]
    return "".join(
        choice["delta"].get("content") or "" for event in events for choice in event["choices"]
    )
