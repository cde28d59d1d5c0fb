"""The journal held against expectations, page by page and in order."""

from __future__ import annotations

from typing import Any

import kit
import pytest


def edits(emu: Any) -> None:
    base = [("model", "a"), ("prompt", "hat"), ("image", ("a.png", kit.png(), "image/png"))]
    cover = ("mask", ("m.png", kit.mask(64, 64, (0, 0, 9, 9)), "image/png"))
    for _ in range(2):
        kit.form(emu, "/compatible/v1/images/edits", [*base, cover])
    kit.post(emu, "/compatible/v1/images/generations", {"model": "a", "prompt": "cat"})


TWO_THEN_ONE = [
    {"operation": "images.edit", "with_mask": True, "times": 2},
    {"operation": "images.generate"},
]


def verified(emu: Any, expect: list[Any], **rest: Any) -> Any:
    return kit.control(emu, "POST", "journal/verify", {"expect": expect, **rest})


def test_two_edits_with_a_mask_then_one_generation() -> None:
    emu = kit.emulator()
    edits(emu)
    assert verified(emu, TWO_THEN_ONE, ordered=True, only=True) == {"ok": True, "difference": []}


def test_a_difference_is_told_in_lines_to_read() -> None:
    emu = kit.emulator()
    edits(emu)
    wanted = [{"operation": "images.edit", "with_mask": True, "times": 3}]
    told = verified(emu, wanted, only=True)
    assert told["ok"] is False
    assert told["difference"] == [
        "expected 3 x operation='images.edit', with_mask=True; there were 2",
        "not expected: #3 images.generate a -> 200 'cat'",
        "the journal:",
        "  #1 images.edit a with mask -> 200 'hat'",
        "  #2 images.edit a with mask -> 200 'hat'",
        "  #3 images.generate a -> 200 'cat'",
    ]


def test_a_wrong_order_is_told() -> None:
    emu = kit.emulator()
    edits(emu)
    (first, *_) = verified(emu, TWO_THEN_ONE[::-1], ordered=True)["difference"]
    assert first == (
        "out of order: #3 images.generate a -> 200 'cat' came after "
        "2 x operation='images.edit', with_mask=True"
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"expect": [{"op": "x"}]}, "unknown key 'op'; known are "),
        ({"expect": [{"times": -1}]}, "times is a whole number, got -1"),
        ({"expect": "x"}, "expect is a list of expectations, got 'x'"),
        ({"expect": [], "strict": True}, "unknown key 'strict'; known are expect, ordered, only"),
        ({"expect": [{"times": 1, "at_least": 1}]}, "times stands alone"),
    ],
)
def test_a_wrong_expectation_says_what_would_be_right(body: Any, problem: str) -> None:
    told = kit.control(kit.emulator(), "POST", "journal/verify", body)
    assert problem in told["error"]["message"]
