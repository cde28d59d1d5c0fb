"""What tests of the AI SDK's gateway protocol share: requests by headers, parts of streams."""

from __future__ import annotations

import base64
import json
import statistics
from typing import Any

from kit import KEY, opened
from PIL import Image, ImageFilter
from safelight.core import Emulator
from safelight.messages import Reply, Request

PATHS = {2: "/vercel/v1/ai", 3: "/vercel/v3/ai", 4: "/vercel/v4/ai"}
DRAWER = "google/gemini-2.5-flash-image-preview"
TALKER = "openai/gpt-4.1-nano"
PAINTER = "bfl/flux-2-pro"
DRAW = {"google": {"responseModalities": ["TEXT", "IMAGE"]}}


def user(*parts: Any) -> dict[str, Any]:
    """Return a user's message; plain strings are texts."""
    content = [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]
    return {"role": "user", "content": content}


def file(data: Any, kind: str = "image/png") -> dict[str, Any]:
    """Return a file part."""
    return {"type": "file", "data": data, "mediaType": kind}


def b64(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode()


def send(emu: Emulator, path: str, body: Any, **headers: str) -> Reply:
    """Send a JSON body with headers; underscores in their names are dashes."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    sent = (KEY, ("content-type", "application/json"), *named)
    return emu.respond(Request("POST", path, headers=sent, body=json.dumps(body).encode()))


def language(
    emu: Emulator, spec: int, *prompt: Any, model: str = TALKER, stream: bool = False, **rest: Any
) -> Reply:
    """Ask a language model; plain strings are user messages."""
    messages = [user(m) if isinstance(m, str) else m for m in prompt]
    return send(
        emu,
        f"{PATHS[spec]}/language-model",
        {"prompt": messages, **rest},
        ai_language_model_specification_version=str(spec),
        ai_language_model_id=model,
        ai_language_model_streaming="true" if stream else "false",
    )


def image(emu: Emulator, spec: int, *, model: str = PAINTER, **body: Any) -> Reply:
    """Ask an image model for pictures."""
    return send(emu, f"{PATHS[spec]}/image-model", {"n": 1, **body}, ai_model_id=model)


def parts(reply: Reply) -> list[Any]:
    """Return the parts of a stream, checking the framing that every client understands."""
    assert reply.chunks is not None
    *frames, done, rest = b"".join(chunk.data for chunk in reply.chunks).split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    assert all(frame.startswith(b"data: {") for frame in frames)
    return [json.loads(frame[6:]) for frame in frames]


def payload(part: Any) -> bytes:
    """Return the bytes of a file part of any generation."""
    data = part["data"]
    return base64.b64decode(data["data"] if isinstance(data, dict) else data, validate=True)


def parsed_files(reply: Reply) -> list[Image.Image]:
    """Return the pictures of a whole answer, decoded."""
    content = json.loads(reply.body)["content"]
    return [opened(payload(part)) for part in content if part["type"] == "file"]


def painted(reply: Reply) -> list[Image.Image]:
    """Return the pictures of an image model's reply, decoded."""
    return [opened(base64.b64decode(p, validate=True)) for p in json.loads(reply.body)["images"]]


def likeness(first: Image.Image, second: Image.Image) -> float:
    """Return how well the outlines of two pictures agree: 1 the same, about 0 nothing in common.

    The caption at the foot is left out: it always differs.
    """
    a, b = (_outlines(picture) for picture in (first, second))
    return statistics.correlation(a, b)


def _outlines(picture: Image.Image) -> list[float]:
    scene = picture.convert("L").crop((0, 0, picture.width, int(picture.height * 0.84)))
    edges = scene.resize((128, 128)).filter(ImageFilter.FIND_EDGES).crop((2, 2, 126, 126))
    return [float(value) for value in edges.tobytes()]
