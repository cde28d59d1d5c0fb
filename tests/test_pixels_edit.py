"""Edits: what is kept is kept to the last bit, what is given up visibly changes."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat
from pixels_kit import apart, brief, mask_with_hole, opened, packed, photo
from safelight.pixels import Brief, Encoding, Rendered, Source, create, edit, inspect, stand_in

Box = tuple[int, int, int, int]
BOX = (20, 16, 70, 60)


def changed(
    inputs: Sequence[Source],
    wanted: Brief | None = None,
    encoding: Encoding | None = None,
    **more: Any,
) -> Image.Image:
    wanted = wanted or brief("a flamingo")
    return opened(edit(wanted, encoding or Encoding(), inputs, **more).data)


def outside_of(box: Box, size: tuple[int, int] = (96, 80)) -> Image.Image:
    mask = Image.new("L", size, 255)
    mask.paste(0, box)
    return mask


def changed_sum(one: Image.Image, two: Image.Image, where: Image.Image) -> list[float]:
    return ImageStat.Stat(ImageChops.difference(one, two), where).sum


def test_what_the_mask_keeps_stays_equal_and_the_rest_changes() -> None:
    base = photo()
    seen = changed([packed(base)], mask=mask_with_hole())
    assert changed_sum(seen, base, outside_of(BOX)) == [0, 0, 0]
    assert apart(seen.crop(BOX), base.crop(BOX)) > 30


@settings(max_examples=20, deadline=None)
@given(st.data(), st.integers(16, 90), st.integers(16, 90), st.text(max_size=30))
def test_any_hole_changes_nothing_but_itself(
    data: st.DataObject, width: int, height: int, prompt: str
) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = (
        left,
        top,
        data.draw(st.integers(left + 1, width)),
        data.draw(st.integers(top + 1, height)),
    )
    base = photo(width, height)
    seen = changed(
        [packed(base)], brief(prompt, width=width, height=height),
        mask=mask_with_hole(width, height, box),
    )  # fmt: skip
    assert changed_sum(seen, base, outside_of(box, (width, height))) == [0, 0, 0]
    assert seen.tobytes() != base.tobytes()


def test_a_mask_without_a_hole_changes_nothing() -> None:
    base = photo()
    for mask in (mask_with_hole(alpha=255), packed(Image.new("RGB", base.size))):
        assert changed([packed(base)], mask=mask).tobytes() == base.tobytes()


@pytest.mark.parametrize("alpha", [1, 128, 254])
def test_a_mask_pixel_that_is_not_quite_clear_keeps_the_base(alpha: int) -> None:
    seen = changed([packed(photo())], mask=mask_with_hole(alpha=alpha))
    assert seen.tobytes() == photo().tobytes()


def test_the_change_is_plain_even_on_a_picture_of_the_same_prompt() -> None:
    wanted = brief("a boat at sea", width=400, height=300)
    base = create(wanted, Encoding())
    box = (100, 40, 300, 200)
    seen = changed([inspect(base.data)], wanted, mask=mask_with_hole(400, 300, box))
    assert apart(seen.crop(box), opened(base.data).crop(box)) > 30


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif", "svg"])
def test_an_edit_is_repeatable_and_follows_the_prompt(name: str) -> None:
    def once(prompt: str) -> Rendered:
        return edit(
            brief(prompt), Encoding(name, frames=2), [packed(photo())], mask=mask_with_hole()
        )

    assert once("a swan").data == once("a swan").data
    assert once("a swan").data != once("a goose").data


def test_a_mask_of_another_size_is_brought_to_the_base() -> None:
    seen = changed([packed(photo())], mask=mask_with_hole(192, 160, (40, 32, 140, 120)))
    assert apart(seen.crop((24, 20, 66, 56)), photo().crop((24, 20, 66, 56))) > 30
    assert apart(seen.crop((0, 0, 16, 80)), photo().crop((0, 0, 16, 80))) == 0


def test_a_base_of_other_proportions_lies_inside_the_canvas() -> None:
    base = photo(100, 50)
    seen = changed(
        [packed(base)], brief(width=100, height=100), mask=mask_with_hole(100, 50, (0, 0, 1, 1))
    )
    assert seen.crop((2, 27, 100, 75)).tobytes() == base.crop((2, 2, 100, 50)).tobytes()
    assert seen.size == (100, 100)


MODES = {
    "RGB": photo(), "RGBA": photo(mode="RGBA"), "L": photo(mode="L"), "LA": photo(mode="LA"),
    "P": photo(mode="P"), "1": photo(mode="1"), "16 bit": photo(mode="L").convert("I;16"),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_png_is_understood(mode: str) -> None:
    base = MODES[mode]
    shown = MODES["L"] if mode == "16 bit" else base
    values = base.point(lambda v: v * 257) if mode == "16 bit" else base
    seen = changed([packed(values)], mask=mask_with_hole(alpha=255))
    assert apart(seen, shown) < 2


@pytest.mark.parametrize(
    ("mode", "name"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "WEBP"), ("P", "GIF"), ("RGB", "BMP")],
)
def test_other_formats_are_understood(mode: str, name: str) -> None:
    base = photo(mode=mode)
    seen = changed([packed(base, name)], mask=mask_with_hole(alpha=255))
    assert apart(seen, base) < 4


def test_of_an_animation_the_first_frame_counts() -> None:
    out = io.BytesIO()
    pages = [Image.new("RGB", (96, 80), color) for color in ("#204080", "#a02020")]
    pages[0].save(out, "GIF", save_all=True, append_images=pages[1:])
    seen = changed([inspect(out.getvalue())], mask=mask_with_hole(alpha=255))
    assert seen.getpixel((5, 5)) == (0x20, 0x40, 0x80)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photograph_is_turned_upright(turn: int) -> None:
    upright = photo()
    stored = upright
    for undo in {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}.get(turn, []):
        stored = upright.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = turn
    seen = changed([packed(stored, "PNG", exif=exif)], mask=mask_with_hole(alpha=255))
    assert seen.tobytes() == upright.tobytes()


def test_opaque_alpha_keeps_its_values_and_clear_parts_get_a_ground() -> None:
    base = photo(mode="RGBA")
    assert changed([packed(base)], mask=mask_with_hole(alpha=255)).tobytes() == photo().tobytes()
    base.putalpha(outside_of(BOX))
    seen = changed([packed(base)], mask=mask_with_hole(alpha=255))
    assert seen.mode == "RGB"
    assert changed_sum(seen, photo(), outside_of(BOX)) == [0, 0, 0]
    assert len(seen.crop(BOX).getcolors(10_000)) > 100


def test_a_transparent_edit_has_clear_pixels_only_where_it_may() -> None:
    seen = changed([packed(photo())], brief(transparent=True), mask=mask_with_hole())
    alpha = seen.getchannel("A")
    assert alpha.crop(BOX).getextrema() == (0, 255)
    assert ImageStat.Stat(alpha, outside_of(BOX)).extrema == [(255, 255)]


def test_without_a_mask_the_base_stays_to_be_seen_in_new_light() -> None:
    base = stand_in("somewhere", 320, 240)
    seen = changed([base], brief("brighter", width=320, height=240)).crop((0, 0, 320, 180))
    grey, was = (im.convert("L") for im in (seen, opened(base.data).crop((0, 0, 320, 180))))
    assert 8 < apart(seen, opened(base.data).crop((0, 0, 320, 180))) < 90
    assert correlation(grey, was) > 0.6


def correlation(one: Image.Image, two: Image.Image) -> float:
    a, b = (im.resize((40, 30)).tobytes() for im in (one, two))
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    both = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    spread = sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    return both / spread**0.5


@pytest.mark.parametrize("count", [2, 4, 16])
def test_every_further_input_is_shown(count: int) -> None:
    tints = [(250, 10 * k, 255 - 12 * k) for k in range(1, count)]
    others = [packed(Image.new("RGB", (40, 60), tint)) for tint in tints]
    wanted = brief("all together", width=512, height=384)
    seen = changed([packed(photo(512, 384)), *others], wanted)
    shown = {color for _, color in seen.getcolors(512 * 384)}
    assert shown.issuperset(tints)


def test_marks_change_their_surroundings_and_leave_no_stroke() -> None:
    base, box = photo(200, 160), (60, 50, 140, 110)
    marks = Image.new("RGBA", base.size)
    ImageDraw.Draw(marks).ellipse(box, outline=(0, 255, 0, 255), width=5)
    seen = changed([packed(base)], brief(width=200, height=160), markup=packed(marks))
    assert apart(seen.crop((80, 70, 120, 90)), base.crop((80, 70, 120, 90))) > 25
    assert apart(seen.crop((0, 0, 200, 30)), base.crop((0, 0, 200, 30))) == 0
    assert (0, 255, 0) not in {color for _, color in seen.getcolors(200 * 160)}


def test_a_markup_without_marks_is_none() -> None:
    empty = packed(Image.new("RGBA", (96, 80)))
    assert (
        changed([packed(photo())], markup=empty).tobytes() == changed([packed(photo())]).tobytes()
    )


def test_a_markup_without_alpha_is_none() -> None:
    flat = packed(Image.new("RGB", (96, 80)))
    assert changed([packed(photo())], markup=flat).tobytes() == changed([packed(photo())]).tobytes()


def test_a_markup_of_another_size_is_brought_to_the_base() -> None:
    marks = Image.new("RGBA", (48, 40))
    marks.paste((0, 0, 0, 255), (6, 6, 16, 16))
    seen = changed([packed(photo())], markup=packed(marks))
    assert apart(seen.crop((14, 14, 30, 30)), photo().crop((14, 14, 30, 30))) > 25
    assert apart(seen.crop((50, 40, 96, 80)), photo().crop((50, 40, 96, 80))) == 0


def test_an_area_that_scaling_makes_faint_is_drawn_even_as_a_loop() -> None:
    mask, wanted = mask_with_hole(960, 800, (500, 400, 501, 401)), Encoding("gif", frames=2)
    assert changed([packed(photo())], encoding=wanted, mask=mask).size == (96, 80)


def test_a_transparent_edit_of_the_whole_has_round_corners() -> None:
    seen = changed([packed(photo(300, 300))], brief(width=300, height=300, transparent=True))
    alpha = seen.getchannel("A")
    assert (alpha.getpixel((0, 0)), alpha.getpixel((150, 100))) == (0, 255)


def test_an_edit_can_be_previewed() -> None:
    made = edit(brief(), Encoding(), [packed(photo())], mask=mask_with_hole(), previews=3)
    errors = [apart(opened(early), opened(made.data)) for early in made.previews]
    assert errors == sorted(set(errors), reverse=True)
    assert len(errors) == 3


@pytest.mark.parametrize("mask", [mask_with_hole(), None], ids=["masked", "whole"])
def test_an_edit_as_gif_moves(mask: Source | None) -> None:
    made = edit(brief(), Encoding("gif", frames=5), [packed(photo())], mask=mask)
    assert opened(made.data).n_frames == 5


def test_an_edit_needs_an_input() -> None:
    with pytest.raises(ValueError, match="at least one input"):
        edit(brief(), Encoding(), [])


def test_a_stand_in_is_the_same_for_the_same_key_only() -> None:
    one = stand_in("https://example.com/a.jpg", 200, 150)
    assert (one.width, one.height, one.has_alpha) == (*opened(one.data).size, False)
    assert one == stand_in("https://example.com/a.jpg", 200, 150)
    assert one != stand_in("https://example.com/b.jpg", 200, 150)


def test_sides_follow_the_brief_not_the_base() -> None:
    for name in ("png", "jpeg", "webp", "gif"):
        wanted = replace(brief(), width=131, height=77)
        assert changed([packed(photo())], wanted, Encoding(name, frames=2)).size == (131, 77)
