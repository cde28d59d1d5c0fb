"""What a test reads of its session: requests as the journal has them, typed, and what they cost.

What must not enter: assertions, what the world does to requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from safelight.journal import Exchange
from safelight.store import Session
from safelight.verify import line

DOWNLOAD = "files.get"
"""The operation of a picture's download from its URL: no call of the API."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request that the application made, and what became of it: the journal's entry, typed.

    Everything that `Exchange` has is an attribute here as well.
    """

    exchange: Exchange

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the journal knows
        """Return an attribute of the exchange: `model`, `status`, `params`, `fault`, `retry` …."""
        return getattr(self.exchange, name)

    @property
    def operation(self) -> str:
        """Return what was asked: `images.generate`, `images.edit`, `chat.create` …."""
        return self.exchange.operation

    @property
    def prompt(self) -> str:
        """Return the prompt, or the text of the last message."""
        return self.exchange.prompt

    @property
    def size(self) -> str | None:
        """Return the size that was asked for, `1024x1536`, or None."""
        return self.exchange.params.get("size")

    @property
    def images(self) -> tuple[bytes, ...]:
        """Return the pictures that were uploaded, in order, without the mask."""
        files = self.exchange.files.items()
        return tuple(data for name, data in files if name.partition("[")[0] == "image")

    @property
    def image(self) -> bytes | None:
        """Return the first picture that was uploaded, or None."""
        return next(iter(self.images), None)

    @property
    def mask(self) -> bytes | None:
        """Return the mask that was uploaded, or None."""
        return self.exchange.files.get("mask")

    @property
    def cost(self) -> Decimal | None:
        """Return what it would have cost live, in US dollars; None without a known price."""
        return None if self.exchange.cost is None else Decimal(self.exchange.cost)

    @property
    def refused(self) -> bool:
        """Tell whether the live service would have refused it.

        No refusal in this sense is what the test asked for, a fault or an exchange of its own, and
        the download of a picture that has expired.
        """
        exchange = self.exchange
        return (
            exchange.row is not None
            and exchange.status >= 400
            and exchange.fault is None
            and exchange.operation != DOWNLOAD
        )

    def __str__(self) -> str:
        """Return the request in one line."""
        return line(self.exchange)


@dataclass(frozen=True, slots=True)
class Spend:
    """What the test would have cost live: US dollars, requests billed, those without a price."""

    usd: Decimal
    billed: int
    unpriced: int
    by_model: Mapping[tuple[str, str], Decimal]


def spent(session: Session) -> Spend:
    """Return what a session's requests so far would have cost live, by the price tables."""
    rows = session.spent
    return Spend(
        usd=sum((usd for _, _, usd in rows.values()), Decimal(0)),
        billed=sum(billed for billed, _, _ in rows.values()),
        unpriced=sum(unpriced for _, unpriced, _ in rows.values()),
        by_model={key: usd for key, (_, _, usd) in rows.items()},
    )
