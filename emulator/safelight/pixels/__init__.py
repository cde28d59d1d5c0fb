"""The only maker of pictures: draw, edit under a mask, preview, encode, inspect.

Everything is seeded and pure: equal arguments give equal bytes in every process and thread.
What must not enter: files, sockets, clocks, providers' rules, chance, and at import time Pillow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safelight.pixels.headers import inspect
from safelight.pixels.values import (
    FORMATS,
    MAX_PIXELS,
    Brief,
    Encoding,
    Rendered,
    Source,
    UnreadablePicture,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Brief",
    "Encoding",
    "Rendered",
    "Source",
    "UnreadablePicture",
    "create",
    "edit",
    "inspect",
    "place",
    "stand_in",
    "verify",
]


def create(brief: Brief, encoding: Encoding, *, previews: int = 0) -> Rendered:
    """Return a new picture, of exactly the brief's size and the encoding's format.

    `previews` earlier states come with it, vague to sharp, in the same format and size.
    Raises ValueError for previews of an svg.
    """
    from safelight.pixels import studio

    return studio.create(brief, encoding, previews=previews)


def edit(  # noqa: PLR0913 - inputs, mask and markup are what an edit is
    brief: Brief,
    encoding: Encoding,
    inputs: Sequence[Source],
    *,
    mask: Source | None = None,
    markup: Source | None = None,
    previews: int = 0,
) -> Rendered:
    """Return `inputs[0]` changed, at the brief's size.

    Where the mask's alpha is 0 there is a new scene, everywhere else the base stays as it is (equal
    values in a png of its size); a mask without alpha changes nothing. A `markup` of drawn strokes
    changes their surroundings. Without either the whole picture is regraded and captioned, further
    inputs lie on it as prints. A base of other proportions is scaled to fit and extended by a blur.
    Raises UnreadablePicture for damaged uploads, ValueError without inputs and for previews of an
    svg.
    """
    from safelight.pixels import studio

    return studio.edit(brief, encoding, inputs, mask=mask, markup=markup, previews=previews)


def place(source: Source, brief: Brief, encoding: Encoding, *, previews: int = 0) -> Rendered:
    """Return a given picture in the size and format that were asked for, or as it is if it fits.

    Raises UnreadablePicture for a damaged file.
    """
    from safelight.pixels.placing import place as placed

    return placed(source, brief, encoding, previews=previews)


def verify(source: Source) -> None:
    """Decode the whole picture; raises UnreadablePicture when it is damaged or cut off."""
    from safelight.pixels.decode import verify as decoded

    decoded(source)


def stand_in(key: str, width: int = 1024, height: int = 768) -> Source:
    """Return a photograph-like JPEG in place of a URL that is not fetched; same key, same bytes."""
    from safelight.pixels import studio

    return studio.stand_in(key, width, height)
