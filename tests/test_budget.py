"""No run spends more than its budget: endpoints that bill by the catalogue, and behave badly.

The fake bills as the emulator would, whatever it answers then; what it billed is what counts.
"""

from __future__ import annotations

import datetime
import json
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from judge_kit import DAY, Manner, Priced, hang, honest, priced, send, whole
from safelight.messages import Reply
from safelight_contracts.checking import Prepared, carry_out, prepare
from safelight_contracts.endpoint_wish import Wish
from safelight_contracts.findings import Outcome
from safelight_contracts.results import Run

BILLED_TWICE = "billed twice"


def lie(factor: float) -> Manner:
    """Return a manner that reports so many times the true usage."""

    def manner(fake: Priced, handler: Any, reply: Reply) -> None:
        if reply.status != 200 or not whole(reply).startswith(b"{"):
            honest(fake, handler, reply)
            return
        document = json.loads(whole(reply))
        if isinstance(document.get("usage"), dict):
            document["usage"] = {
                name: int(value * factor) if isinstance(value, int) else value
                for name, value in document["usage"].items()
            }
        if "cost" in document:
            document["cost"] = float(document["cost"]) * factor
        send(handler, 200, json.dumps(document).encode(), "application/json")

    return manner


def garbage(_: Priced, handler: Any, reply: Reply) -> None:
    """Bill, and answer with bytes that are no HTTP."""
    if reply.status == 200 and handler.command == "POST":
        handler.wfile.write(b"\x00\xff not http at all\r\n\r\n")
        handler.close_connection = True
    else:
        honest(_, handler, reply)


def cut(_: Priced, handler: Any, reply: Reply) -> None:
    """Bill, and break the connection off in the middle of the body."""
    if reply.status == 200 and handler.command == "POST":
        handler.send_response_only(200)
        handler.send_header("content-length", str(len(whole(reply))))
        handler.end_headers()
        handler.wfile.write(whole(reply)[:50])
        handler.close_connection = True
    else:
        honest(_, handler, reply)


def failing(_: Priced, handler: Any, reply: Reply) -> None:
    """Bill, and say that it failed."""
    if reply.status == 200 and handler.command == "POST":
        send(handler, 502, b"bad gateway", "text/plain")
    else:
        honest(_, handler, reply)


def nonsense(_: Priced, handler: Any, reply: Reply) -> None:
    """Bill, and answer with JSON that is nothing of what was promised."""
    body = b'{"data": 7, "usage": {"input_tokens": "many", "output_tokens": -4}, "cost": "NaN"}'
    send(handler, reply.status, body, "application/json")


def busy(_: Priced, handler: Any, reply: Reply) -> None:
    """Bill for everything, and say 429 at every second time."""
    if len(_.asked) % 2 and handler.command == "POST":
        send(handler, 429, b"{}", "application/json", ("retry-after", "0"))
    else:
        honest(_, handler, reply)


MANNERS: dict[str, tuple[Manner, bool]] = {
    "honest": (honest, False),
    "reports nothing": (lie(0.0), False),
    "reports a tenth": (lie(0.1), False),
    "reports a thousand times": (lie(1000.0), False),
    "says nothing": (hang(0.4), False),
    "garbage": (garbage, False),
    "cuts": (cut, False),
    "fails": (failing, False),
    "nonsense": (nonsense, False),
    "accepts what is wrong": (honest, True),
    "accepts what is wrong, reports nothing": (lie(0.0), True),
}


def wish(fake: Priced, path: Path, **more: Any) -> Wish:
    told: dict[str, Any] = {
        "provider": "openai",
        "base_url": fake.origin,
        "budget": Decimal("0.05"),
        "as_of": DAY,
        "operations": ("images.generate",),
        "models": ("gpt-image-1-mini", "gpt-image-2"),
        "database": str(path / "examples"),
        "timeout": 20.0,
        "max_cases": 120,
    }
    return Wish(**{**told, **more})


