"""Real limits: buckets on the session's clock, each provider's own refusal and headers."""

from __future__ import annotations

from typing import Any

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.limits import Bucket, Limit, duration, exceeded, gauge, parse, taken
from safelight.messages import Reply, Request
from safelight.refusals import UsageError

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/openai/v1/chat/completions"
DRAW = {"model": "gpt-image-2", "prompt": "A kite", "quality": "low", "size": "1024x1024"}
IMAGES = "/openai/v1/images/generations"


def limited(*limits: str) -> Any:
    return kit.emulator(limits=tuple(map(parse, limits)))


def advance(emu: Any, seconds: float) -> None:
    kit.control(emu, "POST", "clock", {"advance": seconds})


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("requests=60", Limit("requests", 60)),
        ("images=5/minute; model=gpt-image-*", Limit("images", 5, model="gpt-image-*")),
        ("tokens = 10 / second ; operation=chat.*", Limit("tokens", 10, 1.0, operation="chat.*")),
        ("requests=7/days; provider=acme", Limit("requests", 7, 86400.0, provider="acme")),
    ],
)
def test_a_limit_is_read_as_it_is_written(text: str, limit: Limit) -> None:
    assert parse(text) == limit


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sixty", "is no limit; write requests=60"),
        ("pictures=5", "is no limit"),
        ("images=0", "is no limit"),
        ("images=5/fortnight", "unknown time 'fortnight'; known are second, minute, hour, day"),
        ("images=5; key=x", "'key=x' is none of provider, operation, model"),
    ],
)
def test_a_wrong_limit_says_what_would_be_right(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as slip:
        parse(text)
    assert problem in str(slip.value)


def test_one_too_many_is_refused_in_the_providers_words() -> None:
    emu = limited("requests=2; operation=chat.*")
    replies = [kit.post(emu, PATH, CHAT) for _ in range(3)]
    assert [r.status for r in replies] == [200, 200, 429]
    told = kit.error(replies[2])
    assert (told["type"], told["code"]) == ("requests", "rate_limit_exceeded")
    assert (
        "requests per min (RPM): Limit 2, Used 2, Requested 1. Please try again in 30s."
        in (told["message"])
    )
    assert kit.header(replies[2], "retry-after") == "30"


@pytest.mark.parametrize(
    ("limit", "kind", "says"),
    [
        ("requests=1", "requests", "on requests per min (RPM): Limit 1, Used 1, Requested 1"),
        ("requests=1/day", "requests", "on requests per day (RPD): Limit 1, Used 1"),
        ("images=1", "input-images", "on input-images per min: Limit 1, Used 1, Requested 1"),
        ("tokens=300", "tokens", "on tokens per min (TPM): Limit 300"),
    ],
)
def test_a_picture_too_many_is_refused_for_what_was_used_up(
    limit: str, kind: str, says: str
) -> None:
    emu = limited(limit)
    kit.post(emu, IMAGES, DRAW)
    told = kit.error(kit.post(emu, IMAGES, DRAW))
    assert (told["type"], says in told["message"]) == (kind, True), told


@pytest.mark.parametrize("limit", ["requests=1/second", "tokens=40", "images=1/hour"])
def test_a_refusal_of_another_service_names_the_limit_and_has_nothing_left(limit: str) -> None:
    emu = limited(limit)
    flux = {"model": "black-forest-labs/FLUX.1-schnell", "prompt": "x"}
    llama = {**CHAT, "model": "meta-llama/Llama-3.3-70B-Instruct-Turbo"}
    drawn = ("/together/v1/images/generations", flux)
    path, body = ("/together/v1/chat/completions", llama) if "tokens" in limit else drawn
    for _ in range(2):
        last = kit.post(emu, path, body)
    unit, _, rest = limit.partition("=")
    assert last.status == 429
    amount, _, window = rest.partition("/")
    words = "queries" if unit == "requests" else unit
    assert f"{words} per {window or 'minute'}" in kit.error(last)["message"]
    assert amount in kit.error(last)["message"]
    name = {"requests": "x-ratelimit-remaining", "tokens": "x-tokenlimit-remaining"}.get(unit)
    assert name is None or kit.header(last, name) == "0"


def test_who_waits_as_long_as_told_gets_in_and_no_sooner() -> None:
    emu = limited("requests=2")
    wait = int([kit.header(kit.post(emu, PATH, CHAT), "retry-after") for _ in range(3)][2] or 0)
    advance(emu, wait - 1)
    assert kit.post(emu, PATH, CHAT).status == 429
    advance(emu, 1)
    assert kit.post(emu, PATH, CHAT).status == 200


def test_a_chat_larger_than_the_whole_limit_is_told_to_ask_for_less_and_never_to_wait() -> None:
    emu = limited("tokens=20")
    reply = kit.post(emu, PATH, CHAT)
    asked = kit.parsed(kit.post(kit.emulator(), PATH, CHAT))["usage"]["total_tokens"]
    assert reply.status == 429
    assert kit.header(reply, "retry-after") is None
    assert kit.error(reply) == {
        "message": "Request too large for gpt-4o in organization safelight-org on tokens per min"
        f" (TPM): Limit 20, Requested {asked}. The input or output tokens must be reduced in order"
        " to run successfully. Visit https://platform.openai.com/account/rate-limits to learn"
        " more.",
        "type": "tokens",
        "param": None,
        "code": "rate_limit_exceeded",
    }
    advance(emu, 86_400)
    assert kit.post(emu, PATH, CHAT).status == 429
    last = kit.control(emu, "GET", "journal")["exchanges"][-1]
    note = f"--rate-limit: asks for {asked} tokens, the limit is 20; it can never be answered"
    assert last["notes"] == [note]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (IMAGES, DRAW),
        ("/vercel/v1/images/generations", {**DRAW, "model": "openai/gpt-image-2"}),
        ("/compatible/v1/images/generations", DRAW),
    ],
)
def test_pictures_beyond_the_whole_limit_name_no_time_and_fewer_are_drawn(
    path: str, body: dict[str, Any]
) -> None:
    emu = limited("images=2; operation=images.*")
    reply = kit.post(emu, path, {**body, "n": 3})
    assert (reply.status, kit.header(reply, "retry-after")) == (429, None)
    assert "too large" in kit.error(reply)["message"]
    assert "again" not in kit.error(reply)["message"]
    assert kit.post(emu, path, {**body, "n": 2}).status == 200


