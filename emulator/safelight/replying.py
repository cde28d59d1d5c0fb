"""What a test puts into the emulator's mouth: which kind of answer it named, and for whom.

What must not enter: how an answer is made (`answers.py`), what the world does besides.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping
from typing import Any

from safelight import answers
from safelight.dialects import load_dialects
from safelight.legal import check_names
from safelight.refusals import UsageError
from safelight.store import Answer


def answer_of(
    given: Mapping[str, Any], operation: str | None, day: datetime.date, *, lenient: bool
) -> Answer:
    """Return the answer that a test gives: `picture`, `text`, `tool_call` or `exchange`.

    `operation` is a glob: which requests wait for it. A fixture is judged by the contract of `day`.
    Raises UsageError unless one of the four is there and can be read.
    """
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        got = ", ".join(named) or "none"
        raise UsageError(f"reply_with takes one of {', '.join(given)}; got {got}")
    check_names({"operation": operation}, "reply_with")
    (kind,) = named
    if kind == "exchange" and _is_fixture(given[kind]):
        return _fixture(given[kind], operation, day, lenient=lenient)
    return _READ[kind](given[kind], operation)


def _is_fixture(value: Any) -> bool:  # noqa: ANN401 - what a test gave
    return isinstance(value, (str, os.PathLike)) or (
        isinstance(value, Mapping) and "reply" in value
    )


def _fixture(value: Any, operation: str | None, day: datetime.date, *, lenient: bool) -> Answer:  # noqa: ANN401 - as above
    from safelight.fixtures.checking import Checker  # only who has fixtures needs it
    from safelight.fixtures.loading import answer_of_one

    return answer_of_one(value, operation, Checker(load_dialects(), day, lenient))


def _picture(value: Any, operation: str | None) -> Answer:  # noqa: ANN401 - what a test gave
    from safelight.assertions import as_file  # imaging, when it is used

    try:
        files = [as_file(one) for one in (value if isinstance(value, list) else [value])]
    except (OSError, TypeError, ValueError) as error:
        right = "bytes, base64, a data: URL, a path (pathlib.Path) or a Pillow image"
        raise UsageError(f"reply_with: picture is {right}, got {value!r:.80}: {error}") from error
    return answers.pictures(files, operation or "images.*")


def _text(value: Any, operation: str | None) -> Answer:  # noqa: ANN401 - as above
    if not isinstance(value, str):
        raise UsageError(f"reply_with: text is a text, got {value!r:.80}")
    return answers.text(value, operation or "chat.*")


def _tool_call(value: Any, operation: str | None) -> Answer:  # noqa: ANN401 - as above
    calls = value if isinstance(value, list) else [value]
    for call in calls:
        if not (isinstance(call, tuple) and len(call) == 2 and isinstance(call[0], str)):
            raise UsageError(
                f'reply_with: tool_call is ("name", {{…}}), or a list, got {call!r:.80}'
            )
    return _written("tool_call", value, lambda: answers.tool_calls(calls, operation or "chat.*"))


def _exchange(value: Any, operation: str | None) -> Answer:  # noqa: ANN401 - as above
    if not isinstance(value, Mapping):
        raise UsageError(f"reply_with: exchange is {_EXCHANGE}, got {value!r:.80}")
    status = value.get("status", 200)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status < 600:
        raise UsageError(f"reply_with: status is a whole number from 200 to 599, got {status!r}")
    if not isinstance(value.get("headers", {}), Mapping):
        raise UsageError(f"reply_with: headers are {{name: value}}, got {value['headers']!r:.80}")
    return _written("exchange", value, lambda: answers.exchange(value, operation or "*"))


def _written(kind: str, value: Any, make: Callable[[], Answer]) -> Answer:  # noqa: ANN401 - as above
    """Return an answer whose content is written as JSON. Raises UsageError where it cannot be."""
    try:
        return make()
    except TypeError as error:
        raise UsageError(f"reply_with: {kind} is no JSON: {error}; got {value!r:.80}") from error


_EXCHANGE = '{"status": 200, "headers": {…}, "body": …}, or a fixture: its path or content'
_READ: dict[str, Callable[[Any, str | None], Answer]] = {
    "picture": _picture,
    "text": _text,
    "tool_call": _tool_call,
    "exchange": _exchange,
}
