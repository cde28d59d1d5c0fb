"""Scenarios: which fault meets which request, in which order, and the same way again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.core import Emulator
from safelight.directing import next_step
from safelight.faults import FAULTS, parse
from safelight.messages import Reply, Request
from safelight.refusals import UsageError
from safelight.scenario import Asked, Scenario, read_step

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
MODELS = Asked("openai", "models.list", "", "")
DRAW = Asked("openai", "images.generate", "gpt-image-2", "A red kite")


def chosen(steps: list[Any], *asked: Asked, seed: int = 0) -> list[str | None]:
    scenario = Scenario(seed, [read_step(step) for step in steps])
    found = [scenario.choose(one) for one in asked]
    return [one.fault.name if one else None for one in found]


def chat(emu: Emulator, session: str = "", **headers: str) -> Reply:
    world = f"/s/{session}" if session else ""
    sent = tuple((f"x-safelight-{key}", value) for key, value in headers.items())
    return kit.post(emu, f"{world}/openai/v1/chat/completions", CHAT, *sent)


def test_the_first_of_header_token_scenario_and_flag_wins() -> None:
    emu = kit.emulator(faults=(parse("bad_gateway"),))
    kit.steps(emu, "overloaded")
    said = {"role": "user", "content": "Hello [[safelight:server_error]]"}
    ask = {**CHAT, "messages": [said]}
    path = "/openai/v1/chat/completions"
    header = kit.post(emu, path, ask, ("x-safelight-fault", "region_blocked"))
    token, scenario = kit.post(emu, path, ask), chat(emu)
    kit.steps(emu)
    assert [r.status for r in (header, token, scenario, chat(emu))] == [403, 500, 503, 502]


def test_steps_strike_in_order_each_as_often_as_it_says() -> None:
    steps = [{"fault": "rate_limited", "times": 2}, {"fault": "server_error", "times": 1}]
    limited = "rate_limited"
    assert chosen(steps, *[DRAW] * 4) == [limited, limited, "server_error", None]


def test_a_step_without_fault_lets_requests_pass() -> None:
    steps = [{"fault": None, "times": 2}, "overloaded"]
    assert chosen(steps, *[DRAW] * 3) == [None, None, "overloaded"]


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"operation": "images.*"}, True),
        ({"operation": "images.edit"}, False),
        ({"model": "gpt-image-*"}, True),
        ({"model": "dall-e-*"}, False),
        ({"prompt": "RED"}, True),
        ({"prompt": "blue"}, False),
        ({"provider": "openai"}, True),
        ({"provider": "vercel"}, False),
        ({"operation": "images.*", "prompt": "blue"}, False),
        ({}, True),
    ],
)
def test_a_match_narrows_by_all_that_it_names(match: dict[str, str], struck: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (chosen([{"match": match, "fault": "overloaded"}], DRAW) == ["overloaded"]) is struck


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({"fault": "overloadd"}, "did you mean overloaded"),
        ({}, "step: needs `fault`"),
        ({"fault": "overloaded", "time": 1}, "unknown key 'time'; known are match, fault, times"),
        ({"fault": "overloaded", "match": {"path": "x"}}, "step.match: unknown key 'path'"),
        (
            {"fault": "overloaded", "times": -1},
            "step.times: expected a whole number from 1, got -1",
        ),
        (
            {"fault": "overloaded", "times": True},
            "step.times: expected a whole number from 1, got True",
        ),
        ({"fault": "overloaded", "probability": 2}, "expected a number from 0 to 1, got 2"),
        ({"fault": 3}, "step.fault: expected a fault's name or null, got 3"),
        ({"fault": "overloaded", "options": {"x": 1}}, "unknown option 'x'"),
        ({"fault": "overloaded", "times": 0}, "step.times: expected a whole number from 1, got 0"),
        ({"fault": "overloadd"}, "step.fault: unknown fault 'overloadd'"),
        ({"fault": "drip; seconds"}, "step.fault: 'seconds' is no option; write name=value"),
        ({"fault": "drip", "options": {"seconds": "x"}}, "step.options: option seconds of a fault"),
        ({"fault": "drip", "options": {"times": 2}}, "`times` stands beside `fault`"),
        ({"fault": "drip", "options": [1]}, "step.options: expected an object, got [1]"),
        ({"fault": None, "options": {"seconds": 1}}, "without a fault there is nothing to set"),
        ({"fault": "drip; seconds=1", "options": {"seconds": 2}}, "sets seconds as well; say it"),
        ({"fault": "drip; times=2", "times": 3}, "step.times: 3, but `fault` says 2; say it once"),
        (7, "step: expected an object or a fault's name, got 7"),
    ],
)
def test_a_wrong_step_says_where_and_what_would_be_right(step: Any, problem: str) -> None:
    with pytest.raises(UsageError) as slip:
        read_step(step)
    assert problem in str(slip.value)


def test_a_faults_text_and_the_options_beside_it_go_together() -> None:
    options = {"seconds": 0.00001, "row": "E-1"}
    step = read_step({"fault": "overloaded; times=2; retry_after=3", "options": options})
    assert step.ask
    assert (step.times, step.ask.fault.name) == (2, "overloaded")
    assert dict(step.ask.options) == {"retry_after": "3", "seconds": "0.00001", "row": "E-1"}


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (
            ["drip", "overloadd"],
            "steps[1].fault: unknown fault 'overloadd'; did you mean overloaded",
        ),
        ([{"fault": "overloadd"}], "steps[0].fault: unknown fault 'overloadd'"),
        (
            [{"fault": "drip", "match": {"operation": "image.generate"}}],
            "steps[0].match: no operation fits 'image.generate'; did you mean images.generate",
        ),
        (
            [{"fault": "drip", "match": {"provider": "opena"}}],
            "steps[0].match: no provider fits 'opena'; did you mean openai",
        ),
    ],
)
def test_a_wrong_scenario_is_refused_whole_and_names_the_step(
    steps: list[Any], problem: str
) -> None:
    emu = kit.emulator()
    kit.steps(emu, "overloaded")
    told = kit.control(emu, "PUT", "scenario", {"steps": steps})["error"]["message"]
    assert problem in told
    assert [s["fault"] for s in kit.control(emu, "GET", "scenario")["steps"]] == ["overloaded"]


def test_the_next_fault_may_say_itself_how_often() -> None:
    assert next_step("drip; times=2", 1, {}).times == 2
    assert next_step("drip", 3, {}).times == 3
    with pytest.raises(UsageError, match=r"fail_next\.times: 3, but `fault` says 2; say it once"):
        next_step("drip; times=2", 3, {})


def test_a_step_that_is_used_up_stays_so_however_many_others_strike() -> None:
    scenario = Scenario(0, [read_step({"fault": "overloaded", "times": 1})])
    assert scenario.choose(DRAW) is not None
    for number in range(20_002):
        scenario.choose(replace(DRAW, prompt=f"{number} [[safelight:drip]]"))
    assert scenario.choose(DRAW) is None
    assert len(scenario.struck) < 20_002


def test_a_scenario_is_bounded() -> None:
    emu = kit.emulator()
    kit.steps(emu, *["drip"] * 9_999)
    told = kit.control(emu, "POST", "scenario", {"steps": ["drip", "drip"]})
    assert told["error"]["message"] == "a scenario has at most 10000 steps, got 10001"
    assert len(kit.control(emu, "GET", "scenario")["steps"]) == 9_999


def test_a_slip_says_where_the_fault_was_called_for() -> None:
    emu = kit.emulator()
    told = kit.error(chat(emu, fault="overloadd"))["message"]
    assert told.startswith("header x-safelight-fault: unknown fault 'overloadd'")
    ask = {**CHAT, "model": "gpt-4o[[safelight:overloadd]]"}
    reply = kit.post(emu, "/openai/v1/chat/completions", ask)
    assert kit.error(reply)["message"].startswith("[[safelight:…]] in the prompt or the model: ")


def download(emu: Emulator, **headers: str) -> Reply:
    body = {"model": "a", "prompt": "x", "size": "64x64", "response_format": "url"}
    sent = kit.post(emu, "/compatible/v1/images/generations", body, ("x-safelight-fault", "drip"))
    url = kit.parsed(sent)["data"][0]["url"]
    path = "/" + url.split("/", 3)[3].partition("?")[0]
    asked = tuple((f"x-safelight-{key}", value) for key, value in headers.items())
    return emu.respond(Request("GET", path, headers=asked))


def test_a_download_is_struck_by_who_means_it() -> None:
    emu = kit.emulator(faults=(parse("server_error"),))
    kit.steps(emu, "overloaded")
    calm, bent = download(emu), download(emu, fault="reset_mid_body")
    kit.steps(emu, {"match": {"operation": "files.*"}, "fault": "bad_gateway"})
    assert (calm.status, calm.wire, bent.end) == (200, None, "reset")
    assert download(emu).status == 502


@given(seed=st.integers(0, 2**32), chance=st.floats(0.05, 0.95))
def test_the_same_seed_gives_the_same_chances(seed: int, chance: float) -> None:
    steps = [{"fault": "overloaded", "probability": chance}]
    first = chosen(steps, *[DRAW] * 30, seed=seed)
    assert first == chosen(steps, *[DRAW] * 30, seed=seed)


def test_chances_are_about_as_likely_as_they_say() -> None:
    found = chosen([{"fault": "overloaded", "probability": 0.1}], *[DRAW] * 2000)
    assert 130 < found.count("overloaded") < 270


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_a_failing_run_repeats_from_the_seed_that_the_scenario_prints(seed: int) -> None:
    emu = kit.emulator(faults=(parse("server_error@0.4"),))
    kit.control(emu, "POST", "session", {"name": "flaky", "seed": seed}, session="flaky")
    first = [chat(emu, "flaky").status for _ in range(12)]
    told = kit.control(emu, "GET", "scenario", session="flaky")["seed"]
    again = kit.emulator(faults=(parse("server_error@0.4"),))
    kit.control(again, "POST", "session", {"seed": told}, session="flaky")
    assert [chat(again, "flaky").status for _ in range(12)] == first


def test_a_fault_that_struck_by_chance_tells_the_seed_that_repeats_it() -> None:
    emu = kit.emulator(seed=77, faults=(parse("server_error@0.99"),))
    chat(emu)
    (entry,) = kit.control(emu, "GET", "journal")["exchanges"]
    assert entry["notes"] == ["server_error: by chance; seed 77 repeats it"]


CALM = sorted(set(FAULTS) - {"sse_long_line"})
STEPS = st.lists(
    st.fixed_dictionaries(
        {"fault": st.none() | st.sampled_from(CALM)},
        optional={
            "times": st.integers(1, 3),
            "probability": st.sampled_from([0.0, 0.3, 0.7, 1.0]),
            "match": st.sampled_from([{}, {"operation": "chat.*"}, {"model": "gpt-4o"}]),
        },
    ),
    max_size=4,
)
ASKS = (
    Request("GET", "/openai/v1/models/gpt-4o", headers=(kit.KEY,)),
    Request(
        "POST",
        "/openai/v1/chat/completions",
        headers=(kit.KEY, ("content-type", "application/json")),
        body=json.dumps(CHAT).encode(),
    ),
    Request(
        "POST",
        "/openai/v1/chat/completions",
        headers=(kit.KEY, ("content-type", "application/json")),
        body=json.dumps({**CHAT, "stream": True}).encode(),
    ),
    Request("GET", "/openai/v1/nothing", headers=(kit.KEY,)),
)


def life(emu: Emulator, name: str, plan: tuple[Any, int, list[int]]) -> Any:
    """Yield what a session sees, a request at a time."""
    steps, seed, asked = plan
    kit.control(emu, "POST", "session", {"seed": seed}, session=name)
    kit.control(emu, "PUT", "scenario", {"steps": steps}, session=name)
    for number in asked:
        request = ASKS[number]
        moved = Request(
            request.method, f"/s/{name}{request.path}", "", request.headers, request.body
        )
        yield emu.respond(moved)


LIFE = st.tuples(STEPS, st.integers(0, 99), st.lists(st.integers(0, 3), min_size=1, max_size=6))


@settings(max_examples=60, deadline=None)
@given(first=LIFE, second=LIFE, data=st.data())
def test_sessions_at_the_same_time_are_as_they_are_alone(
    first: Any, second: Any, data: st.DataObject
) -> None:
    alone = [list(life(kit.emulator(), n, p)) for n, p in (("one", first), ("two", second))]
    emu = kit.emulator()
    lives = [life(emu, "one", first), life(emu, "two", second)]
    left = [0] * len(alone[0]) + [1] * len(alone[1])
    together: list[list[Reply]] = [[], []]
    for which in data.draw(st.permutations(left)):
        together[which].append(next(lives[which]))
    assert together == alone
    for name, replies in zip(("one", "two"), alone, strict=True):
        page = kit.control(emu, "GET", "journal", session=name)
        assert [e["status"] for e in page["exchanges"]] == [r.status for r in replies]
        assert {e["session"] for e in page["exchanges"]} == {name}
