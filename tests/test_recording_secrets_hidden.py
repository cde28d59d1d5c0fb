"""Secrets in the odd corners of an exchange, over a real socket: each one is kept nowhere."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import time
from pathlib import Path

import pytest
from kit import encode_form, png
from PIL import Image, PngImagePlugin
from rawclient import ask
from recording_kit import Record, Service, chunk, chunked, get, kept, recorded, whole
from safelight.fixtures.digest import digest
from safelight.recording.known import Known
from safelight.recording.secrets import Secrets
from test_recording_secrets import leaks

pytest_plugins = ["recording_fixtures"]

KEY = "Zq9-oddCorner42"
STARS = "*" * len(KEY)
AUTH = (("authorization", f"Bearer {KEY}"),)
MODELS = "/openai/v1/models"


def answered(record: Record, service: Service, out: Path, answer: bytes, path: str = MODELS) -> str:
    """Record one answer to a request with the key; return its fixture's text."""
    service.answer(answer)
    asyncio.run(ask(record(service.base, out).port, "GET", path, AUTH))
    (file,) = kept(out, 1)
    assert leaks(out, [KEY]) == []
    return file.read_text()


BASIC = base64.b64encode(f"somebody:{KEY}".encode()).decode()
HEADS = {
    "location": f"https://cdn.invalid/a?sig={KEY}",
    "link": f"</v1/models?after=3&access_token={KEY}>; rel=next",
    "content-disposition": f'attachment; filename="{KEY}.png"',
    "x-debug": f"Basic {BASIC}",
    "content-type": f"multipart/mixed; boundary={KEY}",
    "refresh": f"0; url=/x?api_key={KEY}%21",
}


@pytest.mark.parametrize("name", HEADS)
def test_no_secret_in_a_header_is_kept(
    record: Record, service: Service, tmp_path: Path, name: str
) -> None:
    head = "HTTP/1.1 302 Found\r\ncontent-length: 2\r\n"
    text = answered(record, service, tmp_path, f"{head}{name}: {HEADS[name]}\r\n\r\n{{}}".encode())
    assert f"- - {name}\n" in text  # the header itself stays


