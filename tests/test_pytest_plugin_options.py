"""The plugin's options: marker, command line, ini file; and what the door weighs."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from plugin_kit import FLAGS, run
from safelight import options, pytest_plugin

pytest_plugins = ["pytester"]


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
        ("allow=['https://a.b']", "'https://a.b' is no host; write db.example, *.example or db:5"),
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
        ("-osafelight_sed=3", "the ini file: unknown option 'sed'; known are provider"),
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
began = time.process_time()
import safelight.pytest_plugin
took = time.process_time() - began
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
            assert loaded == {"safelight", "safelight.began", "safelight.pytest_plugin"}
            assert not {"starlette", "hypercorn", "PIL", "jsonschema", "orjson"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_no_module_of_ours_is_rewritten_where_it_is_installed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        as_installed="""
        def pytest_load_initial_conftests(early_config):
            early_config.pluginmanager.rewrite_hook.mark_rewrite("safelight", "marked_too")
        """,
        marked_too="",
        test_app="""
        import sys
        import marked_too

        def test_app(safelight):
            loaded = [sys.modules["safelight.core"], marked_too]
            loaders = [type(module.__loader__).__name__ for module in loaded]
            assert loaders == ["SourceFileLoader", "AssertionRewritingHook"]
        """,
    )
    pytester.syspathinsert()
    pytester.runpytest_subprocess("-p", "as_installed").assert_outcomes(passed=1)


def test_the_entry_point_is_the_door() -> None:
    text = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text()
    assert '[project.entry-points.pytest11]\nsafelight = "safelight.pytest_plugin"\n' in text
