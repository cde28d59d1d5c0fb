"""Where a fault steps into the walk: which one strikes a visit, and what it does to the reply.

What must not enter: which faults there are (`faults`), how bytes are bent (`bending`), pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from safelight.bending import applies, bend
from safelight.dialects.base import Artwork, Visit
from safelight.errors import ErrorTable, Failure, fill
from safelight.faults import FAULTS, Ask, without_token
from safelight.messages import Json, Reply
from safelight.operations.images import ImagesResult
from safelight.refusals import UsageError
from safelight.scenario import HEADER, Asked, called_by
from safelight.store import Canned, Given

NO_ANSWER = Reply(0)
"""What a connection carries that is cut before anybody answers: no status at all."""


def called(visit: Visit) -> Reply | None:
    """Settle the fault that a header calls for, before the request is looked at.

    Return the reply of a connection that ends here. What bends replies bends those to a wrong key
    too; refusals and pictures wait for a request that is good so far. Raises UsageError.
    """
    if _early(visit):
        header = _header(visit)
        _choose(visit, Asked(visit.dialect.provider.name, visit.operation, "", "", header), ())
    return cut(visit.fault)


def strike(visit: Visit, always: Sequence[Ask]) -> Ask | None:
    """Settle the fault of this visit, if no header has. Raises UsageError for a name that is none.

    A model's name that called for it is what is left of it from here on.
    """
    model = visit.params.get("model") or visit.arguments.get("model") or ""
    asked = Asked(
        provider=visit.dialect.provider.name,
        operation=visit.operation,
        model=str(model),
        prompt=visit.dialect.prompt_of(visit),
        header=_header(visit),
        aside=visit.route is None,
    )
    if not _early(visit):
        _choose(visit, asked, always)
    if "[[" in asked.model:
        if isinstance(visit.params.get("model"), str):
            visit.params = {**visit.params, "model": without_token(visit.params["model"])}
        visit.arguments = {k: without_token(v) for k, v in visit.arguments.items()}
    return visit.fault


def _header(visit: Visit) -> str | None:
    """Return what the header says; one that is there twice says both, which is no fault."""
    found = [value for name, value in visit.request.headers if name == HEADER]
    return ", ".join(found) if found else None


def _early(visit: Visit) -> bool:
    """Tell whether a header calls for a fault of the connection. Raises UsageError."""
    text = _header(visit)
    return text is not None and called_by(text).fault.kind in ("cut", "wire", "stream")


def _choose(visit: Visit, asked: Asked, always: Sequence[Ask]) -> None:
    scenario = visit.session.scenario
    visit.fault = scenario.choose(asked, always)
    if visit.fault and visit.fault.probability < 1:
        visit.notes.append(f"{visit.fault.fault.name}: by chance; seed {scenario.seed} repeats it")


def cut(fault: Ask | None) -> Reply | None:
    """Return the reply of a connection that ends before the request is looked at."""
    early = fault is not None and fault.fault.kind == "cut"
    return bend(NO_ANSWER, fault) if fault and early else None


def refusal(visit: Visit) -> Failure | None:
    """Return the refusal that was called for, with the headers and row that were asked for."""
    fault = visit.fault
    if fault is None or fault.fault.kind != "refusal":
        return None
    visit.model_name = visit.model_name or str(visit.params.get("model") or "")
    table, where = visit.dialect.provider.errors, visit.situation()
    wanted = fault.options.get("row")
    if wanted is None:
        failure = table.faulted((fault.fault.name,), where)
    else:
        rows = {row.id: row for row in table.rows if row.fault}
        if wanted not in rows:
            known = ", ".join(rows)
            raise UsageError(f"{table.provider}: no row {wanted!r} for a fault; known are {known}")
        failure = table.answer(rows[wanted], where)
    if "retry_after_ms" in fault.options:
        pace = {"retry-after-ms": fault.options["retry_after_ms"]}
        return replace(failure, headers={**failure.headers, **pace})
    return failure


def delayed(visit: Visit, reply: Reply, seconds: float) -> Reply:
    """Return a refusal that comes after so many seconds, or after those of the option."""
    if visit.fault and visit.fault.fault.kind == "refusal":
        seconds = visit.fault.number("seconds", seconds)
    return replace(reply, delay=seconds) if seconds else reply


class _Facts(dict[str, Json]):
    """Facts of a refusal that nobody caused: one that is not known is told by its own name."""

    def __missing__(self, name: str) -> Json:
        return name


def answered(visit: Visit, library: Canned | None) -> Failure | None:
    """Take the answer that waits for this request, or a fixture; return its refusal, if it is one.

    Raises UsageError for an error row that the provider has not.
    """
    visit.answer = visit.answer or visit.session.answer(visit.operation)
    if visit.answer is None and library is not None:
        visit.answer = library.canned(visit)
    if visit.answer is None or visit.answer.row is None:
        return None
    row = visit.answer.row
    table, where = visit.dialect.provider.errors, visit.situation()
    found = next((known for known in table.rows if known.id == row), None)
    if found is None:
        raise UsageError(f"{table.provider} has no error row {row!r}; {_near(row, table)}")
    facts = {"model": where.model, "at": None, **Ask(FAULTS["rate_limited"]).facts(), **where.facts}
    facts |= visit.answer.facts
    return fill(found, _Facts(facts))


def _near(row: str, table: ErrorTable) -> str:
    near = get_close_matches(row, [known.id for known in table.rows], n=4, cutoff=0.3)
    return f"near are {', '.join(near)}" if near else "they stand in its errors*.toml"


def given(visit: Visit, reply: Reply) -> Reply:
    """Return a reply as the answer that waits for this request has it, and keep it if asked to."""
    answer = visit.answer
    if answer is None:
        return reply
    if reply.status < 400 or answer.row:
        reply = answer.bend(reply)
    if answer.kept:
        visit.session.given.append(Given(visit.number, visit.operation, reply))
    return reply


def bent(visit: Visit, reply: Reply) -> Reply:
    """Bend a reply as the fault on the wire says; note one that cannot happen to it."""
    reply, fault = given(visit, reply), visit.fault
    if fault is not None and fault.fault.kind == "picture" and visit.result is None:
        visit.notes.append(f"{fault.fault.name}: nothing was made that could show it")
    if fault is None or fault.fault.kind not in ("wire", "stream"):
        return reply
    if visit.result is not None and reply.status < 400 and _one_body(visit):
        return reply
    if not applies(fault, reply):
        visit.notes.append(f"{fault.fault.name}: needs a {fault.fault.needs}, nothing was bent")
        return reply
    event = visit.dialect.provider.errors.streamed(visit.situation())
    changed = bend(reply, replace(fault, event=event))
    if changed == reply:
        visit.notes.append(f"{fault.fault.name}: there was nothing to bend in this reply")
    return changed


def written(visit: Visit, result: object, pictures: tuple[Artwork, ...]) -> Reply:
    """Return a result as its dialect writes it; where the fault wants one body, without a stream.

    The journal still tells that a stream was asked for.
    """
    if not _one_body(visit):
        return visit.dialect.write(visit, result, pictures)
    asked = visit.params
    visit.params = {**asked, "stream": False}
    if isinstance(result, ImagesResult):
        result = replace(result, stream=False)
    try:
        return visit.dialect.write(visit, result, pictures)
    finally:
        visit.params = asked


def _one_body(visit: Visit) -> bool:
    named = visit.fault is not None and visit.fault.fault.name == "json_instead_of_stream"
    return named and bool(visit.params.get("stream"))


def lied(visit: Visit, result: object) -> object:
    """Return a result with the pictures that the fault asks for; note one that has none such."""
    fault = visit.fault
    if fault is None or fault.fault.kind != "picture":
        return result
    told = visit.dialect.lie(result, fault.fault.name)
    if told == result:
        visit.notes.append(f"{fault.fault.name}: no picture here could show it")
    return told
