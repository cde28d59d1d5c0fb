"""openai-python driven the same way blocking and with asyncio. Every client is strict: a reply that
the library's types do not allow raises.

What must not enter: this project. The same tests also run where an older openai-python is installed
and nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import openai
from PIL import Image

MODERN = not openai.VERSION.startswith("2.")
"""Whether this is the generation on httpx2, whose types know the newest image models."""
KEY = "sk-test of a user"
ORIGINS = "SAFELIGHT_ORIGINS"
FLAGS = {
    "today": ("--as-of", "2026-11-20"),
    "dall-e": ("--as-of", "2026-05-11"),
    "lenient": ("--as-of", "2026-11-20", "--lenient"),
    "small": ("--as-of", "2026-11-20", "--max-body", "100KiB", "--api-key", KEY),
}
Ask = Callable[[Any], Any]


@dataclass
class Driver:
    """A client and the loop it lives in, if it needs one. `sent` are the requests on the wire."""

    client: Any
    loop: asyncio.Runner | None
    sent: list[Any]

    def call(self, ask: Ask) -> Any:
        """Return the answer to one call."""
        answer = ask(self.client)
        return self.loop.run(_wait(answer)) if self.loop else answer

    def events(self, ask: Ask) -> list[Any]:
        """Return everything that a stream yields until it ends by itself."""
        stream = self.call(ask)
        return self.loop.run(_collect(stream)) if self.loop else list(stream)

    def managed(self, ask: Ask) -> tuple[list[Any], Any]:
        """Return the events of the chat streaming helper, and the completion it put together."""
        if self.loop:
            return self.loop.run(_managed(ask(self.client)))
        with ask(self.client) as stream:
            return list(stream), stream.get_final_completion()

    def close(self) -> None:
        """Close the client's connections, and the loop."""
        if self.loop is None:
            self.client.close()
        else:
            self.loop.run(self.client.close())
            self.loop.close()


async def _wait(answer: Awaitable[Any]) -> Any:
    return await answer


async def _collect(stream: Any) -> list[Any]:
    return [event async for event in stream]


async def _managed(manager: Any) -> tuple[list[Any], Any]:
    async with manager as stream:
        return [event async for event in stream], await stream.get_final_completion()


def driver(kind: str, options: dict[str, Any]) -> Driver:
    sent: list[Any] = []

    async def note(request: Any) -> None:
        sent.append(request)

    stack = "Httpx2" if MODERN else "Httpx"
    make = getattr(openai, f"Default{'Async' if kind == 'async' else ''}{stack}Client")
    hook = note if kind == "async" else sent.append
    http = make(event_hooks={"request": [hook]})
    options = {"http_client": http, "_strict_response_validation": True, **options}
    if kind == "sync":
        return Driver(openai.OpenAI(**options), None, sent)
    return Driver(openai.AsyncOpenAI(**options), asyncio.Runner(), sent)


def prints(reply: Any) -> list[str]:
    """Return a short fingerprint of each picture: what a failed comparison can afford to show."""
    return [hashlib.sha256(item.b64_json.encode()).hexdigest()[:12] for item in reply.data]


def opened(item: Any) -> Image.Image:
    """Return the picture of an item or of a stream's event, decoded."""
    image = Image.open(io.BytesIO(b64decode(item.b64_json, validate=True)))
    image.load()
    return image


def drawn(size: tuple[int, int], mode: str = "RGB", form: str = "PNG", **save: Any) -> bytes:
    """Return a file of a picture with a gradient on it."""
    ramp = Image.linear_gradient("L").resize(size)
    bands = {"L": (ramp,), "RGB": (ramp,) * 3, "RGBA": (*(ramp,) * 3, Image.new("L", size, 255))}
    out = io.BytesIO()
    Image.merge(mode, bands[mode]).save(out, form, **save)
    return out.getvalue()


def holed(size: tuple[int, int], box: tuple[int, int, int, int]) -> bytes:
    """Return a mask: opaque, with a transparent box (left, upper, right, lower) to be edited."""
    image = Image.new("RGBA", size, (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), box)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
