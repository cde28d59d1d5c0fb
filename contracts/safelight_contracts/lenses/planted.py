"""What is planted because a client has to notice it: truncated streams, pages of HTML, wrong bytes.

Three lies are made here, with a marker that must never reach the client's output; every fault of
the emulator's catalogue can be planted by its name as well. What must not enter: judging.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence

from hypothesis import strategies as st
from safelight.messages import Json

from safelight_contracts.client_plans import Atom, Plan
from safelight_contracts.lenses.base import Base

CODE = "SL-CLIENT-UNDETECTED"
_OPTIONS = {"stall_before_headers": {"seconds": 3600}, "stall_mid_body": {"seconds": 3600}}
_OPTIONS |= {"stall_mid_stream": {"seconds": 3600}}


def plans(base: Base, wanted: Sequence[str], taint: str) -> Iterator[Plan]:
    """Yield a plan for each way in which a lie can be told here: one of LIES, else a fault."""
    for name in wanted:
        if name in LIES:
            yield from LIES[name](base, taint)
        else:
            match = {"operation": base.operation}
            step = {"fault": name, "times": 1, "match": match, "options": _OPTIONS.get(name, {})}
            yield Plan("planted", name, CODE, base.operation, "notice", steps=(step,), lie=name)


def truncated_stream(base: Base, taint: str) -> Iterator[Plan]:
    """Yield streams that end before what ends them: by a reset, and as if all were well.

    The previews that came have the marker: none of them is the picture.
    """
    if not base.streams:
        return
    last = base.starts.index(base.last())
    marked = _previews(base, taint)
    for says, rest in (
        ("a stream that ends early", (("events", last),)),
        ("a stream that is reset", (("events", max(1, last // 2)), ("end", "reset"))),
        ("a stream that ends within an event", (("keep", max(1, base.starts[last] - 3)),)),
    ):
        first = marked if rest[0][0] == "events" else ()
        yield _lie("truncated_stream", says, base, (*first, Atom(says, rest=rest)), taint)


def drawn(base: Base) -> st.SearchStrategy[Plan]:
    """Return a strategy of streams that end anywhere before what ends them."""
    last = base.starts[base.starts.index(base.last())]
    ends = st.sampled_from(("close", "reset"))

    def plan(pair: tuple[int, str]) -> Plan:
        keep, end = pair
        says = f"a stream that ends after {keep} bytes by a {end}"
        return _lie("truncated_stream", says, base, (_rest(says, keep=keep, end=end),), "")

    return st.tuples(st.integers(1, max(1, last - 1)), ends).map(plan)


def _rest(says: str, **rest: Json) -> Atom:
    return Atom(says, rest=tuple(rest.items()))


def html_200(base: Base, taint: str) -> Iterator[Plan]:
    """Yield a page of HTML with status 200 in place of the reply."""
    page = f"<html><head><title>200 OK</title></head><body>{taint}</body></html>\r\n"
    told = (("body", page), ("headers", {"content-type": "text/html; charset=utf-8"}))
    yield _lie("html_200", "status 200, and an HTML page", base, (Atom("html", rest=told),), taint)


def wrong_bytes(base: Base, taint: str) -> Iterator[Plan]:
    """Yield pictures that are none: text in base64."""
    coded = base64.b64encode(f"{taint} is no picture".encode()).decode()
    edits = []
    for number, document in base.documents():
        where = {} if number is None else {"event": number}
        edits += [
            {"at": list(at), "set": prefix + coded, **where} for at, prefix in _coded(document)
        ]
    if edits:
        atom = Atom("wrong bytes", tuple(edits))
        yield _lie("wrong_bytes", "text where a picture should be", base, (atom,), taint)


LIES: dict[str, Callable[[Base, str], Iterator[Plan]]] = {
    "truncated_stream": truncated_stream,
    "html_200": html_200,
    "wrong_bytes": wrong_bytes,
}
"""The lies that are made here, by name."""


def _lie(name: str, says: str, base: Base, atoms: tuple[Atom, ...], taint: str) -> Plan:
    return Plan("planted", says, CODE, base.operation, "notice", atoms, lie=name, taint=taint)


def _previews(base: Base, taint: str) -> tuple[Atom, ...]:
    """Return an atom that puts the marker behind the bytes of every picture but the last."""
    edits = []
    for number in sorted(base.events)[:-1]:
        document = base.events[number]
        for at, prefix in _coded(document):
            data = base64.b64decode(_value(document, at).removeprefix(prefix))
            spoilt = prefix + base64.b64encode(data + taint.encode()).decode()
            edits.append({"at": list(at), "set": spoilt, "event": number})
    return (Atom("previews with a marker", tuple(edits)),) if edits else ()


def _value(document: Json, at: Sequence[str | int]) -> str:
    for key in at:
        document = document[key]
    return str(document)


def _coded(
    document: Json, at: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where pictures stand in base64, with the prefix of a data URL if they have one."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _coded(value, (*at, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _coded(value, (*at, index))
    elif isinstance(document, str) and len(document) > 200:
        head, mark, _ = document[:100].partition(";base64,")
        if mark:
            yield at, head + mark
        elif document[:200].replace("+", "a").replace("/", "a").isalnum():
            yield at, ""
