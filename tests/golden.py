"""The golden exchanges of fixtures/exchanges: what is asked, and how they were written down.

`python tests/golden.py` writes those that are missing; with `--all` every one. What they hold is
the shape that the fact sheets document, as this emulator spelt it on the day; from then on it is
the emulator that is held against them.
"""

# ruff: noqa: E501 - a table: one exchange, one line

from __future__ import annotations

import datetime
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asks
import kit
from asks import Ask, form, get, post
from safelight.core import Emulator
from safelight.fixtures.digest import below, digest
from safelight.fixtures.model import Fixture, Match, Text
from safelight.fixtures.writing import dump
from safelight.messages import Headers, Reply, Request
from safelight.provider import load_provider
from safelight.recording.blobs import BlobStore
from safelight.recording.secrets import Secrets
from safelight.recording.taking import Taking
from safelight.recording.upstream import Head

HOME = Path(__file__).resolve().parents[1] / "fixtures" / "exchanges"
DAY = datetime.date(2026, 11, 20)
PROMPT = "A red kite"
HELLO = [{"role": "user", "content": "Hello"}]
SMALL = {"output_format": "webp", "output_compression": 30}
TOOL = {"type": "function", "function": {"name": "paint", "parameters": {"type": "object"}}}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange to write down: `name` is its file, `source` where its shape is documented.

    `keeps` names a field of the reply that later paths of the provider have as `{kept}`.
    """

    name: str
    ask: Ask
    source: str
    keeps: str = ""


def _of(
    provider: str, source: str, *named: tuple[str, Ask] | tuple[str, Ask, str]
) -> list[Exchange]:
    return [Exchange(f"{provider}/{name}", ask, f"{source}", *rest) for name, ask, *rest in named]


def _openai() -> list[Exchange]:
    own, v1, model = "openai", "/openai/v1", {"model": "gpt-image-2", "prompt": PROMPT}
    draw = {**model, "size": "1024x1024", "quality": "low", **SMALL}
    parts = [*((name, str(value)) for name, value in draw.items()), ("image", asks.SHOT)]
    chat, kept = {"model": "gpt-4o", "messages": HELLO}, f"{v1}/chat/completions/{{kept}}"
    images, edits, talks = (
        f"{v1}/images/generations",
        f"{v1}/images/edits",
        f"{v1}/chat/completions",
    )
    forced = {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "paint"}}}
    old = [("image", asks.SHOT), ("size", "256x256"), ("response_format", "b64_json")]
    return [
        *_of(own, "facts/openai.md 3.7, 3.8, 4, 8.4 (recordings of 2025 and 2026, openapi 2.3.0)",
            ("images.generate", post(own, "images.generate", images, draw)),
            ("images.generate.stream", post(own, "images.generate", images, {**draw, "stream": True, "partial_images": 2})),
            ("images.generate.error", post(own, "images.generate", images, {**draw, "n": 11})),
            ("images.edit", form(own, "images.edit", edits, [*parts, ("mask", asks.COVER)])),
            ("images.edit.stream", form(own, "images.edit", edits, [*parts, ("stream", "true")])),
            ("images.edit.error", form(own, "images.edit", edits, parts[:-1])),
            ("images.variation", replace(form(own, "images.variation", f"{v1}/images/variations", old), as_of="2026-05-11")),
            ("images.variation.error", replace(form(own, "images.variation", f"{v1}/images/variations", old[1:]), as_of="2026-05-11")),
        ),
        *_of(own, "facts/openai.md 2, 8.3 (recordings)",
            ("models.list", get(own, "models.list", f"{v1}/models")),
            ("models.get", get(own, "models.get", f"{v1}/models/gpt-image-2")),
            ("models.get.error", get(own, "models.get", f"{v1}/models/none")),
            ("models.delete.error", get(own, "models.delete", f"{v1}/models/ft:gone", "DELETE")),
        ),
        *_of(own, "facts/openai.md 6, 7, 8.6 (verbatim captures of 2026)",
            ("chat.create", post(own, "chat.create", talks, {**chat, "store": True}), "id"),
            ("chat.create.stream", post(own, "chat.create", talks, {**chat, "stream": True, "stream_options": {"include_usage": True}})),
            ("chat.create.tools", post(own, "chat.create", talks, {**chat, **forced})),
            ("chat.create.error", post(own, "chat.create", talks, {"model": "gpt-4o"})),
            ("chat.list", get(own, "chat.list", talks)),
            ("chat.messages", get(own, "chat.messages", f"{kept}/messages")),
            ("chat.retrieve", get(own, "chat.retrieve", kept)),
            ("chat.retrieve.error", get(own, "chat.retrieve", f"{talks}/chatcmpl-none")),
            ("chat.update", post(own, "chat.update", kept, {"metadata": {"kite": "red"}})),
            ("chat.update.error", post(own, "chat.update", f"{talks}/chatcmpl-none", {"metadata": {}})),
            ("chat.delete", get(own, "chat.delete", kept, "DELETE")),
        ),
    ]  # fmt: skip


def _compatible() -> list[Exchange]:
    own, v1 = "compatible", "/compatible/v1"
    draw = {"model": "acme/any", "prompt": PROMPT, "size": "64x64"}
    parts = [*draw.items(), ("image", asks.SHOT)]
    chat = {"model": "acme/chat", "messages": HELLO}
    return _of(own, "facts/openai.md 3.7, 7; what gateways in OpenAI's language have in common",
        ("images.generate", post(own, "images.generate", f"{v1}/images/generations", draw)),
        ("images.generate.url", post(own, "images.generate", f"{v1}/images/generations", {**draw, "response_format": "url"})),
        ("images.generate.error", post(own, "images.generate", f"{v1}/images/generations", {"model": "acme/any"})),
        ("images.edit", form(own, "images.edit", f"{v1}/images/edits", parts)),
        ("images.edit.error", form(own, "images.edit", f"{v1}/images/edits", parts[:-1])),
        ("models.list", get(own, "models.list", f"{v1}/models")),
        ("models.get", get(own, "models.get", f"{v1}/models/acme/any")),
        ("chat.create", post(own, "chat.create", f"{v1}/chat/completions", chat)),
        ("chat.create.stream", post(own, "chat.create", f"{v1}/chat/completions", {**chat, "stream": True})),
        ("chat.create.error", post(own, "chat.create", f"{v1}/chat/completions", {"model": "acme/chat"})),
    )  # fmt: skip


def _vercel() -> list[Exchange]:
    own, v1, model = "vercel", "/vercel/v1", "openai/gpt-image-2"
    draw = {"model": model, "prompt": PROMPT, "size": "1024x1024", "quality": "low", **SMALL}
    parts = [*((name, str(value)) for name, value in draw.items()), ("image", asks.SHOT)]
    chat = {"model": "openai/gpt-4.1-nano", "messages": HELLO}
    embed = {"model": "openai/text-embedding-3-small", "input": "a", "dimensions": 8}
    sdk = [one for number, path in ((2, "v1"), (3, "v3"), (4, "v4")) for one in _sdk(number, path)]
    return [
        *_of(own, "facts/vercel-ai-gateway.md A2-A7, B9 (recordings of 2026-09-30, docs)",
            ("images.generate", post(own, "images.generate", f"{v1}/images/generations", draw)),
            ("images.generate.error", post(own, "images.generate", f"{v1}/images/generations", {"model": model})),
            ("images.edit", form(own, "images.edit", f"{v1}/images/edits", parts)),
            ("images.edit.error", form(own, "images.edit", f"{v1}/images/edits", parts[:-1])),
            ("chat.create", post(own, "chat.create", f"{v1}/chat/completions", chat), "id"),
            ("chat.create.stream", post(own, "chat.create", f"{v1}/chat/completions", {**chat, "stream": True})),
            ("chat.create.error", post(own, "chat.create", f"{v1}/chat/completions", {"messages": HELLO})),
            ("embeddings.create", post(own, "embeddings.create", f"{v1}/embeddings", embed)),
            ("embeddings.create.error", post(own, "embeddings.create", f"{v1}/embeddings", {"input": "a"})),
            ("models.list", get(own, "models.list", f"{v1}/models")),
            ("models.get", get(own, "models.get", f"{v1}/models/{model}")),
            ("models.get.error", get(own, "models.get", f"{v1}/models/acme/none")),
            ("models.endpoints", get(own, "models.endpoints", f"{v1}/models/{model}/endpoints")),
            ("credits.get", get(own, "credits.get", f"{v1}/credits")),
            ("generation.get", get(own, "generation.get", f"{v1}/generation?id={{kept}}")),
            ("generation.get.error", get(own, "generation.get", f"{v1}/generation?id=gen_1")),
            ("report.get", get(own, "report.get", f"{v1}/report?start_date=2026-11-19&end_date=2026-11-20")),
            ("report.get.error", get(own, "report.get", f"{v1}/report")),
        ),
        *sdk,
    ]  # fmt: skip


def _sdk(number: int, path: str) -> list[Exchange]:
    told, streamed, paint, embed, config, absent = asks._sdk(number, path)
    small = {"prompt": PROMPT, "n": 1, "size": "256x256", "providerOptions": {}}
    paint = replace(paint, body=json.dumps(small).encode())
    paint = replace(paint, headers=(*asks.JSON, ("ai-model-id", "bfl/flux-2-pro")))
    wrong = replace(told, body=b'{"prompt": 3}')
    return _of("vercel", "facts/vercel-ai-gateway.md B5-B10 (observed with six generations of the SDK)",
        (f"sdk.v{number}.chat.create", told),
        (f"sdk.v{number}.chat.create.stream", streamed),
        (f"sdk.v{number}.chat.create.error", wrong),
        (f"sdk.v{number}.images.generate", paint),
        (f"sdk.v{number}.embeddings.create", embed),
        (f"sdk.v{number}.models.config", config),
        (f"sdk.v{number}.sdk.unavailable.error", absent),
    )  # fmt: skip


def _edenai() -> list[Exchange]:
    own, v3 = "edenai", "/edenai/v3"
    draw = {"model": "openai/gpt-image-1", "prompt": PROMPT, "size": "1024x1024", "quality": "low"}
    parts = [*draw.items(), ("image", asks.SHOT)]
    chat = {"model": "google/gemini-flash-latest", "messages": HELLO}
    files = [("file", asks.SHOT), ("purpose", "vision")]
    return _of(own, "facts/edenai.md 2-8 (the seed, the OpenAPI document, docs)",
        ("images.generate", post(own, "images.generate", f"{v3}/images/generations", draw)),
        ("images.generate.error", post(own, "images.generate", f"{v3}/images/generations", {"model": "openai/gpt-image-1"})),
        ("images.edit", form(own, "images.edit", f"{v3}/images/edits", parts)),
        ("images.edit.error", form(own, "images.edit", f"{v3}/images/edits", parts[1:])),
        ("models.images", get(own, "models.images", f"{v3}/images/models")),
        ("models.list", get(own, "models.list", f"{v3}/models")),
        ("chat.create", post(own, "chat.create", f"{v3}/chat/completions", chat)),
        ("chat.create.stream", post(own, "chat.create", f"{v3}/chat/completions", {**chat, "stream": True})),
        ("chat.create.error", post(own, "chat.create", f"{v3}/chat/completions", {"messages": HELLO})),
        ("uploads.create", form(own, "uploads.create", f"{v3}/upload", files), "file_id"),
        ("uploads.create.error", form(own, "uploads.create", f"{v3}/upload", files[1:])),
        ("uploads.list", get(own, "uploads.list", f"{v3}/upload")),
        ("uploads.delete", post(own, "uploads.delete", f"{v3}/upload/delete", {"file_ids": ["{kept}"]})),
        ("uploads.delete.error", post(own, "uploads.delete", f"{v3}/upload/delete", {})),
        ("uploads.clear", get(own, "uploads.clear", f"{v3}/upload", "DELETE")),
        ("info.list", get(own, "info.list", f"{v3}/info")),
        ("info.get", get(own, "info.get", f"{v3}/info/image/generation")),
        ("info.get.error", get(own, "info.get", f"{v3}/info/none")),
    )  # fmt: skip


def _together() -> list[Exchange]:
    own, v1, v2 = "together", "/together/v1", "/together/v2"
    draw = {"model": "black-forest-labs/FLUX.1-dev", "prompt": PROMPT, "width": 256, "height": 256}
    chat = {"model": "meta-llama/Llama-3.3-70B-Instruct-Turbo", "messages": HELLO}
    project, images = f"{v2}/projects/p1", f"{v1}/images/generations"
    upload = {"model_name": "m", "model_source": "acme/m"}
    one = f"{project}/models/{{kept}}"
    brought = f"{project}/models/uploads/{{kept}}"
    return [
        *_of(own, "facts/together.md 2-5 (openapi, vendor examples)",
            ("images.generate", post(own, "images.generate", images, {**draw, "response_format": "base64"})),
            ("images.generate.url", post(own, "images.generate", images, draw)),
            ("images.generate.error", post(own, "images.generate", images, {**draw, "width": 8})),
            ("chat.create", post(own, "chat.create", f"{v1}/chat/completions", chat)),
            ("chat.create.stream", post(own, "chat.create", f"{v1}/chat/completions", {**chat, "stream": True})),
            ("chat.create.error", post(own, "chat.create", f"{v1}/chat/completions", {"messages": HELLO})),
            ("models.list", get(own, "models.list", f"{v1}/models")),
            ("models.upload", post(own, "models.upload", f"{v1}/models", upload)),
            ("models.upload.error", post(own, "models.upload", f"{v1}/models", {})),
        ),
        *_of(own, "facts/together.md 8.3 (the SDK's own tests, together-py 3.1.1)",
            ("hub.supported", get(own, "hub.supported", f"{v2}/supported-models"), "data.0.id"),
            ("hub.supported_one", get(own, "hub.supported_one", f"{v2}/supported-models/{{kept}}")),
            ("hub.supported_one.error", get(own, "hub.supported_one", f"{v2}/supported-models/none")),
            ("hub.import", post(own, "hub.import", f"{project}/models/uploads", {"modelId": "acme/m", "remoteUrl": "https://example.com/m.zip"}), "id"),
            ("hub.import.error", post(own, "hub.import", f"{project}/models/uploads", {})),
            ("hub.imports", get(own, "hub.imports", f"{project}/models/uploads")),
            ("hub.import_events", get(own, "hub.import_events", f"{brought}/events")),
            ("hub.import_get", get(own, "hub.import_get", brought)),
            ("hub.create", post(own, "hub.create", f"{project}/models", {"name": "kite", "type": "model", "baseModelId": "acme/m"}), "id"),
            ("hub.create.error", post(own, "hub.create", f"{project}/models", {})),
            ("hub.list", get(own, "hub.list", f"{project}/models")),
            ("hub.files", get(own, "hub.files", f"{one}/files")),
            ("hub.revisions", get(own, "hub.revisions", f"{one}/revisions")),
            ("hub.get", get(own, "hub.get", one)),
            ("hub.get.error", get(own, "hub.get", f"{project}/models/none")),
            ("hub.update", Ask(own, "hub.update", "PATCH", one, asks.JSON, b'{"description": "red"}')),
            ("hub.delete", get(own, "hub.delete", one, "DELETE")),
            ("hub.configs", get(own, "hub.configs", f"{project}/configs")),
            ("hub.config.error", get(own, "hub.config", f"{project}/configs/c1")),
        ),
    ]  # fmt: skip


EXCHANGES = (*_openai(), *_compatible(), *_vercel(), *_edenai(), *_together())


class Nothing(Secrets):
    """Hides nothing: these exchanges are our own, and no key of anybody's is in them."""

    def hide(self, data: bytes) -> bytes:
        return data

    def hide_headers(self, headers: Headers) -> Headers:
        return headers


