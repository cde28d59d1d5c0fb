"""One good request for every operation of every provider: what populations are tested with."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import kit

JSON = (("content-type", "application/json"),)
PHOTO = kit.png(64, 64, color=(10, 120, 200))
MASK = kit.mask(64, 64, (16, 16, 48, 48))
SHOT, COVER = ("photo.png", PHOTO, "image/png"), ("mask.png", MASK, "image/png")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: `path` below the origin. `pictures` says how many a reply shows, and how."""

    provider: str
    operation: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    stream: bool = False
    pictures: int = 0
    shown: str = "base64"
    as_of: str = "2026-11-20"

    @property
    def id(self) -> str:
        """Return a name for test ids and sessions."""
        path = re.sub(r"[/:]", ".", self.path.strip("/")).partition("?")[0]
        kind = dict(self.headers).get("content-type", "")
        marks = [*(["stream"] if self.stream else []), *(["form"] if "form" in kind else [])]
        marks += ["url"] if self.shown == "url" else []
        return "-".join([self.method.lower(), path, *marks])


def post(provider: str, operation: str, path: str, body: Any, **rest: Any) -> Ask:
    """Return a JSON request."""
    stream = bool(body.get("stream")) or rest.pop("stream", False)
    headers = (*JSON, *rest.pop("headers", ()))
    data = json.dumps(body).encode()
    return Ask(provider, operation, "POST", path, headers, data, stream=stream, **rest)


def form(provider: str, operation: str, path: str, parts: Any, **rest: Any) -> Ask:
    """Return a multipart request."""
    body, kind = kit.encode_form(parts)
    stream = ("stream", "true") in parts
    return Ask(
        provider, operation, "POST", path, (("content-type", kind),), body, stream=stream, **rest
    )


def get(provider: str, operation: str, path: str, method: str = "GET") -> Ask:
    """Return a request without a body."""
    return Ask(provider, operation, method, path)


HELLO = [{"role": "user", "content": "Hello"}]
DRAW = {"prompt": "A red kite", "size": "1024x1024", "quality": "low"}


def _openai() -> list[Ask]:
    own, v1 = "openai", "/openai/v1"
    draw = {**DRAW, "model": "gpt-image-2"}
    edit = [*draw.items(), ("image", SHOT), ("mask", COVER)]
    link = {"image_url": "data:image/png;base64," + kit.base64.b64encode(PHOTO).decode()}
    chat = {"model": "gpt-4o", "messages": HELLO}
    kept = f"{v1}/chat/completions/chatcmpl-1"
    return [
        post(own, "images.generate", f"{v1}/images/generations", {**draw, "n": 2}, pictures=2),
        post(
            own,
            "images.generate",
            f"{v1}/images/generations",
            {**draw, "stream": True, "partial_images": 2},
            pictures=1,
        ),
        form(own, "images.edit", f"{v1}/images/edits", edit, pictures=1),
        form(own, "images.edit", f"{v1}/images/edits", [*edit, ("stream", "true")], pictures=1),
        post(own, "images.edit", f"{v1}/images/edits", {**draw, "images": [link]}, pictures=1),
        form(
            own,
            "images.variation",
            f"{v1}/images/variations",
            [("image", SHOT), ("size", "256x256")],
            pictures=1,
            shown="url",
            as_of="2026-05-11",
        ),
        get(own, "models.list", f"{v1}/models"),
        get(own, "models.get", f"{v1}/models/gpt-image-2"),
        get(own, "models.delete", f"{v1}/models/ft:gone", "DELETE"),
        post(own, "chat.create", f"{v1}/chat/completions", chat),
        post(own, "chat.create", f"{v1}/chat/completions", {**chat, "stream": True}),
        get(own, "chat.list", f"{v1}/chat/completions"),
        get(own, "chat.messages", f"{kept}/messages"),
        get(own, "chat.retrieve", kept),
        post(own, "chat.update", kept, {"metadata": {"a": "b"}}),
        get(own, "chat.delete", kept, "DELETE"),
    ]


