"""The pytest plugin, through pytester: inner tests as text, then what became of them."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import aiohttp  # noqa: F401 - what is loaded here, the inner runs find loaded
import httpcore  # noqa: F401
import httpcore2  # noqa: F401
import httpx2  # noqa: F401
import openai  # noqa: F401
import pytest
import requests  # noqa: F401
from safelight import (
    Emulator,
    Leftover,
    background,
    intercept,
    options,
    plugin_room,
    pytest_plugin,
)

pytest_plugins = ["pytester"]
LOADED = (background, intercept, plugin_room)

HEAD = """
import base64, os, unittest
import httpx, httpx2, openai, pytest
from openai import AsyncOpenAI, OpenAI

def draw(**more):
    return OpenAI().images.generate(model="gpt-image-2", prompt="a lamp", **more)

"""
FLAGS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-o", "asyncio_mode=strict")
FLAGS += ("-o", "asyncio_default_fixture_loop_scope=function", "-W", "error")


def run(pytester: pytest.Pytester, code: str, *flags: str) -> pytest.RunResult:
    """Run the inner tests; warnings are errors there too."""
    pytester.makepyfile(HEAD + code)
    return pytester.runpytest_inprocess(*FLAGS, *flags)


# The fixtures


def test_a_call_is_answered_and_told(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight):
    reply = draw(size="1536x1024")
    (asked,) = safelight.requests
    assert (asked.operation, asked.model) == ("images.generate", "gpt-image-2")
    assert (asked.prompt, asked.provider, asked.params["prompt"]) == ("a lamp", "openai", "a lamp")
    assert (asked.size, asked.image, asked.mask, asked.status) == ("1536x1024", None, None, 200)
    assert asked.cost == safelight.spend.usd > 0
    assert safelight.verdict() == []
"""
    run(pytester, code).assert_outcomes(passed=1)


def test_every_test_has_a_world_of_its_own(pytester: pytest.Pytester) -> None:
    code = """
@pytest.mark.parametrize("time", [1, 2])
def test_app(safelight, time):
    assert safelight.requests == () and safelight.spend.usd == 0
    safelight.fail_next("server_error")
    with pytest.raises(openai.InternalServerError):
        OpenAI(max_retries=0).models.list()
    safelight.fail_next("server_error", times=9)
"""
    run(pytester, code, "-osafelight_leftovers=ignore").assert_outcomes(passed=2)


def test_asynchronous_tests_of_both_frameworks(pytester: pytest.Pytester) -> None:
    code = """
@pytest.mark.asyncio
async def test_asyncio(safelight):
    await AsyncOpenAI().models.list()
    assert len(safelight.requests) == 1

@pytest.mark.anyio
async def test_anyio(safelight):
    await AsyncOpenAI().models.list()
    assert len(safelight.requests) == 1

@pytest.mark.anyio
async def test_server(safelight_server):
    async with AsyncOpenAI(base_url=safelight_server.base_url()) as client:
        await client.models.list()
    assert len(safelight_server.requests) == 1

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
    run(pytester, code).assert_outcomes(passed=3)


def test_a_unittest_class(pytester: pytest.Pytester) -> None:
    code = """
