"""Hides credentials in texts that are kept: the caller's own key, and whatever looks like one.

What must not enter: where texts come from, the journal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

HIDDEN = "***"

_SHORT = 6
"""A key of fewer characters is not looked for inside texts: it would be found in every word."""

_LEAST = 11
"""Characters of the shortest text that `_LOOKS` can find: a prefix of two, a dash, and eight."""

_LOOKS = re.compile(
    r"""
    (?: \b(?:sk|pk|rk|ak|vck|key|api|tok|token|secret|ghp|gho|pat)[-_][\w-]{8,}  # prefixed keys
      | \beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*                               # JSON Web Tokens
      | \b(?:AKIA|ASIA)[0-9A-Z]{12,}                                    # cloud access keys
      | \bAIza[\w-]{20,}
      | (?<=\bbearer\ )[^\s"',;]{6,}
      | (?<=\bbasic\ )[A-Za-z0-9+/=]{8,}
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)

_SIGNS = ("-", "_", "eyj", "akia", "asia", "aiza", "bearer ", "basic ")
"""Every text in which `_LOOKS` finds something has one of these in small letters; few texts do."""

_NAMES = re.compile(
    r"api[-_]?key|^key$|(?<!cache)[-_]key$|token$|secret|authori[sz]ation|password|passwd"
    r"|credential|private|bearer|cookie|session[-_]?id",
    re.IGNORECASE,
)


class Masks:
    """Knows the keys of one request. `own` are its credentials, as they came."""

    def __init__(self, *own: str) -> None:
        self._own = tuple(key for key in own if len(key) >= _SHORT)

    def text(self, text: str) -> str:
        """Return a text without keys, and fit to be written as UTF-8."""
        for key in self._own:
            text = text.replace(key, HIDDEN)
        if len(text) >= _LEAST and _may_hide(text):
            text = _LOOKS.sub(HIDDEN, text)
        return text if text.isascii() else text.encode("utf-8", "replace").decode()

    def path(self, path: str, length: int) -> str:
        """Return the beginning of a path without keys, also those that are percent-encoded.

        A path that hides one that way is told decoded.
        """
        plain = unquote(path) if "%" in path else path
        hidden = self.cut(plain, length)
        return hidden if hidden != plain[:length] else self.cut(path, length)

    def cut(self, text: str, length: int) -> str:
        """Return the beginning of a text without keys; one at the cut leaves no half behind."""
        if len(text) <= length:
            return self.text(text)
        return self.text(text[: length + 600])[:length]


def _may_hide(text: str) -> bool:
    small = text.casefold()  # as IGNORECASE does: a long s is an s
    return any(sign in small for sign in _SIGNS)


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Tell whether a field of that name holds a credential, whatever it looks like."""
    return bool(_NAMES.search(name))
