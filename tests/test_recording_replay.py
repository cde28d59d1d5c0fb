"""Recordings served by `safelight serve --fixtures`: links that live on, memory that stays flat.

And by property: whatever an answer is, and however it is cut, it comes back the same.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import DAY, LiveServer
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from kit import png
from rawclient import Seen, ask
from recording_kit import (
    Record,
    Service,
    chunk,
    chunked,
    frames,
    kept,
    round_trip,
    whole,
    whole_body,
)
from safelight.messages import Request
from safelight.recording.keeping import Keeper
from safelight.recording.secrets import Secrets
from safelight.recording.understanding import Understanding
from safelight.recording.upstream import Head, Origin

pytest_plugins = ["recording_fixtures"]

JSON = (("content-type", "application/json"),)
ERA = "2026-05-11"
"""A day on which the models that answer with links still lived."""


def draw(port: int, prompt: str, **more: Any) -> Seen:
    body = json.dumps({"model": "dall-e-3", "prompt": prompt, **more}).encode()
    return asyncio.run(ask(port, "POST", "/openai/v1/images/generations", JSON, body))


def got(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as reply:
        data: bytes = reply.read()
    return data


# Links


def test_a_picture_behind_a_link_outlives_the_service(
    record: Record, serve: Callable[..., LiveServer], tmp_path: Path
) -> None:
    live = serve("--as-of", ERA, "--seed", "5")
    recorder = record(f"{live.origin}/openai/v1", tmp_path)
    link = draw(recorder.port, "a fox").json()["data"][0]["url"]
    assert link.startswith(live.origin)  # the client saw the true one
    picture = got(link)
    (path,) = kept(tmp_path, 1)
    recorder.stop()
    live.stop()
    (file,) = (tmp_path / "files").iterdir()
    assert file.read_bytes() == picture
    assert live.origin not in path.read_text()
    assert "?se=" not in path.read_text()
    dead = record("http://127.0.0.1:9/openai/v1", tmp_path, "--only-missing")
    served = serve("--as-of", DAY, "--fixtures", str(tmp_path))
    for server in (dead, served):
        again = draw(server.port, "a fox").json()["data"][0]["url"]
        assert again.startswith(server.origin)
        assert got(again) == picture


def test_a_link_that_leads_nowhere_is_kept_without_its_signature(
    record: Record, service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    link = f"http://127.0.0.1:9/a.png?se=1&sig={'s' * 20}"
    service.answer(whole(json.dumps({"data": [{"url": link}]}).encode()))
    draw(record(service.base, tmp_path).port, "a fox")
    (path,) = kept(tmp_path, 1)
    assert yaml.safe_load(path.read_text())["reply"]["body"]["data"] == [
        {"url": f"http://127.0.0.1:9/a.png?se=1&sig={'*' * 20}"}
    ]
    assert "a link to 127.0.0.1:9 was not followed" in caplog.text
    assert "not a public address" in caplog.text


# What a server answers with


def test_a_server_cuts_and_paces_a_stream_as_it_was(
    record: Record, serve: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    pieces = [b"data: 1", b"\n\n", b"data: 2\n\ndata: 3\n\n"]
    steps = [step for piece in pieces for step in (0.3, chunk(piece))]
    service.answer(0.5, chunked(), *steps, chunk(b""))
    question = json.dumps({"model": "gpt-4o", "messages": [], "stream": True})
    recorder = record(service.base, tmp_path, "--pace", "recorded")
    assert frames(recorder.port, question)[0] == pieces
    kept(tmp_path, 1)
    server = serve("--as-of", DAY, "--fixtures", str(tmp_path))
    found, times = frames(server.port, question)
    assert found == pieces
    assert times[2] - times[0] > 0.5
    quick = serve("--as-of", DAY, "--fixtures", str(tmp_path), "--speed", "10x")
    found, fast = frames(quick.port, question)
    assert found == pieces
    assert fast[2] - fast[0] < 0.45  # 0.06 s, on a machine that has time


def test_a_server_answers_what_its_provider_does_not_have(
    record: Record, serve: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b'{"id":"resp_1"}'))
    recorder = record(service.base, tmp_path)
    body = b'{"model":"gpt-9","input":"Hi"}'
    path = "/openai/v1/responses"
    asyncio.run(ask(recorder.port, "POST", path, JSON, body))
    kept(tmp_path, 1)
    server = serve("--as-of", DAY, "--fixtures", str(tmp_path))
    assert asyncio.run(ask(server.port, "POST", path, JSON, body)).json() == {"id": "resp_1"}
    assert asyncio.run(ask(server.port, "POST", path, JSON, b"{}")).status == 404


def test_a_server_gives_turns_in_their_order(
    record: Record, serve: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    recorder = record(service.base, tmp_path)
    for number in range(3):
        service.answer(whole(b'{"n":%d}' % number))
        draw(recorder.port, "a fox")
        kept(tmp_path, number + 1)
    server = serve("--as-of", DAY, "--fixtures", str(tmp_path))
    assert [draw(server.port, "a fox").json()["n"] for _ in range(5)] == [0, 1, 2, 2, 2]


# Memory


def test_a_hundred_recordings_of_4_mb_are_served_in_flat_memory(
    serve: Callable[..., LiveServer], tmp_path: Path
) -> None:
    keeper = Keeper("openai", Origin("https://api.openai.com/v1"), tmp_path, Secrets())
    reads = Understanding("openai")
    sent = {f"fox {number}": keep_large(keeper, reads, f"fox {number}") for number in range(100)}
    server = serve("--as-of", DAY, "--fixtures", str(tmp_path))
    assert min(sent.values()) > 4 * 2**20
    prompts = list(sent)
    assert [fetched(server, prompt) for prompt in prompts[:12]] == [*sent.values()][:12]
    first = resident(server)  # each worker has had its turn
    assert [fetched(server, prompt) for prompt in prompts] == [*sent.values()]
    assert resident(server) - first < 40 * 2**20  # all of them are 420 MB


def keep_large(keeper: Keeper, reads: Understanding, prompt: str) -> int:
    """Keep an answer of 4 MB to a prompt as the recorder would; return its size."""
    request = Request("POST", "/v1/images/generations", headers=JSON, body=asked(prompt))
    head = base64.b64encode(b"\x89PNG\r\n\x1a\n" + prompt.encode().rjust(100))
    body = b'{"data":[{"b64_json":"' + head + NOISE + b'"}]}'
    taking = keeper.begin(Head(200, JSON, chunked=False), "POST")
    taking.part(body, 0.1, ends=True)
    meant = reads.read(request, "/images/generations", 1.8e9)
    keeper.keep(request, meant, keeper.digest(request, meant), taking, 0.1)
    return len(body)


NOISE = base64.b64encode(os.urandom(3 * 2**20))


def asked(prompt: str) -> bytes:
    return json.dumps({"model": "dall-e-3", "prompt": prompt}).encode()


def fetched(server: LiveServer, prompt: str) -> int:
    """Return how many bytes the answer to a prompt has."""
    url = f"{server.origin}/openai/v1/images/generations"
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    request = urllib.request.Request(url, asked(prompt), headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return len(reply.read())


def resident(server: LiveServer) -> int:
    """Return how many bytes a server holds at its peak."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells it under /proc")
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if "VmHWM" in line)


