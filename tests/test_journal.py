"""The journal: what it keeps, and how it is asked."""

from __future__ import annotations

import io
from typing import Any

import httpx
import jsonschema
import kit
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safelight.intercept import as_request
from safelight.journal import Exchange, Journal
from safelight.messages import Request

PATH = "/openai/v1/chat/completions"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
KEYS = ("sk-proj-AbCdEf0123456789", "vck_0123456789abcdef", "own-key-of-the-caller")
OWN = KEYS[2]


def exchange(number: int, **fields: Any) -> Exchange:
    known = {
        "at": float(number), "number": number, "request_id": f"req_{number}", "session": "",
        "provider": "acme", "operation": "images.generate", "model": "m", "method": "POST",
        "path": "/p", "status": 200,
    }  # fmt: skip
    return Exchange(**{**known, **fields})


def entries(emu: Any, query: str = "", session: str = "") -> list[dict[str, Any]]:
    page = "journal" + (f"?{query}" if query else "")
    found: list[dict[str, Any]] = kit.control(emu, "GET", page, session=session)["exchanges"]
    return found


# What it keeps


def test_an_exchange_tells_what_was_asked_and_what_came_of_it() -> None:
    emu = kit.emulator()
    parts = [
        ("model", "gpt-image-2"),
        ("prompt", "A hat"),
        ("size", "1024x1024"),
        ("quality", "low"),
    ]
    files = [("image", ("cat.png", kit.png(), "image/png")),
             ("mask", ("m.png", kit.mask(64, 64, (0, 0, 9, 9)), "image/png"))]  # fmt: skip
    reply = kit.form(emu, "/openai/v1/images/edits", [*parts, *files])
    (entry,) = entries(emu)
    assert (entry["provider"], entry["operation"], entry["status"]) == (
        "openai",
        "images.edit",
        200,
    )
    assert entry["prompt"] == "A hat"
    photo = entry["params"]["image"]
    assert (photo["filename"], photo["size"], photo["format"]) == ("cat.png", "64x64", "png")
    assert (entry["pictures"], entry["billed"]) == (1, True)
    assert entry["reply_bytes"] == len(reply.body)
    assert sorted(entry["files"]) == ["image", "mask"]


def test_a_picture_that_exif_turns_is_told_as_it_is_shown() -> None:
    image, turned = Image.new("RGB", (64, 32)), Image.Exif()
    turned[0x0112] = 6
    data = io.BytesIO()
    image.save(data, "JPEG", exif=turned)
    emu = kit.emulator()
    parts = [("model", "a"), ("prompt", "x"), ("image", ("a.jpg", data.getvalue(), "image/jpeg"))]
    kit.form(emu, "/compatible/v1/images/edits", parts)
    assert entries(emu)[0]["params"]["image"]["size"] == "32x64"


def test_the_same_body_again_is_counted_and_so_is_paying_twice() -> None:
    emu = kit.emulator()
    draw, path = {"model": "a", "prompt": "cat"}, "/compatible/v1/images/generations"
    kit.post(emu, path, draw, ("x-safelight-fault", "rate_limited"))
    for _ in range(3):
        kit.post(emu, path, draw)
    kit.post(emu, path, {**draw, "n": 2})
    kit.post(emu, "/openai/v1/images/generations", draw)
    kit.get(emu, "/openai/v1/models")
    kit.get(emu, "/openai/v1/models")
    told = [(e["again"], e["billed_again"]) for e in entries(emu)]
    assert told[:4] == [(0, False), (1, False), (2, True), (3, True)]
    assert told[4:] == [(0, False)] * 4
    assert entries(emu, session="other") == []


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_repetitions_are_counted_as_by_hand(asked: list[tuple[int, bool]]) -> None:
    journal = Journal()
    for number, (body, billed) in enumerate(asked):
        journal.append(exchange(number, digest=f"{body}", billed=billed))
    for place, found in enumerate(journal):
        before = [billed for body, billed in asked[:place] if body == asked[place][0]]
        assert found.again == len(before)
        assert found.billed_again == (asked[place][1] and any(before))


def test_a_download_belongs_to_the_provider_whose_reply_linked_it() -> None:
    clock = kit.Clock()
    emu = kit.emulator(clock)
    draw = {"model": "black-forest-labs/FLUX.1-schnell", "prompt": "cat"}
    made = kit.parsed(kit.post(emu, "/together/v1/images/generations", draw))
    path, _, query = made["data"][0]["url"].removeprefix("http://127.0.0.1:4010").partition("?")
    assert emu.respond(Request("GET", path, query, headers=(kit.AGENT,))).status == 200
    clock.now += 10**6
    assert emu.respond(Request("GET", path, query)).status >= 400
    emu.respond(Request("GET", "/_safelight/files/stranger.png"))
    told = [(e["provider"], e["operation"]) for e in entries(emu)]
    assert told == [
        ("together", "images.generate"),
        ("together", "files.get"),
        ("together", "files.get"),
        ("openai", "files.get"),
    ]


def test_in_process_the_path_is_the_url_that_the_client_called() -> None:
    emu = kit.emulator()
    called = httpx.Request("GET", "https://me:word@api.openai.com/v1/models?key=hush")
    emu.respond(as_request(called, "/s/mine/openai/v1/models?key=hush"))
    emu.respond(Request("GET", "/s/mine/openai/v1/models"))
    told = [entry["path"] for entry in entries(emu, session="mine")]
    assert told == ["https://api.openai.com/v1/models", "/s/mine/openai/v1/models"]


