"""A request that is answered a second time gets the very reply that it would have got anyway."""

from __future__ import annotations

import json
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.core import Emulator
from safelight.messages import Reply, Request

BASES = ("/openai/v1", "/compatible/v1", "/together/v1", "/vercel/v1", "/v1")
BODIES: list[dict[str, Any]] = [
    {"model": "gpt-image-2", "prompt": "A hat", "size": "1024x1024", "quality": "low"},
    {"model": "gpt-image-2", "prompt": "A hat", "n": 2, "quality": "low", "user": "sk-secret-0123"},
    {"model": "gpt-image-2", "prompt": "A hat", "size": "7x7"},
    {"model": "gpt-image-2", "prompt": "A hat", "stream": True, "partial_images": 1},
    {"model": "dall-e-3", "prompt": "A hat"},
    {"model": "dall-e-2", "prompt": "A hat", "size": "256x256", "response_format": "b64_json"},
    {"model": "black-forest-labs/FLUX.1-schnell", "prompt": "A cat"},
    {"model": "bfl/flux-pro-1.1", "prompt": "A cat"},
    {"model": "any", "prompt": "A cat [[safelight:rate_limited; times=1]]", "size": "64x64"},
    {"model": "any", "prompt": "A cat", "size": "64x64", "response_format": "url"},
]
SAID = {"role": "user", "content": "Is anybody there?"}
TALKS: list[dict[str, Any]] = [
    {"model": "gpt-4o-mini", "messages": [SAID]},
    {"model": "gpt-4o-mini", "messages": [SAID], "n": 2, "max_completion_tokens": 3},
    {"model": "gpt-4o-mini", "messages": [SAID], "stream": True},
    {"model": "gpt-4o-mini", "messages": [SAID], "store": True, "metadata": {"a": "b"}},
    {"model": "gpt-4o-mini", "messages": [SAID], "response_format": {"type": "json_object"}},
    {"model": "gpt-4o-mini", "messages": [{**SAID, "content": "[[safelight:refusal]] no"}]},
    {"model": "gpt-4o-mini", "messages": [{**SAID, "role": "usr"}]},
]
HEADERS = [(), (("authorization", "Bearer sk-other"),), (("x-stainless-retry-count", "1"),),
           (("x-safelight-fault", "server_error; times=2"),)]  # fmt: skip

ASK = st.tuples(
    st.just("ask"),
    st.sampled_from(BASES),
    st.sampled_from([*BODIES, *TALKS, None, "gpt-4o"]),
    st.sampled_from(HEADERS),
    st.sampled_from(["", "/s/other"]),
)
CHANGE = st.sampled_from(
    [
        ("PUT", "scenario", {"steps": [{"fault": "server_error", "times": 1}]}),
        ("PUT", "scenario", {"steps": ["fewer_pictures"]}),
        ("DELETE", "scenario", None),
        ("POST", "session", {"as_of": "2026-05-11"}),
        ("POST", "session", {"seed": 7}),
        ("POST", "session", {"lenient": True}),
        ("POST", "session", {"as_of": None, "seed": 0, "lenient": False}),
        ("POST", "session/reset", None),
        ("POST", "clock", {"advance": 90_000}),
    ]
)


def sent(base: str, body: Any, headers: tuple[tuple[str, str], ...], world: str = "") -> Request:
    """Return a request for pictures; without a body one for the models, by a name a deletion."""
    if body is None:
        return Request("GET", f"{world}{base}/models", headers=(*headers, kit.KEY))
    if isinstance(body, str):
        return Request("DELETE", f"{world}{base}/models/{body}", headers=(*headers, kit.KEY))
    about = (*headers, kit.KEY, ("content-type", "application/json"))
    path = f"{world}{base}/{'chat/completions' if 'messages' in body else 'images/generations'}"
    return Request("POST", path, headers=about, body=json.dumps(body).encode())


def seen(reply: Reply) -> Any:
    """Return all of a reply that a client can see, bodies by their hash to keep failures short."""
    pieces = None if reply.chunks is None else [(hash(c.data), c.wait) for c in reply.chunks]
    wire = None if reply.wire is None else [(hash(c.data), c.wait) for c in reply.wire]
    return reply.status, reply.headers, hash(reply.body), pieces, reply.delay, wire, reply.end


def journals(emu: Emulator) -> list[Any]:
    return [[e.as_json() for e in emu.session(name).journal] for name in ("", "other")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(ASK, ASK, ASK, CHANGE), min_size=2, max_size=12))
def test_nobody_can_tell_that_a_request_was_known(asked: list[Any]) -> None:
    knowing, ignorant = kit.emulator(), kit.emulator(remember=0)
    for one in (*asked, *asked):
        if one[0] == "ask":
            request = sent(*one[1:])
            assert seen(knowing.respond(request)) == seen(ignorant.respond(request))
        else:
            method, page, body = one
            for emu in (knowing, ignorant):
                kit.control(emu, method, page, body)
    assert journals(knowing) == journals(ignorant)
    assert knowing.session("").spent == ignorant.session("").spent


def planned(emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that grows with every request that is planned anew."""
    found: list[Any] = []
    plan = emu._plan
    monkeypatch.setattr(emu, "_plan", lambda visit: found.append(visit.number) or plan(visit))
    return found


def test_the_same_request_is_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    emu = kit.emulator()
    found = planned(emu, monkeypatch)
    replies = [emu.respond(sent("/v1", BODIES[0], ())) for _ in range(3)]
    assert found == [1]
    assert len({kit.header(reply, "x-request-id") for reply in replies}) == 3


def test_the_same_conversation_is_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    emu = kit.emulator()
    found = planned(emu, monkeypatch)
    replies = [emu.respond(sent("/v1", TALKS[0], ())) for _ in range(3)]
    assert found == [1]
    assert len({kit.parsed(reply)["id"] for reply in replies}) == 3
    made = [emu.respond(sent("/v1", TALKS[4], ())) for _ in range(3)]
    assert found == [1, 4, 5, 6], "what is made to a format may tell the time"
    assert len(made) == 3


@pytest.mark.parametrize(
    "change",
    [
        ("DELETE", "session", None),
        ("POST", "session", {"seed": 1}),
        ("POST", "session", {"lenient": True}),
        ("POST", "session", {"as_of": "2026-11-01"}),
        ("PUT", "scenario", {"steps": [{"fault": None}]}),
    ],
    ids=["fresh", "seed", "lenient", "day", "scenario"],
)
def test_what_else_decides_is_looked_at(change: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    emu = kit.emulator()
    emu.respond(sent("/v1", BODIES[0], ()))
    found = planned(emu, monkeypatch)
    kit.control(emu, *change)
    emu.respond(sent("/v1", BODIES[0], ()))
    assert len(found) == (0 if change[0] == "DELETE" else 1)


def test_no_credential_is_kept() -> None:
    emu = kit.emulator()
    body = {**BODIES[0], "prompt": "Draw sk-proj-0123456789abcdef", "user": "hush-hush-hush"}
    for _ in range(2):
        emu.respond(sent("/v1", body, (("authorization", "Bearer hush-hush-hush"),)))
    kept = list(emu._memo._kept._kept)  # type: ignore[union-attr]  # it remembers
    assert [len(name) for name in kept if isinstance(name, bytes)] == [64]
    told = json.dumps(journals(emu))
    assert "hush-hush" not in told
    assert "0123456789abcdef" not in told
