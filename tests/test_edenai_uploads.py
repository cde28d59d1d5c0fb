"""Eden AI's uploads: kept for their owner until they expire, and good as inputs of edits."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.core import Emulator
from safelight.messages import Reply, Request
from safelight.schemas import load

BASE = "/edenai/v3"
DAY = 86_400
PICTURE = kit.png(120, 80, color=(200, 40, 40))
MINE, YOURS = "sk-eden-mine", "sk-eden-yours"


def send(emu: Emulator, what: str, *, key: str = MINE, body: Any = None) -> Reply:
    """Send "METHOD /path?query" as a key's owner, with a JSON body or an encoded form."""
    method, path = what.split()
    path, _, query = path.partition("?")
    form = body if isinstance(body, tuple) else None
    data, kind = form or (json.dumps(body).encode(), "application/json")
    headers = (("authorization", f"Bearer {key}"), ("content-type", kind))
    sent = b"" if body is None else data
    return emu.respond(Request(method, BASE + path, query=query, headers=headers, body=sent))


def upload(emu: Emulator, *, key: str = MINE, **texts: str) -> Reply:
    parts = [*texts.items(), ("file", ("photo.png", PICTURE, "image/png"))]
    return send(emu, "POST /upload", key=key, body=kit.encode_form(parts))


def ids(emu: Emulator, *, key: str = MINE, query: str = "") -> list[str]:
    told = kit.parsed(send(emu, f"GET /upload?{query}", key=key))
    assert load("edenai", "uploads.list.reply").check(told) is None
    return [item["file_id"] for item in told["items"]]


def edit(emu: Emulator, name: str, *, key: str = MINE, model: str = "openai/gpt-image-1") -> Reply:
    ask = {"model": model, "prompt": "a hat", "images": [{"file_id": name}]}
    return send(emu, "POST /images/edits", key=key, body=ask)


def test_an_upload_is_told_in_full() -> None:
    reply = upload(kit.emulator())
    told = kit.parsed(reply)
    assert reply.status == 200
    assert load("edenai", "uploads.create.reply").check(told) is None
    assert uuid.UUID(told["file_id"])
    assert (told["file_name"], told["file_size"]) == ("photo.png", len(PICTURE))
    assert (told["file_mimetype"], told["purpose"]) == ("image/png", "general")
    made, ends = (datetime.datetime.fromisoformat(told[k]) for k in ("created_at", "expires_at"))
    assert ends - made == datetime.timedelta(days=30)


def test_a_file_goes_into_an_edit_whatever_the_model() -> None:
    emu = kit.emulator()
    name = kit.parsed(upload(emu))["file_id"]
    for model in ("openai/gpt-image-1", "google/gemini-2.5-flash-image"):
        reply = edit(emu, name, model=model)
        assert reply.status == 200
        red, green, _ = kit.picture(reply).convert("RGB").resize((1, 1)).getpixel((0, 0))
        assert red > green  # it is the red picture still


def test_a_mask_may_be_a_file_too() -> None:
    emu = kit.emulator()
    parts = [("file", ("m.png", kit.mask(120, 80, (0, 0, 60, 80)), "image/png"))]
    name = kit.parsed(send(emu, "POST /upload", body=kit.encode_form(parts)))["file_id"]
    ask = {
        "model": "openai/gpt-image-1",
        "prompt": "a hat",
        "images": [{"file_id": kit.parsed(upload(emu))["file_id"]}],
        "mask": {"file_id": name, "image_url": None},
    }
    assert send(emu, "POST /images/edits", body=ask).status == 200


def test_files_are_seen_by_their_owner_alone() -> None:
    emu = kit.emulator()
    name = kit.parsed(upload(emu))["file_id"]
    assert ids(emu) == [name]
    assert ids(emu, key=YOURS) == []
    assert edit(emu, name, key=YOURS).status == 400
    body = {"file_ids": [name]}
    assert kit.parsed(send(emu, "POST /upload/delete", key=YOURS, body=body)) == {
        "deleted_count": 0
    }
    assert kit.parsed(send(emu, "DELETE /upload", key=YOURS)) == {"deleted_count": 0}
    assert ids(emu) == [name]


