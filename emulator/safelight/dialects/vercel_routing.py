"""Where the gateway sent a request and what it cost: one object, told by both of its protocols.

Shapes and sentences: wire facts A5 (recorded), B6. Everything follows from the visit, so the same
request tells the same story. What must not enter: routes, how a reply is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b

from safelight.costs import as_text
from safelight.dialects.base import Visit
from safelight.messages import Json

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a request cost in US dollars: all of it, and the part that its input cost."""

    total: Decimal = NOTHING
    input: Decimal = NOTHING


def spent(total: Decimal | None, for_input: Decimal | None) -> Spent:
    """Return costs as they were reckoned; what has no price is free."""
    return Spent(total or NOTHING, for_input or NOTHING)


def generation_id(visit: Visit) -> str:
    """Return `gen_` and a ULID of 26 letters: the visit's time, then what follows from its id."""
    chance = int.from_bytes(blake2b(visit.request_id.encode(), digest_size=10).digest(), "big")
    number = (int(visit.now * 1000) << 80) | chance
    return "gen_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def gateway_metadata(visit: Visit, spent: Spent, generation: str) -> dict[str, Json]:
    """Return the `gateway` object of a reply's metadata; costs are decimal texts."""
    total = as_text(spent.total)
    return {
        "routing": routing(visit),
        "cost": total,
        "marketCost": total,
        "surchargeCost": "0",
        "gatewayCost": total,
        "inferenceCost": total,
        "inputInferenceCost": as_text(spent.input),
        "outputInferenceCost": as_text(spent.total - spent.input),
        "generationId": generation,
    }


def routing(visit: Visit) -> dict[str, Json]:
    """Return which providers were planned, and the one attempt that was made."""
    options = gateway_options(visit.params)
    planned = planned_providers(visit, options)
    slug = visit.model.id if visit.model else visit.model_name
    own = options.get("byok")
    kinds = {
        name: "byok" if isinstance(own, dict) and name in own else "system" for name in planned
    }
    attempt = {
        "provider": planned[0],
        "credentialType": kinds[planned[0]],
        "success": True,
        "startTime": int(visit.now * 1000),
        "endTime": int(visit.now * 1000) + duration(visit),
        "statusCode": 200,
        "providerRequestId": visit.request_id,
    }
    return {
        "originalModelId": visit.model_name,
        "resolvedProvider": planned[0],
        "fallbacksAvailable": [*planned[1:]],
        "planningReasoning": _plan(planned, kinds),
        "canonicalSlug": slug,
        "finalProvider": planned[0],
        "modelAttemptCount": 1,
        "modelAttempts": [
            {
                "canonicalSlug": slug,
                "success": True,
                "providerAttemptCount": 1,
                "providerAttempts": [attempt],
            }
        ],
        "totalProviderAttemptCount": 1,
    }


def gateway_options(params: Mapping[str, Json]) -> dict[str, Json]:
    """Return a request's routing options: `providerOptions.gateway`, or the short `provider`."""
    groups = params.get("providerOptions") or {}
    short = params.get("provider")
    return {**(short if isinstance(short, dict) else {}), **(groups.get("gateway") or {})}


def uses_own_key(visit: Visit) -> bool:
    """Tell whether the provider that served the visit was paid by the caller's own key."""
    options = gateway_options(visit.params)
    own = options.get("byok")
    return isinstance(own, dict) and planned_providers(visit, options)[0] in own


def planned_providers(visit: Visit, options: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the providers of the visit's model in the order asked for; there is always one."""
    traits = visit.model.traits if visit.model else {}
    owner = visit.model_name.partition("/")[0] or "gateway"
    known = [str(name) for name in traits.get("providers", ())] or [owner]
    only, order = _names(options.get("only")), _names(options.get("order"))
    allowed = [name for name in known if name in only] if only else known
    first = [name for name in order if name in allowed]
    return tuple(dict.fromkeys((*first, *allowed))) or tuple(known)


def _names(value: Json) -> Sequence[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _plan(planned: Sequence[str], kinds: Mapping[str, str]) -> str:
    system = [name for name in planned if kinds[name] == "system"]
    order = " → ".join(f"{name}({kinds[name]})" for name in planned)
    lead = f"System credentials planned for: {', '.join(system)}. " if system else ""
    return f"{lead}Total execution order: {order}"


def duration(visit: Visit) -> int:
    """Return how many milliseconds the provider took: it follows from the request's id."""
    return 400 + int(visit.request_id[-4:], 16) % 1600
