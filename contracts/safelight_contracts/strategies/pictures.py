"""Small real pictures to send: what an endpoint is asked with has to be one.

What must not enter: the emulator's own painter, requests.
"""

from __future__ import annotations

import io
from functools import lru_cache

from safelight.messages import Json, Upload

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
_SHOWN: dict[str, Json] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@lru_cache(maxsize=64)
def picture(kind: str = "image/png", width: int = 64, height: int = 64) -> bytes:
    """Return a picture's file: a red disc on white, `kind` a media type, in pixels."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), "white")
    box = (width // 4, height // 4, width - width // 4, height - height // 4)
    ImageDraw.Draw(image).ellipse(box, fill=(200, 30, 30))
    return _file(image, FORMATS[kind])


@lru_cache(maxsize=64)
def mask(width: int = 64, height: int = 64) -> bytes:
    """Return a mask's PNG: opaque, its middle half fully transparent, which is what may change."""
    from PIL import Image

    image = Image.new("RGBA", (width, height), (0, 0, 0, 255))
    hole = (width // 4, height // 4, width - width // 4, height - height // 4)
    image.paste((0, 0, 0, 0), hole)
    return _file(image, "PNG")


def upload(kind: str = "image/png", data: bytes | None = None, name: str | None = None) -> Upload:
    """Return a file as forms carry it, under a name that its type gives it."""
    ending = _SHOWN.get(kind, "bin")
    content = data if data is not None else picture(kind if kind in FORMATS else "image/png")
    return Upload(name or f"picture.{ending}", kind, content)


def data_url(data: bytes, kind: str = "image/png") -> str:
    """Return a file as a `data:` URL."""
    from base64 import b64encode

    return f"data:{kind};base64,{b64encode(data).decode()}"


def _file(image: Json, form: str) -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()
