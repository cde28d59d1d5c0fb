"""Hypothesis as a searcher: the smallest plan that breaks a client, within so many examples.

What must not enter: what a plan is, what breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings

from safelight_contracts.client_plans import Plan

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


class _BreaksError(Exception):
    """The client breaks, in the way that `code` names."""


def search(
    plans: SearchStrategy[Plan], breaks: Callable[[Plan], object], *, examples: int, seed: int
) -> Plan | None:
    """Return the smallest plan that Hypothesis finds for which `breaks` gives a reason, or None.

    `breaks` answers the same plan in the same way each time. Two reasons shrink apart: the one that
    is found first is followed.
    """
    wanted: list[object] = []
    smallest: list[Plan] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(plans)
    def probe(plan: Plan) -> None:
        reason = breaks(plan)
        if reason is None or (wanted and reason != wanted[0]):
            return
        wanted[:] = [reason]
        smallest[:] = [plan]
        raise _BreaksError

    try:
        probe()
    except _BreaksError:
        return smallest[0]
    return None
