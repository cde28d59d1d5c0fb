"""Stored completions: answers that can be asked for again by their id.

Nothing is stored here: an id is enough to make the same answer again, which is what client suites
need. Keeping real ones belongs to the store.

What must not enter: wire shapes, state.
"""

from __future__ import annotations

from safelight.messages import Call, Json
from safelight.operations.chat.creating import create
from safelight.operations.chat.results import ChatResult


def recall(call: Call) -> ChatResult:
    """Return the completion of the id in `params["completion_id"]`, the same for the same id.

    `params["metadata"]`, when given, is the metadata that an update has set.
    """
    name = str(call.params.get("completion_id") or "")
    asked: dict[str, Json] = {
        "messages": [{"role": "user", "content": f"What did completion {name} say?"}],
        "store": True,
        "metadata": call.params.get("metadata") or {},
    }
    return create(
        Call(call.operation, call.model, asked, call.seed, call.now, call.traits, lenient=True)
    )
