"""Patterns of fixtures: they mean what Python's `re` means, and none of them takes long."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from conftest import DAY, LiveServer
from fixtures_kit import CHAT, write
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.fixtures.patterns import flaw, searched

ATOMS = [
    *"abк_ 1é^.-", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"\b", r"\.", r"\\", r"\A", r"\n",
    "[ab]", "[^ab]", r"[\w-]", r"[^\W\d]", r"[]a]", r"[^]]", r"[\d_&]", r"[\W]", "(?:a|b)", "(к)",
    "|", r"\Z", r"\[",
]  # fmt: skip
PIECE = st.tuples(
    st.sampled_from(ATOMS), st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "*?"])
)
PATTERNS = st.tuples(
    st.sampled_from(["", "(?i)", "(?s)", "(?m)"]),
    st.lists(PIECE.map("".join), max_size=6).map("".join),
    st.sampled_from(["", "$"]),
).map("".join)
TEXTS = st.text(st.sampled_from("abABк_ 1é$-].\\\n٣["), max_size=8)


@settings(max_examples=1500, deadline=None)
@given(pattern=PATTERNS, text=TEXTS)
def test_a_pattern_means_what_it_means_to_python(pattern: str, text: str) -> None:
    try:
        wanted = bool(re.search(pattern, text))
    except re.error:
        assert flaw(pattern) is not None
        return
    assert flaw(pattern) is None
    assert searched(pattern, text) is wanted


BAD = {
    r"(a+)+$": "a",
    r"(a|aa)+$": "a",
    r"^(a|a)*$": "a",
    r"(.*a){20}b": "a",
    r"^(([a-z])+.)+[A-Z]([a-z])+$": "a",
    r"(x+x+)+y": "x",
    r".*cat.*dog.*bird": "cat",
    r"\s*\s*\s*\s*\s*Q": " ",
}
"""Patterns for which Python takes hours, or the age of the world, and a piece of such a text."""


@pytest.mark.parametrize("pattern", BAD)
def test_a_bad_pattern_takes_no_time(pattern: str) -> None:
    text = BAD[pattern] * 50_000 + "!"
    assert flaw(pattern) is None
    began = time.perf_counter()
    assert not searched(pattern, text)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "is no pattern: missing ), unterminated subpattern at position 0"),
        ("a(?=b)", "needs '(?=', which no search does in a time that is bounded"),
        (r"(.)\1", r"needs '\\1', which no search does in a time that is bounded"),
        ("[[a]", "may be read in two ways: Possible nested set"),
        ("(?:a{999}){999}", "is too large"),
        ("a{", r"write letters plainly, braces as \{"),
    ],
)
def test_what_is_not_searched_for_is_told(pattern: str, words: str) -> None:
    assert words in (flaw(pattern) or "")


def test_half_of_a_letter_in_a_request_harms_nobody() -> None:
    assert searched("cat", "cat \ud83d")


def test_a_server_answers_others_while_a_bad_pattern_is_searched(
    serve: Callable[..., LiveServer], tmp_path: Path
) -> None:
    files = {
        f"bad{at}": f"match: {{prompt: {{regex: '{pattern}'}}}}\nreply: {{text: bad}}\n"
        for at, pattern in enumerate(BAD)
    }
    write(tmp_path, files)
    server = serve("--as-of", DAY, "--fixtures", str(tmp_path))

    def ask(prompt: str) -> float:
        began = time.perf_counter()
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}
        with httpx.Client(base_url=server.origin, timeout=20) as api:
            reply = api.post(CHAT, json=body, headers={"authorization": "Bearer sk-x"})
        assert reply.json()["choices"][0]["message"]["content"] != "bad"
        return time.perf_counter() - began

    with ThreadPoolExecutor(8) as pool:
        long = [pool.submit(ask, piece * 20_000 + "!") for piece in BAD.values()]
        short = [pool.submit(ask, "hello") for _ in range(8)]
        assert max(one.result() for one in short) < 5
        assert max(one.result() for one in long) < 10
