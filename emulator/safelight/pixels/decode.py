"""Turns an uploaded picture into pixels, or says why it cannot be.

Each format's reader is called by name, so no other is tried and no size limit of the library's
warns. What must not enter: drawing, and exceptions of Pillow on their way out.
"""

from __future__ import annotations

from io import BytesIO
from struct import unpack_from
from typing import TYPE_CHECKING

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from safelight.pixels.exif import orientation
from safelight.pixels.values import Source, UnreadablePicture

if TYPE_CHECKING:
    from PIL import ImageFile

_READERS: dict[str, type[ImageFile.ImageFile]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def verify(source: Source) -> None:
    """Decode everything, for nothing but the error: UnreadablePicture when damaged or cut off."""
    decode(source)


def decode(source: Source) -> Image.Image:
    """Return the first frame upright, as RGB, or RGBA when the file has any alpha.

    Raises UnreadablePicture; sixteen bits become eight, CMYK and palettes become RGB.
    """
    try:
        image = _loaded(source)
        pixels = _plain(image)
    except UnreadablePicture:
        raise
    except Exception as error:  # whatever a damaged file makes a decoder raise, it is the file's
        raise UnreadablePicture(f"damaged or truncated {source.format} picture") from error
    return _upright(pixels, image.info.get("exif", b""))


def _loaded(source: Source) -> Image.Image:
    """Read the file to its end; one bigger than its header said is refused before any pixel."""
    reader = _READERS[source.format]
    data = _still(source.data) if source.format == "png" else source.data
    if source.format == "png":
        reader(BytesIO(data)).verify()
    image = reader(BytesIO(data))
    if image.size != (source.width, source.height):
        raise UnreadablePicture(f"{source.format} picture that contradicts its own header")
    image.load()
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Return the pixels as 8-bit RGB or RGBA."""
    if image.mode == "I;16":
        image = image.convert("I").point([v >> 8 for v in range(65536)], "L")
    clear = image.has_transparency_data
    return image.convert("RGBA" if clear else "RGB")


def _upright(image: Image.Image, exif: bytes) -> Image.Image:
    turn = _TURNS.get(orientation(exif))
    return image if turn is None else image.transpose(turn)


def _still(data: bytes) -> bytes:
    """Return a PNG without its animation's control chunk, about which Pillow may warn."""
    at = 8
    while at + 8 <= len(data):
        length, kind = unpack_from(">I4s", data, at)
        if kind == b"acTL":
            return data[:at] + data[at + 12 + length :]
        if kind in {b"IDAT", b"IEND"}:
            break
        at += 12 + length
    return data