PAGES = {
    "html": f"<h1>401</h1><code>Authorization: Bearer {KEY}</code><a href='?api_key={KEY}&amp;'>",
    "entities": "".join(f"&#{ord(c)};" for c in KEY),
    "percent": "".join(f"%{ord(c):02X}" for c in KEY),
    "javascript": "var a = '" + "".join(f"\\x{ord(c):02x}" for c in KEY) + "'",
    "pairs": "\\ud83e\\udd8a " + json.dumps({"a": KEY}),
    "basic": f"you sent {BASIC}",
    "deep": json.dumps(json.dumps(json.dumps({"a": f'"{KEY}"'}))),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_secret_on_a_page_is_kept(
    record: Record, service: Service, tmp_path: Path, name: str
) -> None:
    answer = whole(PAGES[name].encode(), "text/html", status="401 Unauthorized")
    text = answered(record, service, tmp_path, answer)
    assert PAGES[name][:8] in text or "***" in text


def test_no_secret_in_a_compressed_body_or_a_trailer_is_kept(
    record: Record, service: Service, tmp_path: Path
) -> None:
    body = gzip.compress(json.dumps({"echo": KEY}).encode())
    head = chunked("content-encoding: gzip", "trailer: x-told", kind="application/json")
    answer = head + chunk(body) + f"0\r\nx-told: {KEY}\r\n\r\n".encode()
    assert f"echo: '{STARS}'" in answered(record, service, tmp_path, answer)


def test_no_secret_of_an_upload_s_names_is_kept(
    record: Record, service: Service, tmp_path: Path
) -> None:
    form = [("prompt", f"like {KEY}"), ("model", f"m-{KEY}"), ("size", KEY), (KEY, "x")]
    body, kind = encode_form([*form, ("image", (f"{KEY}.png", png(), "image/png"))])
    mark = kind.partition("boundary=")[2]
    body, kind = body.replace(mark.encode(), KEY.encode()), kind.replace(mark, KEY)
    service.answer(whole(b"{}"))
    heads = (*AUTH, ("content-type", kind))
    asyncio.run(
        ask(record(service.base, tmp_path).port, "POST", "/openai/v1/images/edits", heads, body)
    )
    (path,) = kept(tmp_path, 1)
    assert leaks(tmp_path, [KEY]) == []
    assert f"like {STARS}" in path.read_text()


def remarked(key: str) -> bytes:
    """Return a PNG that says a key in a remark, and in its EXIF data."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", f"made with {key}")
    exif = Image.Exif()
    exif[0x010E] = f"by {key}"
    exif[0x9C9C] = f"for {key}".encode("utf-16-le")
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 10, 10)).save(out, "PNG", pnginfo=info, exif=exif)
    return out.getvalue()


def test_a_picture_whose_remarks_hold_a_secret_stays_a_picture(
    record: Record, service: Service, tmp_path: Path
) -> None:
    picture = remarked(KEY)
    answered(record, service, tmp_path, whole(picture, "image/png"))
    (blob,) = (tmp_path / "files").iterdir()
    data = blob.read_bytes()
    assert KEY.encode("utf-16-le") not in data
    assert data == remarked(STARS) or len(data) == len(picture)
    with Image.open(io.BytesIO(data)) as image:
        image.load()  # every checksum is true
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert image.text == {"Comment": f"made with {STARS}"}
        assert image.getpixel((1, 1)) == (200, 10, 10)


def test_a_secret_that_only_the_answer_names_is_hidden_before_its_name_comes(
    record: Record, service: Service, tmp_path: Path
) -> None:
    picture = base64.b64encode(png() + KEY.encode() + bytes(2000)).decode()
    parts = (
        f'data: {{"say": "{KEY}", "b64_json": "{picture}"}}\n\n',
        f'data: {{"text": "{KEY}"}}\n\n',
    )
    last = f'data: {{"account_id": "{KEY}"}}\n\n'
    service.answer(chunked(), *(chunk(part.encode()) for part in (*parts, last)), chunk(b""))
    body = json.dumps(
        {"model": "gpt-6-astra", "user": KEY, "messages": [{"role": "user", "content": KEY}]}
    )
    heads = (("content-type", "application/json"),)
    port = record(service.base, tmp_path).port
    asyncio.run(ask(port, "POST", "/openai/v1/chat/completions", heads, body.encode()))
    found = recorded(tmp_path)
    assert leaks(tmp_path, [KEY]) == []
    assert found["match"]["prompt"] == STARS
    assert found["match"]["fields"]["user"] == STARS
    assert len(found["reply"]["chunks"]) == 3


def test_a_key_in_the_query_does_not_change_what_was_asked() -> None:
    names = {
        digest("GET", "/models", query, (), b"")
        for query in ("after=3", "after=3&api_key=a", "api-key=b&after=3", "access_token=c&after=3")
    }
    assert len(names) == 1
    assert digest("GET", "/models", "after=4", (), b"") not in names


def test_a_cookie_s_attributes_are_no_secrets(
    record: Record, service: Service, tmp_path: Path
) -> None:
    cookie = f"sid={KEY}; Domain=api.openai.com; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly"
    body = json.dumps({"host": "api.openai.com", "day": "21 Oct 2026", "sid": KEY}).encode()
    service.answer(whole(body, "application/json", f"set-cookie: {cookie}"))
    get(record(service.base, tmp_path), MODELS)
    found = recorded(tmp_path)["reply"]["body"]
    assert found == {"host": "api.openai.com", "day": "21 Oct 2026", "sid": STARS}


def test_a_thousand_secrets_are_still_found() -> None:
    known = Known()
    known.add([f"Zq{n}-longSecret{n * 7919}" for n in range(1000)])
    data = bytes(range(256)) * 2048 + b"Zq77-longSecret609763" + bytes(10**5)
    assert known.hide(data) == data.replace(b"Zq77-longSecret609763", b"*" * 21)


HOSTILE = {
    "keys": b"sk-",
    "tokens": b"-eyJ",
    "pems": b"-----BEGIN ",
    "links": b"https://a@b?",
    "names": b'"api_key": \\"',
    "slashes": b"\\",
    "escapes": b"\\u005c",
    "ampersands": b"&amp;",
    "events": b'data: {"a":"b"}\n',
    "lists": b'"api_keys": [',
    "spaces": b'"api_key"  ',
    "paths": b"/orgs/",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long_to_be_searched(name: str) -> None:
    secrets = Secrets()
    secrets.known.add([KEY])
    for text in (HOSTILE[name] * (2**17 // len(HOSTILE[name])), HOSTILE[name] + b"a" * 2**17):
        began = time.thread_time()
        secrets.learn_text(text)
        assert len(secrets.hide(text)) == len(text)
        assert time.thread_time() - began < 5
