"""What a user may ask for: nothing that could cost money by mistake."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from safelight.refusals import UsageError
from safelight_contracts.endpoint_wish import Wish, ready
from safelight_contracts.replaying import Examples

AWAY = {"provider": "openai", "base_url": "https://api.example.com/v1"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "needs --live, --api-key-env NAME, --budget USD"),
        ({"live": True, "key_env": "K"}, "needs --budget USD"),
        ({"live": True, "budget": Decimal(1)}, "needs --api-key-env NAME"),
        ({"live": True, "budget": Decimal(1), "key_env": "K"}, "no such environment variable"),
        ({"base_url": "ftp://x"}, "expected an address"),
        ({"base_url": "https://user:secret@api.example.com"}, "leave credentials out"),
        ({"base_url": "http://127.0.0.1:1", "ledger": Path("x")}, "go together"),
        ({"base_url": "http://127.0.0.1:1", "key_env": "K"}, "no such environment variable"),
        ({"base_url": "http://[::1/v1"}, "Invalid IPv6 URL"),
        ({"base_url": "http://127.0.0.1:99999/v1"}, "Port out of range"),
        ({"provider": "nobody"}, "unknown provider"),
    ],
)
def test_what_could_cost_money_by_mistake_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ready(Wish(**{**AWAY, **more}), {})


def test_a_live_run_with_key_and_budget_is_allowed() -> None:
    asked = Wish(**AWAY, live=True, budget=Decimal(1), key_env="K")  # type: ignore[arg-type]
    assert ready(asked, {"K": "sk-1"}).key == "sk-1"


@pytest.mark.parametrize("key", ["sk-1\n", "sk-ключ", "sk-1\x00"])
def test_a_key_that_no_header_can_carry_is_told_before_anything_is_asked(key: str) -> None:
    with pytest.raises(UsageError, match="--api-key-env K: holds what no header can"):
        ready(Wish("openai", "http://127.0.0.1:1", key_env="K"), {"K": key})


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_this_machine_needs_no_budget(base_url: str) -> None:
    assert ready(Wish("openai", base_url), {}).base_url == base_url


def test_a_name_that_only_looks_like_this_machine_is_another_one() -> None:
    with pytest.raises(UsageError, match="not on this machine"):
        ready(Wish("openai", "http://localhost.example.com/v1"), {})


def test_a_database_that_cannot_be_written_is_told_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--database .*file/examples: cannot be written"):
        _ = Examples(str(tmp_path / "file" / "examples"), "openai").database
