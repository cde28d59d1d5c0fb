"""How the plugin judges a test and what it reports: refusals, leftovers, journals, a last line."""

from __future__ import annotations

import pytest
from plugin_kit import run
from safelight import Emulator, Leftover

pytest_plugins = ["pytester"]


# Strictness and assertions


def test_a_swallowed_refusal_fails_the_test(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight):
    try:
        draw(size="1x1")
    except openai.OpenAIError:
        pass
"""
    result = run(pytester, code)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "the live service would refuse #1 images.generate gpt-image-2 -> 400 * 'a lamp'",
            "  size: '1x1' was sent*",
            "  its answer: *1x1*",
            "If the test means it, say so: *",
        ]
    )


@pytest.mark.parametrize(
    "expecting",
    [
        "with safelight.expect_refusal(): app()",
        "with safelight.expect_refusal(operation='images.*', status=400): app()",
        "app(); safelight.assert_requested(status=400, times=1)",
        "app(); assert safelight.assert_requested('images.generate', row='*')[0].refused",
    ],
)
def test_an_expected_refusal_does_not(pytester: pytest.Pytester, expecting: str) -> None:
    code = f"""
def app():
    try:
        draw(size="1x1")
    except openai.BadRequestError:
        pass

def test_app(safelight):
    {expecting}
"""
    run(pytester, code).assert_outcomes(passed=1)


def test_a_refusal_passes_where_the_exception_is_expected_around_it(
    pytester: pytest.Pytester,
) -> None:
    code = """
def test_inside(safelight):
    with pytest.raises(openai.BadRequestError), safelight.expect_refusal():
        draw(size="1x1")

def test_outside(safelight):
    with safelight.expect_refusal(), pytest.raises(openai.BadRequestError):
        draw(size="1x1")
"""
    run(pytester, code).assert_outcomes(passed=2)


def test_an_expected_refusal_that_does_not_come_fails(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight):
    with safelight.expect_refusal(status=400):
        draw()
"""
    result = run(pytester, code)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E * expected a refusal (status=400); the journal:", "*#1 *200*"])


@pytest.mark.parametrize("flag", ["--no-safelight-strict", "-osafelight_strict=false"])
def test_strictness_can_be_switched_off(pytester: pytest.Pytester, flag: str) -> None:
    code = """
def test_app(safelight):
    with pytest.raises(openai.BadRequestError):
        draw(size="1x1")
"""
    run(pytester, code, flag).assert_outcomes(passed=1)


def test_what_was_asked_can_be_asserted(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight):
    draw(size="1024x1024")
    safelight.assert_requested("images.generate", times=1, with_mask=False, prompt="LAMP")
    safelight.assert_requested("images.*", model="gpt-image-2", size="1024x1024")
    safelight.assert_requested("images.edit", times=0)

def test_wrong(safelight):
    draw(size="1024x1024")
    safelight.assert_requested("images.edit", times=1, with_mask=True, size="1x1")
"""
    result = run(pytester, code)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * expected 1 x with_mask=True, operation='images.edit', size='1x1'; there were 0",
            "E * the journal:",
            "E * #1 images.generate gpt-image-2 -> 200 'a lamp'",
            "test_what*: AssertionError",
            "*safelight journal*",
            "  #1 images.generate gpt-image-2 -> 200 'a lamp'",
        ]
    )


def test_pictures_of_failed_assertions_are_in_tmp_path(pytester: pytest.Pytester) -> None:
    code = """
from safelight import assert_image

def test_app(safelight, tmp_path):
    with pytest.raises(AssertionError, match="expected webp, got png"):
        assert_image(draw(size="1024x1024").data[0].b64_json, format="webp")
    assert (tmp_path / "picture.png").read_bytes().startswith(bytes([0x89]) + b"PNG")
"""
    run(pytester, code).assert_outcomes(passed=1)


# What was called for and did not happen

LEFT = """
{mark}
def test_app(safelight):
    safelight.fail_next("rate_limited", times=2, retry_after=0.01)
    safelight.fail_next("overloaded", operation="images.edit")
    safelight.reply_with(text="Hello.")
    OpenAI().models.list()
