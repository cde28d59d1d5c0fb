"""How chat replies differ from speaker to speaker: the head of a reply, and its style.

What must not enter: providers' names, the writing itself (see `chat_wire`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from safelight.messages import Json
from safelight.operations.chat import ChatUsage
from safelight.operations.chat.chance import seeded

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class ChatHead:
    """What a reply says of itself beside the answer; `created` is in seconds since the epoch."""

    id: str
    created: int
    model: str
    system_fingerprint: str | None = None
    service_tier: str = "default"


def usage_body(usage: ChatUsage) -> dict[str, Json]:
    """Return the usage object, its details in the order recorded in 2026-08."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "audio_tokens": usage.audio_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


@dataclass(frozen=True, slots=True)
class ChatStyle:
    """How a dialect's replies differ from the canonical ones.

    `body_keys` and `chunk_keys` are the top-level keys in order; a key that is not listed is not
    written. `usage_on_finish` puts the usage on the last delta instead of a chunk of its own.
    `bare_role` sends the role alone first. `null_logprobs` forces the key on (True) or off (False);
    None follows the model's family. `null_refusal` writes the key where nothing was refused. The
    `extra` fields are added at the top of the body and of every chunk, `extra_message` to the
    message, `extra_last_delta` to the last delta, `extra_last` at the top of the last chunk (with
    `usage_on_finish`). `first_deltas` come after the role.
    """

    body_keys: tuple[str, ...] = (
        "id", "object", "created", "model", "choices", "usage", "service_tier", "moderation",
        "system_fingerprint", "metadata",
    )  # fmt: skip
    chunk_keys: tuple[str, ...] = (
        "id", "object", "created", "model", "service_tier", "system_fingerprint",
    )  # fmt: skip
    obfuscate: bool = True
    usage_on_finish: bool = False
    bare_role: bool = False
    annotations: bool = True
    null_logprobs: bool | None = None
    null_refusal: bool = True
    extra: Mapping[str, Json] = field(default_factory=dict)
    extra_message: Mapping[str, Json] = field(default_factory=dict)
    first_deltas: tuple[Mapping[str, Json], ...] = ()
    extra_last_delta: Mapping[str, Json] = field(default_factory=dict)
    extra_last: Mapping[str, Json] = field(default_factory=dict)
    usage: Callable[[ChatUsage], Json] = usage_body


CANONICAL = ChatStyle()


def completion_id(seed: int, prefix: str = "chatcmpl-", length: int = 29) -> str:
    """Return an id that follows from the seed: the prefix and that many letters and digits."""
    return prefix + "".join(seeded(seed, 0x1D).choices(LETTERS, k=length))
