"""Requests to OpenAI's image endpoints in a line each: `ask(emulator)` sends one and replies."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from kit import KEY, File, encode_form, png
from safelight.core import Emulator
from safelight.messages import Reply, Request

Ask = Callable[[Emulator], Reply]

GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"
VARIATIONS, MODELS, CHAT = "/v1/images/variations", "/v1/models", "/v1/chat/completions"
PHOTO: File = ("a.png", png(), "image/png")
RGBA: File = ("a.png", png(64, 64, "RGBA"), "image/png")
TEXT: File = ("a.txt", b"Dear Sir", "text/plain")
BASE = {"model": "gpt-image-1.5", "prompt": "a fox"}
IRE, IGUE = "invalid_request_error", "image_generation_user_error"
ABSENT = object()
"""The value that takes a field out of a request."""


def send(
    method: str, path: str, body: bytes = b"", kind: str | None = None, key: str | None = "sk-test"
) -> Ask:
    """Send bytes as they are; without a key where `key` is None."""
    headers = (("authorization", f"Bearer {key}"),) if key is not None else ()
    headers += (("content-type", kind),) if kind is not None else ()
    return lambda emu: emu.respond(Request(method, path, headers=headers, body=body))


def of_json(path: str, body: Any) -> Ask:
    """Send a JSON body."""
    return send("POST", path, json.dumps(body).encode(), "application/json")


def generate(**fields: Any) -> Ask:
    """Generate from BASE with some fields laid over it."""
    return of_json(GENERATIONS, _over(fields))


def edit_json(**fields: Any) -> Ask:
    """Edit by JSON; `images` is one small photograph unless told otherwise."""
    return of_json(EDITS, _over({"images": [{"image_url": data_url(png())}], **fields}))


def edit(*files: tuple[str, str | File], **fields: str | object) -> Ask:
    """Edit by form: the fields as text, then the files (one small photograph unless given)."""
    return _form(EDITS, _over(fields), files or (("image", PHOTO),))


def vary(*files: tuple[str, str | File], **fields: str) -> Ask:
    """Vary by form."""
    return _form(VARIATIONS, fields, files or (("image", PHOTO),))


def data_url(data: bytes, kind: str = "image/png") -> str:
    """Return a picture as a data URL."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def sized(width: int, height: int) -> File:
    """Return a one-coloured photograph to upload."""
    return ("a.png", png(width, height), "image/png")


def large(size: int) -> File:
    """Return a photograph to upload, with so many bytes more than it needs."""
    return ("a.png", png() + b"\0" * size, "image/png")


def said(message: str, kind: str, code: str | None, param: str | None) -> dict[str, Any]:
    """Return an error object."""
    return {"message": message, "type": kind, "param": param, "code": code}


def row_of(emu: Emulator) -> str | None:
    """Return the error row that answered the last request."""
    *_, exchange = emu._store.session("").journal
    return exchange.row


def _over(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**BASE, **fields}.items() if value is not ABSENT}


def _form(path: str, fields: dict[str, Any], files: tuple[tuple[str, str | File], ...]) -> Ask:
    body, kind = encode_form((*fields.items(), *files))
    request = Request("POST", path, headers=(KEY, ("content-type", kind)), body=body)
    return lambda emu: emu.respond(request)
