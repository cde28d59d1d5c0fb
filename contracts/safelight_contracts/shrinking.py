"""Looks for the smallest question that still shows a failure, without paying for every try.

First offline: a field is left out, or set as in the cheapest request, and the recorded answer is
judged against what is left. What still fails then does not depend on that field. Only the end of
that is asked again: what has to be refused and was for nothing, all else at most `confirm` times in
a run. The same body is never paid for twice. What must not enter: checks, prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from safelight.messages import Json, Upload
from safelight.read import as_json

from safelight_contracts.cases import Case, Seen
from safelight_contracts.endpoint import Endpoint
from safelight_contracts.endpoint_outcomes import refused
from safelight_contracts.evidence import as_curl, as_python
from safelight_contracts.findings import Finding, Outcome
from safelight_contracts.money import FREE, Quote, quote
from safelight_contracts.promises import Promises
from safelight_contracts.requests import least
from safelight_contracts.results import Evidence, Result, grouped
from safelight_contracts.strategies.pictures import picture, upload

_MOST = 25
"""Kinds of failure that get evidence: a run that fails everywhere has one cause."""


def explain_failures(endpoint: Endpoint, promises: Promises, *, confirm: int) -> None:
    """Give each kind of failure of a run its evidence, on the result that shows it best.

    What is lived with gets none: it would cost for nothing.
    """
    shrinker = Shrinker(endpoint, promises, confirm)
    places = {id(result): index for index, result in enumerate(endpoint.run.results)}
    for finding, hits in grouped(endpoint.run.results)[:_MOST]:
        open_ = [hit for hit in hits if hit.outcome is Outcome.FAILED and id(hit) in places]
        if open_:
            best = min(open_, key=_size)
            evidence = shrinker.evidence(best, finding)
            endpoint.run.results[places.pop(id(best))] = replace(best, evidence=evidence)


def _size(result: Result) -> tuple[int, int]:
    return len(result.case.params), len(str(result.case.params))


@dataclass
class Shrinker:
    """One run's search for evidence.

    `confirm` counts down the questions that may still cost money.
    """

    endpoint: Endpoint
    promises: Promises
    confirm: int

    def evidence(self, result: Result, finding: Finding) -> Evidence:
        """Return the smallest question for a finding, asked once more where that is allowed."""
        seen = result.seen
        assert seen is not None, "a failure has an answer"
        smallest, left_out = self._smaller(result.case, seen, finding)
        if smallest.id == result.case.id:
            return self._told(smallest, seen, result.findings, confirmed=True)
        answer = self._asked_again(smallest, seen)
        if answer is None:
            found = tuple(self.endpoint.judge(smallest, seen))
            return self._told(smallest, seen, found, left_out=left_out)
        found = tuple(self.endpoint.judge(smallest, answer)) if not answer.failure else ()
        if _shows(found, finding):
            return self._told(smallest, answer, found, confirmed=True, left_out=left_out)
        return self._told(result.case, seen, result.findings, confirmed=True)

    def _smaller(self, case: Case, seen: Seen, finding: Finding) -> tuple[Case, tuple[str, ...]]:
        """Return a smaller case of which the recorded answer says the same, and what it lacks."""
        left_out: list[str] = []
        for name, smaller in self._steps(case):
            if name in left_out:
                continue
            candidate = smaller(case)
            if candidate is None or not self._same_kind(case, candidate):
                continue
            if _shows(tuple(self.endpoint.judge(candidate, seen)), finding):
                left_out += [name] if name not in candidate.params else []
                case = candidate
        return case, tuple(left_out)

    def _steps(self, case: Case) -> Iterator[tuple[str, _Step]]:
        """Yield ways to make a case smaller: every field left out, then every one made plain."""
        if case.body not in {"json", "form"}:
            return
        for name, value in case.params.items():
            if name != "model":
                yield name, _Step(name)
            if isinstance(value, Upload):
                yield (
                    name,
                    _Step(name, upload("image/png", picture(width=64, height=64)), plainer=True),
                )
        row = self.promises.row_of(case)
        model = self.promises.model(case.model)
        if row is None or model is None or row.operation not in model.operations:
            return
        plain = least(self.promises, row, case.model, body=case.body)
        for name, value in plain.items():
            if name in case.params and case.params[name] != value:
                yield name, _Step(name, value, plainer=True)

    def _same_kind(self, case: Case, candidate: Case) -> bool:
        """Tell whether a smaller request is as right, or as wrong, as the case, and not dearer."""
        row = self.promises.row_of(case)
        if row is None or case.body not in row.bodies:
            return False
        dearer = self._price(candidate).worst > self._price(case).worst
        return not dearer and self._violations(candidate) == self._violations(case)

    def _price(self, case: Case) -> Quote:
        return quote(self.promises.provider, case, self.promises.day) or FREE

    def _violations(self, case: Case) -> list[tuple[object, ...]]:
        row = self.promises.row_of(case)
        assert row is not None, "asked for by _same_kind"
        schema = self.promises.request(row, self.promises.model(case.model) or "", case.body)
        named = {"model": case.model} if row.model_header else {}
        found = schema.violations(as_json({**case.params, **named}))
        return [(one.at, one.keyword, one.rule) for one in found]

    def _asked_again(self, case: Case, before: Seen) -> Seen | None:
        """Return a fresh answer, or the one that this body had in the run; None to leave it."""
        known = self.endpoint.answers.get(case.id)
        if known is not None:
            return known
        price = quote(self.promises.provider, case, self.promises.day)
        free = case.expects.refuses and refused(before)
        if not free and price != FREE:
            if self.confirm <= 0 or price is None:
                return None
            self.confirm -= 1
        return self.endpoint.ask(case, price or FREE)

    def _told(
        self,
        case: Case,
        seen: Seen,
        findings: tuple[Finding, ...],
        *,
        confirmed: bool = False,
        left_out: tuple[str, ...] = (),
    ) -> Evidence:
        run = self.endpoint.run
        curl = as_curl(case, run.base_url, run.key_env)
        python = as_python(case, run.base_url, run.key_env)
        return Evidence(case, seen, findings, curl, python, confirmed, left_out)


@dataclass(frozen=True, slots=True)
class _Step:
    """Leaves a field out or, if `plainer`, gives it the plainest value."""

    name: str
    value: Json = None
    plainer: bool = False

    def __call__(self, case: Case) -> Case | None:
        """Return the smaller case; None where there is nothing to do."""
        if self.name not in case.params:
            return None
        params = dict(case.params)
        if self.plainer:
            params[self.name] = self.value
        else:
            del params[self.name]
        return replace(case, params=params)


def _shows(findings: tuple[Finding, ...], wanted: Finding) -> bool:
    """Tell whether the same promise is broken at the same place."""
    return any(one.code == wanted.code and one.at == wanted.at for one in findings)
