"""What the plugin judges beside a test's body, and what it says of what nobody emulates."""

from __future__ import annotations

import pytest
from plugin_kit import run

pytest_plugins = ["pytester"]


def test_what_happens_while_the_tests_fixtures_end_is_judged_too(
    pytester: pytest.Pytester,
) -> None:
    code = """
def swallow(call):
    try:
        call()
    except BaseException:
        pass

@pytest.fixture
def refused(safelight):
    yield
    swallow(lambda: draw(size="1x1"))

@pytest.fixture
def escaping(safelight):
    yield
    swallow(lambda: httpx.get("https://weather.example/late"))

@pytest.fixture
def expecting(safelight):
    yield
    with safelight.expect_refusal():
        swallow(lambda: draw(size="1x1"))

def test_refused(refused):
    pass

def test_escaping(escaping):
    pass

def test_expecting(expecting):
    pass

def test_told_once(safelight):
    draw(size="1x1")
"""
    result = run(pytester, code)
    result.assert_outcomes(passed=3, errors=2, failed=1)
    result.stdout.fnmatch_lines(["the live service would refuse #1 *"])
    result.stdout.fnmatch_lines(["wanted to leave this machine: https://weather.example/late"])


def test_what_nobody_emulates_is_not_called_refused_live(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight):
    httpx.post("https://api.openai.com/v1/embeddings", json={})
"""
    result = run(pytester, code)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Safelight emulates nothing at this address, though *embeddings*"])
    result.stdout.no_fnmatch_line("*live service would refuse*")
