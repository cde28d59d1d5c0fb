"""Cassettes of vcrpy are served again, and what was lost on the way is told."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from imports_kit import (
    REQUESTS,
    SECRET,
    V1,
    bring,
    live,
    serving,
    whole,
)
from kit import emulator
from safelight.messages import Reply, Request


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
        "exchanges with other services: tape.yaml, interaction 1 (example.com)",
        "exchanges with paths that openai does not have: tape.yaml, interaction 2",
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
        ("vcr", "a.yaml", "a: 1", "it has no `interactions`"),
        ("har", "a.har", "{", "no HAR"),
        ("har", "a.har", "[]", "it has no `log`"),
        ("aimock", "a.json", "{}", "it has no `fixtures`"),
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
