"""What a result holds, whoever speaks of it: pictures, cost, the question; one that is a document.

What must not enter: wire shapes, providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from safelight.catalog import Model
from safelight.costs import chat_cost, image_cost
from safelight.messages import Json
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.operations.lies import lie


@dataclass(frozen=True, slots=True)
class Document:
    """A result that is the reply's JSON already."""

    content: Json


def bent(result: object, name: str) -> object:
    """Return a result whose pictures are as the fault `name` leaves them."""
    if isinstance(result, ImagesResult):
        return replace(result, jobs=lie(result.jobs, name, as_url=result.as_url))
    if isinstance(result, ChatResult):
        choices = (replace(c, drawings=lie(c.drawings, name)) for c in result.choices)
        return replace(result, choices=tuple(choices))
    return result


def prompt(params: Mapping[str, Json]) -> str:
    """Return the text that a request asks with: its prompt, or its last message."""
    if isinstance(params.get("prompt"), str):
        return str(params["prompt"])
    messages = params.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    return _text(last.get("content")) if isinstance(last, dict) else ""


def _text(content: Json) -> str:
    """Return the text of a message's content: a string, or its text parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def cost(model: Model | None, result: object) -> Decimal | None:
    """Return what a result would have cost, in US dollars; None where the model has no price."""
    prices = model.prices if model else {}
    if not prices:
        return None
    if isinstance(result, ImagesResult):
        return image_cost(
            prices,
            size=result.size,
            quality=result.quality,
            n=len(result.jobs),
            usage=result.usage,
        )
    if isinstance(result, ChatResult):
        images = sum(len(choice.drawings) for choice in result.choices)
        return chat_cost(prices, result.usage, images=images)
    return None
