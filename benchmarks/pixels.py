"""Times pictures against the plain way: draw with Pillow, save by default, base64, json.

    python benchmarks/pixels.py [--rounds 7] [--side 1024]

All ways take turns, forwards and backwards; given are medians of each way's best half, and what
they cost in units of the first. The machine may be busy: believe the ratios.
"""

from __future__ import annotations

import argparse
import base64
import io
import itertools
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import pybase64
from PIL import Image, ImageDraw, ImageFont
from safelight.pixels import Brief, Encoding, create, edit, inspect, stand_in

Way = Callable[[], bytes]
count = itertools.count()


def fresh() -> str:
    return f"sunset number {next(count)} over the hills"


def plain(side: int, *, noise: bool) -> bytes:
    """Do what a quick mock does: gradient, text, Pillow's defaults, base64, json."""
    picture = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    if noise:
        grain = Image.effect_noise((side, side), 12)
        picture = Image.blend(picture, Image.merge("RGB", (grain,) * 3), 0.3)
    ImageDraw.Draw(picture).text((40, side // 2), fresh(), "white", ImageFont.load_default(28))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return json.dumps({"data": [{"b64_json": base64.b64encode(out.getvalue()).decode()}]}).encode()


def body(data: bytes) -> bytes:
    return b"".join((b'{"data":[{"b64_json":"', pybase64.b64encode(data), b'"}]}'))


def ways(side: int) -> dict[str, Way]:
    wanted = Brief("", "bench", side, side)
    kept = itertools.cycle(range(48))
    source = stand_in("bench", side, side)
    hole = Image.new("RGBA", (side, side), (0, 0, 0, 255))
    hole.paste((0, 0, 0, 0), (side // 4, side // 4, side // 2, side // 2))
    out = io.BytesIO()
    hole.save(out, "PNG")
    mask = inspect(out.getvalue())

    def made(name: str = "png", **more: object) -> bytes:
        return create(replace(wanted, prompt=fresh(), **more), Encoding(name)).data

    return {
        "plain, gradient": lambda: plain(side, noise=False),
        "plain, noise": lambda: plain(side, noise=True),
        "png, new label, body": lambda: body(made()),
        "png, new label, bytes": made,
        "png, new background": lambda: made(seed=next(kept), width=side + 1 + next(count) % 200),
        "png, transparent": lambda: made(transparent=True),
        "jpeg": lambda: made("jpeg"),
        "webp": lambda: made("webp"),
        "gif, 9 frames": lambda: made("gif"),
        "svg": lambda: made("svg"),
        "edit under a mask": lambda: (
            edit(replace(wanted, prompt=fresh()), Encoding(), [source], mask=mask).data
        ),
        "header of an upload": lambda: inspect(source.data).data[:0],
    }


def timed(way: Way) -> float:
    start = time.perf_counter()
    way()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--side", type=int, default=1024)
    chosen = options.parse_args()
    table = ways(chosen.side)
    sizes = {name: max(len(way()) for _ in range(3)) for name, way in table.items()}
    took: dict[str, list[float]] = {name: [] for name in table}
    for turn in range(chosen.rounds):
        for name in list(table)[:: -1 if turn % 2 else 1]:
            took[name] += [timed(table[name]) for _ in range(1 if sizes[name] > 10**7 else 3)]
    base = typical(took["plain, gradient"])
    print(f"{'way':24} {'ms':>9} {'x plain':>8} {'bytes':>10}")
    for name, times in took.items():
        ms = typical(times)
        print(f"{name:24} {ms:9.3f} {ms / base:8.3f} {sizes[name]:10}")


def typical(times: list[float]) -> float:
    return statistics.median(sorted(times)[: max(1, len(times) // 2)])


if __name__ == "__main__":
    main()
