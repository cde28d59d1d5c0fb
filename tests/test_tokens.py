"""What the token estimate promises: pieces rejoin, counts agree, English comes out about right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.tokens import count_text, pieces


@given(st.text(max_size=400))
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@given(st.text(max_size=400))
def test_the_count_is_the_number_of_pieces(text: str) -> None:
    assert count_text(text) == len(pieces(text))


@given(st.text(max_size=200))
def test_no_piece_is_empty(text: str) -> None:
    assert all(pieces(text))


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_longer_text_never_costs_much_less(one: str, two: str) -> None:
    assert count_text(one + two) >= count_text(one) - 2


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("", 0),
        ("hello", 1),
        ("Say this is a test", 5),
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("I don't know what you're talking about.", 8),
        ("12345678", 3),
        ("get_weather", 2),
    ],
)
def test_plain_english_counts_as_vocabularies_count_it(text: str, counted: int) -> None:
    assert count_text(text) == counted


def test_english_prose_has_about_four_and_a_half_characters_a_token() -> None:
    text = (
        "A darkroom is lit by a lamp whose colour does not spoil the paper. Whoever works there "
        "learns to see by very little light, and to trust that the picture will appear when it is "
        "ready, neither sooner nor later than the chemistry allows. "
    ) * 5
    assert 4.0 < len(text) / count_text(text) < 5.2


def test_no_piece_is_long_enough_to_hide_a_text() -> None:
    assert max(map(len, pieces("a" * 500 + "\n" * 500 + " " * 500 + "!" * 500))) <= 64
