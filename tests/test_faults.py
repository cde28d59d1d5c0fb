"""Faults by name: the table, how they are called for, and the rows that refusals are."""

from __future__ import annotations

from typing import Any

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.bending import BENDS
from safelight.dialects import REGISTRY
from safelight.errors import Row
from safelight.faults import FAULTS, KINDS, OPTIONS, Ask, parse, token_in
from safelight.operations.lies import _LIES
from safelight.provider import load_provider
from safelight.refusals import UsageError

PATH = "/openai/v1/images/generations"
DRAW = {"model": "gpt-image-2", "prompt": "A kite", "size": "1024x1024", "quality": "low"}
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def called(fault: str, emu: Any = None, **fields: Any) -> Any:
    emu = emu or kit.emulator()
    return kit.post(emu, PATH, {**DRAW, **fields}, ("x-safelight-fault", fault))


def test_every_fault_has_somebody_who_does_it() -> None:
    kinds = {kind: {n for n, f in FAULTS.items() if f.kind == kind} for kind in KINDS}
    assert {f.kind for f in FAULTS.values()} == set(KINDS)
    assert set(BENDS) == kinds["cut"] | kinds["wire"] | kinds["stream"]
    assert set(_LIES) == kinds["picture"]


@pytest.mark.parametrize("provider", REGISTRY)
def test_every_refusal_has_a_row_at_every_provider(provider: str) -> None:
    rows = load_provider(provider).errors.rows
    general = {name for row in rows if not row.operations and not row.models for name in row.fault}
    assert {n for n, f in FAULTS.items() if f.kind == "refusal"} <= general


FAULT_ROWS = [
    (name, row) for name in REGISTRY for row in load_provider(name).errors.rows if row.fault
]


@pytest.mark.parametrize(("provider", "row"), FAULT_ROWS, ids=lambda v: getattr(v, "id", v))
def test_every_row_of_a_fault_can_be_called_for_by_its_id(provider: str, row: Row) -> None:
    base = load_provider(provider).bases[0] + ("" if provider != "vercel" else "/v1")
    base += "/v1" if provider == "together" else ""
    headers = ("x-safelight-fault", f"server_error; row={row.id}")
    reply = kit.post(kit.emulator(), f"{base}/chat/completions", CHAT, headers)
    assert reply.status == row.status
    assert b"{" not in (row.text or "").encode()
    assert "{request_id}" not in reply.body.decode()