class Test(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def offline(self, safelight):
        self.safelight = safelight

    def test_app(self):
        draw()
        self.assertEqual(len(self.safelight.requests), 1)

    def test_swallowed(self):
        with self.assertRaises(openai.BadRequestError):
            draw(size="1x1")
"""
    result = run(pytester, code)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*the live service would refuse #1 images.generate*"])


def test_keys_are_there_and_gone_again(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight):
    assert os.environ["OPENAI_API_KEY"] and os.environ["TOGETHER_API_KEY"]

def test_after():
    assert "TOGETHER_API_KEY" not in os.environ
"""
    run(pytester, code).assert_outcomes(passed=2)


def test_what_the_world_does_is_the_tests_to_say(pytester: pytest.Pytester) -> None:
    code = """
def test_faults(safelight):
    limited = "rate_limited; retry_after=0.01"
    safelight.scenario([None, limited, {"fault": "server_error", "times": 1}])
    OpenAI().models.list()
    OpenAI().models.list()
    assert [asked.status for asked in safelight.requests] == [200, 429, 500, 200]

def test_only_edits(safelight):
    safelight.fail_next("moderation_blocked", operation="images.*")
    OpenAI().models.list()
    with pytest.raises(openai.BadRequestError):
        draw()

def test_answers(safelight):
    safelight.reply_with(text="Hello.")
    safelight.reply_with(tool_call=("paint", {"what": "a lamp"}))
    said = [{"role": "user", "content": "hi"}]
    ask = OpenAI().chat.completions.create
    assert ask(model="gpt-4o-mini", messages=said).choices[0].message.content == "Hello."
    call = ask(model="gpt-4o-mini", messages=said).choices[0].message.tool_calls[0].function
    assert (call.name, call.arguments) == ("paint", '{"what":"a lamp"}')

def test_pictures(safelight):
    given = base64.b64decode(draw(size="1024x1024").data[0].b64_json)
    safelight.reply_with(picture=given)
    reply = OpenAI().images.generate(model="gpt-image-2", prompt="another", size="1536x1024")
    assert base64.b64decode(reply.data[0].b64_json) == given

def test_exchanges(safelight):
    safelight.reply_with(exchange={"status": 418, "headers": {"X-Pot": "tea"}, "body": {"a": 1}})
    reply = httpx.get("https://api.openai.com/v1/models", headers={"authorization": "Bearer x"})
    assert (reply.status_code, reply.headers["x-pot"], reply.json()) == (418, "tea", {"a": 1})

def test_days(safelight):
    safelight.as_of("2026-05-11")
    OpenAI().images.generate(model="dall-e-3", prompt="a lamp")

def test_seeds(safelight):
    first = draw().data[0].b64_json
    safelight.seed = 7
    assert draw().data[0].b64_json != first

def test_lenience(safelight):
    safelight.lenient = True
    OpenAI().images.generate(model="no-such-model", prompt="a lamp")
"""
    run(pytester, code).assert_outcomes(passed=8)


def test_usage_errors_say_what_would_be_right(pytester: pytest.Pytester) -> None:
    code = """
from safelight import UsageError

def test_app(safelight):
    with pytest.raises(UsageError, match="did you mean rate_limited"):
        safelight.fail_next("rate_limitd")
    with pytest.raises(UsageError, match="one of picture, text, tool_call, exchange; got none"):
        safelight.reply_with()
    with pytest.raises(UsageError, match="known are openai"):
        safelight.base_url("opnai")
    with pytest.raises(UsageError, match="use safelight_server"):
        safelight.env
    with pytest.raises(UsageError, match="unknown key 'stauts'"):
        with safelight.expect_refusal(stauts=400):
            pass
"""
    run(pytester, code).assert_outcomes(passed=1)


@pytest.mark.parametrize("slip", ["leniant = True", "as_of = '2026-05-11'", "clock.reel = True"])
def test_setting_what_cannot_be_set_is_an_error(pytester: pytest.Pytester, slip: str) -> None:
    code = f"""
def test_app(safelight):
    with pytest.raises(AttributeError):
        safelight.{slip}
"""
    run(pytester, code).assert_outcomes(passed=1)


# Nothing escapes


def test_an_escape_fails_the_test_and_names_the_url(pytester: pytest.Pytester) -> None:
    code = """
def test_raised(safelight):
    httpx2.get("https://example.com/a?b=1")

def test_swallowed(safelight):
    try:
        httpx.get("https://example.org/c")
    except BaseException:
        pass

def test_other_stack(safelight):
    import requests
    requests.get("https://api.openai.com/v1/models")
"""
    result = run(pytester, code)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*Escaped: https://example.com/a?b=1: nothing may leave this machine*",
            "wanted to leave this machine: https://example.org/c",
            "*https://api.openai.com/v1/models: nothing**httpx2 and aiohttp*safelight_server*",
        ]
    )


def test_what_is_allowed_may_be_reached(pytester: pytest.Pytester) -> None:
    code = """
@pytest.mark.safelight(allow=["weather.invalid"])
def test_app(safelight):
    with pytest.raises(httpx.ConnectError):  # .invalid: no such name, but it was looked up
        httpx.get("https://weather.invalid/today", timeout=5)
"""
    run(pytester, code).assert_outcomes(passed=1)


