"""The two ways of saying no: the provider's to a client, and ours to our own user.

What must not enter: wording or status codes of a provider. Those are rows of its `errors.toml`.
"""

from __future__ import annotations

from safelight.messages import Json


class Refusal(Exception):  # noqa: N818 - the field's word; it is an answer, not a failure of ours
    """The provider says no. `name` picks rows of `errors.toml`; `facts` fill their templates."""

    def __init__(self, name: str, at: str | None = None, **facts: Json) -> None:
        super().__init__(name)
        self.name = name
        self.at = at
        self.facts = facts


class UsageError(Exception):
    """Our user slipped: a flag, a file of theirs, or our own data is wrong. The text is theirs."""


class DataError(UsageError):
    """A data file cannot be right. Says the file, the key, and what would be right."""

    def __init__(self, file: object, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        self.file = str(file)
        self.key = key
        self.problem = problem