def run(asked: Wish) -> tuple[Run, Prepared]:
    prepared = prepare(asked)
    return carry_out(prepared, sleep=lambda _: None), prepared


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("budget", ["0.004", "0.03"])
def test_no_run_is_billed_more_than_its_budget(manner: str, budget: str, tmp_path: Path) -> None:
    answers, lenient = MANNERS[manner]
    with priced("/openai/v1", answers, lenient=lenient) as fake:
        patience = 0.2 if manner == "says nothing" else 20.0
        found, prepared = run(wish(fake, tmp_path, budget=Decimal(budget), timeout=patience))
    assert fake.charged <= Decimal(budget)
    assert fake.charged <= prepared.budget.held
    assert len(set(fake.billed)) == len(fake.billed), BILLED_TWICE
    assert found.of(Outcome.NOT_CHECKED), "so little money never checks all of it"
    assert found.exit_code != 0


def test_a_budget_of_nothing_is_billed_nothing(tmp_path: Path) -> None:
    with priced("/openai/v1", honest, lenient=True) as fake:
        found, _ = run(wish(fake, tmp_path, budget=Decimal(0)))
    assert fake.asked, "what is free is asked all the same"
    assert fake.charged == 0
    assert found.exit_code == 4


MODELS = {
    "vercel": ("prodia/*", "bfl/flux-2-klein-4b", "openai/gpt-5-nano", "google/gemini-2.5-*"),
    "edenai": ("openai/*nano", "*gpt-image*"),
    "together": ("*schnell*", "*Kimi*"),
}


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("manner", ["reports nothing", "accepts what is wrong", "cuts"])
def test_every_provider_that_has_prices_keeps_to_the_budget(
    provider: str, manner: str, tmp_path: Path
) -> None:
    bases = {"vercel": "/vercel", "edenai": "/edenai/v3", "together": "/together"}
    answers, lenient = MANNERS[manner]
    with priced(bases[provider], answers, lenient=lenient) as fake:
        few = {"provider": provider, "operations": ("images.*", "chat.*")}
        run(wish(fake, tmp_path, **few, models=MODELS[provider], max_cases=400))
    assert fake.charged <= Decimal("0.05")
    assert len(set(fake.billed)) == len(fake.billed), BILLED_TWICE


def test_a_family_ends_at_the_first_wrong_request_that_is_billed(tmp_path: Path) -> None:
    with priced("/openai/v1", honest, lenient=True) as fake:
        asked = wish(fake, tmp_path, budget=Decimal(5), models=("gpt-image-1-mini",), paid_again=0)
        found, _ = run(asked)
    family = [one for one in found.results if one.case.family == "images.generate:refusals"]
    accepted = [one for one in family if one.seen is not None and one.seen.status == 200]
    assert len(accepted) == 1
    assert accepted[0].outcome is Outcome.FAILED
    assert {one.code for one in accepted[0].findings} <= {
        "SL-ACCEPTED-BILLED", "SL-IGNORED", "SL-COERCED",
    }  # fmt: skip
    later = family[family.index(accepted[0]) + 1 :]
    assert later
    assert all(one.reason.startswith("stopped: ") for one in later)


def test_a_wrong_request_that_is_billed_fails_the_run(tmp_path: Path) -> None:
    with priced("/openai/v1", honest, lenient=True) as fake:
        found, _ = run(wish(fake, tmp_path))
    assert found.exit_code == 1


def test_a_call_whose_fate_is_unknown_is_never_made_again(tmp_path: Path) -> None:
    with priced("/openai/v1", hang(0.4)) as fake:
        found, _ = run(wish(fake, tmp_path, timeout=0.2, max_cases=90))
    assert fake.billed
    assert len(set(fake.billed)) == len(fake.billed)
    reasons = {one.reason for one in found.of(Outcome.INCONCLUSIVE)}
    assert "no whole answer came in time; what became of the call is unknown" in reasons


