"""What the plugin's object says to a slip, to a wrong number of requests, and of a refusal."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator

import httpcore  # noqa: F401 - what is loaded here, the inner runs find loaded
import httpcore2  # noqa: F401
import httpx
import openai
import pytest
import safelight
from openai import OpenAI
from safelight import UsageError, World, intercept, plugin_room
from safelight.background import serving
from safelight.inprocess import shared
from safelight.legal import operations

pytest_plugins = ["pytester"]
LOADED = (intercept, plugin_room)
FLAGS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error")
FLAGS += ("-o", "asyncio_default_fixture_loop_scope=function")


@pytest.fixture
def emulator() -> Iterator[World]:
    with safelight.Emulator() as emulator:
        yield emulator


def draw(**more: object) -> None:
    """Ask for a picture."""
    asked: dict[str, object] = {"model": "gpt-image-2", "prompt": "a lamp", "size": "1024x1024"}
    OpenAI().images.generate(**(asked | more))  # type: ignore[call-overload]  # as an application


# Slips

KNOWN = "did you mean images.generate, images.edit"
SLIPS: dict[str, tuple[Callable[[World], object], str]] = {
    "operation asserted": (lambda w: w.assert_requested("images.genrate"), KNOWN),
    "operation of a fault": (lambda w: w.fail_next("drip", operation="images.genrate"), KNOWN),
    "operation of a step": (
        lambda w: w.scenario([None, {"fault": "drip", "match": {"operation": "images.genrate"}}]),
        r"scenario\[1\].match: no operation fits 'images.genrate'",
    ),
    "operation of a reply": (
        lambda w: w.reply_with(text="a", operation="chat.creat"),
        "did you mean chat.create",
    ),
    "operation expected": (lambda w: w.expect_refusal(operation="x").__enter__(), "known are chat"),
    "glob": (lambda w: w.assert_requested("image.*"), r"did you mean images\.\*"),
    "no text": (lambda w: w.assert_requested(3), "takes a name or a glob"),  # type: ignore[arg-type]
    "provider": (lambda w: w.fail_next("drip", provider="opnai"), "did you mean openai"),
    "fault asserted": (lambda w: w.assert_requested(fault="dripp"), "did you mean drip"),
    "fault": (lambda w: w.fail_next("dripp"), "did you mean drip"),
    "no fault": (lambda w: w.fail_next(None), "a fault is a name, got None"),  # type: ignore[arg-type]
    "keyword": (lambda w: w.fail_next("drip", tiems=2), "unknown keyword 'tiems'; known are times"),
    "never": (lambda w: w.fail_next("drip", times=0), r"whole number from 1 \(None: every time\)"),
    "bare scenario": (lambda w: w.scenario("drip"), "takes a list of faults"),
    "no scenario": (lambda w: w.scenario(3), "takes a list of faults"),
    "step that never strikes": (lambda w: w.scenario([{"fault": "drip", "times": 0}]), "from 1"),
    "reply for nobody": (lambda w: w.reply_with(text="a", times=0), "times is a whole number"),
    "text": (lambda w: w.reply_with(text=3), "text is a text, got 3"),  # type: ignore[arg-type]
    "tool call": (lambda w: w.reply_with(tool_call=("a",)), r'tool_call is \("name"'),  # type: ignore[arg-type]
    "exchange": (lambda w: w.reply_with(exchange={"stauts": 3}), "unknown key 'stauts'"),
    "body": (lambda w: w.reply_with(exchange={"body": object()}), "exchange is no JSON: .*object"),
    "arguments": (lambda w: w.reply_with(tool_call=("a", object())), "tool_call is no JSON"),
    "status": (lambda w: w.reply_with(exchange={"status": "x"}), "from 200 to 599, got 'x'"),
    "headers": (lambda w: w.reply_with(exchange={"headers": 1}), r"headers are \{name: value\}"),
    "picture": (lambda w: w.reply_with(picture="/no/such.png"), r"a path \(pathlib.Path\)"),
    "unit": (lambda w: w.clock.advance(minute=1), "takes seconds, minutes, .*; got 'minute'"),
    "nothing": (lambda w: w.clock.advance(), "as in minutes=61; got nothing"),
    "back": (lambda w: w.clock.advance(minutes=-1), "moves on, .*got minutes=-1"),
    "no number": (lambda w: w.clock.advance(hours="3"), "hours is a number, got '3'"),  # type: ignore[arg-type]
    "far": (lambda w: w.clock.advance(days=1e9), "beyond the year 9999"),
    "count": (lambda w: w.assert_requested(times=-1), "times is a whole number"),
}


@pytest.mark.parametrize(("slip", "says"), SLIPS.values(), ids=list(SLIPS))
def test_a_slip_is_told_at_once_with_what_would_be_right(
    emulator: World, slip: Callable[[World], object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        slip(emulator)


def test_a_slip_changes_nothing(emulator: World) -> None:
    emulator.fail_next("server_error")
    with pytest.raises(UsageError):
        emulator.scenario(["rate_limited", "dripp"])
    with pytest.raises(openai.InternalServerError):
        OpenAI(max_retries=0).models.list()


def test_every_operation_there_is_may_be_named(emulator: World) -> None:
    names = sorted(set(operations()))
    assert {"images.generate", "chat.create", "files.get"} <= set(names)
    for name in names:
        emulator.fail_next("server_error", operation=name)
        emulator.assert_requested(name, times=0)
    emulator.scenario([])


# What was asked instead


def test_the_nearest_request_is_named_with_what_differs(emulator: World) -> None:
    OpenAI().models.list()
    draw(quality="low")
    with pytest.raises(AssertionError) as error:
        emulator.assert_requested(
            "images.generate", prompt="lamb", size="1536x1024", qualty="low", with_mask=True
        )
    first, *lines = str(error.value).splitlines()
    assert first.startswith("expected 1 to any x prompt='lamb', with_mask=True, operation='images.")
    assert first.endswith(", size='1536x1024', qualty='low'; there were 0")
    assert lines == [
        "nearest is #2 images.generate gpt-image-2 -> 200 'a lamp'",
        "  prompt: expected 'lamb', got 'a lamp'",
        "  with_mask: expected True, got False",
        "  size: expected '1536x1024', got '1024x1024'",
        "  qualty: expected 'low', got nothing; it has quality='low'",
        "the journal:",
        "  #1 models.list -> 200",
        "  #2 images.generate gpt-image-2 -> 200 'a lamp'",
    ]


def test_the_operation_counts_before_all(emulator: World) -> None:
    draw()
    OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}]
    )
    with pytest.raises(AssertionError, match=r"nearest is #2 chat.create") as error:
        emulator.assert_requested("chat.create", model="gpt-image-2", prompt="a lamp")
    assert "  model: expected 'gpt-image-2', got 'gpt-4o-mini'" in str(error.value)


def test_too_many_are_all_named(emulator: World) -> None:
    draw()
    draw(prompt="a lamb")
    OpenAI().models.list()
    with pytest.raises(AssertionError) as error:
        emulator.assert_requested("images.*", times=1)
    assert str(error.value).splitlines()[:3] == [
        "expected 1 x operation='images.*'; there were 2",
        "fitting: #1 images.generate gpt-image-2 -> 200 'a lamp'",
        "fitting: #2 images.generate gpt-image-2 -> 200 'a lamb'",
    ]
    assert "nearest" not in str(error.value)


def test_without_any_request_there_is_none_nearest(emulator: World) -> None:
    with pytest.raises(AssertionError) as error:
        emulator.assert_requested("images.edit", n=2)
    assert str(error.value).splitlines() == [
        "expected 1 to any x operation='images.edit', n=2; there were 0",
        "the journal:",
        "  (empty)",
    ]


def test_the_journal_has_the_url_that_the_client_called(emulator: World) -> None:
    draw()
    httpx.get("https://api.together.xyz/v1/models?a=b", headers={"authorization": "Bearer x"})
    paths = [asked.path for asked in emulator.requests]
    assert paths == [
        "https://api.openai.com/v1/images/generations",
        "https://api.together.xyz/v1/models",
    ]


# What live would have said

REFUSED = """
import httpx, openai, pytest
from openai import OpenAI

