"""How an emulator behaves, as a value: what flags, pytest options and tests have in common.

What must not enter: where a setting comes from.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path

from safelight.dialects import REGISTRY
from safelight.faults import Ask
from safelight.latency import Range
from safelight.limits import Limit
from safelight.store import Bounds


@dataclass(frozen=True, slots=True)
class Settings:
    """How an emulator behaves. `as_of` freezes the contract at a day; `api_keys` empty means any.

    `cache` is the room for finished pictures, in bytes. `dialects` are the folders of providers
    outside the package. `faults` strike in every session, after its own scenario.
    `admin_token`, when set, is what the control plane asks for. `limits` are real ones, for each
    key, model and operation. `latency` are the ranges to wait by, none for not waiting; `speed`
    divides them. `bounds` says how much is kept of what happened, `remember` of how many requests
    their meaning (see `memo`); 0 of none.
    """

    provider: str = next(iter(REGISTRY))
    lenient: bool = False
    as_of: datetime.date | None = None
    seed: int = 0
    api_keys: tuple[str, ...] = ()
    cache: int = 64 * 1024 * 1024
    dialects: tuple[Path, ...] = ()
    faults: tuple[Ask, ...] = ()
    admin_token: str | None = None
    limits: tuple[Limit, ...] = ()
    latency: tuple[Range, ...] = ()
    speed: float = 1.0
    bounds: Bounds = field(default_factory=Bounds)
    remember: int = 256
