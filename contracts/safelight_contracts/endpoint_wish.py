"""What a user asks of a run, checked before anything is planned: where, which key, how much.

Anything but loopback needs to be called live, a key and a budget. What must not enter: sending,
planning, a command's options.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from safelight.dialects import load_dialect
from safelight.dialects.base import Dialect
from safelight.refusals import UsageError

from safelight_contracts.baseline import Known, read_baseline
from safelight_contracts.budget import Budget
from safelight_contracts.ledger import Ledger
from safelight_contracts.sending import checked_url, is_loopback

LOCAL_KEY = "sk-safelight-check"
"""The key for an endpoint on this machine, where none is named."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One run as it was asked for; the fields are the options of `safelight check endpoint`.

    Amounts are US dollars. `operations` and `models` are globs, empty for all. `paid_again` is how
    many failing questions that cost money may be asked once more.
    """

    provider: str
    base_url: str
    key_env: str | None = None
    budget: Decimal | None = None
    live: bool = False
    allow_unpriced: bool = False
    trust_usage: bool = False
    ledger: Path | None = None
    monthly_cap: Decimal | None = None
    paid_again: int = 3
    seed: int = 0
    max_cases: int | None = None
    operations: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    baseline: Path | None = None
    database: str | None = None
    as_of: datetime.date | None = None
    timeout: float = 120.0

    @property
    def day(self) -> datetime.date:
        """Return the day whose contract counts: today, in UTC, unless another is named."""
        return self.as_of or datetime.datetime.now(datetime.UTC).date()

    @property
    def unpriced(self) -> bool:
        """Tell whether a model without a price may be asked: where nothing costs, any may."""
        near = is_loopback(self.base_url) and self.budget is None
        return self.allow_unpriced or near


@dataclass(frozen=True, slots=True)
class Ready:
    """A wish that can be carried out."""

    wish: Wish
    dialect: Dialect
    base_url: str
    key_env: str
    key: str
    known: tuple[Known, ...]

    def budget(self, month: str) -> Budget:
        """Return the purse, with the month's cap where there is a ledger."""
        wish = self.wish
        cap = None
        if wish.ledger is not None and wish.monthly_cap is not None:
            cap = Ledger(wish.ledger, month, wish.monthly_cap)
            cap.spent()  # a file that is no ledger is told now, not in the middle
        return Budget(wish.budget, cap, trusting=wish.trust_usage)


def ready(wish: Wish, environment: Mapping[str, str] = os.environ) -> Ready:
    """Return the wish with its provider, key and address. Raises UsageError for what is missing."""
    dialect = load_dialect(wish.provider)
    base_url = _base(dialect, checked_url(wish.base_url))
    near = is_loopback(base_url)
    if not near:
        _allowed(wish)
    if (wish.ledger is None) != (wish.monthly_cap is None):
        raise UsageError("--ledger FILE and --monthly-cap USD go together: a cap needs its file")
    for name, amount in (("--budget", wish.budget), ("--monthly-cap", wish.monthly_cap)):
        if amount is not None and (not amount.is_finite() or amount < 0):
            raise UsageError(f"{name} {amount}: expected dollars, such as 0.50")
    key_env = wish.key_env or _key_variable(dialect)
    key = environment.get(key_env, "")
    if not key and (wish.key_env or not near):
        raise UsageError(f"--api-key-env {key_env}: no such environment variable, or it is empty")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"--api-key-env {key_env}: holds what no header can, such as a line break")
    known = read_baseline(wish.baseline) if wish.baseline else ()
    return Ready(wish, dialect, base_url, key_env, key or LOCAL_KEY, known)


def _allowed(wish: Wish) -> None:
    missing = []
    if not wish.live:
        missing.append("--live")
    if not wish.key_env:
        missing.append("--api-key-env NAME")
    if wish.budget is None:
        missing.append("--budget USD")
    if missing:
        raise UsageError(
            f"{wish.base_url} is not on this machine: asking it can cost money; "
            f"needs {', '.join(missing)}"
        )


def _key_variable(dialect: Dialect) -> str:
    """Return the variable in which the provider's own clients look for the key."""
    names = [name for name, value in dialect.provider.env.items() if "{key}" in value]
    return names[0] if names else "API_KEY"


def _base(dialect: Dialect, base_url: str) -> str:
    """Return the base that the routes stand below: `…/v1` is cut off where the routes name it."""
    firsts = {route.path.split("/")[1] for route in dialect.routes}
    above, _, last = base_url.rpartition("/")
    return above if last in firsts and last.startswith("v") else base_url