def app(**asked):
    try:
        OpenAI().images.generate(**{"model": "gpt-image-2", "prompt": "a lamp"} | asked)
    except openai.OpenAIError:
        pass

def post(path, key="sk-mine", **body):
    head = {"authorization": f"Bearer {key}"}
    httpx.post(f"https://api.openai.com/v1/{path}", headers=head, json=body)
"""


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        (
            "app(size='1x1')",
            ["  size: '1x1' was sent*", "  its answer: Invalid size '1x1'*"],
        ),
        (
            "app(extra_body={'colour': [3]})",
            ["  colour: [[]3] was sent (*)", "  its answer: Unknown parameter: 'colour'."],
        ),
        (
            "app(model='gpt-image-9')",
            ["  model: 'gpt-image-9' was sent", "  its answer: *gpt-image-9*"],
        ),
        (
            "post('chat/completions', model='gpt-4o-mini', messages=[{'role': 'usr'}])",
            ["  messages[[]0].role: 'usr' was sent (enum)", "  its answer: Invalid value: 'usr'.*"],
        ),
        (
            "post('images/generations', model='gpt-image-2')",
            ["  prompt: was not sent (required)", "  its answer: Missing required parameter*"],
        ),
        (
            "post('images/generations', key='sk-invalid-secret-of-mine-1234')",
            ["  its answer: Incorrect API key provided: sk-inval*1234.*"],
        ),
    ],
    ids=["size", "unknown", "model", "nested", "missing", "key"],
)
def test_a_refusal_tells_field_value_and_the_providers_sentence(
    pytester: pytest.Pytester, call: str, lines: list[str]
) -> None:
    pytester.makepyfile(f"{REFUSED}\ndef test_app(safelight):\n    {call}")
    told = pytester.runpytest_inprocess(*FLAGS).stdout
    told.fnmatch_lines(["*the live service would refuse #1 *", *lines])
    told.no_fnmatch_line("*secret*")


# The clock


def test_moving_the_clock_wakes_who_waits_at_the_server(emulator: World) -> None:
    emulator.fail_next("stall_before_headers", seconds=600)
    began = time.monotonic()
    with serving(shared()) as origin:
        url = f"{origin}/s/{emulator.name}/openai/v1/models"
        got: list[int] = []

        def ask() -> None:
            reply = httpx.get(url, headers={"authorization": "Bearer x"}, timeout=20)
            got.append(reply.status_code)

        thread = threading.Thread(target=ask)
        thread.start()
        while not emulator.requests:
            time.sleep(0.01)
        time.sleep(0.1)
        assert got == []
        emulator.clock.advance(minutes=10)
        thread.join(10)
    assert got == [200]
    assert time.monotonic() - began < 10


def test_the_clock_tells_the_time_that_it_was_moved_to(emulator: World) -> None:
    before = emulator.clock.now
    emulator.clock.advance(hours=1, minutes=1)
    moved = emulator.clock.now - before
    assert datetime.timedelta(minutes=61) <= moved < datetime.timedelta(minutes=62)
