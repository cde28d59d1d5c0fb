"""Eden AI's persistent files: kept by the session, seen by the key that sent them (facts 5).

What must not enter: what a file is later used for.
"""

from __future__ import annotations

import datetime
import re
import uuid
from hashlib import blake2b
from urllib.parse import parse_qsl

from safelight.dialects.base import Visit
from safelight.messages import Json, Upload
from safelight.pixels import UnreadablePicture, inspect
from safelight.store import KeptFile

_DAY = 86_400
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def owner(visit: Visit) -> str:
    """Return the bearer key of a request, which is all that we know of who asks."""
    return (visit.request.header("authorization") or "").partition(" ")[2].strip()


def query(text: str) -> dict[str, Json]:
    """Return a query string as parameters, its whole numbers as numbers."""
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=1000)
    return {k: int(v) if k != "purpose" and _WHOLE.fullmatch(v) else v for k, v in pairs}


def find(visit: Visit, name: str) -> KeptFile | None:
    """Return the file of that id, if this key has sent it and it has not expired."""
    found = visit.session.uploads.get(name.lower())
    good = found and found.owner == owner(visit) and found.expires > visit.now
    return found if good else None


def create(visit: Visit, *, days: int) -> Json:
    """Keep a file, for `days` unless the request says otherwise."""
    upload = visit.params["file"]
    told = f"{visit.request_id}|{visit.now}".encode()
    kept = KeptFile(
        id=str(uuid.UUID(bytes=blake2b(told, digest_size=16).digest(), version=4)),
        owner=owner(visit),
        name=upload.filename or "file",
        media_type=_detected(upload),
        data=upload.data,
        purpose=visit.params.get("purpose", "general"),
        created=visit.now,
        expires=visit.now + visit.params.get("expires_in_days", days) * _DAY,
    )
    visit.session.uploads.put(kept.id, kept)
    return _shown(kept)


def listing(visit: Visit) -> Json:
    """Return a page of this key's files, newest first."""
    params = visit.params
    page, limit, purpose = params.get("page", 1), params.get("limit", 100), params.get("purpose")
    mine = [file for file in _mine(visit) if purpose is None or file.purpose == purpose]
    mine.sort(key=lambda file: file.created, reverse=True)
    shown = mine[(page - 1) * limit : page * limit]
    return {
        "items": [_shown(file) for file in shown],
        "total": len(mine),
        "page": page,
        "limit": limit,
        "total_pages": -(-len(mine) // limit),
    }


def clear(visit: Visit) -> Json:
    """Forget all files of this key."""
    return _forgotten(visit, _mine(visit))


def delete(visit: Visit) -> Json:
    """Forget the named files; unknown ones and those of others are passed over."""
    names = dict.fromkeys(name for name in visit.params["file_ids"] if isinstance(name, str))
    return _forgotten(visit, [file for name in names if (file := find(visit, name))])


def _forgotten(visit: Visit, files: list[KeptFile]) -> Json:
    gone = {file.id for file in files}
    for name in gone:
        visit.session.uploads.drop(name)
    return {"deleted_count": len(gone)}


def _mine(visit: Visit) -> list[KeptFile]:
    return [file for file in visit.session.uploads.values() if find(visit, file.id)]


def _detected(upload: Upload) -> str:
    """Return the media type: a picture's by its bytes, else what was said."""
    try:
        return f"image/{inspect(upload.data).format}"
    except UnreadablePicture:
        return upload.content_type or "application/octet-stream"


def _shown(file: KeptFile) -> Json:
    return {
        "file_id": file.id,
        "file_name": file.name,
        "file_size": len(file.data),
        "file_mimetype": file.media_type,
        "purpose": file.purpose,
        "metadata": {},
        "created_at": _time(file.created),
        "expires_at": _time(file.expires),
    }


def _time(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
    return moment.isoformat().replace("+00:00", "Z")
