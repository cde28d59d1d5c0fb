"""What the journal hides: keys, wherever they stand, whole or cut."""

from __future__ import annotations

import json
from typing import Any

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.masks import _LOOKS, HIDDEN, Masks, is_secret
from safelight.messages import Request

PATH = "/openai/v1/chat/completions"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
KEYS = ("sk-proj-AbCdEf0123456789", "vck_0123456789abcdef", "own-key-of-the-caller")
OWN = KEYS[2]

PLACES: list[tuple[str, dict[str, Any]]] = [
    ("prompt", {"messages": [{"role": "user", "content": f"my key is {KEYS[0]}, keep it"}]}),
    ("own", {"messages": [{"role": "user", "content": f"x{OWN}x"}]}),
    ("user", {"user": f"Bearer {KEYS[1]}"}),
    ("metadata", {"metadata": {"note": KEYS[0], KEYS[1]: "as a name"}}),
    ("named", {"providerOptions": {"gateway": {"byok": {"acme": [{"apiKey": "plain"}]}}}}),
    ("below", {"credentials": {"inner": ["plain", {"deep": "plain"}]}}),
    ("model", {"model": KEYS[0]}),
    ("cut", {"user": "x" * 394 + " " + KEYS[0] + "y" * 500}),
    ("cut prompt", {"messages": [{"role": "user", "content": "x" * 1994 + " " + KEYS[0]}]}),
    ("fault", {"messages": [{"role": "user", "content": f"[[safelight:drip; row={KEYS[0]}]]"}]}),
]


@pytest.mark.parametrize(("place", "fields"), PLACES, ids=[p for p, _ in PLACES])
def test_keys_are_hidden_wherever_they_stand(place: str, fields: dict[str, Any]) -> None:
    emu = kit.emulator()
    body = json.dumps({**CHAT, **fields}).encode()
    sent = (("authorization", f"Bearer {OWN}"), ("content-type", "application/json"))
    for base in ("/compatible/v1", "/openai/v1", "/vercel/v1"):
        emu.respond(Request("POST", f"{base}/chat/completions", headers=sent, body=body))
    told = json.dumps(kit.control(emu, "GET", "journal")["exchanges"]) + "".join(
        map(repr, emu._store.session("").journal)
    )
    assert [key for key in KEYS if key in told or key[:9] in told.replace("own-key-", "")] == []
    assert "plain" not in told
    assert "***" in told, place


def test_keys_in_a_path_a_form_and_a_file_name_are_hidden() -> None:
    emu = kit.emulator()
    kit.get(emu, f"/openai/v1/models/{KEYS[0]}")
    shot = (f"{KEYS[0]}.png", kit.png(), "image/png")
    kit.form(
        emu, "/compatible/v1/images/edits", [("model", KEYS[1]), ("prompt", "x"), ("image", shot)]
    )
    told = json.dumps(kit.control(emu, "GET", "journal")["exchanges"])
    assert [key for key in KEYS if key in told] == []


@given(text=st.text(max_size=200), where=st.integers(0, 200), length=st.integers(1, 250))
def test_no_half_of_a_key_is_left_at_a_cut(text: str, where: int, length: int) -> None:
    key = "sk-live-9f8e7d6c5b4a39281706"
    shown = Masks(key).cut(text[:where] + " " + key + " " + text[where:], length)
    assert "sk-live" not in shown
    assert len(shown) <= length


@pytest.mark.parametrize(
    "name", ["api_key", "apiKey", "x-api-key", "token", "access_token", "client_secret", "password",
             "Authorization", "key", "private_key", "aws_secret_access_key", "sessionId", "cookie"]
)  # fmt: skip
def test_fields_of_such_names_are_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["prompt", "max_tokens", "tokens", "prompt_cache_key", "monkey"])
def test_fields_of_such_names_are_shown(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize("path", ["sk-live-0123456789abcdef", "sk%2Dlive%2D0123456789abcdef"])
def test_a_key_in_a_path_is_masked_also_when_it_is_percent_encoded(path: str) -> None:
    emu = kit.emulator()
    kit.get(emu, f"/openai/v1/models/{path}")
    (told,) = kit.control(emu, "GET", "journal")["exchanges"]
    assert "0123456789abcdef" not in json.dumps(told)
    assert told["path"].startswith("/openai/v1/models/")


PARTS = st.sampled_from(
    [
        "sk-", "Pat_", "AbCdEf0123", "eyJ", "EYJAAAAAAAA.aaaa.", "AKIA", "a\u017fia0123456789012",
        "AIza", "Bearer ", "bearer abcdef", "basic ", "\u212aey-", ".", " ", "\n", "x",
    ]
)  # fmt: skip


@given(parts=st.lists(PARTS, max_size=9))
def test_the_glance_before_the_search_passes_over_no_key(parts: list[str]) -> None:
    text = "".join(parts)
    assert Masks().text(text) == _LOOKS.sub(HIDDEN, text)
