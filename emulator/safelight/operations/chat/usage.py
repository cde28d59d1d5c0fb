"""Counts the tokens of a conversation and of its answer: estimates, by the documented rules.

What must not enter: prices, wire shapes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safelight.messages import Json
from safelight.operations.chat.calling import call_tokens
from safelight.operations.chat.conversation import Conversation, calls_of, messages_of, parts_of
from safelight.operations.chat.pictures import picture_tokens
from safelight.operations.chat.results import ChatUsage, Choice
from safelight.tokens import count_text

_PRIMING = 3
_PER_MESSAGE = 4
"""Tokens round a conversation and round each message (its role among them)."""

_SOUND_BYTES_PER_TOKEN = 3200
_FILE_BYTES_PER_TOKEN = 6
_THINKING = {
    "none": 0,
    "minimal": 0,
    "low": 64,
    "medium": 128,
    "high": 256,
    "xhigh": 512,
    "max": 1024,
}
_SHORT_PROMPT = 48
_TOOLS = ("tools", "functions")
_THINKING_BY_DEFAULT = 64


@dataclass(frozen=True, slots=True)
class Told:
    """The tokens of a request without its pictures and sounds: of its messages, of its tools."""

    messages: int
    tools: int

    @property
    def all(self) -> int:
        """Both together."""
        return self.messages + self.tools


def told_in(params: Mapping[str, Json]) -> Told:
    """Count a request's messages and tools: the slow part of reckoning, done once."""
    said = sum(_message_tokens(message) for message in messages_of(params))
    return Told(_PRIMING + said, sum(_json_tokens(params.get(key)) for key in _TOOLS))


def thinking_tokens(params: Mapping[str, Json], prompt_tokens: int) -> int:
    """Return how many tokens a reasoning model spends before it speaks: none on a short prompt."""
    effort = params.get("reasoning_effort")
    if isinstance(effort, str):
        return _THINKING.get(effort, _THINKING_BY_DEFAULT)
    return _THINKING_BY_DEFAULT if prompt_tokens > _SHORT_PROMPT else 0


def usage_for(  # noqa: PLR0913 - what was asked, what it costs, what was answered
    params: Mapping[str, Json],
    talk: Conversation,
    told: Told,
    *,
    prices: Mapping[str, Json],
    choices: Sequence[Choice],
    thinking: int,
) -> ChatUsage:
    """Return the usage of a whole answer. `prices`: what a picture costs this model in tokens."""
    pictures = sum(picture_tokens(picture, prices) for picture in talk.all_pictures)
    sounds = sum(_sound_tokens(message) for message in messages_of(params))
    spoken = sum(choice_tokens(choice) for choice in choices)
    return ChatUsage(
        prompt_tokens=told.all + pictures + sounds,
        completion_tokens=spoken + thinking * len(choices),
        audio_tokens=sounds,
        image_tokens=pictures,
        reasoning_tokens=thinking * len(choices),
    )


def choice_tokens(choice: Choice) -> int:
    """Return the tokens of one answer as it was given."""
    spoken = sum(count_text(text) for text in (choice.text, choice.refusal) if text)
    return spoken + sum(call_tokens(call) for call in choice.tool_calls)


def _message_tokens(message: Mapping[str, Json]) -> int:
    texts = [part.get("text") for part in parts_of(message.get("content"))]
    told = sum(count_text(text) for text in (*texts, message.get("name")) if isinstance(text, str))
    files = sum(_file_tokens(part.get("file")) for part in parts_of(message.get("content")))
    called = _json_tokens(calls_of(message) or message.get("function_call"))
    return _PER_MESSAGE + told + files + called


def _json_tokens(value: Json) -> int:
    return count_text(json.dumps(value, separators=(",", ":"))) if value else 0


def _file_tokens(file: Json) -> int:
    data = file.get("file_data") if isinstance(file, dict) else None
    return len(data) // _FILE_BYTES_PER_TOKEN if isinstance(data, str) else 0


def _sound_tokens(message: Mapping[str, Json]) -> int:
    sounds = (part.get("input_audio") for part in parts_of(message.get("content")))
    data = (sound.get("data") for sound in sounds if isinstance(sound, dict))
    return sum(max(1, len(d) // _SOUND_BYTES_PER_TOKEN) for d in data if isinstance(d, str))