def _compatible() -> list[Ask]:
    own, v1 = "compatible", "/compatible/v1"
    draw = {"model": "acme/any", "prompt": "A red kite", "size": "64x64", "n": 2}
    chat = {"model": "acme/chat", "messages": HELLO}
    parts = [("model", "acme/any"), ("prompt", "x"), ("size", "64x64"), ("image", SHOT)]
    return [
        post(own, "images.generate", f"{v1}/images/generations", draw, pictures=2),
        post(
            own,
            "images.generate",
            f"{v1}/images/generations",
            {**draw, "response_format": "url"},
            pictures=2,
            shown="url",
        ),
        form(own, "images.edit", f"{v1}/images/edits", [*parts, ("mask", COVER)], pictures=1),
        get(own, "models.list", f"{v1}/models"),
        get(own, "models.get", f"{v1}/models/acme/any"),
        post(own, "chat.create", f"{v1}/chat/completions", chat),
        post(own, "chat.create", f"{v1}/chat/completions", {**chat, "stream": True}),
    ]


def _vercel() -> list[Ask]:
    own, v1, model = "vercel", "/vercel/v1", "openai/gpt-image-2"
    draw = {**DRAW, "model": model}
    shot = kit.base64.b64encode(PHOTO).decode()
    edit = {**draw, "images": [{"image_url": f"data:image/png;base64,{shot}"}]}
    parts = [*draw.items(), ("image", SHOT)]
    chat = {"model": "openai/gpt-4.1-nano", "messages": HELLO}
    embed = {"model": "openai/text-embedding-3-small", "input": "a"}
    sdk = [ask for number, path in ((2, "v1"), (3, "v3"), (4, "v4")) for ask in _sdk(number, path)]
    return [
        post(own, "images.generate", f"{v1}/images/generations", draw, pictures=1),
        post(own, "images.edit", f"{v1}/images/edits", edit, pictures=1),
        form(own, "images.edit", f"{v1}/images/edits", parts, pictures=1),
        post(own, "chat.create", f"{v1}/chat/completions", chat),
        post(own, "chat.create", f"{v1}/chat/completions", {**chat, "stream": True}),
        post(own, "embeddings.create", f"{v1}/embeddings", embed),
        get(own, "models.list", f"{v1}/models"),
        get(own, "models.get", f"{v1}/models/{model}"),
        get(own, "models.endpoints", f"{v1}/models/{model}/endpoints"),
        get(own, "credits.get", f"{v1}/credits"),
        get(own, "generation.get", f"{v1}/generation?id=gen_1"),
        get(own, "report.get", f"{v1}/report"),
        *sdk,
    ]


def _sdk(number: int, path: str) -> list[Ask]:
    own, base = "vercel", f"/vercel/{path}/ai"
    talk = {"prompt": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]}
    paint = {"prompt": "A red kite", "n": 1, "size": "1024x1024", "providerOptions": {}}
    named = [
        ("ai-language-model-specification-version", str(number)),
        ("ai-language-model-id", "openai/gpt-4.1-nano"),
    ]
    streaming = "ai-language-model-streaming"
    painter = [("ai-model-id", "openai/gpt-image-2")]
    values = {"values": ["a"]} if number > 2 else {"input": "a"}
    embedder = [("ai-model-id", "openai/text-embedding-3-small")]
    return [
        post(
            own,
            "chat.create",
            f"{base}/language-model",
            talk,
            headers=[*named, (streaming, "false")],
        ),
        post(
            own,
            "chat.create",
            f"{base}/language-model",
            talk,
            headers=[*named, (streaming, "true")],
            stream=True,
        ),
        post(own, "images.generate", f"{base}/image-model", paint, headers=painter, pictures=1),
        post(own, "embeddings.create", f"{base}/embedding-model", values, headers=embedder),
        get(own, "models.config", f"{base}/config"),
        post(own, "sdk.unavailable", f"{base}/video-model", {}),
    ]


