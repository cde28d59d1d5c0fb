"""What gives a secret away by its looks or its place in a text: keys, links, parameters, paths.

What must not enter: values that are known, how something is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from safelight.recording.names import NAMES, SIGNATURES, STRONG, plain
from safelight.recording.unfolding import Span

_STEMS = "sk pk rk ak vck ghp gho ghs pat hf tgp xai gsk whsec key"
_LOOKS = (
    (
        tuple(f"{stem}{mark}".encode() for stem in _STEMS.split() for mark in "-_"),
        rb"\b(?:" + _STEMS.replace(" ", "|").encode() + rb")[-_](?=[\w-]{0,200}\d)[\w-]{12,}",
    ),
    ((b"eyJ",), rb"\beyJ[\w-]{8,1000}\.[\w-]{4,}\.[\w-]*"),
    ((b"AKIA", b"ASIA"), rb"\b(?:AKIA|ASIA)[0-9A-Z]{12,}"),
    ((b"AIza",), rb"\bAIza[\w-]{20,}"),
    ((b"earer ",), rb"(?<=\b[Bb]earer )(?=[\w.~+/-]*\d)[\w.~+/-]{10,}=*"),
    ((b"asic ",), rb"(?<=\b[Bb]asic )[A-Za-z0-9+/]{12,}=*"),
    ((b"PRIVATE KEY",), rb"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END|\Z)"),
    ((b"org-",), rb"\borg-(?=\w*\d)\w{10,}"),
    ((b"proj_", b"acct_"), rb"\b(?:proj|acct)_(?=\w*\d)\w{10,}"),
)
"""What keys look like; each with words of which one stands in every such key."""

_PATTERNS = tuple((words, re.compile(pattern)) for words, pattern in _LOOKS)
_LINK = re.compile(rb"(?:https?|wss?)://([^\s\"'<>\\?#]*)(\?(?:[^\s\"'<>\\]|\\u0026|\\/)*)?")
_PARAMETER = re.compile(
    rb"(?:[?&;]|&amp;|\\u0026|\A)([A-Za-z][\w.-]{1,40})=((?:[^\s\"'<>\\&;#]|\\/)+)"
)
_OWNED = re.compile(
    rb"/(?:organi[sz]ations|orgs|accounts|projects|teams|workspaces|users)/([^/?#\s\"'<>\\&]+)"
)
_PAIR = re.compile(rb"(?:\\u0026)?([^=&;\\?]{1,100})=((?:(?!\\u0026)[^&;])*)")


def spans(text: bytes) -> Iterator[Span]:
    """Yield where something stands that looks like a secret, or like a link that is signed."""
    for words, pattern in _PATTERNS:
        if any(word in text for word in words):
            yield from (found.span() for found in pattern.finditer(text))
    for found in _LINK.finditer(text):
        yield from _link(found)


def parameters(text: bytes, names: Collection[str]) -> Iterator[tuple[bool, Span]]:
    """Yield where parameters' values stand that are secret by name, wherever a link may begin.

    The first item tells whether the value belongs to a link's signature only.
    """
    if b"=" not in text:  # most texts; to look closer takes long
        return
    for found in _PARAMETER.finditer(text):
        name = plain(found[1].decode("ascii", "replace"))
        if name in names or name in STRONG - {"token"}:
            yield name not in names, found.span(2)


def owned(path: bytes) -> Iterator[Span]:
    """Yield where the ids of organisations, accounts and projects stand in a path."""
    for found in _OWNED.finditer(path):
        yield found.span(1)


def signing(text: bytes) -> Iterator[Span]:
    """Yield those values of links that open something by themselves, and passwords in links."""
    for found in _LINK.finditer(text):
        user, at, _ = found[1].rpartition(b"@")
        if at:
            name, _, _ = user.partition(b":")
            yield found.start(1), found.start(1) + len(name)
            yield found.start(1) + len(name) + 1, found.start(1) + len(user)
        for pair in _pairs(found):
            if plain(pair[1].decode("ascii", "replace")) in STRONG:
                yield pair.span(2)


def _link(found: re.Match[bytes]) -> Iterator[Span]:
    """Yield user name and password of a link, and the values of a signed query."""
    user, at, _ = found[1].rpartition(b"@")
    if at:
        yield found.start(1), found.start(1) + len(user)
    pairs = list(_pairs(found))
    names = {plain(pair[1].decode("ascii", "replace")) for pair in pairs}
    if names & (SIGNATURES | NAMES):
        yield from (pair.span(2) for pair in pairs)


def _pairs(link: re.Match[bytes]) -> Iterator[re.Match[bytes]]:
    """Yield the parameters of a link: name and value."""
    if link[2]:
        yield from _PAIR.finditer(link.string, link.start(2) + 1, link.end(2))
