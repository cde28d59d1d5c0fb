"""How a visit becomes an `Exchange` of the journal: summarised, masked, and reckoned.

What must not enter: the walk, what is done with the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from safelight.costs import as_text
from safelight.dialects.base import Visit
from safelight.fingerprints import fingerprint
from safelight.journal import Entry, Exchange
from safelight.latency import length
from safelight.masks import Masks
from safelight.messages import Json, Reply, Upload
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.sentences import sentence
from safelight.summaries import LONG, summary

_PROMPT = 2000
"""Characters of a prompt that it shows."""

_END = 1024
"""Bytes of each end of a piece that name it."""

_CREDENTIALS = ("authorization", "x-api-key", "api-key", "cookie")


def entry(visit: Visit, reply: Reply) -> Entry:
    """Return the journal's entry for a visit whose reply leaves.

    Where the same request was answered before, only what is new about it is reckoned.
    """
    known = visit.known
    plain = known is not None and known.name and reply.status < 400 and reply.wire is None
    if not plain or known is None or visit.row or visit.fault or visit.notes:
        return Entry(exchange(visit, reply))
    if known.entry is None:
        known.entry = Entry(exchange(visit, reply))
        return known.entry.like({})
    return known.entry.like(_once_more(visit, reply))


def _once_more(visit: Visit, reply: Reply) -> dict[str, Json]:
    """Return the fields of an exchange that no two answers to a request have in common."""
    pieces = _pieces(reply)
    return {
        "at": visit.now,
        "number": visit.number,
        "request_id": visit.request_id,
        "takes": length(reply),
        "retry_after": _pause(reply),
        "urls": tuple(visit.urls),
        "urls_until": visit.urls_until,
        "reply_bytes": sum(map(len, pieces)),
        "reply_digest": _glance(pieces),
    }


def exchange(visit: Visit, reply: Reply, fate: str = "delivered") -> Exchange:
    """Return the journal's entry for a visit that is over."""
    result, masks = visit.result, masks_of(visit)
    bare = reply.wire is not None and (reply.end == "reset" or not reply.wire)
    pieces = _pieces(reply)
    return Exchange(
        at=visit.now,
        number=visit.number,
        request_id=visit.request_id,
        session=visit.session.name,
        provider=visit.dialect.provider.name,
        operation=visit.operation,
        model=masks.cut(visit.model_name, LONG),
        method=visit.request.method,
        path=masks.path(visit.request.called or visit.request.path, LONG),
        status=reply.status,
        params=summary(visit.params, masks),
        prompt=masks.cut(visit.dialect.prompt_of(visit), _PROMPT),
        digest=_digest(visit),
        row=visit.row,
        says=masks.cut(sentence(reply.body), LONG) if reply.status >= 400 else "",
        violations=tuple(masks.cut(text, LONG) for text in visit.violations),
        fault=_called_for(visit),
        retry=_count(visit.request.header("x-stainless-retry-count")),
        retry_after=_pause(reply),
        takes=length(reply),
        pictures=_pictures(result),
        tokens=tokens(result),
        cost=_cost(visit),
        billed=reply.status < 400 and bool(_pictures(result) or tokens(result)),
        fate="lost" if bare else fate,
        stream=reply.chunks is not None,
        urls=tuple(visit.urls),
        urls_until=visit.urls_until,
        reply_bytes=sum(map(len, pieces)),
        reply_digest=_glance(pieces),
        notes=tuple(masks.cut(note, LONG) for note in visit.notes),
        files=dict(_files(visit.params)),
    )


def _called_for(visit: Visit) -> str | None:
    """Return the fault's name; `answer` is a refusal that the session was told to give.

    An answer of another label lies in a way that its label tells.
    """
    if visit.fault:
        return visit.fault.fault.name
    if visit.answer is None:
        return None
    return visit.answer.label or ("answer" if visit.answer.row else None)


def _pieces(reply: Reply) -> tuple[bytes, ...]:
    return (reply.body,) if reply.chunks is None else tuple(c.data for c in reply.chunks)


def _pause(reply: Reply) -> float | None:
    """Return the seconds that a refusal asks to wait; clients obey the milliseconds first."""
    if reply.status < 400:
        return None
    moment = _seconds(_header(reply, "retry-after-ms"))
    return _seconds(_header(reply, "retry-after")) if moment is None else moment / 1000


def _header(reply: Reply, name: str) -> str | None:
    return next((value for key, value in reply.headers if key == name), None)


def _glance(pieces: tuple[bytes, ...]) -> str:
    """Return what names a reply's bytes: the length and both ends of each piece.

    A whole checksum would cost a kept picture more than sending it does; its own checksums are in
    its last bytes.
    """
    told = blake2b(digest_size=16)
    for piece in pieces:
        told.update(b"%d " % len(piece) + piece[:_END] + piece[-_END:])
    return told.hexdigest() if any(pieces) else ""


def masks_of(visit: Visit) -> Masks:
    """Return what hides this request's own credentials."""
    sent = [value for name, value in visit.request.headers if name in _CREDENTIALS]
    own = [part for value in sent for part in (value, value.partition(" ")[2].strip())]
    return Masks(*own)


def _files(params: dict[str, Json]) -> Iterator[tuple[str, bytes]]:
    for key, value in params.items():
        if isinstance(value, Upload):
            yield key, value.data
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Upload):
                    yield f"{key}[{index}]", item.data


def _digest(visit: Visit) -> str:
    """Return what names the request's content. A form is named by its parts, not its boundary."""
    if visit.body == "form":
        told = repr(sorted((k, repr(_named(v))) for k, v in visit.params.items())).encode()
    else:
        told = visit.request.body
    return fingerprint(told).hex() if told else ""


def _named(value: Json) -> Json:
    """Return a form's value with files named by their content."""
    if isinstance(value, Upload):
        return (value.filename, value.content_type, fingerprint(value.data))
    return [_named(item) for item in value] if isinstance(value, list) else value


def _pictures(result: object) -> int:
    if isinstance(result, ImagesResult):
        return len(result.jobs)
    if isinstance(result, ChatResult):
        return sum(len(choice.drawings) for choice in result.choices)
    return 0


def tokens(result: object) -> int:
    """Return how many tokens a result has used, of whatever kind."""
    if isinstance(result, (ImagesResult, ChatResult)):
        return result.usage.total_tokens
    found = getattr(result, "tokens", 0)
    return found if isinstance(found, int) else 0


def amounts(result: object) -> dict[str, int]:
    """Return what a result uses up of the limits on tokens and images."""
    return {"tokens": tokens(result), "images": _pictures(result)}


def _cost(visit: Visit) -> str | None:
    cost = visit.dialect.cost(visit, visit.result) if visit.result is not None else None
    return None if cost is None else as_text(cost)


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
