"""A wish carried out: plan, run, evidence, examples kept. What commands and pytest call.

What must not enter: options, printing.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from safelight.messages import Json

from safelight_contracts.budget import Budget
from safelight_contracts.checks import judge, repeats
from safelight_contracts.endpoint import Asks, Endpoint, Watches
from safelight_contracts.endpoint_wish import LOCAL_KEY, Ready, Wish, ready
from safelight_contracts.findings import Finding
from safelight_contracts.interrupts import Interrupts
from safelight_contracts.ledger import Ledger
from safelight_contracts.plan import Plan
from safelight_contracts.planning import make_plan
from safelight_contracts.promises import Promises
from safelight_contracts.replaying import Examples
from safelight_contracts.results import Run
from safelight_contracts.sending import Sender
from safelight_contracts.shrinking import explain_failures

_PATIENCE = 300.0
"""Seconds that a whole answer may take at most, however steadily it drips."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run before anything is sent: what it will ask, and the purse it has for it."""

    ready: Ready
    promises: Promises
    plan: Plan
    budget: Budget
    run: Run
    examples: Examples

    @property
    def wish(self) -> Wish:
        """Return what was asked for."""
        return self.ready.wish


def prepare(wish: Wish, *, replay: bool = False) -> Prepared:
    """Return a run that can be carried out. Raises UsageError for a wish that cannot be.

    With `replay` the plan is what failed before and nothing else.
    """
    found = ready(wish)
    promises = Promises(found.dialect.provider, wish.day)
    examples = Examples(wish.database, wish.provider)
    earlier = list(examples.cases(promises))
    plan = make_plan(wish, promises, earlier, only_earlier=replay)
    month = datetime.datetime.now(datetime.UTC).strftime("%Y-%m")
    budget = found.budget(month)
    run = Run(
        provider=wish.provider,
        title=found.dialect.provider.title,
        base_url=found.base_url,
        day=wish.day,
        seed=wish.seed,
        key_env=found.key_env,
        began=time.time(),
        budget=wish.budget,
        planned=plan.price,
        secrets=(found.key,) if found.key != LOCAL_KEY else (),
    )
    return Prepared(found, promises, plan, budget, run, examples)


def carry_out(
    prepared: Prepared,
    watcher: Watches | None = None,
    sleep: Callable[[float], None] = time.sleep,
    interrupts: Interrupts | None = None,
) -> Run:
    """Ask all of the plan, look for the smallest evidence, keep what failed; return the run.

    A run that is interrupted is returned as far as it came.
    """
    found, wish = prepared.ready, prepared.wish
    start = time.perf_counter()
    if isinstance(prepared.budget.cap, Ledger):
        prepared.budget.cap.open_run()
    patience = min(_PATIENCE, 10 * wish.timeout)
    with Sender(found.base_url, found.key, timeout=wish.timeout, patience=patience) as sender:
        endpoint = endpoint_of(prepared, sender, watcher, sleep)
        endpoint.interrupts = interrupts or endpoint.interrupts
        run = endpoint.carry_out(prepared.plan)
        try:
            if not run.interrupted:
                explain_failures(endpoint, prepared.promises, confirm=wish.paid_again)
        except KeyboardInterrupt:
            run.interrupted = True
        endpoint.count()
    run.interrupted = run.interrupted or bool(endpoint.interrupts.told)
    run.took = time.perf_counter() - start
    prepared.examples.keep(run)
    return run


def endpoint_of(
    prepared: Prepared,
    sender: Asks,
    watcher: Watches | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Endpoint:
    """Return the endpoint of a prepared run, as seen through a sender."""
    return Endpoint(
        provider=prepared.promises.provider,
        sender=sender,
        judge=lambda case, seen: masked(judge(case, seen, prepared.promises), prepared.run),
        compare=lambda case, one, two: masked(
            repeats(case, one, two, prepared.promises), prepared.run
        ),
        budget=prepared.budget,
        run=prepared.run,
        baseline=prepared.ready.known,
        watcher=watcher,
        sleep=sleep,
    )


def masked(findings: Iterable[Finding], run: Run) -> tuple[Finding, ...]:
    """Return findings without the run's keys: they are printed, raised and written down."""

    def told(value: Json) -> Json:
        if isinstance(value, str):
            return run.mask(value)
        if isinstance(value, dict):
            return {run.mask(str(key)): told(item) for key, item in value.items()}
        return [told(item) for item in value] if isinstance(value, (list, tuple)) else value

    return tuple(
        replace(one, at=run.mask(one.at), expected=told(one.expected), got=told(one.got))
        for one in findings
    )
