"""JSON stays JSON at every depth, whatever characters the secret in it has."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st
from safelight.recording.known import telling
from safelight.recording.secrets import Secrets

VALUES = st.text(st.sampled_from('\\"/nu0014e.-+&;%#x {}[]:,é🦊\n') | st.characters(codec="utf-8"))
AROUND = st.text(st.sampled_from('\\"n u0:{}*é'), max_size=4)


@settings(max_examples=400, deadline=None)
@given(
    value=VALUES.filter(lambda text: len(text) >= 6 and telling(text)),
    around=st.tuples(AROUND, AROUND),
    depth=st.integers(1, 3),
    plain=st.booleans(),
)
@example(value="abc12\\", around=("", ""), depth=2, plain=True)
@example(value="\\abc12", around=("\\", "\\"), depth=2, plain=True)
@example(value="übel-geheim-1", around=("", ""), depth=2, plain=True)
@example(value="nside12", around=("\\", '"'), depth=3, plain=False)
def test_a_secret_of_any_characters_leaves_json_whole(
    value: str, around: tuple[str, str], depth: int, *, plain: bool
) -> None:
    secrets = Secrets()
    secrets.known.add([value])
    text = around[0] + value + around[1]
    for _ in range(depth):
        text = json.dumps({"text": text, "n": [1, "two"]}, ensure_ascii=plain)
    hidden = secrets.hide(text.encode())
    assert len(hidden) == len(text.encode())
    told = hidden.decode()
    for _ in range(depth):
        assert value not in told
        told = json.loads(told)["text"]
    assert value not in told
