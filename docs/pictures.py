"""Draws the sample pictures of fixtures/pictures: `python docs/pictures.py`.

They are kept in the repository: encoders differ between releases, and a sample that changes its
bytes is none. Run this to add one, and keep only the new file. Each has a row in
fixtures/pictures/pictures.toml, which the tests hold against an independent decoder.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import png as pypng
from PIL import Image, ImageDraw

HOME = Path(__file__).resolve().parents[1] / "fixtures" / "pictures"
SIZE = (256, 192)
BALL = (150, 96, 214, 160)
"""Where the red ball lies: left, top, right, bottom. The mask's hole is there."""

_SS = 4
"""How much larger the scene is drawn than it is kept: soft edges."""


def scene(*, sky: bool = True) -> Image.Image:
    """Return a beach with a sun on the left and a ball on the right: no two corners alike."""
    width, height = (side * _SS for side in SIZE)
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    if sky:
        for y in range(height):
            share = y / height
            pen.line((0, y, width, y), (int(120 + 120 * share), int(190 + 30 * share), 235, 255))
        pen.ellipse([_SS * n for n in (24, 18, 64, 58)], (255, 221, 87, 255))
    pen.polygon([_SS * n for n in (0, 130, 90, 118, 256, 140, 256, 192, 0, 192)], (233, 205, 150))
    pen.polygon([_SS * n for n in (0, 122, 100, 108, 60, 122, 0, 134)], (64, 140, 160, 255))
    pen.ellipse([_SS * n for n in BALL], (214, 60, 55, 255))
    pen.pieslice([_SS * n for n in BALL], 200, 260, (245, 240, 230, 255))
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def mask(size: tuple[int, int] = SIZE) -> Image.Image:
    """Return an opaque mask with a transparent hole around the ball."""
    image = Image.new("RGBA", size, (0, 0, 0, 255))
    ImageDraw.Draw(image).ellipse(
        tuple(n + d for n, d in zip(BALL, (-6, -6, 6, 6), strict=True)), (0, 0, 0, 0)
    )
    return image


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    """Return an image's file."""
    out = io.BytesIO()
    image.save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()


def turned(image: Image.Image) -> bytes:
    """Return a JPEG that lies on its side and says so in its EXIF data, as telephones do."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: to be shown turned a quarter to the right
    return encoded(image.rotate(90, expand=True), "JPEG", quality=88, exif=exif)


def deep(image: Image.Image) -> bytes:
    """Return a PNG of 16 bits a channel."""
    rows = image.convert("RGB").tobytes()
    wide = [value * 257 for value in rows]
    line = image.width * 3
    out = io.BytesIO()
    writer = pypng.Writer(*image.size, bitdepth=16, greyscale=False)
    writer.write(out, [wide[start : start + line] for start in range(0, len(wide), line)])
    return out.getvalue()


def interlaced(image: Image.Image) -> bytes:
    """Return a PNG in Adam7's order."""
    flat = image.convert("RGB").tobytes()
    out = io.BytesIO()
    pypng.Writer(*image.size, greyscale=False, interlace=True).write_array(out, flat)
    return out.getvalue()


def huge() -> bytes:
    """Return a picture that is small as a file and too large in memory."""
    return encoded(Image.new("1", (30000, 30000)), "PNG", optimize=True)


def samples() -> dict[str, bytes]:
    """Return every sample by file name."""
    whole = scene()
    flat, cut = whole.convert("RGB"), scene(sky=False)
    png, jpeg = encoded(flat, "PNG", optimize=True), encoded(flat, "JPEG", quality=88)
    frames = [flat, flat.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    moving = [frame.quantize(64) for frame in frames]
    broken = bytearray(png)
    broken[len(png) // 2] ^= 0xFF  # in the middle of the pixels: the checksum no longer fits
    return {
        "scene.png": png,
        "scene.jpg": jpeg,
        "scene-progressive.jpg": encoded(flat, "JPEG", quality=88, progressive=True),
        "scene.webp": encoded(flat, "WEBP", quality=85),
        "scene.gif": encoded(flat.quantize(128), "GIF"),
        "scene-moving.gif": encoded(
            moving[0], "GIF", save_all=True, append_images=moving[1:], duration=400, loop=0
        ),
        "scene-alpha.png": encoded(cut, "PNG", optimize=True),
        "scene-alpha.webp": encoded(cut, "WEBP", lossless=True),
        "scene-palette.png": encoded(flat.quantize(64), "PNG", optimize=True),
        "scene-grey.png": encoded(flat.convert("L"), "PNG", optimize=True),
        "scene-16bit.png": deep(flat),
        "scene-interlaced.png": interlaced(flat),
        "scene-turned.jpg": turned(flat),
        "scene-cmyk.jpg": encoded(flat.convert("CMYK"), "JPEG", quality=88),
        "mask.png": encoded(mask(), "PNG", optimize=True),
        "mask-grey.png": encoded(mask().getchannel("A"), "PNG", optimize=True),
        "mask-other-size.png": encoded(mask((320, 240)), "PNG", optimize=True),
        "tiny.png": encoded(Image.new("RGB", (1, 1), (214, 60, 55)), "PNG"),
        "huge.png": huge(),
        "corrupt.png": bytes(broken),
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "text.png": b"This is no picture, whatever its name says.\n",
    }


def main() -> None:
    """Write the samples that are missing; with `--all` every one."""
    for name, data in samples().items():
        path = HOME / name
        if "--all" in sys.argv or not path.exists():
            path.write_bytes(data)
            print(f"{name}: {len(data)} bytes")  # noqa: T201 - what was written


if __name__ == "__main__":
    main()
