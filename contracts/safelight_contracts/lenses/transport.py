"""The lens `transport`: the same bytes on a hostile way: in pieces, slowly, framed as SSE allows.

What must not enter: changes of what is said; a stream that ends too early is `planted`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from safelight_contracts.client_plans import Atom
from safelight_contracts.lenses.base import Base

CODE = "SL-CLIENT-FRAMING"
_PIECES = 150
"""Pieces that a reply comes in at most: each has to be waited for."""


def groups(base: Base, taint: str) -> Iterator[tuple[str, list[Atom]]]:
    """Yield each way alone, and the worst of them together."""
    for atom in (*framed(base, taint), *slow(base)):
        yield atom.says, [atom]
    if base.streams:
        yield "frames split at bad places", [*cut(base)]
        yield "a character split", [wide(taint)]
        yield "small pieces, CRLF and comments", [*framed(base, taint)[:2], *small(base)]
    else:
        yield "the body in small pieces", [*small(base)]


def framed(base: Base, taint: str) -> list[Atom]:
    """Return what the format of event streams allows (WHATWG HTML, 9.2.5 and 9.2.6)."""
    if not base.streams:
        return []
    return [
        Atom("lines end in CRLF", rest=(("newline", "\r\n"),)),
        Atom("comments between events", rest=(("comment", taint),)),
    ]


def slow(base: Base) -> Iterator[Atom]:
    """Yield a pause in the middle: short enough for every client that waits at all."""
    half = len(base.body) // 2
    yield Atom("a pause in the middle", rest=(("cuts", [half]), ("gap", 0.2)))


def small(base: Base) -> Iterator[Atom]:
    """Yield many small pieces."""
    every = max(3, -(-len(base.body) // _PIECES))
    yield Atom(f"pieces of {every} bytes", rest=(("every", every),))


def cut(base: Base) -> Iterator[Atom]:
    """Yield cuts where careless readers break: in a field's name, in an event, at its end."""
    body = base.body
    places = {2: "in the first field's name"}
    places |= {start + 9: "within an event" for start in base.starts[1:2]}
    places |= {start - 1: "between the line ends after an event" for start in base.starts[1:2]}
    for place, says in places.items():
        if 0 < place < len(body):
            yield Atom(f"a piece that ends {says}", rest=(("cuts", [place]),))


def wide(taint: str) -> Atom:
    """Return a piece that ends within a character of two bytes, which stands in a comment."""
    comment = f"\N{LATIN SMALL LETTER E WITH ACUTE} {taint}"
    return Atom("a piece that ends within a character", rest=(("comment", comment), ("cuts", [3])))


def drawn(base: Base, taint: str) -> st.SearchStrategy[list[Atom]]:
    """Return a strategy of ways: cuts anywhere, and the framings."""
    places = st.lists(st.integers(1, max(1, len(base.body) - 1)), max_size=12, unique=True)
    cuts = places.map(sorted).map(
        lambda at: [Atom(f"pieces that end at {at}", rest=(("cuts", at),))] if at else []
    )
    framings = framed(base, taint)
    if not framings:
        return cuts
    ways = st.lists(st.sampled_from(framings), max_size=2, unique_by=lambda a: a.says)
    return st.tuples(cuts, ways).map(lambda pair: [*pair[1], *pair[0]])
