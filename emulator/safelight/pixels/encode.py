"""Packs finished pixels as png, jpeg, webp or gif, and as previews that sharpen.

What must not enter: what the pixels show, and SVG, which has none.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

from safelight.pixels import png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safelight.pixels.values import Encoding

_COLOURS = 255
_CLEAR = 255
_PAPER = (236, 230, 218)
_HALF = 128


def pack(image: Image.Image, encoding: Encoding) -> bytes:
    """Return an RGB or RGBA canvas as a file; jpeg has no alpha, whatever the canvas has."""
    if encoding.format == "png":
        return png.whole(image, noisy=False)
    if encoding.format == "jpeg":
        return _saved(image.convert("RGB"), "JPEG", quality=5 + round(encoding.compression * 0.9))
    if encoding.format == "webp":
        return _saved(image, "WEBP", quality=max(1, encoding.compression), method=0)
    return pack_loop([image], encoding)


def pack_loop(frames: Sequence[Image.Image], encoding: Encoding) -> bytes:
    """Return the canvases as a GIF that repeats for ever, all in the first one's colours."""
    first = frames[0].convert("RGB").quantize(_COLOURS, Image.Quantize.MEDIANCUT,
                                              dither=Image.Dither.NONE)  # fmt: skip
    pages = [_page(frame, first) for frame in frames]
    extra: dict[str, object] = {"transparency": _CLEAR} if frames[0].mode == "RGBA" else {}
    if len(pages) > 1:
        extra |= {"save_all": True, "append_images": pages[1:], "loop": 0,
                  "duration": encoding.frame_ms, "disposal": 2 if extra else 1}  # fmt: skip
    return _saved(pages[0], "GIF", optimize=False, **extra)


def developed(image: Image.Image, count: int) -> list[Image.Image]:
    """Return `count` earlier states, as of a print in the developer: paler and vaguer at first.

    Every state is nearer to the picture than the one before it.
    """
    return [_state(image, (k + 1) / (count + 1)) for k in range(count)]


def _state(image: Image.Image, part: float) -> Image.Image:
    """Return the state after `part` (0..1) of the time: blurred, then washed out to paper."""
    coarse = 2 ** (1 + 5 * (1 - part)) * min(image.size) / 1024
    step = max(1, int(coarse))
    small = image.reduce(step).filter(ImageFilter.GaussianBlur(max(0.6, coarse / step)))
    vague = small.resize(image.size, Image.Resampling.BICUBIC)
    paper = Image.new("RGB", image.size, _PAPER)
    pale = Image.blend(vague.convert("RGB"), paper, 0.7 * (1 - part))
    if image.mode == "RGBA":
        pale.putalpha(image.getchannel("A"))
    return pale


def _page(frame: Image.Image, palette: Image.Image) -> Image.Image:
    """Return one frame in the palette's colours, its see-through part as one colour more."""
    page = frame.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    if frame.mode == "RGBA":
        clear = frame.getchannel("A").point([255] * _HALF + [0] * _HALF)
        page.paste(_CLEAR, (0, 0, *page.size), clear)
    return page


def _saved(image: Image.Image, name: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, name, **options)
    return out.getvalue()
