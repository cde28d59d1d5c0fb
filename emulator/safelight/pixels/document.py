"""Writes a brief as a whole SVG document: the scene, or finished pixels, above the board.

What must not enter: what a scene looks like, how a mark becomes XML.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from safelight.pixels.caption import Board, board, facts, fitting
from safelight.pixels.palettes import Look, look, mix
from safelight.pixels.prints import cut_shape
from safelight.pixels.scenes import scene
from safelight.pixels.svg import color, legal, paths
from safelight.pixels.text import wrap

if TYPE_CHECKING:
    from safelight.pixels.values import Brief


def draw_document(brief: Brief) -> bytes:
    """Return the brief's scene as an SVG file of exactly its width and height."""
    settled = look(brief)
    plan = board(brief.width, brief.height)
    tall = brief.height - plan.height
    marks = scene(settled.scene, settled.palette, (brief.width, tall), detail=brief.detail)
    defs, body = paths(marks, min(brief.width, tall))
    if brief.transparent:
        (left, top, right, bottom), radius = cut_shape(brief.width, tall)
        lens = (f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" '
                f'rx="{radius}"')  # fmt: skip
        defs += f'<clipPath id="lens"><rect {lens}/></clipPath>'
        body = (f'<g clip-path="url(#lens)">{body}</g><rect {lens} fill="none" '
                f'stroke="{color(settled.palette.light)}" '
                f'stroke-width="{max(1, min(brief.width, tall) // 90)}"/>')  # fmt: skip
    inner = f'<svg width="{brief.width}" height="{tall}"><defs>{defs}</defs>{body}</svg>'
    return _document(brief, inner + _board(brief, settled, plan))


def wrap_pixels(brief: Brief, png: bytes) -> bytes:
    """Return an SVG file that holds finished pixels: what an edit of an upload has to be."""
    href = "data:image/png;base64," + b64encode(png).decode()
    return _document(brief, f'<image width="{brief.width}" height="{brief.height}" href="{href}"/>')


def _document(brief: Brief, body: str) -> bytes:
    w, h = brief.width, brief.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
        f'viewBox="0 0 {w} {h}" role="img"><title>{legal(brief.prompt)}</title>{body}</svg>\n'
    ).encode()


def _board(brief: Brief, settled: Look, plan: Board) -> str:
    """Return the caption as live text; here the viewer's fonts can show every script."""
    if not plan.height:
        return ""
    p, top, size = settled.palette, brief.height - plan.height, plan.prompt_size
    flat = " ".join(brief.prompt[:600].split())
    lines = wrap(flat, size, brief.width - 2 * plan.pad, plan.lines)
    words = "".join(
        f'<text x="{plan.pad}" y="{top + plan.pad + round(size * (0.9 + 1.3 * k))}" '
        f'font-size="{size}" fill="{color(p.ink)}">{legal(line)}</text>'
        for k, line in enumerate(lines)
    )
    if plan.meta_size:
        said = legal(fitting(facts(brief), plan.meta_size, brief.width - 2 * plan.pad))
        words += (f'<text x="{plan.pad}" y="{brief.height - plan.pad}" '
                  f'font-size="{plan.meta_size}" '
                  f'fill="{color(mix(p.ink, p.accent, 0.5))}">{said}</text>')  # fmt: skip
    corner = f' rx="{plan.pad}"' if brief.transparent else ""
    return (
        f'<g font-family="Aileron,Helvetica,Arial,sans-serif">'
        f'<rect y="{top}" width="{brief.width}" height="{plan.height}"{corner} '
        f'fill="{color(p.board)}"/>{words}</g>'
    )
