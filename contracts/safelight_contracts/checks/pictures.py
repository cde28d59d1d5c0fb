"""The pictures of an answer, decoded: what their bytes are, not what the answer calls them.

Decoded by Pillow, never by the emulator's own rooms. What must not enter: how they travelled (see
`checks.shown`).
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image, ImageChops
from safelight.messages import Json

from safelight_contracts.checks.looking import SHAPE, Look, answer
from safelight_contracts.checks.shown import Shown, given, pictures, sides
from safelight_contracts.findings import Finding

_AFTER = (*SHAPE, "SL-PICTURE-FORMAT")

TOLERANCE = 48
"""Steps of 255 by which a pixel outside a mask may differ: compression and blending."""

SPILL = 0.05
"""The share of the pixels outside a mask that may differ by more: its soft edge."""


@answer("SL-PICTURE-FORMAT", "a picture is of the format that was asked for")
def picture_format(look: Look) -> Iterator[Finding]:
    """Say that bytes are no picture, or one of another format than asked for and told.

    Judged by the file's first bytes, and by decoding it whole. A file saved under the wrong name
    is refused by the next program.
    """
    for shown in pictures(look):
        wanted = look.case.params.get("output_format") or shown.label or _usual(look)
        if shown.problem:
            yield look.finding("SL-PICTURE-FORMAT", shown.at, wanted or "a picture", shown.problem)
        elif wanted and shown.form != wanted:
            yield look.finding("SL-PICTURE-FORMAT", shown.at, wanted, shown.form)


def _usual(look: Look) -> str:
    return look.row.format if look.row else ""


@answer("SL-PICTURE-SIZE", "a picture has the size that was asked for", _AFTER)
def picture_size(look: Look) -> Iterator[Finding]:
    """Say that a picture has other sides, in pixels, than asked for, or than the answer tells."""
    asked = sides(look)
    for shown in pictures(look):
        wanted = asked or shown.told
        if shown.image is not None and wanted and shown.image.size != wanted:
            yield look.finding("SL-PICTURE-SIZE", shown.at, _by(wanted), _by(shown.image.size))


@answer("SL-PICTURE-ALPHA", "a picture is transparent where that was asked for", _AFTER)
def picture_alpha(look: Look) -> Iterator[Finding]:
    """Say that a picture has no transparent pixel though one was asked for, or the reverse.

    An alpha channel that is opaque everywhere is not transparent.
    """
    for shown in pictures(look):
        asked = look.case.params.get("background")
        asked = asked if asked in ("transparent", "opaque") else shown.background
        if shown.image is None or asked not in ("transparent", "opaque"):
            continue
        made = "transparent" if _see_through(shown.image) else "opaque"
        if made != asked:
            yield look.finding("SL-PICTURE-ALPHA", shown.at, asked, made)


@answer("SL-PICTURE-BLANK", "a picture shows something", _AFTER)
def picture_blank(look: Look) -> Iterator[Finding]:
    """Say that every pixel of a picture is the same: a placeholder, or a failure kept quiet."""
    for shown in pictures(look):
        if shown.image is None:
            continue
        ends = shown.image.convert("RGBA").getextrema()
        if all(low == high for low, high in ends):  # type: ignore[misc]  # one pair for each channel
            colour = tuple(pair[0] for pair in ends)  # type: ignore[index]  # the same
            yield look.finding("SL-PICTURE-BLANK", shown.at, "a picture", f"all of {colour}")


_MASKS = (*_AFTER, "SL-PICTURE-SIZE", "SL-PICTURE-BLANK")


@answer("SL-MASK-OUTSIDE", "an edit leaves alone what its mask covers", _MASKS)
def mask_outside(look: Look) -> Iterator[Finding]:
    """Say that an edit changed more of the picture than its mask allows.

    Transparent pixels of a mask mark what may change. Of the others a few may differ, by blending
    at the edge and by compression.
    """
    for shown, changed, hole in _edits(look):
        share = _share(ImageChops.multiply(changed, ImageChops.invert(hole)), hole, inside=False)
        if share > SPILL:
            got = f"{share:.0%} changed"
            yield look.finding("SL-MASK-OUTSIDE", shown.at, f"at most {SPILL:.0%} changed", got)


@answer("SL-MASK-INSIDE", "an edit changes what its mask leaves open", (*_MASKS, "SL-MASK-OUTSIDE"))
def mask_inside(look: Look) -> Iterator[Finding]:
    """Say that an edit changed nothing where its mask says that it should."""
    for shown, changed, hole in _edits(look):
        if not _share(ImageChops.multiply(changed, hole), hole, inside=True):
            yield look.finding("SL-MASK-INSIDE", shown.at, "some pixels changed", "none changed")


def _edits(look: Look) -> Iterator[tuple[Shown, Image.Image, Image.Image]]:
    """Yield each edited picture with where it changed and where it may: 255 for yes, else 0."""
    if look.row is None or not look.promises.promised(look.row.mask, look.case.model):
        return
    before, mask = given(look)
    if before is None or mask is None:
        return
    hole = mask.convert("RGBA").getchannel("A").point(_clear)
    for shown in pictures(look):
        if shown.image is not None and shown.image.size == before.size == hole.size:
            yield shown, _changed(before, shown.image), hole


def _changed(one: Image.Image, two: Image.Image) -> Image.Image:
    pairs = zip(one.convert("RGB").split(), two.convert("RGB").split(), strict=True)
    most = Image.new("L", one.size)
    for first, second in pairs:
        most = ImageChops.lighter(most, ImageChops.difference(first, second))
    return most.point(_notable)


def _share(changed: Image.Image, hole: Image.Image, *, inside: bool) -> float:
    """Return how much of the open (or the covered) area changed, from 0 to 1."""
    area = hole.histogram()[255 if inside else 0]
    return changed.histogram()[255] / area if area else 0.0


def _notable(value: int) -> int:
    return 255 if value > TOLERANCE else 0


def _clear(alpha: int) -> int:
    return 255 if alpha == 0 else 0


def _see_through(image: Image.Image) -> bool:
    low: Json = image.convert("RGBA").getchannel("A").getextrema()
    return bool(low[0] < 255)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
