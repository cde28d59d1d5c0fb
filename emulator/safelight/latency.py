"""How long an answer takes when waiting is wanted: ranges from data, drawn from the request's id.

A whole answer is delayed; a stream is paced, preview by preview and token by token. Nothing waits
here: waits are written into the reply. What must not enter: sleeping, clocks, providers.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from safelight.datafiles import data_dir, known_keys, read_toml
from safelight.messages import Chunk, Json, Reply
from safelight.refusals import DataError

_KEYS = frozenset(
    {
        "operations", "models", "quality", "seconds", "first", "token", "source", "checked",
        "unverified",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """How long requests like these take, in seconds from the least to the most.

    Either `seconds` for the whole, or `first` until the first piece and `token` for each after it.
    `source` says who says so.
    """

    operations: tuple[str, ...]
    models: tuple[str, ...]
    quality: tuple[str, ...]
    seconds: tuple[float, float] | None
    first: tuple[float, float] | None
    token: tuple[float, float] | None
    source: str = ""

    def fits(self, operation: str, model: str, quality: str) -> bool:
        """Tell whether a request is one of these."""
        told = ((operation, self.operations), (model, self.models), (quality, self.quality))
        return all(any(fnmatchcase(value, glob) for glob in globs) for value, globs in told)


@lru_cache(maxsize=4)
def load_latency(path: Path | None = None) -> tuple[Range, ...]:
    """Return the ranges of `schemas/latency.toml`, of which the first that fits is meant.

    Raises DataError.
    """
    path = path or data_dir("schemas") / "latency.toml"
    return tuple(_range(row, path) for row in read_toml(path)["range"])


def _range(row: Json, path: Path) -> Range:
    known_keys(row, _KEYS, path, "range", sourced=True)
    spans: dict[str, tuple[float, float] | None] = {}
    for key in ("seconds", "first", "token"):
        span = row.get(key)
        if span is not None and not (len(span) == 2 and 0 <= span[0] <= span[1]):
            raise DataError(path, f"range.{key}", f"is the least and the most, got {span!r}")
        spans[key] = (float(span[0]), float(span[1])) if span else None
    if (spans["seconds"] is None) == (spans["first"] is None or spans["token"] is None):
        raise DataError(path, "range", "needs `seconds`, or `first` and `token`")
    globs = {key: tuple(row.get(key, ["*"])) for key in ("operations", "models", "quality")}
    return Range(
        globs["operations"], globs["models"], globs["quality"],
        spans["seconds"], spans["first"], spans["token"], row["source"],
    )  # fmt: skip


def as_markdown(ranges: Sequence[Range]) -> str:
    """Return the ranges, each with its source, as the documentation shows them."""
    lines = ["| models | quality | seconds | says who |", "| --- | --- | --- | --- |"]
    for span in ranges:
        models, quality = (_names(globs) for globs in (span.models, span.quality))
        kind = ", ".join(span.operations)
        which = f"{models} in `{kind}`"
        lines.append(f"| {which} | {quality} | {_seconds(span)} | {span.source} |")
    return "\n".join(lines)


def _names(globs: tuple[str, ...]) -> str:
    return "any" if globs == ("*",) else ", ".join(f"`{glob}`" for glob in globs)


def _seconds(span: Range) -> str:
    if span.seconds is not None:
        return f"{span.seconds[0]:g} to {span.seconds[1]:g}"
    assert span.first is not None, "a range has either"
    assert span.token is not None, "a range has either"
    first, token = span.first, span.token
    return f"{first[0]:g} to {first[1]:g}, then {token[0]:g} to {token[1]:g} a token"


def paced(reply: Reply, span: Range, *, seed: str, tokens: int, speed: float) -> Reply:
    """Return a reply that takes its time, divided by `speed`; the same seed, the same time.

    `tokens` are those of the answer, for ranges that are told by the token.
    """
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    pieces = len(reply.chunks) if reply.chunks is not None else 0
    if span.seconds is not None:
        total = chance.uniform(*span.seconds) / speed
        start, step = (total / pieces, total / pieces) if pieces else (total, 0.0)
    else:
        assert span.first is not None, "a range has either"
        assert span.token is not None, "a range has either"
        each, begin = chance.uniform(*span.token), chance.uniform(*span.first)
        start, step = begin / speed, each / speed
        if reply.chunks is None:
            start += step * tokens
    if reply.chunks is None:
        return replace(reply, delay=reply.delay + start)
    waits = (start, *(step for _ in range(pieces - 1)))
    paired = zip(reply.chunks, waits, strict=True)
    return replace(reply, chunks=tuple(Chunk(c.data, c.wait + wait) for c, wait in paired))


def fitting(ranges: Sequence[Range], operation: str, model: str, quality: str) -> Range | None:
    """Return the range of a request, or None where nothing is waited for."""
    return next((span for span in ranges if span.fits(operation, model, quality)), None)


def length(reply: Reply) -> float:
    """Return how many seconds a reply takes by itself, from its request to its last byte."""
    pieces = reply.wire if reply.wire is not None else reply.chunks or ()
    return reply.delay + sum(chunk.wait for chunk in pieces)


def hurried(reply: Reply) -> Reply:
    """Return a reply that waits for nothing. Pieces that came apart still do."""
    if length(reply) == 0:
        return reply
    return replace(reply, delay=0.0, chunks=_at_once(reply.chunks), wire=_at_once(reply.wire))


def _at_once(chunks: tuple[Chunk, ...] | None) -> tuple[Chunk, ...] | None:
    if chunks is None:
        return None
    return tuple(Chunk(chunk.data, 1e-6 if chunk.wait else 0.0) for chunk in chunks)
