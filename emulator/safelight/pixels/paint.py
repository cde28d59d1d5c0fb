"""Puts marks on a canvas: washes and glows small and enlarged, shapes with smooth edges, grain.

What must not enter: captions, formats, the choice of a scene.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import shake_128
from math import log
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from safelight.pixels.marks import Glow, Mark, Shape, Wash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safelight.pixels.palettes import Color

_SMALL = 4
"""Soft light is painted on a canvas this many times smaller and enlarged."""
_PLATE = 1024
_GRAIN = (0.17, 1.2, 2.1, 3.0, 4.2)
"""Spread of the film grain in 8-bit steps, by detail: what makes a file as big as a photo's."""


def paint(marks: Sequence[Mark], size: tuple[int, int]) -> Image.Image:
    """Return the marks as an RGB canvas of `size` pixels, without grain."""
    soft = 0
    while soft < len(marks) and not isinstance(marks[soft], Shape):
        soft += 1
    small = (max(2, -(-size[0] // _SMALL)), max(2, -(-size[1] // _SMALL)))
    canvas = Image.new("RGB", small)
    for mark in marks[:soft]:
        _put(canvas, mark, min(size) / _SMALL)
    canvas = canvas.resize(size, Image.Resampling.BICUBIC)
    for mark in marks[soft:]:
        _put(canvas, mark, min(size))
    return canvas


def grained(canvas: Image.Image, detail: int) -> Image.Image:
    """Return an RGB canvas with film grain: the same for all pictures of a size and detail."""
    grain = _plate(detail)
    if canvas.size != grain.size:
        sheet = Image.new("L", canvas.size)
        for y in range(0, canvas.height, _PLATE):
            for x in range(0, canvas.width, _PLATE):
                sheet.paste(grain, (x, y))
        grain = sheet
    return ImageChops.add(canvas, Image.merge("RGB", (grain, grain, grain)), 1, -128)


def gradient(size: tuple[int, int], colors: Sequence[Color]) -> Image.Image:
    """Return colours from top to bottom at equal distances, blended between."""
    if len(set(colors)) == 1:
        return Image.new("RGB", size, colors[0])
    column = Image.frombytes("RGB", (1, len(colors)), b"".join(map(bytes, colors)))
    span = (0, 0.5, 1, len(colors) - 0.5)
    return column.resize((1, size[1]), Image.Resampling.BILINEAR, box=span).resize(
        size, Image.Resampling.NEAREST
    )


def smooth_mask(
    size: tuple[int, int], paths: Sequence[Sequence[tuple[float, float]]]
) -> Image.Image:
    """Return closed paths, in pixels, as coverage 0..255: drawn twice as big and averaged."""
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    pen = ImageDraw.Draw(mask)
    for path in paths:
        pen.polygon([(x * 2, y * 2) for x, y in path], fill=255)
    return mask.reduce(2)


def _put(canvas: Image.Image, mark: Mark, scale: float) -> None:
    """Paint one mark; `scale` is pixels per stage unit."""
    if isinstance(mark, Wash):
        canvas.paste(gradient(canvas.size, mark.colors))
    elif isinstance(mark, Glow):
        _put_glow(canvas, mark, scale)
    else:
        _put_shape(canvas, mark, scale)


def _put_glow(canvas: Image.Image, mark: Glow, scale: float) -> None:
    radius = max(1, round(mark.radius * scale))
    spot = _halo(round(mark.strength * 255)).resize((2 * radius, 2 * radius))
    canvas.paste(mark.color, (round(mark.x * scale) - radius, round(mark.y * scale) - radius), spot)


def _put_shape(canvas: Image.Image, mark: Shape, scale: float) -> None:
    blur = mark.soft * scale
    xs = [x * scale for path in mark.paths for x, _ in path]
    ys = [y * scale for path in mark.paths for _, y in path]
    if not xs:
        return
    edge = int(3 * blur) + 2
    left, top = max(0, int(min(xs)) - edge), max(0, int(min(ys)) - edge)
    right = min(canvas.width, int(max(xs)) + edge)
    bottom = min(canvas.height, int(max(ys)) + edge)
    if right <= left or bottom <= top:
        return
    size = (right - left, bottom - top)
    paths = [[(x * scale - left, y * scale - top) for x, y in path] for path in mark.paths]
    mask = _soft_mask(size, paths, blur) if blur >= 1 else smooth_mask(size, paths)
    if mark.opacity < 1:
        mask = mask.point([round(v * mark.opacity) for v in range(256)])
    canvas.paste(gradient(size, (mark.top, mark.bottom)), (left, top), mask)


def _soft_mask(
    size: tuple[int, int], paths: list[list[tuple[float, float]]], blur: float
) -> Image.Image:
    """Return a blurred mask, drawn as small as the blur allows."""
    step = max(1, int(blur / 2))
    small = (-(-size[0] // step), -(-size[1] // step))
    mask = Image.new("L", small)
    pen = ImageDraw.Draw(mask)
    for path in paths:
        pen.polygon([(x / step, y / step) for x, y in path], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(blur / step))
    box = (0, 0, size[0] / step, size[1] / step)
    return mask.resize(size, Image.Resampling.BICUBIC, box=box)


@lru_cache(maxsize=64)
def _halo(strength: int) -> Image.Image:
    """Return a round spot that fades outwards; never changed by those who get it.

    Pillow's gradient reaches 179 where its circle touches the edges, and 255 in the corners.
    """
    fade = [round(strength * max(0.0, 1 - v / 179) ** 2.0) for v in range(256)]
    return Image.radial_gradient("L").point(fade)


@lru_cache(maxsize=len(_GRAIN))
def _plate(detail: int) -> Image.Image:
    """Return one sheet of grain around 128; the hash makes it the same in every process."""
    spread = _GRAIN[detail] * 0.5513  # of the logistic curve with that standard deviation
    steps = [
        min(255, max(0, 128 + round(spread * log((v + 0.5) / (255.5 - v))))) for v in range(256)
    ]
    dust = shake_128(b"safelight grain").digest(_PLATE * _PLATE)
    return Image.frombytes("L", (_PLATE, _PLATE), dust).point(steps)
