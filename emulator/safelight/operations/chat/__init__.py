"""Chat: a conversation is answered, deterministically and offline.

The canonical input is the chat request body as `Call.params`. Answering is loaded with the first
chat: a server that draws pictures starts without it. What must not enter this package: wire shapes,
ids and times of a reply, providers.
"""

from __future__ import annotations

from collections.abc import Mapping

from safelight.messages import Call, Json
from safelight.operations.chat.results import (
    ChatResult,
    ChatUsage,
    Choice,
    TokenLogprob,
    ToolCall,
)

__all__ = [
    "ChatResult",
    "ChatUsage",
    "Choice",
    "TokenLogprob",
    "ToolCall",
    "create",
    "digest_of",
    "recall",
]


def create(call: Call) -> ChatResult:
    """Answer a chat request whose `params` are its body: see `creating.create`."""
    from safelight.operations.chat import creating

    return creating.create(call)


def digest_of(params: Mapping[str, Json], seed: int) -> int:
    """Return a number that follows from the seed and from what was asked, not its delivery."""
    from safelight.operations.chat import creating

    return creating.digest_of(params, seed)


def recall(call: Call) -> ChatResult:
    """Return the completion that an id stands for: see `stored.recall`. Lenient mode asks so."""
    from safelight.operations.chat import stored

    return stored.recall(call)
