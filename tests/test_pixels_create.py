"""New pictures: exactly as ordered, the same every time, told apart, and honest in every format."""

import io
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pixels_kit import apart, brief, drawn, opened, read_by_another_decoder
from safelight import pixels
from safelight.pixels import FORMATS, Brief, Encoding, create, inspect
from safelight.pixels.prints import print_canvas

RASTER = tuple(name for name in FORMATS if name != "svg")
FEW = settings(max_examples=25, deadline=None)
PROMPTS = st.text(max_size=80) | st.sampled_from(
    ["", "\ud800", "猫🐱", "sunset\n\0\x07", "x" * 9000]
)


BRIEFS = st.builds(
    brief,
    PROMPTS,
    width=st.integers(16, 260),
    height=st.integers(16, 260),
    transparent=st.booleans(),
    detail=st.integers(0, 4),
    seed=st.integers(),
    index=st.integers(0, 9),
)


@FEW
@given(BRIEFS, st.sampled_from(RASTER))
def test_a_picture_has_the_size_format_and_alpha_asked_for(wanted: Brief, name: str) -> None:
    made = create(wanted, Encoding(name, frames=2))
    seen = opened(made.data)
    size, alpha = (wanted.width, wanted.height), wanted.transparent and name != "jpeg"
    assert (seen.size, (seen.format or "").lower()) == (size, name)
    assert ((made.width, made.height), made.format, made.has_alpha) == (size, name, alpha)
    assert seen.has_transparency_data == inspect(made.data).has_alpha == alpha


@FEW
@given(BRIEFS, st.sampled_from(FORMATS))
def test_equal_briefs_give_equal_bytes(wanted: Brief, name: str) -> None:
    assert drawn(wanted, format=name) == drawn(replace(wanted), format=name)


@pytest.mark.parametrize("size", [(16, 16), (257, 64), (64, 257), (48, 144), (1032, 344), (41, 40)])
def test_odd_sizes_are_drawn_and_read_by_another_decoder(size: tuple[int, int]) -> None:
    found, planes, _ = read_by_another_decoder(drawn(brief(width=size[0], height=size[1])))
    assert (found, planes) == (size, 3)


def test_the_biggest_size_is_drawn() -> None:
    assert opened(drawn(brief(width=3840, height=2160, detail=0))).size == (3840, 2160)


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("detail", [0, 2])
def test_the_joined_strips_hold_the_very_pixels_of_the_canvas(
    *, transparent: bool, detail: int
) -> None:
    wanted = brief(width=211, height=140, transparent=transparent, detail=detail)
    data, canvas = drawn(wanted), print_canvas(wanted)
    assert opened(data).tobytes() == canvas.tobytes()
    assert read_by_another_decoder(data)[2] == canvas.tobytes()


def test_a_lossless_picture_is_the_same_on_every_path() -> None:
    wanted = brief(width=120, height=90, transparent=True)
    early = create(wanted, Encoding(), previews=2)
    assert early.data == drawn(wanted)


def test_processes_agree_whatever_their_hash_seed() -> None:
    code = (
        "import sys, hashlib; from safelight.pixels import *\n"
        "b = Brief('a fox, 猫', 'm', 200, 150, seed=-7, index=2, of=3, style='vivid')\n"
        "d = b''.join(create(b, Encoding(f, frames=3)).data for f in FORMATS)\n"
        "d += stand_in('https://example.com/a.png', 90, 60).data\n"
        "print(hashlib.sha256(d).hexdigest())"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed},
                       check=True, capture_output=True, text=True).stdout
        for seed in ("1", "4242")
    }  # fmt: skip
    assert len(said) == 1
    assert len(said.pop().strip()) == 64


def test_threads_agree() -> None:
    wanted = [brief(f"a city of {k % 5} towers", width=150) for k in range(40)]
    alone = [sha256(drawn(one)).digest() for one in wanted]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: sha256(drawn(one)).digest(), wanted)) == alone


def test_the_pictures_of_one_request_look_different() -> None:
    seen = [opened(drawn(brief("a cat", index=k, of=10))) for k in range(10)]
    assert all(apart(a, b) > 8 for k, a in enumerate(seen) for b in seen[:k])