def asked(exchange: Exchange, kept: str) -> Request:
    """Return the request of an exchange, on the wire."""
    path, _, query = exchange.ask.path.replace("{kept}", kept).partition("?")
    body = exchange.ask.body.replace(b"{kept}", kept.encode())
    return Request(exchange.ask.method, path, query, (kit.KEY, *exchange.ask.headers), body)


def answered(
    emulators: dict[str, Emulator] | None = None,
) -> Iterator[tuple[Exchange, Request, Reply]]:
    """Yield every exchange with its request and what an emulator of the day answers."""
    made = {} if emulators is None else emulators
    kept = ""
    for exchange in EXCHANGES:
        day = datetime.date.fromisoformat(exchange.ask.as_of)
        name = f"{exchange.ask.provider} {day}"
        emu = made.setdefault(name, kit.emulator(as_of=day))
        request = asked(exchange, kept)
        reply = emu.respond(request)
        if exchange.keeps:
            kept = _pick(json.loads(reply.body), exchange.keeps)
        yield exchange, request, reply


def _pick(document: Any, path: str) -> str:
    for step in path.split("."):
        document = document[int(step)] if step.isdigit() else document[step]
    return str(document)


def write(root: Path, *, every: bool) -> list[str]:
    """Write the exchanges that are missing below a folder; return their names."""
    written = []
    emulators: dict[str, Emulator] = {}
    for exchange, request, reply in list(answered(emulators)):  # links are followed after all
        path = root / f"{exchange.name}.yaml"
        if path.exists() and not every:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(_fixture(path.parent, exchange, request, reply, emulators)))
        written.append(exchange.name)
    return written


