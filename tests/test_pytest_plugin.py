"""The pytest plugin, through pytester: inner tests as text, then what became of them."""

from __future__ import annotations

import pytest
from plugin_kit import run

pytest_plugins = ["pytester"]


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
