"""Pictures to upload and eyes to look with, for the tests of the pixels."""

import io
import struct
import zlib
from itertools import chain
from typing import Any

import png as pypng
from PIL import Image, ImageChops, ImageStat
from safelight.pixels import Brief, Encoding, Source, create, inspect


def brief(
    prompt: str = "A lighthouse in fog",
    model: str = "brush-1",
    width: int = 96,
    height: int = 80,
    **more: Any,
) -> Brief:
    return Brief(prompt, model, width, height, **more)


def drawn(wanted: Brief | None = None, **encoding: Any) -> bytes:
    return create(wanted or brief(), Encoding(**encoding)).data


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def packed(image: Image.Image, name: str = "PNG", **options: Any) -> Source:
    out = io.BytesIO()
    image.save(out, name, **options)
    return inspect(out.getvalue())


def photo(width: int = 96, height: int = 80, mode: str = "RGB") -> Image.Image:
    """Return something with a different colour at every place."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    parts = (across, down, ImageChops.invert(across), Image.new("L", (width, height), 255))
    return Image.merge("RGBA", parts).convert(mode)


def mask_with_hole(
    width: int = 96,
    height: int = 80,
    box: tuple[int, int, int, int] = (20, 16, 70, 60),
    alpha: int = 0,
) -> Source:
    mask = Image.new("RGBA", (width, height), (0, 0, 0, 255))
    mask.paste((0, 0, 0, alpha), box)
    return packed(mask)


def read_by_another_decoder(data: bytes) -> tuple[tuple[int, int], int, bytes]:
    """Return size, planes and rows of a PNG as a reader without any C code finds them."""
    width, height, rows, info = pypng.Reader(bytes=data).read()
    return (width, height), info["planes"], bytes(chain.from_iterable(rows))


def apart(one: Image.Image, two: Image.Image) -> float:
    """Return the mean difference per channel, 0..255."""
    both = ImageChops.difference(one.convert("RGB"), two.convert("RGB"))
    return sum(ImageStat.Stat(both).mean) / 3


def huge_png(width: int = 100_000, height: int = 100_000) -> bytes:
    """Return a PNG of some fifty bytes that claims to be enormous."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
