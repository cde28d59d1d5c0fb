"""What is kept between pictures: bounded, shared by threads, and quick."""

import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st
from pixels_kit import brief, drawn, photo, read_by_another_decoder
from safelight.pixels import Brief, png
from safelight.pixels.shelf import Shelf


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60)), max_size=60))
def test_a_shelf_never_holds_more_than_its_limit(calls: list[tuple[int, int]]) -> None:
    shelf: Shelf[bytes] = Shelf(100)
    sizes = {}
    for key, size in calls:
        sizes.setdefault(key, size)
        piece = shelf.get(key, lambda key=key: bytes(sizes[key]), len)
        assert len(piece) == sizes[key]
        assert shelf.used <= 100


def test_a_shelf_forgets_the_longest_unused() -> None:
    shelf: Shelf[bytes] = Shelf(3)
    made = []

    def get(key: str) -> bytes:
        return shelf.get(key, lambda: made.append(key) or b"x", len)

    for key in "abcadab":
        get(key)
    assert made == ["a", "b", "c", "d", "b"]


def test_a_piece_beyond_the_limit_is_made_but_not_kept() -> None:
    shelf: Shelf[bytes] = Shelf(3)
    assert shelf.get("big", lambda: b"four", len) == b"four"
    assert shelf.used == 0


def test_threads_at_one_shelf_count_right() -> None:
    shelf: Shelf[bytes] = Shelf(500)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: shelf.get(k % 37, lambda: bytes(10), len), range(2000)))
    assert shelf.used == 370


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
