"""The words of this room: what to draw, how to pack it, what came in, what goes out.

What must not enter: Pillow (process start counts), drawing, and any rule of a provider.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FORMATS = ("png", "jpeg", "webp", "gif", "svg")
"""Every format that `Encoding` may name."""

MAX_PIXELS = 89_478_485
"""Pictures beyond this many pixels are refused unread: about 256 MiB once decoded as RGB."""


class UnreadablePicture(Exception):  # noqa: N818 - it names the picture's state, not a slip of ours
    """The bytes are no picture that can be used. `reason` is a short text without a full stop."""

    def __init__(self, reason: str) -> None:
        """Keep the reason: "not a picture", "truncated ...", "... pixels are too many"."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Brief:
    """What to draw. Equal briefs give equal bytes, in every process.

    `index` of `of` tells the pictures of one request apart. `detail` runs from 0 (low) to
    4 (max): more texture and a bigger file. `note` is a small extra word on the caption.
    """

    prompt: str
    model: str
    width: int
    height: int
    seed: int = 0
    index: int = 0
    of: int = 1
    detail: int = 2
    transparent: bool = False
    style: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what no canvas can be: a side below one pixel, a detail outside 0..4."""
        if self.width < 1 or self.height < 1:
            msg = f"a picture of {self.width}x{self.height} cannot be drawn: sides start at 1 pixel"
            raise ValueError(msg)
        if not 0 <= self.detail <= 4:
            msg = f"detail is {self.detail}, but runs from 0 (low) to 4 (max)"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to pack it. `compression` 0..100 acts as quality on jpeg and webp: 100 is the biggest.

    png, gif and svg ignore it. `frames` and `frame_ms` (milliseconds each) speak of gif alone.
    """

    format: str = "png"
    compression: int = 100
    frames: int = 9
    frame_ms: int = 200

    def __post_init__(self) -> None:
        """Refuse a format that nothing here encodes."""
        if self.format not in FORMATS:
            msg = f"no encoder makes {self.format!r}; use one of {', '.join(FORMATS)}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Source:
    """An uploaded picture whose header alone was read.

    `width` and `height` are as stored, before an EXIF orientation is obeyed; `mode` is Pillow's
    name of the stored pixels ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16"). `sideways`: EXIF
    swaps the sides.
    """

    data: bytes = field(repr=False)
    format: str
    width: int
    height: int
    mode: str
    has_alpha: bool
    sideways: bool = False

    @property
    def shown(self) -> tuple[int, int]:
        """Return (width, height) in pixels as everybody sees the picture."""
        return (self.height, self.width) if self.sideways else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished picture as encoded bytes, with its previews from vague to sharp."""

    data: bytes = field(repr=False)
    format: str
    width: int
    height: int
    has_alpha: bool
    previews: tuple[bytes, ...] = field(repr=False)
