"""Captions: any text becomes something the font can draw, in the room there is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pixels_kit import brief
from safelight.pixels.caption import board, facts, fitting
from safelight.pixels.palettes import PALETTES, SCENES, look
from safelight.pixels.text import fit, showable, width, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        (" two\n lines\tand\0\x1b bells ", "two lines and bells"),
        ("café naïve", "cafe naive"),
        ("a 猫 sits", "a [U+732B] sits"),
        ("猫犬", "[U+732B 72AC]"),
        ("\U0001f431\u200d\U0001f4bb!", "[U+1F431 1F4BB]!"),
        ("\uff46\uff55\uff4c\uff4c", "full"),
        ("dash \u2014 dash", "dash - dash"),
        ("\ud800", "[U+D800]"),
    ],
)
def test_text_is_brought_to_what_the_font_has(text: str, shown: str) -> None:
    assert showable(text) == shown


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_shown_text_is_one_line_without_controls_and_stays_as_it_is(text: str) -> None:
    shown = showable(text)
    assert "\n" not in shown
    assert shown.isprintable()
    assert showable(shown) == shown


@settings(max_examples=60, deadline=None)
@given(
    st.text("abc WMil.", max_size=200), st.integers(8, 40), st.integers(20, 400), st.integers(1, 4)
)
def test_wrapped_lines_fit_and_lose_nothing_but_the_end(
    text: str, size: int, room: int, lines: int
) -> None:
    text = " ".join(text.split())
    done = wrap(text, size, room, lines)
    assert len(done) <= lines
    assert all(width(line, size) <= room or len(line) == 1 for line in done)
    joined = "".join(done).replace(" ", "").removesuffix("\u2026")
    assert text.replace(" ", "").startswith(joined)


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert fit("a long sentence", 10, 40).endswith("\u2026")
    assert fit("a long sentence", 10, 4000) == "a long sentence"


def test_the_small_line_says_model_size_which_and_seed() -> None:
    said = facts(brief("x", "brush-1", 640, 480, seed=9, index=1, of=4, note="edit"))
    assert said == ["brush-1", "640x480", "2/4", "seed 9", "edit"]


def test_the_size_outlives_the_rest_when_room_is_scarce() -> None:
    said = ["a-model-with-a-very-long-name", "640x480", "2/4", "seed 9"]
    assert fitting(said, 10, 120).endswith("640x480")
    assert "seed 9" in fitting(said, 10, 1000)


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_a_board_leaves_most_of_the_picture_free(across: int, down: int) -> None:
    plan = board(across, down)
    assert plan.height <= down * 0.45
    assert plan.height == 0 or plan.middle[1] - plan.middle[0] >= plan.prompt_size


@given(st.text(max_size=40), st.integers(), st.integers(0, 9))
def test_every_brief_gets_a_scene_and_a_palette(prompt: str, seed: int, index: int) -> None:
    chosen = look(brief(prompt, seed=seed, index=index))
    assert chosen.scene in SCENES
    assert chosen.palette in PALETTES


def test_styles_change_how_saturated_a_palette_is() -> None:
    plain, vivid, natural = (look(brief("hill", style=s)).palette for s in ("", "vivid", "natural"))
    assert len({plain.sky, vivid.sky, natural.sky}) == 3


def test_every_pair_of_scene_and_palette_is_reached() -> None:
    seen = {look(brief("x", seed=seed)).key for seed in range(2000)}
    assert len(seen) == len(SCENES) * len(PALETTES)
