"""How a visit becomes an `Exchange` of the journal: summarised, masked, and reckoned.

What must not enter: the walk, what is done with the journal.
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.costs import as_text
from safelight.dialects.base import Visit
from safelight.fingerprints import fingerprint
from safelight.journal import Exchange
from safelight.messages import Json, Reply, Upload
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.pixels import UnreadablePicture, inspect

_LONG = 400
"""Characters of a text that the journal shows."""

_DEEP = 8
_SECRET = ("key", "token", "secret", "authorization", "password", "credential")


def exchange(visit: Visit, reply: Reply) -> Exchange:
    """Return the journal's entry for a visit that is over."""
    result = visit.result
    lost = reply.wire is not None and reply.end == "reset"
    params = {key: summary(value, key) for key, value in visit.params.items()}
    return Exchange(
        at=visit.now,
        number=visit.number,
        request_id=visit.request_id,
        session=visit.session.name,
        provider=visit.dialect.provider.name,
        operation=visit.operation,
        model=visit.model_name,
        method=visit.request.method,
        path=visit.request.path,
        status=reply.status,
        params=params,
        prompt=visit.dialect.prompt_of(visit)[:2000],
        digest=_digest(visit, params),
        row=visit.row,
        violations=tuple(visit.violations),
        fault=visit.fault.fault.name if visit.fault else None,
        retry=_count(visit.request.header("x-stainless-retry-count")),
        retry_after=_seconds(dict(reply.headers).get("retry-after")),
        pictures=_pictures(result),
        tokens=_tokens(result),
        cost=_cost(visit),
        billed=reply.status < 400 and bool(_pictures(result) or _tokens(result)),
        delivered=not lost,
        stream=reply.chunks is not None,
        urls=tuple(visit.urls),
        reply_bytes=len(reply.body) + sum(len(c.data) for c in reply.chunks or ()),
        notes=tuple(visit.notes),
        files=dict(_files(visit.params)),
    )


def summary(value: Json, key: str = "", depth: int = 0) -> Json:
    """Return a parameter fit to be shown: files described, long texts cut, secrets masked."""
    if isinstance(value, Upload):
        return _file(value)
    if isinstance(value, str):
        return "***" if _secret(key) else _short(value)
    if depth > _DEEP:
        return "…"
    if isinstance(value, dict):
        return {str(k): summary(v, str(k), depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [summary(item, key, depth + 1) for item in value[:50]]
    return value


def _secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET)


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(text)} characters)"


def _file(upload: Upload) -> dict[str, Json]:
    about: dict[str, Json] = {
        "filename": upload.filename,
        "content_type": upload.content_type,
        "bytes": len(upload.data),
        "hash": fingerprint(upload.data).hex(),
    }
    try:
        picture = inspect(upload.data)
    except UnreadablePicture:
        return about
    size = f"{picture.width}x{picture.height}"
    return {**about, "format": picture.format, "size": size, "alpha": picture.has_alpha}


def _files(params: dict[str, Json]) -> Iterator[tuple[str, bytes]]:
    for key, value in params.items():
        if isinstance(value, Upload):
            yield key, value.data
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Upload):
                    yield f"{key}[{index}]", item.data


def _digest(visit: Visit, params: dict[str, Json]) -> str:
    """Return what names the request's content. A form is named by its parts, not its boundary."""
    if visit.body == "form":
        told = repr(sorted((key, repr(value)) for key, value in params.items())).encode()
    else:
        told = visit.request.body
    return fingerprint(told).hex() if told else ""


def _pictures(result: object) -> int:
    if isinstance(result, ImagesResult):
        return len(result.jobs)
    if isinstance(result, ChatResult):
        return sum(len(choice.drawings) for choice in result.choices)
    return 0


def _tokens(result: object) -> int:
    return result.usage.total_tokens if isinstance(result, (ImagesResult, ChatResult)) else 0


def _cost(visit: Visit) -> str | None:
    cost = visit.dialect.cost(visit, visit.result) if visit.result is not None else None
    return None if cost is None else as_text(cost)


def _count(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
