"""What a request asks, as the provider's dialect reads it, and what it would cost.

The same steps as the emulator's walk, without a session's quotas, faults and pictures: nothing is
drawn. What must not enter: HTTP, files.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from safelight import naming
from safelight.admit import admit
from safelight.costs import chat_cost
from safelight.dialects import load_dialects
from safelight.dialects.base import Visit
from safelight.messages import Call, Json, Request, Work
from safelight.mounts import Mounts
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.records import tokens
from safelight.refusals import Refusal, UsageError
from safelight.store import Session

LOG = logging.getLogger("safelight")

_LONGEST = 4096
"""Tokens that an answer is reckoned with when the request sets it no limit."""

_TEXT = 2000
"""Letters of a field that are still handed on."""

_MILLION = Decimal(1_000_000)
_LIMITS = ("max_completion_tokens", "max_tokens", "maxOutputTokens")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, understood. `path` is below the provider's base.

    `cost` is in US dollars, the most that is expected; None where nobody knows, and `why` says why.
    `params` are the fields that were sent, but for long ones; `mask` is true where there is one.
    """

    path: str
    operation: str | None
    model: str | None
    prompt: str
    cost: Decimal | None
    why: str = ""
    params: Mapping[str, Json] = field(default_factory=dict, repr=False)


class Understanding:
    """Reads requests as one provider does, on the day `as_of` or today.

    `folders` are those of providers outside the package.

    Raises UsageError for a provider that nobody knows.
    """

    def __init__(
        self, provider: str, as_of: datetime.date | None = None, folders: tuple[Path, ...] = ()
    ) -> None:
        self._as_of = as_of
        self._mounts = Mounts(load_dialects(folders), default=provider, lenient=False)
        self.provider = self._mounts.default.provider
        bases = (*self.provider.bases, *self.provider.default_bases)
        self._bases = sorted(bases, key=len, reverse=True)

    def below(self, path: str) -> str | None:
        """Return the path below the provider's base; None where there is none."""
        path = naming.sessionless(path)
        for base in self._bases:
            if naming.below(path, base):
                return path[len(base) :]
        return path if path in self.provider.origin_paths else None

    def read(self, request: Request, path: str, now: float) -> Asked:
        """Return what a request asks; `path` is the one below the base, `now` epoch seconds."""
        visit = self._visit(request, path, now)
        cost: Decimal | None = None
        params: Mapping[str, Json] = {}
        try:
            visit.dialect.match(visit)
            visit.dialect.read(visit)
            params = _handy(visit.params)
            cost, why = self._cost(visit)
        except Refusal as refusal:
            why = f"the provider would refuse it: {refusal.name.replace('_', ' ')}"
        except Exception:  # what is not understood is forwarded and kept all the same
            LOG.exception("A bug of Safelight at %s %s", request.method, path)
            why = "Safelight did not understand it"
        if request.method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            cost = cost or Decimal(0)
        model = visit.model_name or _text(visit.params.get("model"))
        prompt = visit.dialect.prompt_of(visit) if visit.params else ""
        return Asked(path, visit.operation or None, model or None, prompt, cost, why, params)

    def _visit(self, request: Request, path: str, now: float) -> Visit:
        dialect, inner = self._mounts.find(f"{self.provider.bases[0]}{path}")
        return Visit(
            request=replace(request, path=f"{self.provider.bases[0]}{path}"),
            session=Session("", 0),
            dialect=dialect,
            path=inner,
            request_id="req_" + "0" * 32,
            number=1,
            now=now,
            day=self._as_of or datetime.datetime.fromtimestamp(now, datetime.UTC).date(),
            lenient=False,
        )

    def _cost(self, visit: Visit) -> tuple[Decimal | None, str]:
        """Return the cost, or None and why it is not known."""
        failure = admit(visit)
        if failure:
            return None, f"the provider would refuse it: {failure.row.id}"
        model = visit.model
        call = Call(
            operation=visit.operation,
            model=model.id if model else visit.model_name,
            params=visit.params,
            seed=0,
            now=visit.now,
            traits=model.traits if model else {},
            base_url=visit.request.base_url,
        )
        result = visit.dialect.operate(visit, call)
        if isinstance(result, Work):
            result = result.run()
        found = visit.dialect.cost(visit, result)
        if isinstance(result, ChatResult) and model and model.prices:
            return max(found or Decimal(0), _most(visit.params, model.prices, result)), ""
        if found is None and (isinstance(result, (ImagesResult, ChatResult)) or tokens(result)):
            rate = model.prices.get("token", {}).get("input") if model else None
            if rate is None or isinstance(result, (ImagesResult, ChatResult)):
                return None, f"the catalogue has no price for {visit.model_name}"
            found = tokens(result) * Decimal(str(rate)) / _MILLION
        return found or Decimal(0), ""


def _most(params: dict[str, Json], prices: dict[str, Json], result: ChatResult) -> Decimal:
    """Return what a chat costs that speaks as long as it may."""
    limits = [params[name] for name in _LIMITS if isinstance(params.get(name), int)]
    longest = max([*limits, 0]) or _LONGEST * max(1, len(result.choices))
    spoken = max(result.usage.completion_tokens, longest + result.usage.drawn_tokens)
    usage = replace(result.usage, completion_tokens=spoken)
    images = sum(len(choice.drawings) for choice in result.choices)
    return chat_cost(prices, usage, images=images)


def _handy(params: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields without what is long: an exchange may take minutes, and hold a picture."""
    found: dict[str, Json] = {
        name: value
        for name, value in params.items()
        if isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= _TEXT)
    }
    return found if params.get("mask") is None else {**found, "mask": True}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def as_dollars(flag: str, text: str | None) -> Decimal | None:
    """Return an amount in US dollars, None for none. Raises UsageError for anything else."""
    if text is None:
        return None
    try:
        value = Decimal(text.removeprefix("$"))
    except ArithmeticError as error:
        raise UsageError(f"{flag} {text}: write US dollars, such as 0.50") from error
    if not value.is_finite() or value < 0:
        raise UsageError(f"{flag} {text}: write US dollars, such as 0.50")
    return value