@pytest.mark.parametrize(
    "change",
    [{"prompt": "a bat"}, {"model": "n"}, {"seed": 1}, {"style": "vivid"}, {"note": "edit"},
     {"index": 1}, {"of": 2}, {"detail": 3}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_whatever_changes_in_a_brief_changes_the_picture(change: dict[str, Any]) -> None:
    wanted = brief("a cat", "m", 300, 200)
    assert drawn(replace(wanted, **change)) != drawn(wanted)


@pytest.mark.parametrize(("word", "warm"), [("sunset", True), ("snow", False)])
def test_words_set_the_mood(word: str, *, warm: bool) -> None:
    pixel = opened(drawn(brief(f"a hill in the {word}", width=200, height=200))).resize((1, 1))
    red, _, blue = pixel.getpixel((0, 0))
    assert (red > blue) is warm


@pytest.mark.parametrize("name", ["png", "webp", "gif"])
def test_transparent_means_clear_corners_and_an_opaque_middle(name: str) -> None:
    seen = opened(drawn(brief(width=200, height=200, transparent=True), format=name)).convert(
        "RGBA"
    )
    alpha = seen.getchannel("A")
    assert alpha.getpixel((0, 0)) == alpha.getpixel((199, 0)) == 0
    assert alpha.getpixel((100, 80)) == 255


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_more_compression_value_means_more_bytes(name: str) -> None:
    sizes = [len(drawn(format=name, compression=value)) for value in (0, 25, 50, 75, 100)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("name", RASTER)
def test_more_detail_means_more_bytes(name: str) -> None:
    sizes = [
        len(drawn(brief(width=256, height=256, detail=detail), format=name, frames=2))
        for detail in range(5)
    ]
    assert sizes == sorted(set(sizes))


def test_a_png_weighs_what_a_photograph_does() -> None:
    sizes = [len(drawn(brief(width=1024, height=1024, detail=d))) for d in (0, 2)]
    assert 80_000 < sizes[0] < 400_000
    assert 1_000_000 < sizes[1] < 1_900_000


@pytest.mark.parametrize("frames", [1, 2, 9, 16])
@pytest.mark.parametrize(("size", "transparent"), [((16, 16), False), ((200, 120), True)])
def test_a_gif_moves_in_as_many_frames_as_asked(
    frames: int, size: tuple[int, int], *, transparent: bool
) -> None:
    wanted = brief(width=size[0], height=size[1], transparent=transparent)
    seen = opened(drawn(wanted, format="gif", frames=frames, frame_ms=120))
    assert getattr(seen, "n_frames", 1) == frames
    assert frames == 1 or seen.info["duration"] == 120


def test_a_gif_loops_for_ever_without_a_jump() -> None:
    seen = Image.open(io.BytesIO(drawn(brief("waves", width=160, height=120), format="gif")))
    frames = []
    for k in range(seen.n_frames):
        seen.seek(k)
        frames.append(seen.convert("RGB"))
    steps = [apart(a, b) for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert seen.info["loop"] == 0
    assert 0 < max(steps) < 4 * (sum(steps) / len(steps))


@FEW
@given(BRIEFS)
def test_an_svg_is_valid_and_of_the_size_asked_for(wanted: Brief) -> None:
    root = ElementTree.fromstring(drawn(replace(wanted, model='a "<&> b'), format="svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == (str(wanted.width), str(wanted.height))
    assert root.get("viewBox") == f"0 0 {wanted.width} {wanted.height}"


def test_an_svg_says_its_prompt_and_escapes_it() -> None:
    root = ElementTree.fromstring(
        drawn(brief('<b>&"otter" 猫', width=400, height=300), format="svg")
    )
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}title") == '<b>&"otter" 猫'
    assert '<b>&"otter" 猫' in [text.text for text in root.iter(f"{space}text")]


def test_a_transparent_svg_has_no_background() -> None:
    assert b"clip-path" in drawn(brief(transparent=True), format="svg")
    assert b"clip-path" not in drawn(brief(), format="svg")


@pytest.mark.parametrize("name", RASTER)
@pytest.mark.parametrize("transparent", [False, True])
def test_previews_sharpen_towards_the_picture(name: str, *, transparent: bool) -> None:
    wanted = brief(width=256, height=200, transparent=transparent)
    made = create(wanted, Encoding(name, frames=2), previews=3)
    final = opened(made.data)
    errors = [apart(opened(early), final) for early in made.previews]
    assert {(opened(early).size, opened(early).format) for early in made.previews} == {
        (final.size, final.format)
    }
    assert errors == sorted(set(errors), reverse=True)
    assert len(errors) == 3


def test_an_svg_has_no_previews_and_says_so() -> None:
    with pytest.raises(ValueError, match="svg has no previews"):
        create(brief(), Encoding("svg"), previews=1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(lambda: brief(width=0), "0x80"), (lambda: brief(detail=5), "detail is 5"),
     (lambda: Encoding("bmp"), "'bmp'")],
    ids=["side", "detail", "format"],
)  # fmt: skip
def test_an_order_that_cannot_be_filled_is_refused_with_a_reason(
    wrong: Callable[[], object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        wrong()


def test_importing_the_room_loads_no_pillow() -> None:
    code = (
        "import sys, safelight.pixels; sys.exit(any(m.split('.')[0] == 'PIL' for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_part_of_the_room_has_the_name_of_what_the_room_offers() -> None:
    parts = {part.name for part in pkgutil.iter_modules(pixels.__path__)}
    assert len(parts) > 10
    assert parts & set(pixels.__all__) == set()  # once loaded, a part would stand in its place
