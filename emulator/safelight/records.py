"""How a visit becomes an `Exchange` of the journal: summarised, masked, and reckoned.

What must not enter: the walk, what is done with the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from safelight.costs import as_text
from safelight.dialects.base import Visit
from safelight.fingerprints import fingerprint
from safelight.journal import Exchange
from safelight.latency import length
from safelight.masks import HIDDEN, Masks, is_secret
from safelight.messages import Json, Reply, Upload
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.pixels import UnreadablePicture, inspect
from safelight.sentences import sentence

_LONG = 400
"""Characters of a text that the journal shows."""

_PROMPT = 2000
"""Characters of a prompt that it shows."""

_END = 2048
"""Bytes of each end of a piece that name it."""

_DEEP = 8
_MANY = 50
_CREDENTIALS = ("authorization", "x-api-key", "api-key", "cookie")


def exchange(visit: Visit, reply: Reply, fate: str = "delivered") -> Exchange:
    """Return the journal's entry for a visit that is over."""
    result, masks = visit.result, masks_of(visit)
    bare = reply.wire is not None and (reply.end == "reset" or not reply.wire)
    pieces = (reply.body,) if reply.chunks is None else tuple(c.data for c in reply.chunks)
    return Exchange(
        at=visit.now,
        number=visit.number,
        request_id=visit.request_id,
        session=visit.session.name,
        provider=visit.dialect.provider.name,
        operation=visit.operation,
        model=masks.cut(visit.model_name, _LONG),
        method=visit.request.method,
        path=masks.cut(visit.request.called or visit.request.path, _LONG),
        status=reply.status,
        params=summary(visit.params, masks),
        prompt=masks.cut(visit.dialect.prompt_of(visit), _PROMPT),
        digest=_digest(visit),
        row=visit.row,
        says=masks.cut(sentence(reply.body), _LONG) if reply.status >= 400 else "",
        violations=tuple(masks.cut(text, _LONG) for text in visit.violations),
        fault=_called_for(visit),
        retry=_count(visit.request.header("x-stainless-retry-count")),
        retry_after=_seconds(dict(reply.headers).get("retry-after")),
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
        notes=tuple(masks.cut(note, _LONG) for note in visit.notes),
        files=dict(_files(visit.params)),
    )


def _called_for(visit: Visit) -> str | None:
    """Return the fault's name; `answer` is a refusal that the session was told to give."""
    if visit.fault:
        return visit.fault.fault.name
    return "answer" if visit.answer and visit.answer.row else None


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
    sent = (visit.request.header(name) or "" for name in _CREDENTIALS)
    own = [part for value in sent for part in (value, value.partition(" ")[2].strip())]
    return Masks(*own)


def summary(value: Json, masks: Masks, depth: int = 0, *, secret: bool = False) -> Json:
    """Return a parameter fit to be shown: files described, long texts cut, secrets masked.

    Below a field that is `secret` by its name every text is one.
    """
    if isinstance(value, str):
        return HIDDEN if secret else _short(value, masks)
    if isinstance(value, Upload):
        return _file(value, masks)
    if isinstance(value, (dict, list)) and depth > _DEEP:
        return "…"
    if isinstance(value, list):
        return [summary(item, masks, depth + 1, secret=secret) for item in value[:_MANY]]
    if isinstance(value, dict):
        return dict(_fields(value, masks, depth + 1, secret=secret))
    huge = isinstance(value, int) and abs(value) >= 2**63
    return str(value) if huge else value


def _fields(
    value: dict[str, Json], masks: Masks, depth: int, *, secret: bool
) -> Iterator[tuple[str, Json]]:
    """Yield an object's first fields, summarised."""
    for key, item in list(value.items())[:_MANY]:
        hidden = secret or is_secret(str(key))
        yield masks.cut(str(key), _LONG), summary(item, masks, depth, secret=hidden)


def _short(text: str, masks: Masks) -> str:
    if len(text) <= _LONG:
        return masks.text(text)
    return f"{masks.cut(text, _LONG)}… ({len(text)} characters)"


def _file(upload: Upload, masks: Masks) -> dict[str, Json]:
    name = upload.filename
    about: dict[str, Json] = {
        "filename": None if name is None else masks.cut(name, _LONG),
        "content_type": upload.content_type,
        "bytes": len(upload.data),
        "hash": fingerprint(upload.data).hex(),
    }
    try:
        picture = inspect(upload.data)
    except UnreadablePicture:
        return about
    width, height = picture.shown
    size = f"{width}x{height}"
    return {**about, "format": picture.format, "size": size, "alpha": picture.has_alpha}


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
