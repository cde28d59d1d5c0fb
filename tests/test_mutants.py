"""The judge judges: every broken emulator is caught by the check that is meant, and by no other."""

from __future__ import annotations

import kit
import pytest
from mutant_table import FETCHES, MUTANTS
from mutants import Endpoint, findings
from safelight.core import Emulator
from safelight.messages import Reply
from safelight_contracts.checks import ANSWERS

HEALTHY: dict[str, Reply] = {}


@pytest.fixture(scope="module")
def emu() -> Emulator:
    return kit.emulator()


def test_the_healthy_emulator_is_blamed_for_nothing(emu: Emulator) -> None:
    assert [(name, found.says) for name, found in findings(Endpoint(emu))] == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught_by_the_check_that_is_meant(emu: Emulator, name: str) -> None:
    change, code = MUTANTS[name]
    found = findings(Endpoint(emu, change, healthy=HEALTHY))
    assert {finding.code for _, finding in found} == {code}, [(q, f.says) for q, f in found]


@pytest.mark.parametrize("name", FETCHES)
def test_a_mutant_behind_a_link_is_caught(emu: Emulator, name: str) -> None:
    fetch, code = FETCHES[name]
    found = findings(Endpoint(emu, fetch=fetch, healthy=HEALTHY))
    assert {finding.code for _, finding in found} == {code}, [(q, f.says) for q, f in found]


def test_every_check_of_an_answer_has_a_mutant() -> None:
    caught = {code for _, code in (*MUTANTS.values(), *FETCHES.values())}
    assert set(ANSWERS) - caught == set()
    assert len(MUTANTS) + len(FETCHES) >= 60