def test_files_end_when_they_said() -> None:
    clock = kit.Clock()
    emu = kit.emulator(clock)
    short = kit.parsed(upload(emu, expires_in_days="1"))["file_id"]
    long = kit.parsed(upload(emu))["file_id"]
    clock.now += DAY + 1
    assert ids(emu) == [long]
    assert edit(emu, short).status == 400
    assert edit(emu, long).status == 200
    clock.now += 29 * DAY
    assert ids(emu) == []


def test_deleted_files_are_gone_and_unknown_ids_passed_over() -> None:
    emu = kit.emulator()
    names = [kit.parsed(upload(emu))["file_id"] for _ in range(3)]
    body = {"file_ids": [names[0], names[0], str(uuid.UUID(int=7))]}
    reply = send(emu, "POST /upload/delete", body=body)
    assert (reply.status, kit.parsed(reply)) == (200, {"deleted_count": 1})
    assert sorted(ids(emu)) == sorted(names[1:])
    assert edit(emu, names[0]).status == 400
    assert kit.parsed(send(emu, "DELETE /upload")) == {"deleted_count": 2}
    assert ids(emu) == []


def test_the_list_is_newest_first_and_filtered_by_purpose() -> None:
    clock = kit.Clock()
    emu = kit.emulator(clock)
    names = []
    for purpose in ("ocr", "general", "ocr"):
        names.append(kit.parsed(upload(emu, purpose=purpose))["file_id"])
        clock.now += 5
    assert ids(emu) == names[::-1]
    assert ids(emu, query="purpose=ocr") == [names[2], names[0]]


@given(amount=st.integers(0, 7), page=st.integers(1, 5), limit=st.integers(1, 4))
@settings(deadline=None, max_examples=30)
def test_pages_cut_the_list_without_loss(amount: int, page: int, limit: int) -> None:
    emu = kit.emulator()
    for _ in range(amount):
        upload(emu)
    told = kit.parsed(send(emu, f"GET /upload?page={page}&limit={limit}"))
    assert (told["total"], told["page"], told["limit"]) == (amount, page, limit)
    assert told["total_pages"] == -(-amount // limit)
    everything = [
        name
        for number in range(1, told["total_pages"] + 1)
        for name in ids(emu, query=f"page={number}&limit={limit}")
    ]
    assert everything == ids(emu)
    assert len(told["items"]) == max(0, min(limit, amount - (page - 1) * limit))


def test_sessions_do_not_share_files() -> None:
    emu = kit.emulator()
    upload(emu)
    reply = emu.respond(
        Request("GET", f"/s/other{BASE}/upload", headers=(("authorization", f"Bearer {MINE}"),))
    )
    assert kit.parsed(reply)["total"] == 0


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("page=0", "page"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("purpose=" + "x" * 51, "purpose"),
    ],
)
def test_a_wrong_query_is_a_validation_error_that_says_where(query: str, place: str) -> None:
    reply = send(kit.emulator(), f"GET /upload?{query}")
    assert reply.status == 422
    assert kit.parsed(reply)["detail"][0]["loc"] == ["query", place]


def shown_to_chat(emu: Emulator, name: str, *, key: str = MINE) -> Reply:
    part = {"type": "file", "file": {"file_id": name}}
    content = [{"type": "text", "text": "Summarise this."}, part]
    ask = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": content}]}
    return send(emu, "POST /chat/completions", key=key, body=ask)


def test_a_chat_reads_an_upload_by_its_id() -> None:
    emu = kit.emulator()
    form = kit.encode_form([("file", ("notes.txt", b"Buy milk", "text/plain"))])
    name = kit.parsed(send(emu, "POST /upload", body=form))["file_id"]
    reply = shown_to_chat(emu, name)
    assert reply.status == 200
    assert "notes.txt" in kit.parsed(reply)["choices"][0]["message"]["content"]
    assert shown_to_chat(emu, name, key=YOURS).status == 400


def test_a_chat_sees_an_uploaded_picture() -> None:
    emu = kit.emulator()
    name = kit.parsed(upload(emu))["file_id"]
    reply = kit.parsed(shown_to_chat(emu, name))
    assert reply["choices"][0]["message"]["content"].startswith("I see 1 picture: a 120")
