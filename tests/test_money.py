"""What a question can cost: the judge's own reckoning against the emulator's."""

from __future__ import annotations

from decimal import Decimal

import kit
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from judge_kit import DAY, bases, charged, request_of
from safelight.dialects import REGISTRY
from safelight.provider import load_provider
from safelight_contracts.budget import Budget, dollars
from safelight_contracts.cases import Case
from safelight_contracts.money import FREE, Quote, quote
from safelight_contracts.promises import Promise, Promises
from safelight_contracts.requests import case_of, least, requests

PRICED = [
    (name, row.operation, row.below)
    for name in REGISTRY
    for row in Promises(name, DAY).rows
    if row.bodies and any(model.prices for model in Promises(name, DAY).models(row.operation))
]
"""Every operation that has a price anywhere."""


def row_of(provider: str, operation: str, below: str) -> tuple[Promises, Promise]:
    promises = Promises(provider, DAY)
    return promises, promises.of(operation, below)


def bill(case: Case) -> Decimal:
    """Return what the emulator charges for a case."""
    emu = kit.emulator()
    reply = emu.respond(request_of(case, bases(case.provider)))
    assert reply.status == 200, reply.body[:300]
    return charged(emu)


@pytest.mark.parametrize(("provider", "operation", "below"), PRICED)
def test_no_models_cheapest_answer_costs_more_than_its_worst_price(
    provider: str, operation: str, below: str
) -> None:
    promises, row = row_of(provider, operation, below)
    for model in promises.models(operation):
        if not model.prices or model.traits.get("unserved"):
            continue
        case = case_of(promises, row, least(promises, row, model.id), purpose="")
        price = quote(promises.provider, case, DAY)
        assert price is not None
        assert bill(case) <= price.worst, (model.id, price)


@pytest.mark.parametrize(("provider", "operation", "below"), PRICED)
def test_no_answer_to_a_drawn_request_costs_more_than_its_worst_price(
    provider: str, operation: str, below: str
) -> None:
    promises, row = row_of(provider, operation, below)
    models = [m for m in promises.models(operation) if m.prices and not m.traits.get("unserved")]
    drawn = st.sampled_from(models).flatmap(lambda model: requests(promises, row, model.id))

    @seed(0)
    @settings(
        max_examples=6,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def holds(params: dict[str, object]) -> None:
        case = case_of(promises, row, params, purpose="")
        price = quote(promises.provider, case, DAY)
        assert price is not None
        assert bill(case) <= price.worst, params

    holds()


def ask(model: str, operation: str = "images.generate", **params: object) -> Quote | None:
    case = Case("openai", operation, "POST", "/x", "", model=model, body="json", params=params)
    return quote(load_provider("openai"), case, DAY)


def test_what_is_left_open_counts_as_the_dearest_that_it_allows() -> None:
    told = ask("gpt-image-2", prompt="a", size="1024x1024", quality="low")
    left = ask("gpt-image-2", prompt="a", size="1024x1024", quality="auto")
    assert told is not None
    assert left is not None
    assert left.worst > 10 * told.worst


def test_pictures_are_paid_one_by_one() -> None:
    one, ten = ask("gpt-image-2", prompt="a", n=1), ask("gpt-image-2", prompt="a", n=10)
    assert one is not None
    assert ten is not None
    assert ten.worst == 10 * one.worst


def test_a_model_that_nobody_knows_counts_as_the_dearest() -> None:
    known = [ask(model.id, prompt="a") for model in load_provider("openai").catalog.alive(DAY)]
    stranger = ask("no-such-model", prompt="a")
    assert stranger is not None
    assert stranger.worst == max(one.worst for one in known if one is not None)


def test_a_model_without_a_price_has_none() -> None:
    model = "black-forest-labs/FLUX.1-dev"
    case = Case("together", "images.generate", "POST", "/x", "", model=model, body="json")
    assert quote(load_provider("together"), case, DAY) is None


def test_an_answer_without_a_limit_counts_as_the_longest() -> None:
    case = Case("vercel", "chat.create", "POST", "/x", "", model="openai/gpt-5-nano", body="json")
    price = quote(load_provider("vercel"), case, DAY)
    assert price is not None
    assert price.worst > Decimal("0.05")


@pytest.mark.parametrize("amount", [0, -1, 11, 10**30, 1.5, "two", None, True, [], {}])
def test_a_wrong_amount_has_a_price_too(amount: object) -> None:
    price = ask("gpt-image-2", prompt="a", n=amount)
    assert price is not None
    assert price.worst > 0


def test_looking_things_up_is_free() -> None:
    case = Case("openai", "models.list", "GET", "/models", "")
    assert quote(load_provider("openai"), case, DAY) == FREE


# The purse

CENT = Decimal("0.01")


def test_a_refusal_gives_back_what_was_held() -> None:
    purse = Budget(Decimal("0.05"))
    number = purse.hold(Quote(CENT, CENT))
    assert number is not None
    assert purse.held == CENT
    assert purse.settle(number, refused=True) == 0
    assert purse.held == 0


def test_an_answer_that_reports_less_stays_at_its_worst_price() -> None:
    purse = Budget(Decimal("0.05"))
    number = purse.hold(Quote(CENT / 2, CENT))
    assert number is not None
    assert purse.settle(number, refused=False, reported=Decimal(0)) == CENT
    assert (purse.held, purse.reported) == (CENT, 0)


def test_only_trust_lets_a_report_lower_what_is_held() -> None:
    purse = Budget(Decimal("0.05"), trusting=True)
    number = purse.hold(Quote(CENT, CENT))
    assert number is not None
    assert purse.settle(number, refused=False, reported=CENT / 4) == CENT / 4


def test_an_answer_that_reports_more_than_there_is_ends_the_run() -> None:
    purse = Budget(Decimal("0.05"))
    number = purse.hold(Quote(CENT, CENT))
    assert number is not None
    purse.settle(number, refused=False, reported=Decimal(1))
    assert purse.overdrawn
    assert purse.hold(Quote()) is None


@given(
    st.lists(
        st.tuples(
            st.decimals(0, 1, places=3),
            st.sampled_from(["refused", "silent", "low", "right"]),
        ),
        max_size=40,
    ),
    st.decimals(0, 2, places=2),
)
@settings(max_examples=200)
def test_no_order_of_calls_holds_more_than_the_limit(
    calls: list[tuple[Decimal, str]], limit: Decimal
) -> None:
    purse, real = Budget(limit), Decimal(0)
    for worst, ending in calls:
        number = purse.hold(Quote(worst, worst))
        if number is None:
            continue
        real += worst if ending != "refused" else 0
        told = {"low": worst / 10, "right": worst}.get(ending)
        purse.settle(number, refused=ending == "refused", reported=told)
    assert real <= purse.held <= limit


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("0.5", "$0.50"),
        ("12.346", "$12.35"),
        ("0.0042", "$0.0042"),
        ("1e-9", "<$0.0001"),
    ],
)
def test_amounts_are_told_as_people_read_them(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text
