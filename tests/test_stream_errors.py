"""What a stream says that breaks off: every provider in its own words, read from its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kit
import pytest
from asks import ASKS, Ask
from safelight.dialects import REGISTRY
from safelight.messages import Json
from safelight.provider import load_provider
from safelight.refusals import DataError
from safelight.stream_errors import StreamError, stream_error

FAULT = ("x-safelight-fault", "sse_error_mid")
HERE = Path("errors.toml")
ROW: dict[str, Json] = {"id": "X", "data": "{}", "source": "facts 1", "checked": "2026-11-20"}
STREAMS = [ask for ask in ASKS if ask.stream]


def events_of(wanted: Ask) -> list[bytes]:
    sent = {**dict(wanted.headers), "ai-language-model-streaming": "true"}
    headers = (kit.KEY, *sent.items(), FAULT)
    request = kit.Request("POST", wanted.path, headers=headers, body=wanted.body)
    chunks = kit.emulator().respond(request).chunks or ()
    return [event for event in b"".join(c.data for c in chunks).split(b"\n\n") if event]


def owner(event: bytes) -> str:
    """Return the provider that has a row of its own with these very words, or nobody."""
    rows = [(name, row) for name in REGISTRY for row in load_provider(name).errors.events]
    own = [name for name, row in rows if row.frame() == event + b"\n\n"]
    return own[0] if len(own) == 1 else ""


@pytest.mark.parametrize("wanted", STREAMS, ids=lambda a: a.id)
def test_a_stream_breaks_in_its_own_providers_words(wanted: Ask) -> None:
    events = events_of(wanted)
    broken = [event for event in events if event != b"data: [DONE]"][-1]
    data: Any = json.loads(broken.split(b"data: ", 1)[1])
    assert data["error"]["message"]
    assert ("type" in data) == ("images" in wanted.id or "language-model" in wanted.path)
    assert owner(broken) in (wanted.path.split("/")[1], "")


def test_a_chats_stream_breaks_as_recorded_live_and_is_closed() -> None:
    chat = next(a for a in STREAMS if a.path == "/openai/v1/chat/completions")
    *_, error, done = events_of(chat)
    said = json.loads(error.removeprefix(b"data: "))["error"]
    assert (said["type"], said["param"], said["code"]) == ("server_error", None, None)
    assert owner(error) == "openai"
    assert done == b"data: [DONE]"  # as recorded live, with go-openai


@pytest.mark.parametrize("provider", REGISTRY)
def test_every_stream_of_a_provider_has_words(provider: str) -> None:
    *_, last = load_provider(provider).errors.events
    assert (last.operations, last.body) == ((), None)  # whatever comes, one row fits


def test_a_frame_has_a_name_only_where_the_row_gives_one() -> None:
    def frame(**more: Json) -> bytes:
        return stream_error({**ROW, **more}, HERE).frame()

    assert frame(event="error") == b"event: error\ndata: {}\n\n"
    assert frame(data='{"error":1}') == b'data: {"error":1}\n\n'


def test_a_row_is_for_its_operations_and_its_bodies() -> None:
    row: StreamError = stream_error({**ROW, "operations": ["chat.*"], "body": "sdk"}, HERE)
    assert row.fits("chat.create", "sdk")
    assert not row.fits("chat.create", "json")
    assert not row.fits("images.edit", "sdk")


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"data": "{"}, "event X.data: is no JSON"),
        ({"data": "{\n}"}, "event X.data: has to stand on one line"),
        ({"data": None}, "event X: needs `data`, a text"),
        ({"source": ""}, "event X: needs `source`"),
        ({"words": 1}, "event X.words: unknown key"),
    ],
)
def test_a_bad_row_says_what_is_wrong(slip: dict[str, Json], said: str) -> None:
    with pytest.raises(DataError) as caught:
        stream_error({**ROW, **slip}, HERE)
    assert said in str(caught.value)