"""


def test_what_was_called_for_and_not_used_is_warned_of(pytester: pytest.Pytester) -> None:
    result = run(pytester, LEFT.format(mark=""), "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*test_what_was*.py:*Leftover: called for, but not used: steps[[]1] overloaded*",
            "*called for, but not used: 1 reply for chat.[*]: no request came",
        ]
    )


def test_workers_warn_too(pytester: pytest.Pytester) -> None:
    result = run(pytester, LEFT.format(mark=""), "-W", "default", "-n1")
    result.stdout.fnmatch_lines(["*Leftover: called for, but not used: *"])


def test_where_warnings_are_errors_it_fails_the_test(pytester: pytest.Pytester) -> None:
    result = run(pytester, LEFT.format(mark=""))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["called for, but not used: *overloaded*never struck"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*During handling*")


def test_it_fails_the_test_or_is_let_be_as_the_option_says(pytester: pytest.Pytester) -> None:
    fail = run(pytester, LEFT.format(mark=""), "-osafelight_leftovers=fail", "-W", "default")
    fail.assert_outcomes(failed=1)
    fail.stdout.fnmatch_lines(["called for, but not used: *overloaded*never struck"])
    mark = "@pytest.mark.safelight(leftovers='ignore')"
    run(pytester, LEFT.format(mark=mark)).assert_outcomes(passed=1)


def test_a_scenario_of_the_whole_run_need_not_happen_in_each_test(
    pytester: pytest.Pytester,
) -> None:
    code = """
def test_nothing(safelight):
    pass

@pytest.mark.safelight(scenario=["drip"])
def test_own(safelight):
    pass
"""
    result = run(pytester, code, "--safelight-scenario=html_200")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["called for, but not used: *drip*never struck"])


def test_a_failing_test_tells_it_beside_its_journal(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight):
    safelight.fail_next("drip")
    assert safelight.requests
"""
    result = run(pytester, code)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*safelight journal*", "called for, but not used: *drip*"])


def test_a_block_warns_of_it_as_well() -> None:
    with (
        pytest.warns(Leftover, match="never struck"),
        Emulator() as emulator,
    ):
        emulator.fail_next("drip")


# Reports


def test_only_failing_tests_show_their_journal(pytester: pytest.Pytester) -> None:
    code = """
def test_good(safelight):
    OpenAI().models.list()

def test_bad(safelight):
    draw()
    assert not safelight.requests
"""
    result = run(pytester, code, "-rA")
    assert result.stdout.str().count("safelight journal") == 1
    result.stdout.no_fnmatch_line("*#1 models.list*")


def test_the_run_ends_with_one_line(pytester: pytest.Pytester) -> None:
    code = """
def test_one(safelight):
    safelight.fail_next("rate_limited", retry_after=0.01)
    OpenAI().images.generate(model="gpt-image-2", prompt="a lamp", size="1024x1024", quality="low")

def test_two(safelight):
    with safelight.expect_refusal(), pytest.raises(openai.BadRequestError):
        draw(size="1x1")
"""
    result = run(pytester, code)
    result.assert_outcomes(passed=2)
    line = "safelight: 3 requests, 1 refusal, 1 fault; live this run would have cost $0.0*"
    result.stdout.fnmatch_lines([line])


def test_a_run_that_does_not_use_it_says_nothing(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_app(): pass")
    result.assert_outcomes(passed=1)
    assert "safelight:" not in result.stdout.str()


def test_workers_tell_the_same_as_one_process(pytester: pytest.Pytester) -> None:
    code = """
@pytest.mark.parametrize("time", range(6))
def test_app(safelight, time):
    draw(size="1024x1024", quality="low")
    assert len(safelight.requests) == 1

@pytest.mark.parametrize("time", range(4))
def test_server(safelight_server, time):
    OpenAI(base_url=safelight_server.base_url()).models.list()
    assert len(safelight_server.requests) == 1
"""
    alone, shared = run(pytester, code), run(pytester, code, "-n2")
    lines = []
    for result in (alone, shared):
        result.assert_outcomes(passed=10)
        lines += [line for line in result.outlines if line.startswith("safelight: 10 requests")]
    assert len(lines) == 2
    assert len(set(lines)) == 1
