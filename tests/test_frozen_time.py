"""A test that freezes the clock of its process, as freezegun does, or turns it like time-machine.

Both are played by hand: `time.time` is another function for a while.
"""

from __future__ import annotations

import datetime
import time

import httpx
import openai
import pytest
import safelight
from safelight.began import BEGAN

LONG_AGO = datetime.datetime(2012, 1, 14, 12, tzinfo=datetime.UTC).timestamp()
HELLO = [{"role": "user", "content": "hello"}]
DAY = 24 * 3600


def freeze(monkeypatch: pytest.MonkeyPatch, moment: float) -> None:
    monkeypatch.setattr(time, "time", lambda: moment)


def ask() -> int:
    said = openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=HELLO)  # type: ignore[arg-type]
    return said.created


def test_replies_and_journal_have_the_frozen_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with safelight.Emulator() as world:
        freeze(monkeypatch, LONG_AGO)
        assert ask() == LONG_AGO
        assert world.requests[0].exchange.at == LONG_AGO
        assert world.clock.now.year == 2012


def test_what_is_frozen_before_the_block_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    freeze(monkeypatch, LONG_AGO)
    with safelight.Emulator() as world:
        assert ask() == LONG_AGO
        world.reply_with(exchange={"reply": {"text": "of today's contract"}})
        ask()


def test_links_expire_by_the_clock_that_a_test_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    with safelight.Emulator(as_of="2026-05-11") as world:
        freeze(monkeypatch, LONG_AGO)
        made = openai.OpenAI().images.generate(model="dall-e-3", prompt="a lamp")
        assert made.data
        link = made.data[0].url or ""
        assert httpx.get(link).status_code == 200
        freeze(monkeypatch, LONG_AGO + 2 * 3600)
        assert httpx.get(link).status_code != 200
        assert [asked.status for asked in world.requests] == [200]


def test_nothing_is_forgotten_when_days_pass_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with safelight.Emulator(seed=7) as world:
        ask()
        with safelight.Emulator():
            freeze(monkeypatch, time.time() + 3 * DAY)
            ask()
        ask()
        assert world.seed == 7
        assert len(world.requests) == 2


def test_the_worlds_own_clock_moves_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime.datetime.fromtimestamp(BEGAN, datetime.UTC).date()
    freeze(monkeypatch, LONG_AGO)
    with safelight.Emulator() as world:
        assert world._emulator.day(world.session) == today
        world.clock.advance(days=3)
        assert world._emulator.day(world.session) == today + datetime.timedelta(days=3)
