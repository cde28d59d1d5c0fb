"""What a chat answer is: plain values, the same for every dialect.

What must not enter: wire shapes, key orders, ids and times of a reply.
"""

from __future__ import annotations

from dataclasses import dataclass

from safelight.messages import Json
from safelight.operations.images import Job


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that the assistant asks for. `kind` is `function` (JSON arguments) or `custom`."""

    id: str
    kind: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token of the answer with its natural-log probability and its rivals, likeliest first."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the `n` answers.

    `text` is None beside tool calls or a refusal. `logprobs` is None when nobody asked for them.
    `legacy_function` says that the caller used the deprecated twins of tools. `drawings` are the
    pictures to make, for models that draw while they chat.
    """

    text: str | None
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish_reason: str = "stop"
    logprobs: tuple[TokenLogprob, ...] | None = None
    legacy_function: bool = False
    drawings: tuple[Job, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """Token counts. The prompt is counted once.

    `completion_tokens` includes the reasoning, and `drawn_tokens`: those of the pictures made.
    """

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    reasoning_tokens: int = 0
    drawn_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class ChatResult:
    """A whole answer. `model` is the resolved snapshot; `reasoning` tells the model's family."""

    choices: tuple[Choice, ...]
    usage: ChatUsage
    model: str
    service_tier: str = "default"
    moderation: Json | None = None
    metadata: Json | None = None
    reasoning: bool = False
