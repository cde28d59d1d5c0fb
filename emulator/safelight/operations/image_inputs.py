"""The pictures that come with a request: opened by their headers, checked against the rules.

Uploads, `data:` URLs, links and file ids meet here as `pixels.Source`s. A link is never followed: a
stable stand-in photograph is drawn for it. What must not enter: wire shapes, sockets.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import unquote_to_bytes

import pybase64

from safelight.fingerprints import fingerprint
from safelight.messages import Call, Json, Upload
from safelight.pixels import Source, UnreadablePicture, inspect, stand_in, verify
from safelight.refusals import Refusal


@dataclass(frozen=True)
class Inputs:
    """The opened pictures of one request; `digest` follows from their bytes."""

    pictures: tuple[Source, ...] = ()
    mask: Source | None = None
    markup: Source | None = None
    digest: bytes = b""
    high_fidelity: bool = False

    def verify(self) -> None:
        """Decode everything once (tens of milliseconds). Raises Refusal for a broken picture."""
        for number, picture in enumerate(self.pictures, start=1):
            _verify(picture, "image_unreadable", number)
        for overlay in (self.mask, self.markup):
            if overlay:
                _verify(overlay, "mask_unreadable", 0)


def _verify(picture: Source, name: str, number: int) -> None:
    try:
        verify(picture)
    except UnreadablePicture as error:
        raise Refusal(name, number=number, reason=error.reason) from error


def open_inputs(call: Call) -> Inputs:
    """Open what a request carries. Raises Refusal for bytes that are no picture or break a rule."""
    given = call.params.get("image", call.params.get("images"))
    if given is None:
        return Inputs()
    items = given if isinstance(given, list) else [given]
    pictures = tuple(_open(item, call, n) for n, item in enumerate(items, start=1))
    mask = _overlay(call, "mask", pictures)
    markup = _overlay(call, "markup", pictures)
    if not call.lenient:
        _legacy_rules(call, pictures)
    parts = [*pictures, *(overlay for overlay in (mask, markup) if overlay)]
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(fingerprint(part.data))
    digest.update(bytes([mask is not None, markup is not None]))
    high = call.params.get("input_fidelity") == "high"
    return Inputs(pictures, mask, markup, digest.digest(), high)


def _overlay(call: Call, name: str, pictures: tuple[Source, ...]) -> Source | None:
    """Open a mask or a markup overlay: of the first picture's size, and with an alpha channel."""
    item = call.params.get(name)
    if item is None:
        return None
    try:
        overlay = _open(item, call, 0)
    except Refusal as refusal:
        if refusal.name != "image_unreadable":
            raise
        raise Refusal("mask_unreadable", **refusal.facts) from refusal
    if call.lenient:
        return overlay if overlay.has_alpha else None
    if overlay.shown != pictures[0].shown:
        raise Refusal("mask_size", name)
    listed = call.traits.get("square_png") and overlay.mode == "L"  # as that model's refusal says
    if not (overlay.has_alpha or listed):
        raise Refusal("mask_without_alpha", name, mode=overlay.mode)
    return overlay


def _legacy_rules(call: Call, pictures: tuple[Source, ...]) -> None:
    """Hold the oldest models' rules: one square PNG, with alpha when it is to be edited."""
    if not call.traits.get("square_png"):
        return
    first = pictures[0]
    if first.format != "png":
        raise Refusal("image_not_png", "image", number=1)
    if first.width != first.height:
        raise Refusal("image_not_square", "image")
    editable = first.has_alpha or first.mode == "L"  # as the refusal itself lists them
    if call.operation == "images.edit" and call.params.get("mask") is None and not editable:
        raise Refusal("image_without_alpha", "image", mode=first.mode)


def _open(item: Json, call: Call, number: int) -> Source:
    if isinstance(item, Upload):
        return _inspect(item.data, call, number)
    reference = item.get("image_url") if isinstance(item, dict) else item
    if isinstance(reference, dict):  # the chat form: {"url": ...}
        reference = reference.get("url")
    if isinstance(reference, str) and reference.startswith("data:"):
        return _inspect(decode_data_url(reference, lenient=call.lenient), call, number)
    if isinstance(reference, str):
        return stand_in(reference)
    return stand_in(str(item.get("file_id") if isinstance(item, dict) else item))


def _inspect(data: bytes, call: Call, number: int) -> Source:
    try:
        source = inspect(data)
    except UnreadablePicture as error:
        if call.lenient:
            return stand_in(fingerprint(data).hex())
        raise Refusal("image_unreadable", number=number, reason=error.reason) from error
    taken = call.traits.get("input_formats")
    if taken and source.format not in taken and not call.lenient:
        raise Refusal("image_unreadable", number=number, reason=f"a {source.format} is not taken")
    return source


def decode_data_url(url: str, *, lenient: bool = False) -> bytes:
    """Return the bytes of a `data:` URL. Raises Refusal("bad_data_url")."""
    head, comma, payload = url[5:].partition(",")
    if not comma and not lenient:
        raise Refusal("bad_data_url", "images", reason="it has no comma")
    try:
        if head.endswith(";base64"):
            return pybase64.b64decode(payload, validate=True)
        return unquote_to_bytes(payload)
    except (ValueError, binascii.Error) as error:
        if lenient:
            return b""
        raise Refusal("bad_data_url", "images", reason=str(error)) from error
