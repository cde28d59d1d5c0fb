"""By property, over every schema: what a provider may send survives, what a client asks is known.

Values are drawn by the judge's strategies from the schemas themselves.
"""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_kit import round_trip, whole_body
from safelight.datafiles import data_dir
from safelight.fixtures.digest import digest
from safelight.messages import Headers, Upload
from safelight.recording.secrets import Secrets
from safelight.schemas import load
from safelight_contracts.strategies import valid

QUIET = settings(
    max_examples=12,
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def named(*endings: str) -> list[tuple[str, str]]:
    """Return every schema file with such a name, as (provider, name)."""
    found = (
        (path.parent.name, path.stem)
        for path in data_dir("schemas").glob("*/*.json")
        if path.stem.endswith(endings)
    )
    return sorted(found)


@pytest.mark.parametrize(("provider", "name"), named(".reply", "error"))
def test_every_reply_that_a_schema_allows_survives(provider: str, name: str) -> None:
    @QUIET
    @given(value=valid(load(provider, name)), spaced=st.booleans())
    def survives(value: Any, *, spaced: bool) -> None:
        body = json.dumps(value, indent=2 if spaced else None).encode()
        with tempfile.TemporaryDirectory() as folder:
            parts = [(body, 0.1)]
            reply = round_trip(Path(folder), "application/json", parts, 200, chunked=False)
        assert reply.body == Secrets().hide(body)

    survives()


@pytest.mark.parametrize(("provider", "name"), named(".event"))
def test_every_stream_that_a_schema_allows_survives(provider: str, name: str) -> None:
    @QUIET
    @given(events=st.lists(valid(load(provider, name)), min_size=1, max_size=4))
    def survives(events: list[Any]) -> None:
        frames = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
        parts = [(frame, 0.1 * number) for number, frame in enumerate(frames)]
        with tempfile.TemporaryDirectory() as folder:
            reply = round_trip(Path(folder), "text/event-stream", parts, 200, chunked=True)
        assert list(whole_body(reply)) == [Secrets().hide(frame) for frame in frames]

    survives()


def jsons(value: Any, chance: random.Random) -> bytes:
    """Return a value as JSON that some client might write."""
    if isinstance(value, dict):
        keys = chance.sample(list(value), len(value))
        value = {key: value[key] for key in keys}
    layout = chance.choice([{"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}])
    return json.dumps(value, **layout).encode("utf-8", "surrogatepass")


def name_of(headers: Headers, body: bytes) -> str:
    return digest("POST", "/x", "", headers, body)


@pytest.mark.parametrize(("provider", "name"), named(".request"))
def test_a_request_is_known_however_it_is_written(provider: str, name: str) -> None:
    headers = (("content-type", "application/json; charset=utf-8"),)

    @QUIET
    @given(value=valid(load(provider, name)), seed=st.integers(0, 99))
    def known(value: Any, seed: int) -> None:
        first = name_of(headers, jsons(value, random.Random(seed)))
        assert name_of(headers, jsons(value, random.Random(seed + 1))) == first
        other = {**value, "prompt": "something else"}
        assert name_of(headers, jsons(other, random.Random(seed))) != first

    known()


def written(value: dict[str, Any], boundary: str, chance: random.Random) -> tuple[Headers, bytes]:
    """Return a form that some client might write: other boundary, order, headers, filenames."""
    parts = [
        (f"{key}[]" if isinstance(item, list) else key, one)
        for key, item in value.items()
        for one in (item if isinstance(item, list) else [item])
    ]
    order = chance.sample(sorted({key for key, _ in parts}), len({key for key, _ in parts}))
    parts.sort(key=lambda part: order.index(part[0]))
    out = b""
    for key, one in parts:
        head = f'content-disposition: form-data; name="{key}"'
        data = one.data if isinstance(one, Upload) else json.dumps(one).encode()
        if isinstance(one, Upload):
            head += f'; filename="{chance.random()}.png"\r\ncontent-type: image/png'
        out += f"--{boundary}\r\n{head}\r\n\r\n".encode() + data + b"\r\n"
    kind = f"multipart/form-data; boundary={boundary}"
    return (("content-type", kind),), out + f"--{boundary}--\r\n".encode()


@pytest.mark.parametrize(("provider", "name"), named(".request.form"))
def test_a_form_is_known_however_it_is_written(provider: str, name: str) -> None:
    @QUIET
    @given(value=valid(load(provider, name)), seed=st.integers(0, 99))
    def known(value: dict[str, Any], seed: int) -> None:
        first = name_of(*written(value, "aaaa", random.Random(seed)))
        assert name_of(*written(value, "b-b-b", random.Random(seed + 1))) == first
        other = {**value, "prompt": "something else"}
        assert name_of(*written(other, "aaaa", random.Random(seed))) != first

    known()
