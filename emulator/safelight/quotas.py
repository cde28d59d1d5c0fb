"""Where real limits step into the walk: what a visit has used, and the refusal of one too many.

What must not enter: how a bucket refills (`limits`), wordings and header names, which are data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from safelight.dialects.base import Visit
from safelight.errors import Failure
from safelight.faults import EXAMPLE
from safelight.limits import Amounts, Gauge, Limit, exceeded, gauge, taken
from safelight.messages import Json, Reply


def use(visit: Visit, limits: Sequence[Limit], amounts: Amounts) -> Failure | None:
    """Take these amounts, or return the refusal of them; then none of these was taken.

    A request is counted before its pictures and tokens are known, so it stays counted when those
    are refused. Limits on units that `amounts` does not name are left for later.
    """
    if not limits:
        return None
    now, buckets = visit.now, visit.session.buckets
    counted = [(key, limit, buckets.get(key)) for key, limit in _keys(visit, limits, amounts)]
    found = [gauge(limit, bucket, amounts[limit.unit], now) for _, limit, bucket in counted]
    visit.gauges += found
    worst = exceeded(found)
    if worst is not None:
        return _refusal(visit, worst)
    for key, limit, bucket in counted:
        buckets.put(key, taken(limit, bucket, amounts[limit.unit], now))
    return None


def _keys(
    visit: Visit, limits: Sequence[Limit], amounts: Amounts
) -> Iterator[tuple[tuple[Json, ...], Limit]]:
    """Yield the limits that count this visit, each with the name of its bucket."""
    key = visit.request.header("authorization") or ""
    model = str(visit.params.get("model") or "")
    provider = visit.dialect.provider.name
    for number, limit in enumerate(limits):
        fits = limit.fits(provider=provider, operation=visit.operation, model=model)
        if fits and limit.unit in amounts:
            yield (number, provider, hash(key), model, visit.operation), limit


def _refusal(visit: Visit, worst: Gauge) -> Failure:
    """Return the provider's refusal: a row for this unit if there is one, else the general one.

    A request that is larger than the whole limit is told so, and not to come back.
    """
    visit.model_name = visit.model_name or str(visit.params.get("model") or "")
    unit, general = worst.limit.unit, "rate_limited"
    if worst.hopeless:
        general = "rate_limited_too_large"
        asks = f"asks for {worst.requested} {unit}, the limit is {worst.limit.amount}"
        visit.notes.append(f"--rate-limit: {asks}; it can never be answered")
    else:
        visit.notes.append(f"--rate-limit: {unit} used up, enough in {worst.wait:.3f} s")
    where = visit.situation()
    where = replace(where, facts={**where.facts, **EXAMPLE, **worst.facts()})
    return visit.dialect.provider.errors.faulted((f"{general}_{unit}", general), where)


def told(visit: Visit, reply: Reply) -> Reply:
    """Return a reply with the headers in which the provider tells where its limits stand."""
    if not visit.gauges:
        return reply
    rows = visit.dialect.provider.facts.get("limit_headers", ())
    found: dict[str, str] = {}
    for row in rows:
        if reply.status >= 400 and not row.get("refusals"):
            continue
        if not any(fnmatchcase(visit.operation, glob) for glob in row["operations"]):
            continue
        fitting = [g for g in visit.gauges if g.limit.unit == row["unit"]]
        tightest = min(fitting, key=lambda g: g.remaining, default=None)
        if tightest is not None:
            facts = tightest.facts()
            found |= {name: text.format_map(facts) for name, text in row["headers"].items()}
    kept = tuple(header for header in reply.headers if header[0] not in found)
    return replace(reply, headers=(*kept, *found.items())) if found else reply
