"""The cases of a plan as tests of a user's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from judge_kit import Priced, honest, priced, send, whole
from safelight.messages import Reply

pytest_plugins = ["pytester"]

SUITE = """
import datetime
import pytest
from decimal import Decimal
from safelight_contracts import endpoint_cases

CASES = endpoint_cases(
    "compatible",
    base_url={url!r},
    as_of=datetime.date(2026, 11, 20),
    operations=("images.generate",),
    database="examples",
    {more}
)

@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_endpoint_keeps_its_contract(case):
    case.check()
"""


def suite(pytester: pytest.Pytester, fake: Priced, more: str = "") -> pytest.RunResult:
    """Run the suite of a user against an endpoint, in a process of its own."""
    pytester.makepyfile(SUITE.format(url=fake.origin, more=more))
    return pytester.runpytest_subprocess("-q", "-rs", "-p", "no:cacheprovider")


def test_each_question_is_a_test(pytester: pytest.Pytester) -> None:
    with priced("/compatible/v1", honest) as fake:
        result = suite(pytester, fake, "max_cases=25")
    result.assert_outcomes(passed=25)


def test_a_broken_promise_is_told_with_the_line_to_see_it_again(pytester: pytest.Pytester) -> None:
    def broken(_: Priced, handler: Any, reply: Reply) -> None:
        if reply.status == 200 and handler.command == "POST":
            body = json.loads(whole(reply))
            body.pop("created")
            send(handler, 200, json.dumps(body).encode(), "application/json")
        else:
            honest(_, handler, reply)

    with priced("/compatible/v1", broken) as fake:
        result = suite(pytester, fake, "max_cases=50")
    told = result.stdout.str()
    assert result.ret == 1
    assert "SL-BODY-SHAPE created" in told
    assert "curl -sS -i -X POST" in told


def test_what_is_inconclusive_is_skipped_with_its_reason(pytester: pytest.Pytester) -> None:
    def busy(_: Priced, handler: Any, __: Reply) -> None:
        send(handler, 503, b"{}", "application/json")

    with priced("/compatible/v1", busy) as fake:
        result = suite(pytester, fake, "max_cases=5")
    result.assert_outcomes(skipped=5)
    result.stdout.fnmatch_lines(["*503: the service failed*"])


def test_a_slip_is_told_while_collecting(pytester: pytest.Pytester) -> None:
    with priced("/compatible/v1", honest) as fake:
        result = suite(pytester, fake, "baseline=__import__('pathlib').Path('nowhere.toml')")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*nowhere.toml: is no baseline*"])
