"""Plans the pictures of a chat answer, for models that draw while they talk.

A picture is made when the request's `modalities` name images or the message plainly asks. What was
shown last in the conversation, by either side, is the picture that a change starts from.

`params["drawing"]`, set by a dialect, holds fields of the image operations (size, output_format …)
that the request gave in its own words.

What must not enter: wire shapes, how providers spell their options.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from safelight.messages import Call, Json
from safelight.operations import images
from safelight.operations.chat.conversation import Conversation, messages_of, pictures_in
from safelight.operations.chat.results import ChatUsage
from safelight.operations.chat.wishes import amount, asks_for_picture, wants_fresh
from safelight.operations.images import Job

_TOKENS = 1290
"""Output tokens of one drawn picture, where the model's traits name no other number."""

_QUOTE = 120


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn beside the text. `call` asks the image operation for it."""

    call: Call
    changes: bool
    silent: bool
    tokens: int

    def jobs(self, index: int) -> tuple[Job, ...]:
        """Return the pictures of answer `index`; other answers show other pictures."""
        return images.run(replace(self.call, seed=self.call.seed + index)).jobs

    def words(self) -> str:
        """Return the text beside the pictures; none when only pictures were asked for."""
        if self.silent:
            return ""
        count, asked = self.call.params["n"], _short(str(self.call.params["prompt"]))
        if self.changes and count == 1:
            return f"I changed the picture as you asked: “{asked}”"
        if self.changes:
            return f"I changed the picture in {count} ways: “{asked}”"
        if count == 1:
            return f"Here is the picture for “{asked}”"
        return f"Here are {count} pictures for “{asked}”, no two alike."


def planned(call: Call, talk: Conversation) -> Drawing | None:
    """Return what to draw for a request, or None where words are all that was asked for."""
    params, traits = call.params, call.traits
    wanted = params.get("modalities")
    wanted = wanted if isinstance(wanted, list) else None
    if not traits.get("draws") or talk.results or (wanted is not None and "image" not in wanted):
        return None
    shown = [] if wants_fresh(talk.asked) and not talk.pictures else _last_shown(params)
    if wanted is None and not asks_for_picture(talk.asked, shown=bool(shown)):
        return None
    asked: dict[str, Json] = {"prompt": talk.asked or "A picture", "n": amount(talk.asked)}
    asked |= {key: value for key, value in (params.get("drawing") or {}).items() if value}
    if shown:
        asked["image"] = shown
    return Drawing(
        call=replace(
            call,
            operation="images.edit" if shown else "images.generate",
            params=asked,
            traits={**traits, "keeps_shape": True},
        ),
        changes=bool(shown),
        silent=wanted == ["image"],
        tokens=int(traits.get("drawn_tokens", _TOKENS)),
    )


def counted(usage: ChatUsage, drawing: Drawing | None, drawn: int) -> ChatUsage:
    """Return the usage with the tokens of so many drawn pictures."""
    if drawing is None or not drawn:
        return usage
    tokens = drawing.tokens * drawn
    return replace(usage, completion_tokens=usage.completion_tokens + tokens, drawn_tokens=tokens)


def _last_shown(params: Mapping[str, Json]) -> list[Json]:
    """Return the pictures of the latest message that has any, as `image_url` parts."""
    found = (list(_parts(message)) for message in reversed(messages_of(params)))
    return next((parts for parts in found if parts), [])


def _parts(message: Mapping[str, Json]) -> Iterator[Json]:
    for part in pictures_in(message):
        url = part.get("image_url")
        yield {"image_url": url if isinstance(url, dict) else {"url": url}}


def _short(text: str) -> str:
    line = " ".join(text[: _QUOTE * 4].split())
    return line if len(line) <= _QUOTE else line[:_QUOTE].rsplit(" ", 1)[0] + "…"
