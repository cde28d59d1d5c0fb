"""Whatever stands where a format has something else, an import ends in words, never in a traceback.

One value of a good file is replaced by another, at any depth; what comes of it has to be served.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imports_kit import REQUESTS, V1, bring, live, whole

ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["\ud800", "\x00\n", "http://[", "data:,", "1e999", "-1", "é" * 40]),
    st.lists(st.none() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.none() | st.integers(), max_size=3),
)


def _har() -> Any:
    request, reply = REQUESTS["chat"], live(REQUESTS["chat"])
    return {
        "log": {
            "entries": [
                {
                    "startedDateTime": "2026-11-20T10:00:00.000Z",
                    "request": {
                        "method": "POST",
                        "url": f"{V1}/chat/completions",
                        "headers": [{"name": "Content-Type", "value": "application/json"}],
                        "postData": {
                            "mimeType": "application/json",
                            "text": request.body.decode(),
                            "_file": "a",
                        },
                        "bodySize": len(request.body),
                    },
                    "response": {
                        "status": 200,
                        "headers": [{"name": "Content-Type", "value": "application/json"}],
                        "content": {
                            "mimeType": "application/json",
                            "size": len(reply.body),
                            "text": whole(reply).decode(),
                            "encoding": None,
                        },
                    },
                    "timings": {"wait": 1.5},
                }
            ]
        }
    }


def _tape() -> Any:
    request, reply = REQUESTS["chat stream"], live(REQUESTS["chat stream"])
    return {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": "POST",
                    "uri": f"{V1}/chat/completions",
                    "headers": {"content-type": ["application/json"], "x-request-id": ["a"]},
                    "body": request.body.decode(),
                },
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": {
                        "content-type": ["text/event-stream"],
                        "date": ["Fri, 20 Nov 2026 10:00:00 GMT"],
                    },
                    "body": {"string": whole(reply).decode()},
                },
            }
        ],
    }


def _aimock() -> Any:
    said = {
        "content": "hi",
        "toolCalls": [{"name": "a", "arguments": {"b": 1}, "id": "c"}],
        "usage": {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1}},
        "finishReason": "stop",
        "id": "chatcmpl-1",
        "created": 1,
        "model": "m",
    }
    match = {
        "userMessage": "x",
        "systemMessage": ["y"],
        "model": "gpt-4o-mini",
        "sequenceIndex": 1,
        "turnIndex": 0,
        "hasToolResult": True,
        "toolName": "a",
        "toolCallId": "c",
        "toolResultContains": "z",
        "responseFormat": "text",
        "endpoint": "chat",
    }
    times = {"recordedTimings": {"ttftMs": 1, "interChunkDelaysMs": [1]}, "replaySpeed": 2}
    error = {"error": {"message": "m", "type": "t", "code": "c"}, "status": 429, "retryAfter": 1}
    picture = {"image": {"b64Json": "iVBORw0KGgo=", "url": None, "revisedPrompt": "r"}}
    profile = {"streamingProfile": {"ttft": 1, "tps": 2, "jitter": 0}, "latency": 3}
    return {
        "fixtures": [
            {"match": match, "response": said, **times},
            {"match": {"userMessage": "e"}, "response": error},
            {"match": {"endpoint": "image"}, "response": picture},
            {"match": {}, "response": {"blocks": [{"type": "text", "text": "t"}]}, **profile},
        ]
    }


def _snapshot() -> Any:
    return json.loads(live(REQUESTS["chat"]).body)


GOOD = {"har": _har, "vcr": _tape, "aimock": _aimock, "snapshots": _snapshot}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values."""
    yield at
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from places(inner, (*at, key))


def put(document: Any, at: tuple[Any, ...], value: Any) -> Any:
    """Return a document with another value at a path."""
    if not at:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return changed


@pytest.mark.parametrize("form", GOOD)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_another_value_anywhere_ends_in_words(form: str, data: st.DataObject) -> None:
    good = GOOD[form]()
    at = data.draw(st.sampled_from(list(places(good))), label="at")
    changed = put(good, at, data.draw(ANY, label="value"))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "a.json")
        source.write_text(json.dumps(changed))
        done = bring(form, source, Path(folder, "out"))
    assert done.exit_code in (0, 1, 2)
    assert "Would not be served" not in done.output
    if done.exit_code == 2:
        assert len(done.output.splitlines()) == 1
