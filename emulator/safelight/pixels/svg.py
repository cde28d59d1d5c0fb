"""Writes a scene as a small, true SVG: the same marks, as gradients and paths.

What must not enter: Pillow, pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from safelight.pixels.marks import Glow, Mark, Path, Shape, Wash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safelight.pixels.palettes import Color


def legal(text: str) -> str:
    """Return the text escaped for XML 1.0, without the characters that it forbids."""
    kept = "".join(c if _allowed(ord(c)) else "\ufffd" for c in text)
    return escape(kept, {'"': "&quot;"})


def paths(marks: Sequence[Mark], scale: float) -> tuple[str, str]:
    """Return (definitions, drawing) of the marks, `scale` pixels per stage unit."""
    defs: list[str] = []
    body: list[str] = []
    for k, mark in enumerate(marks):
        if isinstance(mark, Wash):
            defs.append(_down(f"p{k}", mark.colors))
            body.append(f'<rect width="100%" height="100%" fill="url(#p{k})"/>')
        elif isinstance(mark, Glow):
            defs.append(_halo(f"p{k}", mark))
            body.append(f'<circle cx="{_n(mark.x * scale)}" cy="{_n(mark.y * scale)}" '
                        f'r="{_n(mark.radius * scale)}" fill="url(#p{k})"/>')  # fmt: skip
        elif mark.paths:
            body.append(_shape(defs, f"p{k}", mark, scale))
    return "".join(defs), "".join(body)


def _shape(defs: list[str], name: str, mark: Shape, scale: float) -> str:
    fill = color(mark.top)
    if mark.top != mark.bottom:
        defs.append(_down(name, (mark.top, mark.bottom)))
        fill = f"url(#{name})"
    extra = f' opacity="{_n(mark.opacity)}"' if mark.opacity < 1 else ""
    if mark.soft:
        defs.append(f'<filter id="b{name}"><feGaussianBlur stdDeviation="{_n(mark.soft * scale)}"/>'
                    "</filter>")  # fmt: skip
        extra += f' filter="url(#b{name})"'
    return f'<path d="{"".join(_path(path, scale) for path in mark.paths)}" fill="{fill}"{extra}/>'


def _path(path: Path, scale: float) -> str:
    return "M" + "L".join(f"{_n(x * scale)} {_n(y * scale)}" for x, y in path) + "Z"


def _down(name: str, colors: Sequence[Color]) -> str:
    last = max(1, len(colors) - 1)
    stops = "".join(
        f'<stop offset="{_n(k / last)}" stop-color="{color(c)}"/>' for k, c in enumerate(colors)
    )
    return f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>'


def _halo(name: str, mark: Glow) -> str:
    stops = "".join(
        f'<stop offset="{_n(t)}" stop-color="{color(mark.color)}" '
        f'stop-opacity="{_n(mark.strength * (1 - t) ** 2.2)}"/>'
        for t in (0, 0.25, 0.5, 0.75, 1)
    )
    return f'<radialGradient id="{name}">{stops}</radialGradient>'


def color(value: Color) -> str:
    """Return "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*value)


def _n(value: float) -> str:
    """Return a number with at most two decimals, as short as it goes."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _allowed(code: int) -> bool:
    """Whether XML 1.0, 2.2, lets a character stand."""
    if code < 0x20:
        return code in {9, 10, 13}
    return not 0xD800 <= code <= 0xDFFF and code not in {0xFFFE, 0xFFFF}
