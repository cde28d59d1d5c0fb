"""What is kept between pictures: bounded, shared by threads, and quick."""

import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st
from pixels_kit import brief, drawn, photo, read_by_another_decoder
from safelight.bounded import Bounded
from safelight.pixels import Brief, png


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60)), max_size=60))
def test_a_shelf_never_holds_more_than_its_limit(calls: list[tuple[int, int]]) -> None:
    shelf: Bounded[bytes] = Bounded(100, len)
    sizes = {}
    for key, size in calls:
        sizes.setdefault(key, size)
        piece = shelf.made(key, lambda key=key: bytes(sizes[key]))
        assert len(piece) == sizes[key]
        assert shelf.size <= 100


def test_a_shelf_forgets_the_longest_unused() -> None:
    shelf: Bounded[bytes] = Bounded(3, len)
    made = []

    def get(key: str) -> bytes:
        return shelf.made(key, lambda: made.append(key) or b"x")

    for key in "abcadab":
        get(key)
    assert made == ["a", "b", "c", "d", "b"]


def test_a_piece_beyond_the_limit_is_made_but_not_kept() -> None:
    shelf: Bounded[bytes] = Bounded(3, len)
    assert shelf.made("big", lambda: b"four") == b"four"
    assert shelf.size == 0


def test_threads_at_one_shelf_count_right() -> None:
    shelf: Bounded[bytes] = Bounded(500, len)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: shelf.made(k % 37, lambda: bytes(10)), range(2000)))
    assert shelf.size == 370


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.sampled_from(["L", "RGB", "RGBA"]))
def test_strips_of_any_heights_join_into_one_valid_file(heights: list[int], mode: str) -> None:
    whole = photo(23, sum(heights), mode)
    strips, top = [], 0
    for k, height in enumerate(heights):
        rows = whole.crop((0, top, 23, top + height))
        strips.append(png.strip(rows, noisy=bool(k % 2), first=k == 0))
        top += height
    data = png.join(23, top, mode, tuple(strips))
    assert read_by_another_decoder(data) == ((23, top), len(mode), whole.tobytes())


def test_a_new_prompt_on_a_kept_background_is_many_times_quicker() -> None:
    def seconds(wanted: Brief) -> float:
        start = time.perf_counter()
        drawn(wanted)
        return time.perf_counter() - start

    first = seconds(brief("a hill at night", width=1023, height=1021))
    again = min(
        seconds(brief("a hill at night", width=1023, height=1021, of=k)) for k in range(2, 7)
    )
    assert again < first / 4
