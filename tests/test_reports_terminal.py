"""A run on the terminal: the plan before it, the bar while it goes on, the verdict after it."""

from __future__ import annotations

import io
import re
from decimal import Decimal

from report_kit import EVIL, a_run, case, failed, passed
from rich.console import Console
from safelight_contracts.budget import Budget
from safelight_contracts.evidence import as_curl
from safelight_contracts.findings import Outcome
from safelight_contracts.money import Quote
from safelight_contracts.plan import Plan, Step
from safelight_contracts.reports.terminal import Bar, print_plan, print_run
from safelight_contracts.results import Result


def screen(width: int = 100) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=False)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_tells_failures_counts_money_and_verdict() -> None:
    console = screen()
    print_run(console, a_run(failed(), passed(), Result(case(), Outcome.NOT_CHECKED, reason="why")))
    text = text_of(console)
    for words in (
        "SL-COUNT",
        "expected",
        "1 passed, 1 failed, 1 not checked",
        "breaks its contract",
    ):
        assert words in text
    assert "spent at most $0.02 of $0.50" in text


def test_a_line_to_copy_is_never_broken_in_two() -> None:
    console = screen(40)
    print_run(console, a_run(failed()))
    assert as_curl(case(), "http://h/v1", "KEY") in text_of(console)


def test_markup_in_an_answer_is_text() -> None:
    console = screen()
    print_run(console, a_run(failed("[bold red]loud[/]")))
    assert "[bold red]loud[/]" in text_of(console)


def test_what_an_answer_says_moves_no_cursor() -> None:
    console = screen()
    print_run(console, a_run(failed(EVIL, purpose=EVIL)))
    text = text_of(console)
    assert "\x1b" not in text
    text.encode()


def test_the_plan_tells_each_phase_and_whether_the_budget_covers_it() -> None:
    console = screen()
    price = Quote(Decimal("0.01"), Decimal("0.90"))
    plan = Plan(
        (Step(case(), "pairs", price), Step(case(), "drawn", barred="no price")), ("a note",)
    )
    print_plan(console, a_run(), plan, Budget(Decimal("0.50")))
    text = text_of(console)
    assert re.search(r"pairs +1 +\$0.01 +\$0.90", text)
    assert "note: a note" in text
    assert "does not cover all of it at worst" in text


def test_the_bar_counts_what_failed_and_what_it_costs() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    purse = Budget(Decimal("0.50"))
    purse.hold(Quote(Decimal("0.02"), Decimal("0.02")))
    with Bar(console, 2) as bar:
        bar.step(failed(), purse)
        bar.step(passed(), purse)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text_of(console))
    assert "at most $0.02 of $0.50" in text
    assert "1 failed" in text
    assert "2/2" in text
