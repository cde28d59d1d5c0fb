"""For all bodies: the permissive providers answer or refuse in their own shape, and never break."""

from __future__ import annotations

import json
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.provider import load_provider
from safelight.schemas import load

PATHS = {
    "compatible": ("/compatible/v1/images/generations", "/compatible/v1/chat/completions"),
    "together": ("/together/v1/images/generations", "/together/v1/chat/completions"),
}
GOOD = {
    "compatible": "any/model",
    "together": "black-forest-labs/FLUX.1-kontext-pro",
    "together-chat": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
}
CASES = [
    (provider, path, lenient)
    for provider, paths in PATHS.items()
    for path in paths
    for lenient in (False, True)
]
SIMPLE = st.none() | st.booleans() | st.integers(-3, 300) | st.floats(-3, 3) | st.text(max_size=8)
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def keys(provider: str, path: str) -> list[str]:
    operation = "chat.create" if "chat" in path else "images.generate"
    found: dict[str, Any] = load(provider, f"{operation}.request").document["properties"]
    return sorted(found)


@pytest.mark.parametrize(("provider", "path", "lenient"), CASES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_body_is_answered_or_refused(
    data: Any, provider: str, path: str, *, lenient: bool
) -> None:
    model = GOOD.get(f"{provider}-chat" if "chat" in path else provider, GOOD[provider])
    messages = [{"role": "user", "content": "Hello"}]
    some = data.draw(st.dictionaries(st.sampled_from(keys(provider, path)), VALUES, max_size=4))
    body = {"model": model, "prompt": "A lamp", "messages": messages, **some}
    if "images" in path:
        body |= {"response_format": "url"}
    reply = kit.post(kit.emulator(lenient=lenient), path, json.dumps(body).encode())
    assert 200 <= reply.status < 500
    if reply.status >= 400:
        assert load(provider, "error").check(kit.parsed(reply)) is None
        rows = {row.status for row in load_provider(provider).errors.rows}
        assert reply.status in rows
