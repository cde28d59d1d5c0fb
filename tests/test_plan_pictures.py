"""Bad files in otherwise good forms: planned by the samples, refused as the rows say."""

from __future__ import annotations

import datetime

import kit
import mutants
import pytest
from safelight_contracts.cases import Case
from safelight_contracts.checks import judge
from safelight_contracts.endpoint_wish import Wish
from safelight_contracts.planning import make_plan
from safelight_contracts.promises import Promises

DAY = datetime.date(2026, 11, 20)


def planned(provider: str) -> list[Case]:
    wish = Wish(provider=provider, base_url="http://127.0.0.1:1", operations=("images.edit",))
    steps = make_plan(wish, Promises(provider, DAY)).steps
    return [step.case for step in steps if step.case.family.endswith(":pictures")]


@pytest.mark.parametrize("provider", ["openai", "vercel", "edenai", "compatible"])
def test_each_bad_file_is_refused_as_its_row_says(provider: str) -> None:
    cases = planned(provider)
    assert {case.broken for case in cases} >= {"image:image_unreadable"}
    endpoint = mutants.Endpoint(kit.emulator())
    for case in cases:
        assert case.expects.refuses, case.purpose
        found = judge(case, endpoint.ask(case), mutants.promises(provider))
        assert [one.says for one in found] == [], case.purpose


def test_a_mask_is_spoilt_only_for_models_that_keep_to_one() -> None:
    masks = {"mask:mask_unreadable", "mask:mask_without_alpha", "mask:mask_size"}
    assert masks <= {case.broken for case in planned("openai")}
    assert not masks & {case.broken for case in planned("vercel")}  # its cheapest one redraws all


def test_an_endpoint_that_takes_any_file_is_found_out() -> None:
    """One that never opens what it is sent answers with a picture, and is billed for it."""
    (case, *_) = planned("openai")
    good = mutants.Endpoint(kit.emulator()).ask(mutants.panel()["edit"])
    found = judge(case, good, mutants.promises("openai"))
    assert [one.code for one in found] == ["SL-ACCEPTED-BILLED"]
