"""The emulator keeps every promise that the judge knows: all providers, all operations."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from checks_kit import DAY, ask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import emulator
from safelight.dialects import REGISTRY
from safelight.refusals import Refusal
from safelight_contracts.breaking import Broken, matrix
from safelight_contracts.cases import Case
from safelight_contracts.checks import judge
from safelight_contracts.promises import Promise, Promises
from safelight_contracts.requests import case_of, least, requests

CONTRACTS = {name: Promises(name, DAY) for name in REGISTRY}
ROWS = [(name, row) for name, contract in CONTRACTS.items() for row in contract.rows]
ASKED = [(name, row, body) for name, row in ROWS for body in row.bodies]


def title(value: Any) -> str:
    return value.path if isinstance(value, Promise) else str(value)


@pytest.mark.parametrize(("provider", "row", "body"), ASKED, ids=title)
def test_what_is_asked_rightly_is_answered_as_promised(
    provider: str, row: Promise, body: Any
) -> None:
    contract, emu = CONTRACTS[provider], emulator()
    models = [model.id for model in contract.models(row.operation)]

    @settings(
        max_examples=10,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(models).flatmap(lambda name: requests(contract, row, name, body=body)))
    def drawn(params: Any) -> None:
        case = case_of(contract, row, params, purpose="drawn", body=body)
        assert [finding.says for finding in judge(case, ask(emu, case, contract), contract)] == []

    drawn()


@pytest.mark.parametrize(("provider", "row", "body"), ASKED, ids=title)
def test_the_cheapest_request_to_each_kind_of_model_is_answered(
    provider: str, row: Promise, body: Any
) -> None:
    contract, emu = CONTRACTS[provider], emulator()
    for model in kinds(contract, row):
        params = least(contract, row, model, body=body)
        case = case_of(contract, row, params, purpose="the cheapest", body=body)
        assert [finding.says for finding in judge(case, ask(emu, case, contract), contract)] == []


def kinds(contract: Promises, row: Promise) -> list[str]:
    """Return one model for each way in which models narrow an operation."""
    found = {model.narrow: model.id for model in contract.models(row.operation)}
    return list(found.values())


@pytest.mark.parametrize(("provider", "row", "body"), ASKED, ids=title)
def test_what_is_asked_wrongly_is_refused_as_promised(
    provider: str, row: Promise, body: Any
) -> None:
    contract, emu = CONTRACTS[provider], emulator()
    cases = list(wrong(contract, row, body))
    assert cases
    for case in cases:
        found = judge(case, ask(emu, case, contract), contract)
        assert [finding.says for finding in found] == [], (case.broken, case.expects)


def wrong(contract: Promises, row: Promise, body: Any) -> Iterator[Case]:
    """Yield the whole matrix of faults, each once however many models share it."""
    seen: set[str] = set()
    for model in kinds(contract, row):
        schema = contract.request(row, model, body)
        for fault in matrix(schema, least(contract, row, model, body=body), widest=40_000):
            mark = json.dumps([fault.site, part(schema.document, fault)], default=str)
            if mark not in seen:
                seen.add(mark)
                case = case_of(
                    contract, row, fault.value, purpose=fault.how, body=body, broken=fault.name
                )
                expects = contract.expect(case, fault.violation)
                yield dataclasses.replace(case, expects=expects)


def part(document: Any, fault: Broken) -> Any:
    head = fault.violation.at[0] if fault.violation.at else ""
    return fault.violation.rule or document["properties"].get(head)


@pytest.mark.parametrize(("provider", "row"), [row for row in ROWS if not row[1].bodies], ids=title)
def test_what_is_only_looked_up_is_answered_as_promised(provider: str, row: Promise) -> None:
    contract = CONTRACTS[provider]
    model = contract.provider.catalog.alive(DAY)[0].id
    case = case_of(contract, row, {"model": model}, purpose="looked up")
    assert judge(case, ask(emulator(), case, contract), contract) == []


@pytest.mark.parametrize("provider", REGISTRY)
@pytest.mark.parametrize(("key", "name"), [("none", "missing_key"), ("wrong", "wrong_key")])
def test_who_has_no_key_is_refused_as_promised(provider: str, key: Any, name: str) -> None:
    contract = CONTRACTS[provider]
    row = contract.of("chat.create")
    model = contract.models("chat.create")[0].id
    case = case_of(contract, row, least(contract, row, model), purpose="no key", key=key)
    case = dataclasses.replace(case, expects=contract.expect(case, Refusal(name)))
    assert judge(case, ask(emulator(), case, contract), contract) == []


def test_a_seed_repeats_its_picture() -> None:
    from safelight_contracts.checks import repeats

    contract = CONTRACTS["together"]
    row = contract.of("images.generate")
    params = least(contract, row, contract.models("images.generate")[0].id)
    case = case_of(contract, row, {**params, "seed": 7, "response_format": "base64"}, purpose="")
    first, second = (ask(emulator(), case, contract) for _ in range(2))
    assert repeats(case, first, second, contract) == []
    other = dataclasses.replace(case, params={**case.params, "seed": 8})
    third = ask(emulator(), other, contract)
    assert [finding.code for finding in repeats(case, first, third, contract)] == ["SL-SEED-REPEAT"]
