"""How parameters are shown in the journal: files described, long texts cut, secrets masked.

What must not enter: visits, what else an exchange tells.
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight.fingerprints import fingerprint
from safelight.masks import HIDDEN, Masks, is_secret
from safelight.messages import Json, Upload
from safelight.pixels import UnreadablePicture, inspect

LONG = 400
"""Characters of a text that the journal shows."""

_DEEP = 8
_MANY = 50


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
        yield masks.cut(str(key), LONG), summary(item, masks, depth, secret=hidden)


def _short(text: str, masks: Masks) -> str:
    if len(text) <= LONG:
        return masks.text(text)
    return f"{masks.cut(text, LONG)}… ({len(text)} characters)"


def _file(upload: Upload, masks: Masks) -> dict[str, Json]:
    name = upload.filename
    about: dict[str, Json] = {
        "filename": None if name is None else masks.cut(name, LONG),
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
