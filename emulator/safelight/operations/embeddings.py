"""`embeddings.create`: texts as vectors of length 1 whose likeness follows the words they share.

Every word points, by its hash, along a few axes; a text is the sum of its words and a little that
is its own. So equal texts give equal vectors, and the cosine of two grows with the words in common.

What must not enter: wire shapes, prices.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from hashlib import blake2b, shake_256

import pybase64

from safelight.messages import Call
from safelight.refusals import Refusal
from safelight.tokens import count_text

_WORD = re.compile(r"\w+")
_AXES = 24
"""Directions of one word: enough that two words seldom share one."""

_OWN = 0.02
"""Weight of what only this text has; it keeps every number from being zero."""

_DIMENSIONS = 1536


@dataclass(frozen=True, slots=True)
class EmbeddingsResult:
    """One vector for each text, in order, and the tokens of all texts."""

    vectors: tuple[tuple[float, ...], ...]
    tokens: int


def create(call: Call) -> EmbeddingsResult:
    """Embed `input`, a text or a list of them, in as many `dimensions` as asked or usual.

    Raises Refusal("dimensions_too_many") beyond what the model has.
    """
    given = call.params["input"]
    texts = [given] if isinstance(given, str) else list(given)
    most = int(call.traits.get("dimensions", _DIMENSIONS))
    wanted = call.params.get("dimensions") or most
    if wanted > most and not call.lenient:
        raise Refusal("dimensions_too_many", "dimensions", limit=most, value=wanted)
    salt = f"{call.seed}|{call.model}".encode()
    vectors = tuple(embed(text, wanted, salt) for text in texts)
    return EmbeddingsResult(vectors, sum(count_text(text) for text in texts))


def embed(text: str, dimensions: int, salt: bytes = b"") -> tuple[float, ...]:
    """Return a text as a vector of length 1; the same text and salt give the same one."""
    own = shake_256(salt + text.encode("utf-8", "replace")).digest(dimensions)
    vector = [(byte - 127.5) * _OWN / 127.5 for byte in own]
    for word in _WORD.findall(text.lower()):
        _point(vector, word, salt)
    length = math.sqrt(math.fsum(x * x for x in vector))
    return tuple(x / length for x in vector)


def _point(vector: list[float], word: str, salt: bytes) -> None:
    """Add one word: a step of +1 or -1 along each of its axes."""
    digest = blake2b(_stem(word).encode("utf-8", "replace"), key=salt[:64]).digest()
    for at in range(0, _AXES * 2, 2):
        number = digest[at] << 8 | digest[at + 1]
        vector[(number >> 1) % len(vector)] += 1.0 if number & 1 else -1.0


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def packed(vector: tuple[float, ...]) -> str:
    """Return a vector as base64 of little-endian 32-bit floats."""
    return pybase64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
