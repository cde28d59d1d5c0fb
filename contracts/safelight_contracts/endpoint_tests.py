"""The cases of a plan as tests of the user's own, one for each question.

    CASES = endpoint_cases("openai", base_url="http://127.0.0.1:4010/openai/v1")

    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_the_endpoint_keeps_its_contract(case):
        case.check()

Making the list asks nothing. All cases of a list share one connection, one purse and one memory of
what was answered. What must not enter: another way of judging than the command has.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, NoReturn

from safelight_contracts.cases import Case
from safelight_contracts.checking import Prepared, endpoint_of, prepare
from safelight_contracts.endpoint import Endpoint
from safelight_contracts.endpoint_wish import Wish
from safelight_contracts.findings import Outcome
from safelight_contracts.plan import Step
from safelight_contracts.results import Result, Run
from safelight_contracts.sending import Sender
from safelight_contracts.shrinking import Shrinker


class Shared:
    """What the cases of one list have in common; a connection is opened at the first check."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared

    @property
    def run(self) -> Run:
        """The results so far, as reports take them."""
        return self.prepared.run

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint, with one connection and one purse."""
        found, wish = self.prepared.ready, self.prepared.wish
        sender = Sender(found.base_url, found.key, timeout=wish.timeout)
        return endpoint_of(self.prepared, sender)

    @cached_property
    def shrinker(self) -> Shrinker:
        """What looks for smaller evidence; its paid questions are limited for the whole list."""
        return Shrinker(self.endpoint, self.prepared.promises, self.prepared.wish.paid_again)

    def result(self, step: Step) -> Result:
        """Ask one question, and look for the smallest evidence where it fails."""
        result = self.endpoint.check(step)
        if result.outcome is Outcome.FAILED and result.findings:
            evidence = self.shrinker.evidence(result, result.findings[0])
            result = replace(result, evidence=evidence)
        self.run.results.append(result)
        self.prepared.examples.keep(replace(self.run, results=[result]))
        return result


class EndpointCase:
    """One question of a plan, to be checked in a test."""

    def __init__(self, step: Step, shared: Shared) -> None:
        self.step = step
        self.shared = shared

    @property
    def case(self) -> Case:
        """The question."""
        return self.step.case

    def __str__(self) -> str:
        """Return a name fit for a test's id, the same in every run."""
        case = self.case
        what = case.broken or case.purpose
        return f"{case.operation or 'routes'}-{case.model or 'any'}-{what}-{case.id}".replace(
            " ", "_"
        )

    __repr__ = __str__

    def check(self) -> Result:
        """Ask it, and return the result if it passed.

        Raises AssertionError for a broken promise and for what the budget did not cover: what was
        not checked is never green. Inconclusive answers skip the test, and so does the rest of a
        family that ended at a failure; a known breach is xfailed.
        """
        result = self.shared.result(self.step)
        if result.outcome is Outcome.FAILED:
            raise AssertionError(self.shared.run.mask(_told(result)))
        if result.outcome is not Outcome.PASSED:
            _leave(result)
        return result


def _leave(result: Result) -> NoReturn:
    """Leave a test whose question has no answer that counts."""
    import pytest

    if result.outcome is Outcome.KNOWN:
        pytest.xfail(f"known: {result.reason}")
    if result.outcome is Outcome.INCONCLUSIVE or result.reason.startswith("stopped"):
        pytest.skip(f"{result.outcome.value}: {result.reason}")
    raise AssertionError(f"not checked: {result.reason}")


def endpoint_cases(provider: str, base_url: str, **more: Any) -> list[EndpointCase]:  # noqa: ANN401 - the fields of a Wish
    """Return the cases of a plan, as tests can take them; nothing is asked yet.

    `more` are the options of `safelight check endpoint` under their names in `Wish`: `operations`
    and `models` (globs), `budget` (a Decimal), `live`, `key_env`, `seed`, `max_cases`, `as_of` …
    Raises UsageError for what the command refuses too.
    """
    shared = Shared(prepare(Wish(provider, base_url, **more)))
    return [EndpointCase(step, shared) for step in shared.prepared.plan.steps if not step.barred]


def _told(result: Result) -> str:
    """Return a failure as a test tells it."""
    lines = [finding.says for finding in result.findings]
    sources = [finding.source for finding in result.findings if finding.source]
    lines += [f"promised by {source}" for source in dict.fromkeys(sources)]
    if result.evidence:
        lines += ["", result.evidence.curl]
    return "\n".join(lines)