def test_a_form_and_its_repetition_have_the_same_digest() -> None:
    emu = kit.emulator()
    parts = [("model", "a"), ("prompt", "x"), ("image", ("a.png", kit.png(), "image/png"))]
    body, kind = kit.encode_form(parts)
    for cut in (b"cut", b"other"):
        sent = (kit.KEY, ("content-type", kind.replace("cut", cut.decode())))
        path = "/compatible/v1/images/edits"
        emu.respond(Request("POST", path, headers=sent, body=body.replace(b"--cut", b"--" + cut)))
    assert len({entry["digest"] for entry in entries(emu)}) == 1


def test_the_uploaded_bytes_are_there_while_there_is_room() -> None:
    emu = kit.emulator()
    parts = [("model", "a"), ("prompt", "x"), ("image", ("a.png", kit.png(), "image/png"))]
    kit.form(emu, "/compatible/v1/images/edits", parts)
    ask = Request("GET", "/_safelight/journal/file", "position=1&name=image")
    assert emu.respond(ask).body == kit.png()
    wrong = kit.control(emu, "GET", "journal/file?position=1&name=mask")
    assert wrong["error"]["message"] == "exchange 1 keeps no file 'mask'; it has image"


def test_files_make_room_before_exchanges_do() -> None:
    journal = Journal(size=100, room=300_000)
    for number in range(1, 21):
        journal.append(exchange(number, files={"image": bytes(50_000)}))
    kept = list(journal)
    assert [e.number for e in kept] == list(range(1, 21))
    assert [bool(e.files) for e in kept] == [False] * 15 + [True] * 5


def test_a_giant_prompt_is_not_kept_for_ever() -> None:
    journal = Journal(size=1000, room=100_000)
    for number in range(500):
        journal.append(exchange(number, params={"a": ["x" * 400] * 50}))
    assert journal.held <= 100_000 + 25_000
    assert len(journal) < 10


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(1, 20), st.integers(1500, 9000))
def test_number_and_bytes_are_bounded_whatever_comes(
    sizes: list[int], size: int, room: int
) -> None:
    journal = Journal(size, room)
    for number, length in enumerate(sizes, start=1):
        assert journal.append(exchange(number, files={"f": bytes(length)})) == number
        assert len(journal) <= size
        assert journal.held <= room or len(journal) == 1
    numbers = [e.number for e in journal]
    assert numbers == list(range(len(sizes) - len(numbers) + 1, len(sizes) + 1))


def test_a_fate_is_told_to_the_right_exchange_or_to_none() -> None:
    journal = Journal(size=2)
    places = [journal.append(exchange(number)) for number in (1, 2, 3)]
    for place in places:
        journal.tell(place, "abandoned" if place != 2 else "open")
    assert [e.fate for e in journal] == ["open", "abandoned"]


def test_what_a_fault_has_lost_stays_lost() -> None:
    journal = Journal()
    journal.tell(journal.append(exchange(1, fate="lost")), "delivered")
    assert next(iter(journal)).fate == "lost"


# How it is asked


def talk(emu: Any, times: int) -> None:
    for _ in range(times):
        kit.post(emu, PATH, CHAT)


def test_pages_follow_one_another_without_a_gap() -> None:
    emu = kit.emulator()
    talk(emu, 7)
    seen, after, more = [], 0, True
    while more:
        page = kit.control(emu, "GET", f"journal?limit=3&after={after}")
        seen += [entry["number"] for entry in page["exchanges"]]
        after, more = page["next"], page["more"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_filters_narrow() -> None:
    emu = kit.emulator()
    talk(emu, 2)
    kit.get(emu, "/openai/v1/models")
    kit.get(emu, "/openai/v1/models/none")
    assert len(entries(emu, "operation=chat.create")) == 2
    assert [e["number"] for e in entries(emu, "status=404")] == [4]
    assert [e["number"] for e in entries(emu, "method=GET&status=200")] == [3]


def test_what_came_again_can_be_asked_for() -> None:
    emu = kit.emulator()
    for prompt in ("cat", "cat", "hat", "cat"):
        kit.post(emu, "/compatible/v1/images/generations", {"model": "a", "prompt": prompt})
    assert [e["number"] for e in entries(emu, "billed_again=true")] == [2, 4]
    assert [e["number"] for e in entries(emu, "again=0&billed_again=false")] == [1, 3]
    paid_twice = [{"billed_again": True, "times": 2}, {"again": 2}]
    for expect, fits in ((paid_twice, True), ([{"billed_again": True}], False)):
        told = kit.control(emu, "POST", "journal/verify", {"expect": expect})
        assert told["ok"] is fits


def test_the_description_fits_what_the_journal_tells() -> None:
    emu = kit.emulator()
    edit = [("model", "a"), ("prompt", "hat"), ("image", ("a.png", kit.png(), "image/png"))]
    kit.form(emu, "/compatible/v1/images/edits", edit)
    kit.post(emu, PATH, CHAT, ("x-safelight-fault", "rate_limited"))
    described = kit.control(emu, "GET", "openapi.json")["components"]["schemas"]["Exchange"]
    for entry in entries(emu):
        entry.pop("position")
        jsonschema.validate(entry, {**described, "additionalProperties": False})


def test_an_unknown_filter_is_refused() -> None:
    told = kit.control(kit.emulator(), "GET", "journal?state=200")["error"]["message"]
    assert told.startswith("unknown parameter 'state'; known are operation, status")
