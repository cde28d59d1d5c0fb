"""Any file that is found good answers as the provider could: drawn from the published schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kit
import pytest
from asks import ASKS
from fixtures_kit import DAY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safelight.core import Emulator, Settings
from safelight.dialects import load_dialects
from safelight.dialects.base import Dialect
from safelight.fixtures import document
from safelight.fixtures.checking import Checker
from safelight.fixtures.folder import Folders
from safelight.fixtures.model import Partial
from safelight.fixtures.places import Contract
from safelight.fixtures.serving import Library
from safelight.messages import Request
from safelight.schemas import load
from safelight_contracts.strategies import valid

NAMES = {
    "provider": ["openai", "vercel", "together"],
    "operation": ["images.generate", "chat.create", "images.edit", "models.list"],
    "picture": ["cat.png"],
    "fault": ["rate_limited", "sse_cr; times=2", "wrong_size"],
    "error": ["E-TYPE"],
    "finish_reason": ["stop", "length", "eos", "bored"],
}
"""What a schema alone would hardly hit upon."""

ASKED = [
    ask
    for ask in ASKS
    if ask.operation in NAMES["operation"] and ask.as_of == str(DAY) and "/ai/" not in ask.path
]


FIELDS = st.dictionaries(
    st.sampled_from(["id", "object", "created", "model", "house", "data.0.id", "usage.cost"]),
    st.sampled_from([None, 1, "x", [], {}]),
    min_size=1,
    max_size=2,
)
COUNTS = st.dictionaries(
    st.sampled_from(["output_tokens", "completion_tokens", "text_tokens", "prompt_tokens", "x"]),
    st.sampled_from([0, 7, -1, "many"]),
    max_size=1,
)
SLIPS = st.fixed_dictionaries(
    {}, optional={"fields": FIELDS, "usage": COUNTS, "text": st.just("a")}
)
"""Replies whose keys are right and whose values are so for some providers only, or for none."""


@st.composite
def files(draw: st.DrawFn) -> Any:
    """Draw a file's content that has a chance to be good."""
    drawn = draw(valid(load("", "fixture.schema")))
    drawn.pop("recorded", None)
    drawn["reply"].pop("pictures", None)
    if draw(st.booleans()):
        drawn["reply"] = draw(SLIPS.filter(bool))
    match = {key: value for key, value in drawn["match"].items() if key in NAMES}
    for part in (match, drawn["reply"]):
        part |= {key: draw(st.sampled_from(NAMES[key])) for key in part if key in NAMES}
    return {**drawn, "match": match}


@pytest.fixture(scope="module")
def dialects() -> Mapping[str, Dialect]:
    return load_dialects()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=files(), data=st.data())
def test_what_is_found_good_is_sent_as_the_provider_could(
    content: Any, data: st.DataObject, tmp_path: Path, dialects: Mapping[str, Dialect]
) -> None:
    (tmp_path / "cat.png").write_bytes(kit.png(30, 20))
    (tmp_path / "one.yaml").write_text(document.write(content))
    folders = Folders((tmp_path,), Checker(dialects, DAY).check)
    folders.load()
    if not folders.state.fixtures:
        return
    (fixture,) = folders.state.fixtures
    emu = Emulator(Settings(as_of=DAY), clock=kit.Clock(), library=Library(folders))
    ask = data.draw(st.sampled_from(ASKED))
    reply = emu.respond(Request(ask.method, ask.path, "", (kit.KEY, *ask.headers), ask.body))
    plain = isinstance(fixture.reply, Partial) and fixture.reply.fault is None
    if plain and reply.chunks is None:
        assert reply.status == 200
        places = Contract(dialects, DAY).places([ask.provider], ask.operation, None)
        schema = next(place for place in places if not place.below).promised("reply")
        assert schema is None or schema.check(json.loads(reply.body)) is None