def test_a_provider_asked_beside_the_server_is_an_escape(pytester: pytest.Pytester) -> None:
    code = """
def test_app(safelight_server):
    OpenAI().models.list()
"""
    result = run(pytester, code)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Give the client `safelight_server.base_url()`*"])


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


# Options


WORDS = pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("provder='x'", "unknown option 'provder'; known are provider, base_urls, as_of, lenient"),
        ("provider='opnai'", "unknown provider 'opnai'; known are openai, compatible"),
        ("as_of='yesterday'", "as_of is a date such as 2026-05-11, got 'yesterday'"),
        ("lenient='maybe'", "lenient is true or false, got 'maybe'"),
        ("seed='x'", "seed is a whole number, got 'x'"),
        ("scenario=['rate_limitd']", "unknown fault 'rate_limitd'; did you mean rate_limited"),
        ("allow=[1]", "allow is a list of texts"),
        ("base_urls=['llm']", "'llm' is no base URL; write https://host/v1"),
        ("'openai'", "the marker takes names only: provider, base_urls"),
    ],
)


@WORDS
def test_a_wrong_word_is_a_usage_error_with_the_legal_ones(
    pytester: pytest.Pytester, marker: str, says: str
) -> None:
    code = f"""
@pytest.mark.safelight({marker})
def test_app(safelight):
    pass
"""
    result = run(pytester, code)
    result.assert_outcomes(errors=1)
    told = " ".join(line.removeprefix("E ").strip() for line in result.outlines)
    assert "UsageError: " in told
    assert says in told


def test_so_is_a_wrong_name_in_the_ini_file(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsafelight_sed = 3")
    result = run(pytester, "def test_app(safelight): pass", "-W", "ignore")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stderr.str() + result.stdout.str()
    assert told.count("the ini file: unknown option 'sed'; known are provider, ") == 1


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--safelight-leniant", "unknown option --safelight-leniant; known are --no-safelight-le"),
        ("--no-safelight-strickt", "unknown option --no-safelight-strickt; known are --no-safe"),
        ("--safelight-provider=opnai", "--safelight: provider: unknown provider 'opnai'; known"),
        ("--safelight-as-of=yesterday", "--safelight: as_of is a date such as 2026-05-11"),
        ("--safelight-scenario=dripp", "scenario[[]0]*unknown fault 'dripp'; did you mean drip"),
        ("--safelight-leftovers=x", "leftovers is one of warn, fail, ignore, got 'x'"),
        ("-osafelight_seed=x", "the ini file: seed is a whole number, got 'x'"),
        ("-osafelight_base_urls=llm", "'llm' is no base URL; write https://host/v1"),
        ("-osafelight_lenient=maybe", "the ini file: lenient is true or false, got 'maybe'"),
    ],
)
def test_a_slip_on_the_command_line_or_in_the_ini_file_ends_the_run_once(
    pytester: pytest.Pytester, flag: str, says: str
) -> None:
    result = run(pytester, "def test_1(safelight): pass\ndef test_2(safelight): pass", flag)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "test_1" not in result.stdout.str()
    (line,) = [line for line in (*result.errlines, *result.outlines) if line.startswith("ERROR")]
    assert fnmatch(line, f"*{says}*")


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