def test_a_row_that_is_none_lists_those_that_are() -> None:
    reply = called("server_error; row=E-NONE")
    assert reply.status == 400
    assert "E-500" in kit.error(reply)["message"]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("rate_limitd", "rate_limited"),
        ("reset-mid-boddy", "reset_mid_body"),
        ("moderation", "moderation_blocked"),
        ("sse_clrf", "sse_crlf"),
        ("truncated", "truncated_json"),
        ("RATE-LIMITED", "rate_limited"),
    ],
)
def test_an_unknown_name_lists_the_nearest(text: str, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        parse(text)


def test_a_name_near_to_none_says_where_the_list_is() -> None:
    with pytest.raises(UsageError, match="safelight faults"):
        parse("zzzzzzz")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rate_limited; times=x", "times needs a whole number from 1 to 999999999, got 'x'"),
        ("drip; retry_after=3", "drip makes nothing of option retry_after; it takes times, secon"),
        ("rate_limited; bytes=7", "rate_limited makes nothing of option bytes; it takes times"),
        ("rate_limited; times=0", "times needs a whole number from 1 to 999999999, got '0'"),
        ("rate_limited; times=\u0663", "times needs a whole number from 1"),
        (
            "sse_long_line; bytes=99999999",
            "bytes of a fault needs a whole number from 1 to 67108864",
        ),
        ("rate_limited@2", "'2' is no probability; write a number from 0 to 1"),
        ("rate_limited; often=2", "unknown option 'often' of a fault; known are times, seconds"),
        ("rate_limited; retry_after=soon", "option retry_after of a fault needs a number"),
        ("rate_limited; times", "'times' is no option; write name=value"),
        ("", "'' is no fault; write NAME, NAME@0.1, or NAME; times=2"),
    ],
)
def test_a_slip_says_what_is_wrong_and_what_would_be_right(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as slip:
        parse(text)
    assert problem in str(slip.value)


NONSENSE = ["-1", "nan", "inf", "-inf", "1e3", "1e400", "", "0x10", "1_000", "\u0663", "9" * 40]


@pytest.mark.parametrize(
    ("fault", "more", "span"),
    [
        ("sse_split; bytes", ["0", "1.5", "67108865"], "a whole number from 1 to 67108864"),
        ("sse_long_line; bytes", ["0", "7.0"], "a whole number from 1 to 67108864"),
        ("drip; seconds", ["0", "0.0", "86401"], "a number above 0, up to 86400"),
        ("stall_mid_body; seconds", ["0", "86400.1"], "a number above 0, up to 86400"),
        ("overloaded; seconds", ["86401"], "a number from 0 to 86400"),
        ("rate_limited; retry_after", ["31536001"], "a number from 0 to 31536000"),
        ("rate_limited; retry_after_ms", ["1" * 10], "a number from 0 to 999999999"),
        ("rate_limited; limit", ["2.5"], "a whole number from 0 to 999999999"),
        ("rate_limited; used", ["2.5"], "a whole number from 0 to 999999999"),
    ],
)
def test_a_number_that_cannot_be_meant_is_told_its_range(
    fault: str, more: list[str], span: str
) -> None:
    option = fault.split()[1]
    for value in [*NONSENSE, *more]:
        with pytest.raises(UsageError) as slip:
            parse(f"{fault}={value}")
        told = f"option {option} of a fault needs {span}, got {value!r}"
        assert str(slip.value) == told


@pytest.mark.parametrize(
    "chance", ["nan", "inf", "-0.1", "1.1", "2", "-1e-3", "0..1", "1.0.0", "1/2"]
)
def test_a_chance_that_is_none_is_refused(chance: str) -> None:
    with pytest.raises(UsageError, match="is no probability; write a number from 0 to 1"):
        parse(f"drip@{chance}; times=2")


@given(
    name=st.sampled_from(sorted(FAULTS)),
    times=st.none() | st.integers(1, 10**9 - 1),
    chance=st.none() | st.floats(0, 1).map(lambda value: round(value, 6)),
    data=st.data(),
)
def test_what_is_written_is_what_is_read(
    name: str, times: int | None, chance: float | None, data: st.DataObject
) -> None:
    takes = st.sampled_from([*{*FAULTS[name].takes} - {"times", "row"}, ""])
    drawn = data.draw(st.dictionaries(takes, st.integers(1, 999).map(str)))
    options = {key: value for key, value in drawn.items() if key}
    text = name if chance is None else f"{name}@{chance:.6f}"
    parts = [f"{key}={value}" for key, value in options.items()]
    parts += [] if times is None else [f"times={times}"]
    asked = parse("; ".join([text, *parts]))
    assert (asked.fault, asked.times, dict(asked.options)) == (FAULTS[name], times, options)
    assert asked.probability == pytest.approx(1.0 if chance is None else chance)


def test_every_option_is_taken_by_some_fault_and_refused_by_another() -> None:
    for option in OPTIONS:
        takers = [name for name, fault in FAULTS.items() if option in fault.takes]
        assert takers
        assert (len(takers) == len(FAULTS)) == (option == "times")


def test_times_two_then_success_is_the_retry_test() -> None:
    emu = kit.emulator()
    assert [called("rate_limited; times=2", emu).status for _ in range(3)] == [429, 429, 200]


def test_retry_after_is_what_was_asked_for() -> None:
    reply = called("rate_limited; retry_after=7; retry_after_ms=250; limit=9; used=8")
    assert kit.header(reply, "retry-after") == "7"
    assert kit.header(reply, "retry-after-ms") == "250"
    assert "Limit 9, Used 8" in kit.error(reply)["message"]


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "delay"), [("5000", "5", "5s"), ("250", "1", "250ms")]
)
def test_milliseconds_and_seconds_tell_the_same(
    milliseconds: str, seconds: str, delay: str
) -> None:
    reply = called(f"rate_limited; retry_after_ms={milliseconds}")
    told = [kit.header(reply, name) for name in ("retry-after-ms", "retry-after")]
    assert told == [milliseconds, seconds]
    assert f"Please try again in {delay}." in kit.error(reply)["message"]


