"""What a session's journal says about the client: habits that cost money or break on a bad day.

Each rule yields findings with evidence; a client without findings behaved. What must not enter: how
faults are made, assertions of a test framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from safelight.journal import Exchange

Rule = Callable[[Sequence[Exchange]], Iterator["Finding"]]
_FINAL = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 451})
_STORM = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One bad habit: its code, what happened in words, and the numbers of the exchanges."""

    code: str
    says: str
    evidence: tuple[int, ...]


def verdict(exchanges: Sequence[Exchange]) -> list[Finding]:
    """Return everything that the journal holds against the client."""
    return [finding for rule in RULES for finding in rule(exchanges)]


def _attempts(exchanges: Sequence[Exchange]) -> list[list[Exchange]]:
    """Return the requests with the same body, in order, wherever there were several."""
    groups: dict[tuple[str, str, str], list[Exchange]] = {}
    for exchange in exchanges:
        if exchange.digest:
            key = (exchange.provider, exchange.operation, exchange.digest)
            groups.setdefault(key, []).append(exchange)
    return [group for group in groups.values() if len(group) > 1]


def _pairs(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Exchange]]:
    for group in _attempts(exchanges):
        yield from pairwise(group)


def retried_final(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Yield requests repeated unchanged after an answer that repeating cannot better."""
    for first, again in _pairs(exchanges):
        if first.status in _FINAL and first.delivered:
            says = f"a {first.status} ({first.row}) was retried with the same body"
            yield Finding("retried-final", says, (first.number, again.number))


def ignored_retry_after(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Yield retries that came before the time that `retry-after` asked for."""
    for first, again in _pairs(exchanges):
        waited = again.at - first.at
        if first.retry_after and waited < first.retry_after * 0.95:
            says = (
                f"retry-after asked for {first.retry_after:g} s, the retry came in {waited:.2f} s"
            )
            yield Finding("ignored-retry-after", says, (first.number, again.number))


def retry_storm(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Yield bodies that were sent again and again though nothing got better."""
    for group in _attempts(exchanges):
        failed = [e for e in group if e.status >= 400 or not e.delivered]
        if len(failed) >= _STORM:
            says = f"{len(failed)} failed attempts with the same body"
            yield Finding("retry-storm", says, tuple(e.number for e in failed))


def paid_twice(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Yield pictures that were generated again because their answer never arrived."""
    for first, again in _pairs(exchanges):
        if first.billed and again.billed and not first.delivered:
            says = "the first answer was lost after generation; the blind retry was billed again"
            yield Finding("paid-twice", says, (first.number, again.number))


def refused_parameters(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Yield parameters that the model refuses, one finding for each kind."""
    seen: dict[tuple[str, ...], list[int]] = {}
    for exchange in exchanges:
        if exchange.violations:
            key = (exchange.operation, exchange.model, *exchange.violations)
            seen.setdefault(key, []).append(exchange.number)
    for (operation, model, *violations), numbers in seen.items():
        says = f"{operation} of {model or '(no model)'} refuses {', '.join(violations)}"
        yield Finding("refused-parameter", says, tuple(numbers))


def unfetched_urls(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Yield pictures whose URL nobody downloaded before it expired."""
    fetched = {e.path.rpartition("/")[2] for e in exchanges if e.operation == "files.get"}
    for exchange in exchanges:
        missed = [u for u in exchange.urls if u.rpartition("/")[2].partition("?")[0] not in fetched]
        if missed:
            says = f"{len(missed)} picture URL(s) were never downloaded; they expire"
            yield Finding("url-not-fetched", says, (exchange.number,))


RULES: tuple[Rule, ...] = (
    retried_final,
    ignored_retry_after,
    retry_storm,
    paid_twice,
    refused_parameters,
    unfetched_urls,
)
"""Every rule, in the order of its findings."""
