"""What a session's journal says about the client: habits that cost money or break on a bad day.

Each rule yields findings with evidence; a client without findings behaved. What must not enter: how
faults are made, assertions of a test framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from safelight.journal import Exchange

Rule = Callable[[Sequence[Exchange], float], Iterator["Finding"]]
_FINAL = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 451})
"""Statuses that the same request will get again."""

_HOPELESS = frozenset({"quota_exceeded", "billing_hard_limit", "model_retired", "region_blocked"})
"""Faults that the same request will get again, whatever their status."""

_STORM = 5
"""Failed attempts with the same body that are too many."""

_PATIENCE = 5.0
"""Seconds that a stream may stay open once everything in it was due."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One bad habit: its code, what happened in words, and the numbers of the exchanges.

    `cost` is what it has wasted in US dollars, None where nothing was wasted or no price is known.
    """

    code: str
    says: str
    evidence: tuple[int, ...]
    cost: str | None = None


def verdict(exchanges: Sequence[Exchange], now: float | None = None) -> list[Finding]:
    """Return everything that the journal holds against the client.

    `now` is the session's time in epoch seconds, by default that of the last exchange.
    """
    moment = max((e.at for e in exchanges), default=0.0) if now is None else now
    return [finding for rule in RULES for finding in rule(exchanges, moment)]


def _attempts(exchanges: Sequence[Exchange]) -> list[list[Exchange]]:
    """Return the requests with the same body, in order, wherever there were several."""
    groups: dict[tuple[str, ...], list[Exchange]] = {}
    for exchange in sorted(exchanges, key=lambda e: e.number):
        if exchange.digest:
            key = (exchange.provider, exchange.operation, exchange.path, exchange.digest)
            groups.setdefault(key, []).append(exchange)
    return [group for group in groups.values() if len(group) > 1]


def _pairs(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Exchange]]:
    for group in _attempts(exchanges):
        yield from pairwise(group)


def retried_final(exchanges: Sequence[Exchange], now: float) -> Iterator[Finding]:
    """Yield requests repeated unchanged after an answer that repeating cannot better.

    What nobody but Safelight refused, such as a fault's misspelt name, is no habit of the client.
    """
    for first, again in _pairs(exchanges):
        hopeless = first.fault in _HOPELESS or first.status in _FINAL
        why = first.row or first.fault
        if why and hopeless and first.status >= 400 and first.delivered:
            says = f"a {first.status} ({why}) was retried with the same body"
            yield Finding("retried-final", says, (first.number, again.number))


def ignored_retry_after(exchanges: Sequence[Exchange], now: float) -> Iterator[Finding]:
    """Yield retries that came before the time that `retry-after` asked for."""
    for first, again in _pairs(exchanges):
        waited = again.at - first.at - first.takes
        if first.retry_after and first.delivered and waited < first.retry_after * 0.95:
            asked = f"retry-after asked for {first.retry_after:g} s"
            says = f"{asked}, the retry came after {max(0.0, waited):.2f} s"
            yield Finding("ignored-retry-after", says, (first.number, again.number))


def retry_storm(exchanges: Sequence[Exchange], now: float) -> Iterator[Finding]:
    """Yield bodies that were sent again and again though nothing got better."""
    for group in _attempts(exchanges):
        failed = [e for e in group if not e.delivered or (e.status >= 400 and (e.row or e.fault))]
        if len(failed) >= _STORM:
            says = f"{len(failed)} failed attempts with the same body"
            yield Finding("retry-storm", says, tuple(e.number for e in failed))


def paid_twice(exchanges: Sequence[Exchange], now: float) -> Iterator[Finding]:
    """Yield pictures that were generated and billed again, because the first answer was no use."""
    for group in _attempts(exchanges):
        billed = [e for e in group if e.billed]
        for first, again in pairwise(billed):
            why = _unused(first, again)
            if why:
                says = f"{why}; the same request was made and billed again"
                wasted = first.cost if first.cost and Decimal(first.cost) else None
                yield Finding("paid-twice", says, (first.number, again.number), wasted)


def _unused(first: Exchange, again: Exchange) -> str | None:
    """Return why a billed answer was no use to the client, or None when it may have been."""
    if first.fate == "lost":
        return f"the answer was lost after generation ({first.fault})"
    if first.fate == "abandoned":
        return "the client left before the answer came"
    if again.retry > first.retry:
        return f"the client retried an answer that came ({first.fault or 'without a fault'})"
    return f"the answer came spoilt ({first.fault})" if first.fault else None


def refused_parameters(exchanges: Sequence[Exchange], now: float) -> Iterator[Finding]:
    """Yield parameters that the model refuses, one finding for each kind."""
    seen: dict[tuple[str, ...], list[int]] = {}
    for exchange in exchanges:
        if exchange.violations and exchange.status >= 400:
            key = (exchange.operation, exchange.model, *exchange.violations)
            seen.setdefault(key, []).append(exchange.number)
    for (operation, model, *violations), numbers in seen.items():
        says = f"{operation} of {model or '(no model)'} refuses {', '.join(violations)}"
        yield Finding("refused-parameter", says, tuple(numbers))


def unclosed_streams(exchanges: Sequence[Exchange], now: float) -> Iterator[Finding]:
    """Yield streams that were due long ago and are neither read to the end nor closed."""
    for exchange in exchanges:
        late = now - exchange.at - exchange.takes
        if exchange.fate == "open" and late > _PATIENCE:
            says = f"a stream is neither read to its end nor closed, {late:.0f} s after it was due"
            yield Finding("stream-not-closed", says, (exchange.number,))


def unfetched_urls(exchanges: Sequence[Exchange], now: float) -> Iterator[Finding]:
    """Yield pictures whose URL has expired before anybody downloaded it."""
    got = {_name(e.path) for e in exchanges if e.operation == "files.get" and e.status == 200}
    for exchange in exchanges:
        missed = [url for url in exchange.urls if _name(url) not in got]
        if missed and exchange.urls_until is not None and exchange.urls_until <= now:
            says = f"{len(missed)} picture URL(s) expired before they were downloaded"
            yield Finding("url-not-fetched", says, (exchange.number,))


def _name(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]


RULES: tuple[Rule, ...] = (
    retried_final,
    ignored_retry_after,
    retry_storm,
    paid_twice,
    refused_parameters,
    unclosed_streams,
    unfetched_urls,
)
"""Every rule, in the order of its findings."""
