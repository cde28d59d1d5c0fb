"""What a test puts into the emulator's mouth: which kind of answer it named, and for whom.

What must not enter: how an answer is made (`answers.py`), what the world does besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from safelight import answers
from safelight.legal import check_names
from safelight.refusals import UsageError
from safelight.store import Answer

if TYPE_CHECKING:
    from safelight.assertions import Picture


def answer_of(given: Mapping[str, Any], operation: str | None) -> Answer:
    """Return the answer that a test gives: `picture`, `text`, `tool_call` or `exchange`.

    `operation` is a glob: which requests wait for it. Raises UsageError unless one of the four is
    there and can be read.
    """
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        got = ", ".join(named) or "none"
        raise UsageError(f"reply_with takes one of {', '.join(given)}; got {got}")
    check_names({"operation": operation}, "reply_with")
    (kind,) = named
    value = given[kind]
    if kind == "picture":
        return answers.pictures(_files(value), operation or "images.*")
    if kind == "text":
        return answers.text(value, operation or "chat.*")
    if kind == "tool_call":
        calls = [value] if isinstance(value, tuple) else value
        return answers.tool_calls(calls, operation or "chat.*")
    return answers.exchange(value, operation or "*")


def _files(picture: Picture | list[Picture]) -> list[bytes]:
    """Return pictures as files."""
    from safelight.assertions import as_file  # imaging, when it is used

    return [as_file(one) for one in (picture if isinstance(picture, list) else [picture])]