def test_what_never_fits_is_told_before_what_only_has_to_wait() -> None:
    long, short = Limit("images", 2, 86_400.0), Limit("tokens", 40, 1.0)
    waits = gauge(long, Bucket(0, 1e9), 1, 1e9)
    never = gauge(short, None, 41, 1e9)
    assert waits.wait > never.wait
    assert exceeded([waits, never]) == never


def test_images_are_counted_one_by_one() -> None:
    emu = limited("images=5; model=gpt-image-*")
    asked = [kit.post(emu, IMAGES, {**DRAW, "n": n}).status for n in (3, 3, 2, 1)]
    assert asked == [200, 429, 200, 429]


def test_tokens_are_counted_as_the_reply_counts_them() -> None:
    spent = kit.parsed(kit.post(kit.emulator(), PATH, CHAT))["usage"]["total_tokens"]
    emu = limited(f"tokens={spent}")
    first, second = (kit.post(emu, PATH, CHAT) for _ in range(2))
    assert (first.status, second.status) == (200, 429)
    assert kit.header(first, "x-ratelimit-remaining-tokens") == "0"


def test_headers_tell_where_the_limit_stands() -> None:
    emu = limited("requests=10")
    found = dict(kit.post(emu, PATH, CHAT).headers)
    assert found["x-ratelimit-limit-requests"] == "10"
    assert found["x-ratelimit-remaining-requests"] == "9"
    assert found["x-ratelimit-reset-requests"] == "6s"