def _edenai() -> list[Ask]:
    own, v3 = "edenai", "/edenai/v3"
    draw = {"model": "openai/gpt-image-1", **DRAW}
    link = {"image_url": "data:image/png;base64," + kit.base64.b64encode(PHOTO).decode()}
    parts = [*draw.items(), ("image", SHOT)]
    chat = {"model": "google/gemini-flash-latest", "messages": HELLO}
    gone = {"file_ids": ["5f0c9a40-0000-4000-8000-000000000000"]}
    return [
        post(own, "images.generate", f"{v3}/images/generations", draw, pictures=1),
        post(own, "images.edit", f"{v3}/images/edits", {**draw, "images": [link]}, pictures=1),
        form(own, "images.edit", f"{v3}/images/edits", parts, pictures=1),
        get(own, "models.images", f"{v3}/images/models"),
        get(own, "models.list", f"{v3}/models"),
        post(own, "chat.create", f"{v3}/chat/completions", chat),
        post(own, "chat.create", f"{v3}/chat/completions", {**chat, "stream": True}),
        form(own, "uploads.create", f"{v3}/upload", [("file", SHOT), ("purpose", "vision")]),
        get(own, "uploads.list", f"{v3}/upload"),
        get(own, "uploads.clear", f"{v3}/upload", "DELETE"),
        post(own, "uploads.delete", f"{v3}/upload/delete", gone),
        get(own, "info.list", f"{v3}/info"),
        get(own, "info.get", f"{v3}/info/image/generation"),
    ]


def _together() -> list[Ask]:
    own, v1, v2 = "together", "/together/v1", "/together/v2"
    draw = {"model": "black-forest-labs/FLUX.1-dev", "prompt": "A kite"}
    draw = {**draw, "width": 256, "height": 256}
    chat = {"model": "meta-llama/Llama-3.3-70B-Instruct-Turbo", "messages": HELLO}
    project = f"{v2}/projects/p1"
    upload = {"model_name": "m", "model_source": "acme/m"}
    return [
        post(
            own,
            "images.generate",
            f"{v1}/images/generations",
            {**draw, "response_format": "base64"},
            pictures=1,
        ),
        post(own, "images.generate", f"{v1}/images/generations", draw, pictures=1, shown="url"),
        get(own, "models.list", f"{v1}/models"),
        post(own, "models.upload", f"{v1}/models", upload),
        post(own, "chat.create", f"{v1}/chat/completions", chat),
        post(own, "chat.create", f"{v1}/chat/completions", {**chat, "stream": True}),
        get(own, "hub.supported", f"{v2}/supported-models"),
        get(own, "hub.supported_one", f"{v2}/supported-models/x"),
        get(own, "hub.list", f"{v2}/organizations/o1/models"),
        post(own, "hub.import", f"{project}/models/uploads", {}),
        get(own, "hub.imports", f"{project}/models/uploads"),
        get(own, "hub.import_events", f"{project}/models/uploads/u1/events"),
        get(own, "hub.import_get", f"{project}/models/uploads/u1"),
        post(own, "hub.create", f"{project}/models", {}),
        get(own, "hub.list", f"{project}/models"),
        get(own, "hub.files", f"{project}/models/m1/files"),
        get(own, "hub.revisions", f"{project}/models/m1/revisions"),
        get(own, "hub.get", f"{project}/models/m1"),
        Ask(own, "hub.update", "PATCH", f"{project}/models/m1", JSON, b"{}"),
        get(own, "hub.delete", f"{project}/models/m1", "DELETE"),
        get(own, "hub.configs", f"{project}/configs"),
        get(own, "hub.config", f"{project}/configs/c1"),
    ]


ASKS = (*_openai(), *_compatible(), *_vercel(), *_edenai(), *_together())
"""Every operation of every provider at least once; a test holds them against the routes."""
