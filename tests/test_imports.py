"""Imports: what other tools have kept is served again, and what was lost on the way is told."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from kit import KEY, Clock, emulator, encode_form, png
from safelight.cli import main
from safelight.core import Emulator, Settings
from safelight.fixtures.folder import Folders
from safelight.fixtures.serving import Library
from safelight.messages import Reply, Request

SECRET = "sk-live-AbCdEf0123456789xyz"
V1 = "https://api.openai.com/v1"
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What do foxes eat?"}]}
DRAW = {"model": "gpt-image-2", "prompt": "a red fox", "size": "1024x1024", "quality": "low"}
JSON = ("content-type", "application/json")


def bring(form: str, source: Path, out: Path, *flags: str) -> Result:
    """Run the command."""
    args = ["fixtures", "import", form, str(source), "--out", str(out), "--provider", "openai"]
    return CliRunner().invoke(main, [*args, *flags], catch_exceptions=False)


def serving(out: Path) -> Emulator:
    """Return an emulator that answers with what was imported."""
    folders = Folders((out,))
    folders.start()
    return Emulator(Settings(), clock=Clock(), library=Library(folders))


def asked(body: Any, path: str, kind: str = "application/json") -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("POST", f"/openai/v1{path}", headers=(KEY, ("content-type", kind)), body=data)


def live(request: Request) -> Reply:
    """Return what a service of another seed answers."""
    return emulator(seed=77).respond(request)


def whole(reply: Reply) -> bytes:
    return reply.body or b"".join(chunk.data for chunk in reply.chunks or ())


def form(prompt: str) -> tuple[bytes, str]:
    photo = ("a.png", png(1024, 1024), "image/png")
    return encode_form([*{**DRAW, "prompt": prompt}.items(), ("image", photo)])


# vcrpy


def interaction(request: Request, reply: Reply, **more: Any) -> dict[str, Any]:
    """Return an exchange as vcrpy writes it."""
    uri = "https://api.openai.com" + request.path.removeprefix("/openai")
    body = request.body
    headers = {name: [value] for name, value in reply.headers}
    return {
        "request": {
            "method": request.method,
            "uri": uri,
            "body": body.decode() if body.isascii() else body,
            "headers": {"authorization": [f"Bearer {SECRET}"], **_many(request)},
        },
        "response": {
            "status": {"code": reply.status, "message": "OK"},
            "headers": {**headers, "Date": ["Fri, 20 Nov 2026 10:00:00 GMT"]},
            "body": {"string": whole(reply).decode()},
        },
        **more,
    }


def _many(request: Request) -> dict[str, list[str]]:
    return {name: [value] for name, value in request.headers if name != "authorization"}


def cassette(path: Path, *interactions: Any) -> Path:
    document = {"interactions": list(interactions), "version": 1}
    text = json.dumps(document) if path.suffix == ".json" else yaml.dump(document)
    path.write_text(text)
    return path


REQUESTS = {
    "generate": asked(DRAW, "/images/generations"),
    "edit": asked(form("a hat")[0], "/images/edits", form("a hat")[1]),
    "image stream": asked({**DRAW, "stream": True, "partial_images": 1}, "/images/generations"),
    "chat": asked(CHAT, "/chat/completions"),
    "chat stream": asked({**CHAT, "stream": True}, "/chat/completions"),
    "refusal": asked({**DRAW, "model": "no-such"}, "/images/generations"),
}


def test_a_cassette_is_served_byte_for_byte(tmp_path: Path) -> None:
    replies = {name: live(request) for name, request in REQUESTS.items()}
    tape = [interaction(REQUESTS[name], reply) for name, reply in replies.items()]
    done = bring("vcr", cassette(tmp_path / "tape.yaml", *tape), tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{len(REQUESTS)} fixtures in ")
    emu = serving(tmp_path / "out")
    for name, request in REQUESTS.items():
        again = emu.respond(request)
        assert (again.status, whole(again)) == (replies[name].status, whole(replies[name])), name
        assert whole(emulator().respond(request)) != whole(again) or name == "refusal"
    assert "when the pieces of streams came" in done.output


def test_a_cassettes_pictures_are_files_and_its_keys_are_gone(tmp_path: Path) -> None:
    request = REQUESTS["generate"]
    done = bring(
        "vcr",
        cassette(tmp_path / "tape.json", interaction(request, live(request))),
        tmp_path / "out",
    )
    assert done.exit_code == 0, done.output
    (picture,) = (tmp_path / "out" / "files").iterdir()
    shown = json.loads(live(request).body)["data"][0]["b64_json"]
    assert picture.read_bytes() == base64.b64decode(shown)
    (path,) = (tmp_path / "out").glob("*.yaml")
    assert SECRET not in path.read_text()
    assert yaml.safe_load(path.read_text())["recorded"].isoformat() == "2026-11-20"


def test_every_way_to_write_a_body_is_read(tmp_path: Path) -> None:
    import gzip

    request, reply = REQUESTS["chat"], live(REQUESTS["chat"])
    base = interaction(request, reply)
    value = json.loads(reply.body)
    headers = base["response"]["headers"]
    packed = {**headers, "content-encoding": ["gzip"]}
    ways = {
        "base64": {"body": {"base64_string": base64.b64encode(reply.body).decode()}},
        "content": {"content": reply.body.decode(), "body": None},
        "gzip": {"headers": packed, "body": {"string": gzip.compress(reply.body)}},
        "undone": {"headers": packed, "body": {"string": reply.body.decode()}},
        "parsed": {"parsed_body": value, "body": None},
    }
    for name, way in ways.items():
        response = {k: v for k, v in {**base["response"], **way}.items() if v is not None}
        tape = cassette(tmp_path / f"{name}.yaml", {**base, "response": response})
        done = bring("vcr", tape, tmp_path / name)
        assert done.exit_code == 0, done.output
        again = serving(tmp_path / name).respond(request)
        assert json.loads(again.body) == value, name
        assert (again.body == reply.body) == (name != "parsed")


def test_what_a_cassette_cannot_carry_is_told(tmp_path: Path) -> None:
    request, reply = REQUESTS["chat"], live(REQUESTS["chat"])
    other = interaction(request, reply)
    other["request"]["uri"] = "https://example.com/v1/chat/completions"
    astray = interaction(request, reply)
    astray["request"]["uri"] = "https://api.openai.com/dashboard"
    undated = interaction(request, reply)
    del undated["response"]["headers"]["Date"]
    brotli = interaction(REQUESTS["generate"], reply)
    brotli["response"]["headers"]["content-encoding"] = ["br"]
    brotli["response"]["body"] = {"string": b"\x8b\x00\x80\x03"}
    tape = cassette(tmp_path / "tape.yaml", other, astray, undated, brotli)
    done = bring("vcr", tape, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "1 fixture in " in done.output
    for words in (
        "exchanges with other services: tape.yaml, interaction 1; tape.yaml, interaction 2",
        "the day of an exchange: its file's own stands for it: tape.yaml, interaction 3",
        "compressed as 'br'",
    ):
        assert words in done.output


def test_a_body_of_a_python_type_is_told_and_never_built(tmp_path: Path) -> None:
    tape = tmp_path / "tape.yaml"
    tape.write_text(
        "interactions:\n"
        "- request:\n"
        "    method: POST\n"
        f"    uri: {V1}/images/edits\n"
        "    headers: {}\n"
        "    body: !!python/object/apply:os.system ['touch built']\n"
        "  response:\n"
        "    status: {code: 200}\n"
        "    headers: {}\n"
        "    body: {string: '{}'}\n"
        "version: 1\n"
    )
    done = bring("vcr", tape, tmp_path / "out")
    assert done.exit_code == 1
    assert "requests whose body only vcrpy's own process could rebuild" in done.output
    assert not Path("built").exists()


@pytest.mark.parametrize(
    ("form", "name", "text", "words"),
    [
        ("vcr", "a.yaml", "a: [", "no cassette"),
        ("vcr", "a.yaml", "a: 1", "no list `interactions`"),
        ("har", "a.har", "{", "no HAR"),
        ("har", "a.har", "[]", "no log.entries"),
        ("aimock", "a.json", "{}", "no list `fixtures`"),
        ("aimock", "a.json", "no", "no fixtures of aimock"),
    ],
)
def test_a_file_of_another_kind_is_one_line(
    tmp_path: Path, form: str, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    done = bring(form, tmp_path / name, tmp_path / "out")
    assert done.exit_code == 2
    assert words in done.output
    assert len(done.output.splitlines()) == 1
    empty = bring(form, tmp_path / "nothing", tmp_path / "out")
    assert empty.exit_code == 2


def test_a_folder_is_imported_file_by_file(tmp_path: Path) -> None:
    source = tmp_path / "tapes"
    (source / "inner").mkdir(parents=True)
    for name in ("chat", "inner/generate"):
        request = REQUESTS[name.rpartition("/")[2]]
        cassette(source / f"{name}.yaml", interaction(request, live(request)))
    (source / "readme.yaml").write_text("about: these")
    done = bring("vcr", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "2 fixtures in " in done.output
    assert "files that are no cassettes of vcrpy: readme.yaml" in done.output


# HAR


def entry(request: Request, reply: Reply, **content: Any) -> dict[str, Any]:
    """Return an exchange as a browser writes it."""
    kind = dict(request.headers)["content-type"]
    text = request.body.decode("latin-1" if "multipart" in kind else "utf-8")
    headers = [{"name": name.title(), "value": value} for name, value in reply.headers]
    mime = dict(reply.headers)["content-type"]
    return {
        "startedDateTime": "2026-11-20T10:00:00.000Z",
        "request": {
            "method": request.method,
            "url": "https://api.openai.com" + request.path.removeprefix("/openai"),
            "headers": [
                {"name": ":authority", "value": "api.openai.com"},
                {"name": "Authorization", "value": f"Bearer {SECRET}"},
                {"name": "Content-Type", "value": kind},
            ],
            "postData": {"mimeType": kind, "text": text},
        },
        "response": {
            "status": reply.status,
            "headers": [*headers, {"name": "content-encoding", "value": "br"}],
            "content": {"mimeType": mime, "text": whole(reply).decode(), "size": 9, **content},
        },
        "timings": {"wait": 1250.5, "receive": 10},
    }


def archive(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}))
    return path


def test_a_har_is_served_byte_for_byte(tmp_path: Path) -> None:
    replies = {name: live(request) for name, request in REQUESTS.items()}
    entries = [entry(REQUESTS[name], reply) for name, reply in replies.items()]
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


def test_what_a_har_has_left_out_is_told(tmp_path: Path) -> None:
    request, reply = REQUESTS["chat"], live(REQUESTS["chat"])
    large = entry(request, reply, size=10**7)
    del large["response"]["content"]["text"]
    upload = entry(REQUESTS["edit"], live(REQUESTS["edit"]))
    upload["request"]["postData"]["text"] = "--cut \ufffd\ufffd"
    page = entry(request, reply)
    page["request"]["url"] = "https://example.com/app.js"
    done = bring("har", archive(tmp_path / "a.har", large, upload, page), tmp_path / "out")
    assert done.exit_code == 1
    for words in (
        "replies whose body is not in the file: a.har, entry 1",
        "requests whose upload is not in the file, or not in its bytes: a.har, entry 2",
        "exchanges with other services: a.har, entry 3",
    ):
        assert words in done.output


# aimock


def aimock(path: Path, *fixtures: Any) -> Path:
    path.write_text(json.dumps({"fixtures": list(fixtures)}))
    return path


def said(prompt: str, **more: Any) -> Request:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}], **more}
    return asked(body, "/chat/completions")


def test_fixtures_of_aimock_answer_as_they_did(tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    call = {"name": "weather", "arguments": {"city": "Oslo"}}
    picture = base64.b64encode(png(64, 64, color=(200, 20, 20))).decode()
    source = aimock(
        tmp_path / "a.json",
        {"match": {"userMessage": "hello"}, "response": {"content": "Hi there!"}},
        {"match": {"userMessage": "weather"}, "response": {"toolCalls": [call]}},
        {"match": {"userMessage": "fox"}, "response": {"image": {"b64Json": picture}}},
        {"match": {"userMessage": "json"}, "response": {"content": {"a": 1}}},
        {
            "match": {"userMessage": "limit"},
            "response": {"error": {"message": "Slow down", "type": "rate"}, "status": 429},
        },
    )
    done = bring("aimock", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    emu = serving(tmp_path / "out")
    message = json.loads(emu.respond(said("well, Hello you")).body)["choices"][0]["message"]
    assert message["content"] == "Hi there!"
    called = json.loads(emu.respond(said("the weather?", tools=[tool])).body)["choices"][0]
    assert json.loads(called["message"]["tool_calls"][0]["function"]["arguments"]) == {
        "city": "Oslo"
    }
    text = json.loads(emu.respond(said("as json")).body)["choices"][0]["message"]["content"]
    assert json.loads(text) == {"a": 1}
    limited = emu.respond(said("the limit"))
    assert (limited.status, json.loads(limited.body)["error"]["message"]) == (429, "Slow down")
    drawn = json.loads(emu.respond(asked(DRAW, "/images/generations")).body)["data"][0]
    assert base64.b64decode(drawn["b64_json"])[:4] == b"\x89PNG"
    usual = json.loads(emulator().respond(asked(DRAW, "/images/generations")).body)["data"][0]
    assert drawn["b64_json"] != usual["b64_json"]


def test_turns_of_aimock_come_in_their_order(tmp_path: Path) -> None:
    turns = [
        {"match": {"userMessage": "go", "sequenceIndex": n}, "response": {"content": f"answer {n}"}}
        for n in range(3)
    ]
    done = bring("aimock", aimock(tmp_path / "a.json", *turns), tmp_path / "out")
    assert done.exit_code == 0, done.output
    emu = serving(tmp_path / "out")
    replies = [json.loads(emu.respond(said("go")).body) for _ in range(3)]
    texts = [reply["choices"][0]["message"]["content"] for reply in replies]
    assert texts == ["answer 0", "answer 1", "answer 2"]


def test_what_aimock_says_and_a_fixture_cannot_is_told(tmp_path: Path) -> None:
    source = aimock(
        tmp_path / "a.json",
        {
            "match": {"userMessage": "a", "toolCallId": "x", "systemMessage": "y"},
            "response": {"content": "b", "reasoning": "c"},
            "chaos": {"dropRate": 1},
            "chunkSize": 3,
        },
        {"match": {"endpoint": "speech"}, "response": {"audio": "AAAA"}},
        {"match": {"userMessage": "p"}, "response": {"image": {"url": "https://x.invalid/a.png"}}},
    )
    done = bring("aimock", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    for words in (
        "the condition `toolCallId`: a.json, fixture 1",
        "the condition `systemMessage`",
        "`reasoning` of responses",
        "`chaos`; see `timing` and `fault`",
        "`chunkSize`",
        "responses with `audio`, which no operation here answers: a.json, fixture 2",
        "pictures behind links: an import follows none: a.json, fixture 3",
        "that the first match wins",
    ):
        assert words in done.output


# Bodies without requests


def test_bodies_without_requests_answer_in_their_order(tmp_path: Path) -> None:
    source = tmp_path / "external"
    source.mkdir()
    bodies = []
    for number, prompt in enumerate(("one fox", "two foxes")):
        reply = live(said(prompt, stream=True))
        bodies.append(whole(reply))
        (source / f"{number}.bin").write_bytes(whole(reply))
    whole_reply = live(said("three foxes")).body
    (source / "2.json").write_bytes(whole_reply)
    (source / "3.bin").write_bytes(b"\x00\x01")
    done = bring("snapshots", source, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "bodies that are no answer of a known operation: 3.bin" in done.output
    assert "the requests: an answer fits any of its model" in done.output
    emu = serving(tmp_path / "out")
    got = [whole(emu.respond(said("whatever", stream=True))) for _ in range(2)]
    assert got == bodies
    assert emu.respond(said("whatever")).body == whole_reply
