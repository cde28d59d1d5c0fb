"""Paths: what a session may be called and where its name stands, what is below what, what is ours.

What must not enter: what a session is.
"""

from __future__ import annotations

import re

from safelight.refusals import UsageError

CONTROL = "/_safelight"
"""Where the control plane begins, below a session or without one."""

FILES = f"{CONTROL}/files/"
"""Below it: the pictures behind links, for which nobody needs a token."""

_NAME = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_SHOWN = 60
_RIGHT = "1 to 100 letters from A to Z, digits, and . _ ~ -, with a letter or a digit among them"


def checked(name: object) -> str:
    """Return a session's name. Raises UsageError for anything that is none."""
    if isinstance(name, str) and _NAME.fullmatch(name) and re.search(r"[A-Za-z0-9]", name):
        return name
    shown = repr(name)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    raise UsageError(f"{shown} is no session's name; it is {_RIGHT}")


def split(path: str) -> tuple[str, str]:
    """Return the session that a path names and the path below it; "" is the one without a name.

    The path is as on the wire: what had to be percent-encoded is no name. Raises UsageError.
    """
    if not path.startswith("/s/"):
        return "", path
    return checked(path[3:].partition("/")[0]), sessionless(path)


def sessionless(path: str) -> str:
    """Return a path without the session that it begins with, whatever that is called."""
    if not path.startswith("/s/"):
        return path
    _, slash, rest = path[3:].partition("/")
    return slash + rest


def below(path: str, base: str) -> bool:
    """Tell whether a path is the base itself or leads on from it; `/v10` is not below `/v1`."""
    return path.startswith(base) and path[len(base) :][:1] in ("", "/")