SEEN = """
import datetime

@pytest.mark.safelight({marker})
class TestApp:
    def test_app(self, safelight):
        assert safelight.options.{name} == {wanted}
        safelight.scenario([])
"""
ROWS = {
    "as_of": ("'2026-01-01'", "2026-02-02", "2026-03-03", "datetime.date(2026, {}, {})"),
    "seed": ("1", "2", "3", "{}"),
    "provider": ("'openai'", "vercel", "together", None),
    "allow": ("['a1']", "a2", "a3", "('a{}',)"),
    "base_urls": ("['https://1']", "https://2", "https://3", "('https://{}',)"),
    "scenario": ("['drip']", "html_200", "empty_body", None),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_nearest_wins_marker_then_command_line_then_ini(
    pytester: pytest.Pytester, name: str
) -> None:
    marker, flag, ini, form = ROWS[name]
    flags = (f"--safelight-{name.replace('_', '-')}={flag}", f"-osafelight_{name}={ini}")
    for number, given in enumerate([flags, flags, flags[1:]], start=1):
        text = (marker.strip("[]'"), flag, ini)[number - 1]
        wanted = form.format(number, number) if form else repr(text)
        wanted = f"({text!r},)" if name == "scenario" else wanted
        mark = f"{name}={marker}" if number == 1 else ""
        result = run(pytester, SEEN.format(marker=mark, name=name, wanted=wanted), *given)
        result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "flags", "wanted"),
    [
        ("", (), False),
        ("", ("-osafelight_lenient=true",), True),
        ("", ("-osafelight_lenient=true", "--no-safelight-lenient"), False),
        ("lenient=True", ("--no-safelight-lenient",), True),
    ],
)
def test_a_switch_obeys_the_same_order(
    pytester: pytest.Pytester, marker: str, flags: tuple[str, ...], *, wanted: bool
) -> None:
    code = SEEN.format(marker=marker, name="lenient", wanted=wanted)
    run(pytester, code, *flags).assert_outcomes(passed=1)


def test_the_marker_nearest_to_the_test_wins_name_by_name(pytester: pytest.Pytester) -> None:
    code = """
pytestmark = pytest.mark.safelight(seed=1, lenient=True)

@pytest.mark.safelight(seed=2)
class TestApp:
    @pytest.mark.safelight(seed=3)
    def test_app(self, safelight):
        assert (safelight.seed, safelight.lenient) == (3, True)
"""
    run(pytester, code).assert_outcomes(passed=1)


def test_the_ini_file_takes_lists_by_line(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        safelight_as_of = "2026-05-11"
        safelight_scenario = ["rate_limited; times=1; retry_after=0.01", '{"fault": null}']
        safelight_allow = ["db", "*.internal"]
        """
    )
    code = """
def test_app(safelight):
    assert safelight.options.allow == ("db", "*.internal")
    OpenAI().images.generate(model="dall-e-3", prompt="a lamp")
    assert [asked.status for asked in safelight.requests] == [429, 200]
"""
    run(pytester, code, "--strict-config").assert_outcomes(passed=1)


def test_the_door_and_the_room_know_the_same_options() -> None:
    assert list(pytest_plugin._INI) == list(options.OPTIONS) == list(pytest_plugin._HELP)
    assert all(f"{name}=" in pytest_plugin._MARKER for name in options.OPTIONS)


def test_help_marker_and_fixtures_are_told(pytester: pytest.Pytester) -> None:
    told = pytester.runpytest_inprocess(*FLAGS, "--help").stdout.str()
    assert all(f"--safelight-{name.replace('_', '-')}" in told for name in options.OPTIONS)
    pytester.runpytest_inprocess(*FLAGS, "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.safelight(provider=*"]
    )
    fixtures = pytester.runpytest_inprocess(*FLAGS, "--fixtures").stdout
    fixtures.fnmatch_lines_random(["safelight --*", "safelight_server --*"])


# Weight


THIRD_PARTY = """
import sys, time
import pytest
before = set(sys.modules)
began = time.perf_counter()
import safelight.pytest_plugin
took = time.perf_counter() - began
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names)), took * 1000)
"""


def test_the_door_loads_no_third_party_module_and_costs_under_10_ms() -> None:
    took = []
    for _ in range(3):
        out = subprocess.check_output([sys.executable, "-c", THIRD_PARTY], text=True)
        loaded, _, ms = out.strip().rpartition(" ")
        assert loaded == "['safelight']"
        took.append(float(ms))
    assert min(took) < 10


def test_a_run_that_does_not_use_it_loads_nothing_of_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_app():
            loaded = {name for name in sys.modules if name.startswith("safelight")}
            assert loaded == {"safelight", "safelight.pytest_plugin"}
            assert not {"starlette", "hypercorn", "PIL", "jsonschema", "orjson"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_entry_point_is_the_door() -> None:
    text = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text()
    assert '[project.entry-points.pytest11]\nsafelight = "safelight.pytest_plugin"\n' in text
