"""HAR files as browsers, proxies and recorders of tests write them, each in its own way.

The shapes are those of Chromium 156 through Playwright 1.65, of mitmproxy 11 and of Polly.js 6, as
they wrote them of our emulator; those of DevTools and of Firefox follow their documentation.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from imports_kit import DRAW, JSON, REQUESTS, SECRET, asked, bring, live, serving, whole
from kit import encode_form, png
from safelight.messages import Reply, Request

CHAT = REQUESTS["chat"]


def entry(request: Request, reply: Reply, /, **more: Any) -> dict[str, Any]:
    """Return an exchange as the specification has it; `more` replaces whole parts of it."""
    kind = dict(request.headers)["content-type"]
    text = request.body.decode("latin-1" if "multipart" in kind else "utf-8")
    mime = dict(reply.headers)["content-type"]
    made: dict[str, Any] = {
        "startedDateTime": "2026-11-20T10:00:00.000Z",
        "request": {
            "method": request.method,
            "url": "https://api.openai.com" + request.path.removeprefix("/openai"),
            "headers": [
                {"name": ":authority", "value": "api.openai.com"},
                {"name": "Authorization", "value": f"Bearer {SECRET}"},
                {"name": "Content-Type", "value": kind},
            ],
            "postData": {"mimeType": kind, "text": text, "params": []},
            "bodySize": len(request.body),
        },
        "response": {
            "status": reply.status,
            "headers": [{"name": name.title(), "value": value} for name, value in reply.headers],
            "content": {"mimeType": mime, "text": whole(reply).decode(), "size": 9},
        },
        "timings": {"wait": 1250.5, "receive": 10},
    }
    for part, values in more.items():
        made[part] = {**made[part], **values} if isinstance(values, dict) else values
    return made


def archive(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}))
    return path


def served(out: Path, request: Request = CHAT) -> bytes:
    return whole(serving(out).respond(request))


def form(prompt: str) -> Request:
    photo = ("a.png", png(1024, 1024), "image/png")
    data, kind = encode_form([*{**DRAW, "prompt": prompt}.items(), ("image", photo)])
    return asked(data, "/images/edits", kind)


# Whole


def test_a_har_is_served_byte_for_byte(tmp_path: Path) -> None:
    replies = {name: live(request) for name, request in REQUESTS.items()}
    entries = [entry(REQUESTS[name], reply) for name, reply in replies.items()]
    for one in entries:
        one["response"]["headers"].append({"name": "content-encoding", "value": "br"})
    done = bring("har", archive(tmp_path / "a.har", *entries), tmp_path / "out")
    assert done.exit_code == 0, done.output
    emu = serving(tmp_path / "out")
    for name, request in REQUESTS.items():
        assert whole(emu.respond(request)) == whole(replies[name]), name
    assert SECRET not in "".join(p.read_text() for p in (tmp_path / "out").glob("*.yaml"))


def test_a_picture_that_a_har_fetched_is_served_behind_its_link(tmp_path: Path) -> None:
    link, picture = "https://cdn.invalid/fox.png?sig=abcdefghijkl", png(30, 20)
    request = asked({"model": "dall-e-3", "prompt": "a fox"}, "/images/generations")
    body = json.dumps({"created": 1, "data": [{"url": link}]}).encode()
    drawn = entry(request, Reply(200, (JSON,), body))
    fetched = {
        "startedDateTime": "2026-11-20T10:00:01Z",
        "request": {"method": "GET", "url": link, "headers": []},
        "response": {
            "status": 200,
            "headers": [],
            "content": {
                "mimeType": "image/png",
                "encoding": "base64",
                "text": base64.b64encode(picture).decode(),
            },
        },
    }
    done = bring("har", archive(tmp_path / "a.har", drawn, fetched), tmp_path / "out")
    assert done.exit_code == 0, done.output
    emu = serving(tmp_path / "out")
    url = json.loads(emu.respond(request).body)["data"][0]["url"]
    path, _, query = url.partition("4010")[2].partition("?")
    assert emu.respond(Request("GET", path, query)).body == picture
    assert "sig=abc" not in "".join(p.read_text() for p in (tmp_path / "out").glob("*.yaml"))


def test_bodies_that_lie_beside_a_har_are_found(tmp_path: Path) -> None:
    source = tmp_path / "har"
    source.mkdir()
    reply = live(CHAT)
    (source / "asked.json").write_bytes(CHAT.body)
    (source / "told.dat").write_bytes(reply.body)
    one = entry(CHAT, reply)
    one["request"]["postData"] |= {"text": "", "_file": "asked.json"}
    one["response"]["content"] = {"mimeType": "application/json", "_file": "told.dat", "size": 9}
    archive(source / "har.har", one)
    done = bring("har", source, tmp_path / "out")
    assert (done.exit_code, done.output) == (0, f"1 fixture in {tmp_path / 'out'}\n")
    assert served(tmp_path / "out") == reply.body


def test_a_har_names_no_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(live(CHAT).body)
    (tmp_path / "in").mkdir()
    one = entry(CHAT, live(CHAT))
    one["response"]["content"] = {"mimeType": "application/json", "_file": "../secret.json"}
    done = bring("har", archive(tmp_path / "in" / "a.har", one), tmp_path / "out")
    assert done.exit_code == 1
    assert "replies whose body is not in the file, or cut off: a.har, entry 1" in done.output


@pytest.mark.parametrize("prompt", ["a hat", "a hät", "帽子"])
@pytest.mark.parametrize("written", ["latin-1", "utf-8"])
def test_an_uploads_bytes_are_those_of_its_size(prompt: str, written: str, tmp_path: Path) -> None:
    request = form(prompt)
    if written == "utf-8":  # a form without a file, as browsers write it
        data, kind = encode_form([*{**DRAW, "prompt": prompt}.items()])
        request = asked(data, "/images/edits", kind)
    one = entry(request, live(request))
    one["request"]["postData"]["text"] = request.body.decode(written)
    done = bring("har", archive(tmp_path / "a.har", one), tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert served(tmp_path / "out", request) == whole(live(request))


def test_what_a_recorder_kept_compressed_and_in_pieces_is_put_together(tmp_path: Path) -> None:
    reply = live(CHAT)
    packed = gzip.compress(reply.body)
    pieces = [base64.b64encode(part).decode() for part in (packed[:10], packed[10:])]
    text = json.dumps(pieces)
    one = entry(CHAT, reply)
    one["response"]["headers"].append({"name": "content-encoding", "value": "gzip"})
    one["response"]["content"] |= {"text": text, "encoding": "base64", "size": len(text)}
    done = bring("har", archive(tmp_path / "a.har", one), tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert served(tmp_path / "out") == reply.body


def test_several_values_of_a_header_in_one_are_several_headers(tmp_path: Path) -> None:
    one = entry(CHAT, live(CHAT))
    one["response"]["headers"].append({"name": "Vary", "value": "origin\naccept"})
    done = bring("har", archive(tmp_path / "a.har", one), tmp_path / "out")
    assert done.exit_code == 0, done.output
    again = serving(tmp_path / "out").respond(CHAT)
    assert [value for name, value in again.headers if name == "vary"] == ["origin", "accept"]


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "gzip"])
def test_a_har_may_be_in_utf_16_marked_or_compressed(coding: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.har.gz", entry(CHAT, live(CHAT)))
    text = path.read_text()
    path.write_bytes(gzip.compress(text.encode()) if coding == "gzip" else text.encode(coding))
    for source in (path, tmp_path):
        done = bring("har", source, tmp_path / f"out{source == path}")
        assert done.exit_code == 0, done.output
    assert served(tmp_path / "outTrue") == live(CHAT).body


# Told


def _lost(part: str, **values: Any) -> dict[str, Any]:
    return {part: values}


BODIES = "replies whose body is not in the file, or cut off"
UPLOADS = "requests whose upload is not in the file, or not in its bytes"
BODYLESS = "requests whose body is not in the file"
LOST = {
    "no answer": (
        _lost("response", status=-1, content={"size": -1}),
        "requests that got no answer",
    ),
    "status 0": (_lost("response", status=0, headers=[]), "requests that got no answer"),
    "no body": (_lost("response", content={"size": 905, "mimeType": "application/json"}), BODIES),
    "evicted": (_lost("response", content={"size": 0, "mimeType": "application/json"}), BODIES),
    "cut": (_lost("response", content={"size": 905, "mimeType": "x/json", "text": '{"a'}), BODIES),
    "brotli": (
        _lost(
            "response", content={"mimeType": "text/json", "encoding": "base64", "text": "iwCA/g=="}
        ),
        BODIES,
    ),
    "not base64": (_lost("response", content={"encoding": "base64", "text": "%%"}), BODIES),
    "unchanged": (
        _lost("response", status=304, content={"size": 0}),
        "answers that only say that nothing has changed",
    ),
    "preflight": (
        _lost("request", method="OPTIONS"),
        "preflights of browsers: they are answered anyway",
    ),
    "socket": (_lost("request", url="wss://api.openai.com/v1/realtime"), "web sockets"),
    "upgraded": (_lost("response", status=101), "web sockets"),
    "blob": (_lost("request", postData=None, bodySize=0), UPLOADS),
    "omitted": (_lost("request", postData={"mimeType": "application/json", "text": ""}), UPLOADS),
    "nothing sent": (
        _lost("request", headers=[], postData=None, bodySize=0),
        BODYLESS,
    ),
    "mangled": (
        _lost("request", postData={"mimeType": "multipart/form-data", "text": "--a\ufffd"}),
        UPLOADS,
    ),
    "params": (
        _lost(
            "request", postData={"mimeType": "multipart/form-data", "params": [{"name": "image"}]}
        ),
        UPLOADS,
    ),
    "elsewhere": (
        _lost("request", url="https://example.com/v1/chat"),
        "exchanges with other services",
    ),
    "own page": (
        _lost("request", url="http://localhost:3000/app"),
        "exchanges with other services",
    ),
    "no path": (
        _lost("request", url="https://api.openai.com/dash"),
        "exchanges with paths that openai does not have",
    ),
    "no address": (_lost("request", url="http://[bad"), "exchanges whose address is none"),
    "nonsense": (None, "exchanges with other services"),
    "wrong types": (
        _lost("response", status="200", headers=7, content=[]),
        "requests that got no answer",
    ),
    "wrong headers": (
        _lost("request", headers=[3, {"name": 4}], postData=7, bodySize="x"),
        BODYLESS,
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_what_an_entry_lacks_is_told_and_the_rest_carried_over(case: str, tmp_path: Path) -> None:
    bad, words = LOST[case]
    good = entry(CHAT, live(CHAT))
    lacking = {**good, **{part: {**good[part], **values} for part, values in (bad or {}).items()}}
    source = archive(tmp_path / "a.har", lacking if bad else bad, good)
    done = bring("har", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    first, told, *more = done.output.splitlines()
    assert first.startswith("1 fixture in ")
    assert told == "Not carried over:"
    (line,) = more
    assert line.strip().startswith(words)
    assert "a.har, entry 1" in line


def test_a_request_that_came_again_is_answered_in_its_order(tmp_path: Path) -> None:
    replies = [live(CHAT), live(REQUESTS["refusal"])]
    source = archive(tmp_path / "a.har", *(entry(CHAT, reply) for reply in replies))
    assert bring("har", source, tmp_path / "out").exit_code == 0
    emu = serving(tmp_path / "out")
    assert [emu.respond(CHAT).status for _ in replies] == [reply.status for reply in replies]
