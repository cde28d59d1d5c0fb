"""Makes any text showable: cleaned, limited to what the font draws, measured, wrapped.

The font is the one that Pillow carries, so pictures are the same on every machine. What must not
enter: where a text goes and in which colour.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from safelight.pixels.palettes import Color

_LONGEST = 600
"""Characters of a prompt that are looked at: no caption holds more."""
_DOTS = "\u2026"
_REFERENCE = 64
_STAND_INS = str.maketrans({
    "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00d7": "x",
    "\u2022": "\u00b7", "\u00df": "ss", "\u00e6": "ae", "\u00c6": "AE", "\u0153": "oe",
    "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L", "\u0131": "i", "\u2044": "/",
})  # fmt: skip
"""Pillow's font has little beyond ASCII; these have a plain form that no decomposition gives."""


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font at a size in pixels."""
    face = ImageFont.load_default(size)
    if not isinstance(face, ImageFont.FreeTypeFont):  # pragma: no cover - a Pillow without FreeType
        msg = "Pillow was built without FreeType; install a wheel from PyPI, which has it"
        raise TypeError(msg)
    return face


def showable(text: str) -> str:
    """Return one line that the font can draw; what it lacks stands as code points in brackets."""
    plain = unicodedata.normalize("NFC", text[:_LONGEST]).translate(_STAND_INS)
    flat = " ".join(plain.split())
    shown: list[str] = []
    missing: list[str] = []
    for char in flat:
        piece = _drawable(char)
        if piece is None:
            missing.append(f"{ord(char):X}")
            continue
        if missing and piece:
            shown.append(f"[U+{' '.join(missing)}]")
            missing = []
        shown.append(piece)
    if missing:
        shown.append(f"[U+{' '.join(missing)}]")
    return " ".join("".join(shown).split()) + (_DOTS if len(text) > _LONGEST else "")


def width(text: str, size: int) -> float:
    """Return the width in pixels, as the sum of the letters' own widths."""
    return sum(_advance(char, size) for char in text)


def write(canvas: Image.Image, at: tuple[int, int], text: str, *, size: int, color: Color) -> None:
    """Write one line with its baseline's left end at `at`.

    Letter by letter from kept shapes: three times as fast as having the line drawn anew.
    """
    pen = float(at[0])
    for char, following in zip_longest(text, text[1:], fillvalue=""):
        glyph = _glyph(char, size)
        if glyph:
            shape, left, top = glyph
            canvas.paste(color, (round(pen) + left, at[1] + top), shape)
        pen += _advance(char, size, following)


def fit(text: str, size: int, room: float) -> str:
    """Return the text, or as much of it as `room` pixels hold, with an ellipsis; maybe nothing."""
    if width(text, size) <= room:
        return text
    room -= width(_DOTS, size)
    kept = 0
    while kept < len(text) and (room := room - _advance(text[kept], size)) >= 0:
        kept += 1
    return text[:kept].rstrip() + _DOTS if kept else ""


def wrap(text: str, size: int, room: float, lines: int) -> list[str]:
    """Return at most `lines` lines; the last ends with an ellipsis when not all fits."""
    done: list[str] = []
    rest = text
    while rest and len(done) < lines - 1:
        head = _head(rest, size, room)
        done.append(head.rstrip())
        rest = rest[len(head) :].lstrip()
    if rest:
        done.append(fit(rest, size, room))
    return [line for line in done if line]


def _head(text: str, size: int, room: float) -> str:
    """Return as many whole words as fit, or as many letters of one overlong word."""
    used, at = 0.0, 0
    for at, char in enumerate(text):  # noqa: B007 - read after the loop
        used += _advance(char, size)
        if used > room:
            break
    else:
        return text
    cut = text.rfind(" ", 0, at + 1)
    return text[: cut if cut > 0 else max(1, at)]


@lru_cache(maxsize=2048)
def _drawable(char: str) -> str | None:
    """Return what stands for a character: itself, its plain form, nothing, or None if unknown."""
    if unicodedata.category(char) in {"Cc", "Cf"} or "\ufe00" <= char <= "\ufe0f":
        return ""
    if _has_glyph(char):
        return char
    plain = unicodedata.normalize("NFKD", char)
    kept = "".join(c for c in plain if not unicodedata.combining(c)).translate(_STAND_INS)
    if plain != char and kept and all(c == " " or _has_glyph(c) for c in kept):
        return kept
    return "" if unicodedata.combining(char) else None


def _has_glyph(char: str) -> bool:
    """Whether the font has a shape of its own for it: not the box that stands for all others."""
    if char == " ":
        return True
    if unicodedata.category(char)[0] in "CZ":
        return False
    face = font(_REFERENCE)
    mask, unknown = face.getmask(char), _unknown_glyph()
    return (mask.size, bytes(mask)) != unknown and mask.size != (0, 0)


@lru_cache(maxsize=1)
def _unknown_glyph() -> tuple[tuple[int, int], bytes]:
    mask = font(_REFERENCE).getmask("\U0010fffd")
    return mask.size, bytes(mask)


@lru_cache(maxsize=4096)
def _advance(char: str, size: int, following: str = "") -> float:
    """Return how far a letter moves the pen, drawn towards the following one if that is given."""
    face = font(size)
    if not following:
        return face.getlength(char)
    return face.getlength(char + following) - face.getlength(following)


@lru_cache(maxsize=4096)
def _glyph(char: str, size: int) -> tuple[Image.Image, int, int] | None:
    """Return a letter's coverage and where its corner lies from the pen; None for a blank."""
    left, top, right, bottom = map(int, font(size).getbbox(char, anchor="ls"))
    if right <= left or bottom <= top:
        return None
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), char, fill=255, font=font(size), anchor="ls")
    return image, left, top