def test_a_refusal_that_was_called_for_has_nothing_left() -> None:
    path, model = "/together/v1/images/generations", "black-forest-labs/FLUX.1-schnell"
    header = ("x-safelight-fault", "rate_limited; limit=7; retry_after=3")
    reply = kit.post(kit.emulator(), path, {"model": model, "prompt": "x"}, header)
    names = ("limit", "remaining", "reset")
    assert [kit.header(reply, f"x-ratelimit-{name}") for name in names] == ["7", "0", "3"]


def test_moderation_tells_the_stage() -> None:
    before, after = called("moderation_blocked"), called("moderation_blocked_output")
    stages = [kit.error(r)["moderation_details"]["moderation_stage"] for r in (before, after)]
    assert stages == ["input", "output"]


def test_a_gateway_times_out_after_a_minute() -> None:
    reply = called("gateway_timeout")
    assert (reply.status, reply.delay) == (504, 60)
    assert called("gateway_timeout; seconds=2").delay == 2


def test_a_prompt_calls_for_a_fault_where_headers_cannot_be_set() -> None:
    emu = kit.emulator()
    reply = kit.post(emu, PATH, {**DRAW, "prompt": "A kite [[safelight:moderation_blocked]]"})
    assert kit.error(reply)["code"] == "moderation_blocked"


def test_a_chats_last_message_calls_for_a_fault() -> None:
    content = [{"type": "text", "text": "Hi [[safelight:overloaded]]"}]
    ask = {**CHAT, "messages": [{"role": "user", "content": content}]}
    assert kit.post(kit.emulator(), "/openai/v1/chat/completions", ask).status == 503


def test_a_models_name_calls_for_a_fault_and_stays_the_models_name() -> None:
    emu = kit.emulator()
    ask = {**DRAW, "model": "gpt-image-2[[safelight:rate_limited; times=1]]"}
    refused, good = (kit.post(emu, PATH, ask) for _ in range(2))
    assert "gpt-image-2 (for" in kit.error(refused)["message"]
    assert good.status == 200


def test_a_token_asks_for_one_fault_only() -> None:
    asked = token_in("[[safelight:flagged]] then [[safelight:overloaded]]")
    assert isinstance(asked, Ask)
    assert asked.fault.name == "overloaded"


def test_a_refusal_costs_nothing_and_a_lost_answer_does() -> None:
    emu = kit.emulator()
    for fault in ("server_error", "connection_refused", "reset_before_headers"):
        called(fault, emu)
    called("accepted_then_lost", emu)
    journal = list(emu._store.session("").journal)
    assert [e.billed for e in journal] == [False, False, False, True]
    assert [e.fate for e in journal] == ["delivered", "lost", "lost", "lost"]


def test_a_fault_waits_for_a_key_that_is_good() -> None:
    reply = kit.emulator().respond(
        kit.Request("POST", PATH, headers=(("x-safelight-fault", "overloaded"),))
    )
    assert reply.status == 401


@pytest.mark.parametrize(("key", "body"), [("sk-invalid", b"{}"), ("sk-test", b"{no json")])
def test_a_header_breaks_the_connection_whatever_the_request_is(key: str, body: bytes) -> None:
    def asked(fault: str) -> Any:
        sent = (("authorization", f"Bearer {key}"), ("content-type", "application/json"))
        headers = (*sent, ("x-safelight-fault", fault))
        return emu.respond(kit.Request("POST", PATH, headers=headers, body=body))

    emu = kit.emulator()
    refused, again = (asked("connection_refused; times=1") for _ in range(2))
    assert (refused.status, refused.wire, again.status // 100) == (0, (), 4)
    assert asked("html_200").status == 200
    assert asked("rate_limited").status == again.status
    assert [e.fault for e in emu.session("").journal] == [
        "connection_refused",
        None,
        "html_200",
        None,
    ]


def test_two_headers_are_no_fault() -> None:
    twice = (("x-safelight-fault", "overloaded"), ("x-safelight-fault", "drip"))
    reply = kit.post(kit.emulator(), PATH, DRAW, *twice)
    assert "'overloaded, drip' is no fault" in kit.error(reply)["message"]


def test_a_token_without_a_name_is_no_fault() -> None:
    reply = kit.post(kit.emulator(), PATH, {**DRAW, "prompt": "A kite [[safelight:]]"})
    assert "'' is no fault; write NAME" in kit.error(reply)["message"]
