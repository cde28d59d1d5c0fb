"""Postcards: a small image service on the openai SDK, tested offline in `test_postcards.py`.

    uvicorn --factory postcards:app        # with OPENAI_API_KEY, and live money

Nothing in here knows of Safelight.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from openai import (
    APIConnectionError,
    AsyncOpenAI,
    BadRequestError,
    InternalServerError,
    RateLimitError,
)
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MODEL = "gpt-image-2"
SIZES = {"portrait": "1024x1536", "landscape": "1536x1024"}
PATIENCE = 30.0
"""Seconds that we wait for a picture before the customer is told to come back."""


@dataclass(frozen=True)
class Studio:
    """Draws postcards. The SDK retries what may get better; what cannot is raised at once."""

    client: AsyncOpenAI

    async def card(self, motif: str, shape: str = "landscape") -> bytes:
        """Return a new card as WebP."""
        reply = await self.client.images.generate(
            model=MODEL,
            prompt=f"A postcard of {motif}, a wide sky above",
            size=SIZES[shape],
            output_format="webp",
            quality="low",
        )
        return base64.b64decode(reply.data[0].b64_json)

    async def new_sky(self, card: bytes, mood: str) -> bytes:
        """Return the card, as PNG, with another sky: its upper third."""
        picture = Image.open(io.BytesIO(card))
        reply = await self.client.images.edit(
            model=MODEL,
            prompt=f"The sky: {mood}",
            image=("card.png", _png(picture), "image/png"),
            mask=("sky.png", sky_mask(picture.size), "image/png"),
            size=f"{picture.width}x{picture.height}",
        )
        return base64.b64decode(reply.data[0].b64_json)

    async def greeting(self, motif: str) -> str:
        """Return a line for the back of a card."""
        said = f"One short postcard greeting about {motif}."
        reply = await self.client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": said}]
        )
        return (reply.choices[0].message.content or "").splitlines()[0]


def sky_mask(size: tuple[int, int]) -> bytes:
    """Return a PNG of that size, clear where the sky is: what an edit may change."""
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, size[0], size[1] // 3))
    return _png(mask)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


Answer = Callable[[Studio, Request], Awaitable[Response]]


def _answered(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Tell customers in our own words what went wrong upstream."""

    async def route(request: Request) -> Response:
        try:
            return await answer(request.app.state.studio, request)
        except BadRequestError as error:
            if error.code == "moderation_blocked":
                return _problem(422, "Please ask for something else.")
            raise
        except RateLimitError:
            return _problem(503, "Too many customers.", {"retry-after": "30"})
        except (APIConnectionError, InternalServerError):
            return _problem(502, "The studio is closed at the moment.")

    return route


def _problem(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"problem": text}, status, headers)


async def _card(studio: Studio, request: Request) -> Response:
    order: dict[str, Any] = await request.json()
    if order.get("shape", "landscape") not in SIZES:
        return _problem(400, f"shape is one of {', '.join(SIZES)}")
    card = await studio.card(order["motif"], order.get("shape", "landscape"))
    return Response(card, 201, media_type="image/webp")


async def _sky(studio: Studio, request: Request) -> Response:
    card = await studio.new_sky(await request.body(), request.query_params["mood"])
    return Response(card, media_type="image/png")


async def _greeting(studio: Studio, request: Request) -> Response:
    return JSONResponse({"greeting": await studio.greeting(request.query_params["motif"])})


def app() -> Starlette:
    """Return the service. Its client is made, from the environment, when it starts."""

    @asynccontextmanager
    async def life(service: Starlette) -> Any:
        async with AsyncOpenAI(timeout=PATIENCE, max_retries=2) as client:
            service.state.studio = Studio(client)
            yield

    routes = [
        Route("/cards", _answered(_card), methods=["POST"]),
        Route("/sky", _answered(_sky), methods=["POST"]),
        Route("/greeting", _answered(_greeting)),
    ]
    return Starlette(routes=routes, lifespan=life)
