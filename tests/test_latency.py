"""How long answers take where waiting is wanted, by the ranges of the data."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import kit
import pytest
from safelight.datafiles import data_dir
from safelight.latency import Range, fitting, load_latency
from safelight.refusals import DataError

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/openai/v1/chat/completions"
SLOW = load_latency()


def span(operation: str, model: str, quality: str) -> Any:
    """Return the range of such a request."""
    return fitting(SLOW, operation, model, quality)


def test_answers_take_as_long_as_the_data_say() -> None:
    emu = kit.emulator(latency=SLOW)
    high = {"model": "gpt-image-2", "prompt": "A kite", "quality": "high"}
    reply = kit.post(emu, "/openai/v1/images/generations", high)
    assert 33 <= reply.delay <= 180
    assert kit.get(emu, "/openai/v1/models").delay == 0


def test_a_stream_is_paced_in_previews_and_tokens() -> None:
    emu = kit.emulator(latency=SLOW, speed=10)
    ask = {"model": "gpt-image-2", "prompt": "A kite", "quality": "low", "stream": True}
    pictures = kit.post(emu, "/openai/v1/images/generations", {**ask, "partial_images": 2}).chunks
    words = kit.post(emu, PATH, {**CHAT, "stream": True}).chunks
    low, high = span("images.generate", "gpt-image-2", "low").seconds
    assert low <= 10 * sum(c.wait for c in pictures or ()) <= high
    assert len({round(c.wait, 6) for c in pictures or ()}) == 1
    low, high = span("chat.create", "gpt-4o", "").token
    assert all(low <= 10 * c.wait <= high for c in (words or ())[1:])


def test_what_is_ours_says_so_and_what_is_not_names_its_source() -> None:
    rows = tomllib.loads((data_dir("schemas") / "latency.toml").read_text())["range"]
    assert all(row["source"].startswith("safelight:") == ("unverified" in row) for row in rows)
    sourced = [row for row in rows if "unverified" not in row]
    assert all(re.search(r"\w\.\w+/|#\d|guide", row["source"]) for row in sourced)
    assert len(sourced) > len(rows) / 2


@pytest.mark.parametrize(
    ("model", "slow", "quick"), [("gpt-image-2", "high", "low"), ("dall-e-3", "hd", "standard")]
)
def test_better_pictures_take_longer(model: str, slow: str, quick: str) -> None:
    longer, shorter = (span("images.generate", model, quality) for quality in (slow, quick))
    assert longer.seconds[0] > shorter.seconds[1]


def test_the_same_seed_takes_the_same_time() -> None:
    first, again = (kit.post(kit.emulator(latency=SLOW), PATH, CHAT).delay for _ in range(2))
    assert first == again > 0


def test_without_a_wish_nothing_waits() -> None:
    assert kit.post(kit.emulator(), PATH, CHAT).delay == 0


@pytest.mark.parametrize(
    "text",
    [
        "[[range]]\nseconds = [3, 1]\nsource = 'x'\nchecked = 2026-11-20",
        "[[range]]\nfirst = [1, 2]\nsource = 'x'\nchecked = 2026-11-20",
        "[[range]]\nslow = 1\nsource = 'x'\nchecked = 2026-11-20",
    ],
)
def test_wrong_ranges_are_refused_at_load(tmp_path: Any, text: str) -> None:
    path = tmp_path / "latency.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"latency\.toml"):
        load_latency(path)


def test_every_operation_that_makes_something_has_a_range() -> None:
    assert all(isinstance(span, Range) for span in SLOW)
    for operation in ("images.generate", "images.edit", "images.variation", "chat.create"):
        assert any(span.fits(operation, "any", "") for span in SLOW)