def _fixture(
    folder: Path, exchange: Exchange, request: Request, reply: Reply, emulators: dict[str, Emulator]
) -> Fixture:
    ask = exchange.ask
    secrets = Nothing()
    blobs = BlobStore(folder, secrets.hide)
    chunked = reply.chunks is not None
    taking = Taking(Head(reply.status, reply.headers, chunked), blobs, secrets, method=ask.method)
    for chunk in reply.chunks or ():
        taking.part(chunk.data, 0.0, ends=True)
    if not chunked:
        taking.part(reply.body, 0.0, ends=True)
    emu = emulators[f"{ask.provider} {ask.as_of}"]

    def follow(links: list[str]) -> dict[str, str]:
        found = {}
        for link in links:
            if "/_safelight/" in link:
                path, _, query = link[link.index("/_safelight/") :].partition("?")
                data = emu.respond(Request("GET", path, query, (kit.AGENT,))).body
                found[link] = blobs.put(data, "jpg" if data[:2] == b"\xff\xd8" else "png")
        return found

    base = re.sub(r"^/[^/]+", "", request.path)
    name = digest(
        request.method, base_of(ask, request.path), request.query, request.headers, request.body
    )
    prompt = Text("equal", PROMPT) if PROMPT.encode() in request.body else None
    return Fixture(
        match=Match(provider=ask.provider, operation=ask.operation, prompt=prompt, digest=name),
        reply=taking.finish(follow, paced=False),
        source=exchange.source,
        recorded=datetime.date.fromisoformat(ask.as_of),
        note=f"{request.method} {base}",
    )


def base_of(ask: Ask, path: str) -> str:
    """Return the path below the provider's base, as digests name it."""
    return below(path, load_provider(ask.provider).bases)


if __name__ == "__main__":
    sys.stdout.write("\n".join(write(HOME, every="--all" in sys.argv)) + "\n")
