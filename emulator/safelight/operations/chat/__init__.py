"""Chat: a conversation is answered, deterministically and offline.

The canonical input is the chat request body as `Call.params`. What must not enter this package:
wire shapes, ids and times of a reply, providers.
"""

from safelight.operations.chat.creating import create, digest_of
from safelight.operations.chat.results import (
    ChatResult,
    ChatUsage,
    Choice,
    TokenLogprob,
    ToolCall,
)
from safelight.operations.chat.stored import recall

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