def test_a_429_is_waited_for_and_asked_again(tmp_path: Path) -> None:
    waits: list[float] = []

    def sometimes(fake: Priced, handler: Any, reply: Reply) -> None:
        if fake.asked.count(fake.asked[-1]) == 1:
            send(handler, 429, b"{}", "application/json", ("retry-after", "3"))
        else:
            honest(fake, handler, reply)

    with priced("/openai/v1", sometimes) as fake:
        asked = wish(fake, tmp_path, budget=None, max_cases=12)
        found = carry_out(prepare(asked), sleep=waits.append)
    assert set(waits) == {3.0}
    assert found.counts[Outcome.PASSED] == 12


def test_confirming_evidence_stays_within_the_budget_and_its_own_limit(tmp_path: Path) -> None:
    def blank(fake: Priced, handler: Any, reply: Reply) -> None:
        if reply.status == 200 and handler.command == "POST":
            body = json.loads(whole(reply))
            body.pop("created", None)
            send(handler, 200, json.dumps(body).encode(), "application/json")
        else:
            honest(fake, handler, reply)

    with priced("/openai/v1", blank) as fake:
        asked = wish(fake, tmp_path, budget=Decimal("0.2"), models=("gpt-image-1-mini",))
        found, prepared = run(asked)
    assert fake.charged <= Decimal("0.2")
    assert len(set(fake.billed)) == len(fake.billed), BILLED_TWICE
    evidence = [one.evidence for one in found.results if one.evidence]
    assert evidence
    assert len(fake.billed) <= sum(1 for one in found.results if one.cost) + asked.paid_again
    assert prepared.budget.held >= fake.charged


def test_what_was_asked_before_an_interruption_is_told_and_counted(tmp_path: Path) -> None:
    def stops(fake: Priced, handler: Any, reply: Reply) -> None:
        if len(fake.asked) == 9:
            signal.raise_signal(signal.SIGINT)
        honest(fake, handler, reply)

    with priced("/openai/v1", stops) as fake:
        found, _ = run(wish(fake, tmp_path))
    assert found.counts[Outcome.PASSED] >= 8
    reasons = [one.reason for one in found.of(Outcome.NOT_CHECKED)]
    assert reasons[0] == "interrupted while it was asked"
    assert set(reasons[1:]) == {"the run was interrupted"}
    assert found.exit_code == 130


# The month's cap


def test_a_months_cap_holds_across_runs(tmp_path: Path) -> None:
    total = Decimal(0)
    for number in range(3):
        with priced("/openai/v1", honest) as fake:
            ledger = tmp_path / "ledger.json"
            asked = wish(fake, tmp_path, ledger=ledger, monthly_cap=Decimal("0.03"), seed=number)
            found, _ = run(asked)
            total += fake.charged
            assert found.exit_code == 4
    assert total <= Decimal("0.03")
    month = datetime.datetime.now(datetime.UTC).strftime("%Y-%m")
    kept = json.loads(ledger.read_text())[month]
    assert total <= Decimal(kept["spent"]) <= Decimal("0.03")
    assert kept["runs"] == 3
    assert any("cap" in one.reason for one in found.of(Outcome.NOT_CHECKED))


def test_a_model_without_a_price_is_left_out_unless_allowed(tmp_path: Path) -> None:
    only = {
        "provider": "together",
        "operations": ("images.generate",),
        "models": ("black-forest-labs/FLUX.1-dev",),
    }
    with priced("/together", honest) as fake:
        found, _ = run(wish(fake, tmp_path, **only))
        assert found.exit_code == 4
        assert any("no price" in one.reason for one in found.of(Outcome.NOT_CHECKED))
        allowed, _ = run(wish(fake, tmp_path, **only, allow_unpriced=True, max_cases=60))
    assert not any("no price" in one.reason for one in allowed.of(Outcome.NOT_CHECKED))
