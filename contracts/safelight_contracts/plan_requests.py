"""Questions about requests: what has to be refused, then what has to be answered.

Refusals carry one violation each and stand on the cheapest request of the cheapest model. What may
be answered comes in the order of the money it can cost. What must not enter: sending; what an
answer has to be like.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace

import orjson
from safelight.catalog import Model
from safelight.messages import Json
from safelight.read import as_json, form_params, read_form
from safelight.schemas import Schema
from safelight.violations import Violation

from safelight_contracts.breaking import Broken, matrix
from safelight_contracts.cases import Body, Case
from safelight_contracts.money import quote
from safelight_contracts.promises import Promise, Promises
from safelight_contracts.requests import case_of, least, requests
from safelight_contracts.sending import written

_WIDEST = 200_000
"""Characters or bytes beyond which a limit is not tried: uploads of 50 MB prove little."""
_SEED = 7
AGAIN = ("x-safelight-repeat", "1")
"""The header of a request that is made a second time, to see whether its seed repeats."""


def refusals(promises: Promises, row: Promise, models: Sequence[Model]) -> Iterator[Case]:
    """Yield requests with exactly one violation, for every keyword of every field of every body.

    The first model gets all of them; another one only those of fields that it narrows otherwise.
    """
    seen: set[bytes] = set()
    for model in models:
        for body in row.bodies:
            kind: Body = "form" if body == "form" else "json"
            base = least(promises, row, model.id, body=kind)
            schema = promises.request(row, model, kind)
            for wrong in matrix(schema, base, widest=_WIDEST):
                mark = _mark(kind, schema, wrong)
                if mark not in seen:
                    seen.add(mark)
                    value = _grounded(schema, wrong, base)
                    yield from _refused(promises, row, replace(wrong, value=value), kind)


def _mark(body: str, schema: Schema, wrong: Broken) -> bytes:
    """Return what makes a violation another one: its place, and what the schema says there."""
    head = str(wrong.violation.at[0]) if wrong.violation.at else ""
    part = schema.document.get("properties", {}).get(head)
    return orjson.dumps([body, wrong.site, wrong.violation.rule, part], default=str)


def _grounded(schema: Schema, wrong: Broken, base: dict[str, Json]) -> Json:
    """Return the broken value with the base's fields, as far as its violation stays the only one.

    So a known model is asked, for little; one between fields may stand on values of its own.
    """
    value = wrong.value
    if not isinstance(value, dict):
        return value
    for name, plain in base.items():
        mixed = {**value, name: plain}
        if value.get(name) != plain and _only(schema, mixed, wrong):
            value = mixed
    return value


def _only(schema: Schema, value: Json, wrong: Broken) -> bool:
    found = schema.violations(as_json(value))
    return [_named(one) for one in found] == [_named(wrong.violation)]


def _named(violation: Violation) -> tuple[object, ...]:
    return violation.at, violation.keyword, violation.rule


def _refused(promises: Promises, row: Promise, wrong: Broken, body: Body) -> Iterator[Case]:
    """Yield the case of one violation; nothing where no row speaks of it, or no body carries it.

    What a protocol carries in headers cannot be broken in a body. A form has no types but text, and
    JSON's integers end at 64 bits for many: a violation that gets lost on the way is none.
    """
    if not isinstance(wrong.value, dict):
        return
    head = str(wrong.violation.at[0]) if wrong.violation.at else ""
    if row.model_header and head in {"model", "stream"}:
        return
    case = case_of(
        promises,
        row,
        wrong.value,
        purpose=f"refuses {wrong.how}",
        body=body,
        broken=wrong.name,
        family=f"{row.below}{row.operation}:refusals",
    )
    model = promises.model(case.model) or ""
    if not _carried(promises.request(row, model, body), case, wrong, promises, row):
        return
    try:
        expects = promises.expect(case, wrong.violation)
    except LookupError:
        return
    yield replace(case, expects=expects)


def _carried(schema: Schema, case: Case, wrong: Broken, promises: Promises, row: Promise) -> bool:
    """Tell whether the bytes that would be sent still have the violation, and only that."""
    data, kind = written(case)
    if case.body == "form":
        document = promises.schema(row.bodies["form"]).document
        return _only(schema, form_params(read_form(data or b"", kind or ""), document), wrong)
    named = {name: wrong.value[name] for name in ("model", "stream") if name in wrong.value}
    return _only(schema, {**orjson.loads(data or b"{}"), **named}, wrong)


def cheapest(promises: Promises, row: Promise, models: Sequence[Model]) -> Iterator[Case]:
    """Yield the cheapest request that each model has to answer, in each kind of body."""
    for model in models:
        for body in row.bodies:
            kind: Body = "form" if body == "form" else "json"
            params = least(promises, row, model.id, body=kind)
            says = f"the cheapest request{' as a form' if kind == 'form' else ''}"
            yield answered(promises, row, params, kind, says)


def repeated(promises: Promises, row: Promise, models: Sequence[Model]) -> Iterator[Case]:
    """Yield a request with a seed twice, for a model that promises the same picture for it.

    The second one is marked by a header: it is the one body that is paid for twice on purpose.
    """
    for model in models:
        if promises.promised(row.seed, model.id) and "json" in row.bodies:
            params = {**least(promises, row, model.id, body="json"), "seed": _SEED}
            if promises.request(row, model, "json").accepts(as_json(params)):
                case = answered(promises, row, params, "json", f"a picture for the seed {_SEED}")
                yield case
                again = f"the same picture again for the seed {_SEED}"
                yield replace(case, headers=(*case.headers, AGAIN), purpose=again)
            return


def first_of(case: Case) -> Case | None:
    """Return the case that this one repeats, or None."""
    if AGAIN not in case.headers:
        return None
    return replace(case, headers=tuple(pair for pair in case.headers if pair != AGAIN))


def drawn(promises: Promises, row: Promise, model: Model, *, count: int, seed: int) -> list[Case]:
    """Return requests drawn from the schema: the same ones for the same seed."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    found: list[Case] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(promises, row, model.id))
    def collect(params: dict[str, Json]) -> None:
        kind: Body = "form" if "form" in row.bodies else "json"
        found.append(answered(promises, row, params, kind, "drawn from the schema"))

    collect()
    return found


def by_price(
    promises: Promises, row: Promise, models: Sequence[Model], day: datetime.date
) -> list[Model]:
    """Return models by the price of their cheapest request, those without a price last."""

    def rank(model: Model) -> tuple[bool, object]:
        params = least(promises, row, model.id)
        case = case_of(promises, row, params, purpose="")
        found = quote(promises.provider, case, day)
        return (found is None, found.expected if found else 0)

    return sorted(models, key=rank)


def answered(
    promises: Promises, row: Promise, params: dict[str, Json], body: Body, says: str
) -> Case:
    """Return the case of a request that has to be answered."""
    case = case_of(promises, row, params, purpose=says, body=body)
    return replace(case, expects=promises.expect(case))