@pytest.mark.parametrize("limit", ["requests=1", "tokens=31", "tokens=60"])
def test_a_chats_refusal_tells_nothing_in_headers_as_live(limit: str) -> None:
    emu = limited(limit)
    refused = [kit.post(emu, PATH, {**CHAT, "n": 2}) for _ in range(2)][-1]
    assert refused.status == 429
    assert not [name for name, _ in refused.headers if name.startswith("x-ratelimit")]


def test_a_limit_on_an_operation_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--rate-limit: no operation fits .*images\.edit"):
        limited("images=2; operation=image.edit")


def test_image_replies_tell_nothing_as_live() -> None:
    reply = kit.post(limited("requests=10"), IMAGES, DRAW)
    assert not [name for name, _ in reply.headers if name.startswith("x-ratelimit")]


def test_another_service_tells_it_in_names_of_its_own() -> None:
    emu = limited("requests=2/second")
    chat = {**CHAT, "model": "meta-llama/Llama-3.3-70B-Instruct-Turbo"}
    path = "/together/v1/chat/completions"
    found = dict(kit.post(emu, path, chat).headers)
    assert (found["x-ratelimit-limit"], found["x-ratelimit-remaining"]) == ("2", "1")
    assert "x-ratelimit-limit-requests" not in found


def ask(emu: Any, key: str, model: str) -> int:
    sent = (("authorization", f"Bearer {key}"), ("content-type", "application/json"))
    body = kit.json.dumps({**CHAT, "model": model}).encode()
    reply: Reply = emu.respond(Request("POST", PATH, headers=sent, body=body))
    return reply.status


def test_each_key_model_and_session_has_a_bucket_of_its_own() -> None:
    emu = limited("requests=1")
    asked = [("sk-one", "gpt-4o"), ("sk-two", "gpt-4o"), ("sk-one", "gpt-4o-mini")]
    assert [ask(emu, *who) for who in asked] == [200, 200, 200]
    assert [ask(emu, *who) for who in asked] == [429, 429, 429]
    assert kit.post(emu, f"/s/other{PATH}", CHAT).status == 200


def test_a_refused_request_takes_nothing() -> None:
    emu = limited("requests=5", "images=1")
    kit.post(emu, IMAGES, DRAW)
    for _ in range(3):
        kit.post(emu, IMAGES, DRAW)
    advance(emu, 60)
    assert kit.post(emu, IMAGES, DRAW).status == 200


@given(
    amount=st.integers(1, 1000),
    window=st.sampled_from([1.0, 60.0, 3600.0]),
    asked=st.lists(st.tuples(st.integers(1, 50), st.floats(0, 90)), max_size=40),
)
def test_no_more_is_given_than_the_window_holds(
    amount: int, window: float, asked: list[tuple[int, float]]
) -> None:
    limit, bucket, now, given_ = Limit("tokens", amount, window), None, 1e9, 0
    for wanted, later in asked:
        now += later
        found = gauge(limit, bucket, wanted, now)
        if found.wait == 0:
            bucket, given_ = taken(limit, bucket, wanted, now), given_ + wanted
        assert 0 <= found.remaining <= amount
    assert given_ <= amount + (now - 1e9) * amount / window + 1e-3


@given(wanted=st.integers(1, 100), left=st.floats(0, 100))
def test_after_the_wait_there_is_enough(wanted: int, left: float) -> None:
    limit, bucket = Limit("tokens", 100), Bucket(left, 1e9)
    wait = gauge(limit, bucket, wanted, 1e9).wait
    assert gauge(limit, bucket, wanted, 1e9 + wait + 1e-3).wait == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.002, "2ms"), (0.006, "6ms"), (1, "1s"), (59.369, "59.369s"),
     (66.499, "1m6.499s"), (3600, "1h0m0s"), (0.24, "240ms"), (12, "12s")],
)  # fmt: skip
def test_times_are_written_as_the_headers_write_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