# Whatever an answer is


PICTURES = [png(9, 9), png(300, 20, "RGBA", (1, 2, 3, 4)), png(40, 40) + bytes(900)]
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
CODED = st.sampled_from(PICTURES).map(lambda data: base64.b64encode(data).decode())
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS | CODED
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES | NUMBERS | CODED.map(lambda text: f"data:image/png;base64,{text}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
LAYOUTS: list[dict[str, Any]] = [
    {"separators": (",", ":")},
    {"indent": 2},
    {"indent": 4, "ensure_ascii": False},
    {},
]


@st.composite
def streams(pick: st.DrawFn) -> tuple[str, list[tuple[bytes, float]]]:
    """Return a content type, and chunks with the moments at which they come."""
    kind = pick(
        st.sampled_from(["text/event-stream", "application/json", "image/png", "text/plain"])
    )
    if kind == "text/event-stream":
        events = pick(st.lists(VALUES, min_size=1, max_size=4))
        body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    elif kind == "application/json":
        body = json.dumps(pick(VALUES), **pick(st.sampled_from(LAYOUTS))).encode()
        body += pick(st.sampled_from([b"", b"\n"]))
    else:
        body = pick(st.binary(max_size=200) | st.sampled_from(PICTURES))
    cuts = sorted(pick(st.lists(st.integers(0, len(body)), max_size=6)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    waits = pick(st.lists(st.integers(0, 900), min_size=len(pieces), max_size=len(pieces)))
    moments = [sum(waits[: n + 1]) / 1000 for n in range(len(pieces))]
    return kind, [(piece, at) for piece, at in zip(pieces, moments, strict=True) if piece]


STATUSES = st.sampled_from([200, 201, 204, 400, 404, 429, 500, 503])


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(answer=streams(), status=STATUSES, chunked=st.booleans())
@example(
    answer=("text/event-stream", [(b"data: \xf0\x9f", 0.1), (b"\xa6\x8a\n\n", 0.2)]),
    status=200,
    chunked=True,
)
@example(
    answer=("application/json", [(b'{"$file": "a", "$url": 1}', 0.0)]), status=200, chunked=False
)
@example(answer=("application/json", [(b'{"a": 1, "a": 2}', 0.0)]), status=200, chunked=True)
@example(answer=("application/json", [(b'{"a":"@blob0@"}', 0.0)]), status=200, chunked=True)
@example(answer=("text/plain", [(b"16:9", 0.0)]), status=200, chunked=False)
@example(answer=("text/plain", [(b" \n\t x\r\n\x85\x00", 0.0)]), status=200, chunked=False)
def test_any_answer_survives_recording_saving_loading_and_replay(
    answer: tuple[str, list[tuple[bytes, float]]], status: int, *, chunked: bool
) -> None:
    kind, parts = answer
    whole = b"".join(data for data, _ in parts)
    assume(Secrets().hide(whole) == whole)  # secrets are meant to change
    with tempfile.TemporaryDirectory() as folder:
        reply = round_trip(Path(folder), kind, parts, status, chunked=chunked)
    assert reply.status == status
    assert dict(reply.headers)["content-type"] == kind
    assert b"".join(whole_body(reply)) == b"".join(data for data, _ in parts)
    if reply.chunks is not None:
        assert [chunk.data for chunk in reply.chunks] == [data for data, _ in parts]
        waits = [chunk.wait for chunk in reply.chunks]
        assert sum(waits) == pytest.approx(parts[-1][1], abs=1e-3)
