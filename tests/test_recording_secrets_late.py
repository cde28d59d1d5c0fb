"""A secret that is learned late leaves what was kept before; folders stay whole all the time."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from kit import png
from rawclient import ask
from recording_kit import Record, Service, chat, chunk, chunked, files, kept, whole
from safelight.dialects import load_dialects
from safelight.fixtures.loading import load_library
from safelight.fixtures.reading import read_file
from safelight.recording.known import Known
from safelight.recording.mending import Mender
from safelight.recording.rewriting import rewritten
from safelight.recording.shelf import Shelf
from safelight.recording.spool import Spool
from test_recording_secrets import leaks

pytest_plugins = ["recording_fixtures"]

LATE = "Zq81-lateSecret"
PATH = "/openai/v1/chat/completions"


def tell(port: int, words: str, *headers: tuple[str, str]) -> None:
    """Ask a chat something."""
    body = json.dumps({"model": "gpt-6-astra", "messages": [{"role": "user", "content": words}]})
    sent = (("content-type", "application/json"), *headers)
    asyncio.run(ask(port, "POST", PATH, sent, body.encode()))


def gone(out: Path, secret: str, patience: float = 20) -> bool:
    """Tell whether a secret leaves a folder in time."""
    until = time.monotonic() + patience
    while leaks(out, [secret]) and time.monotonic() < until:
        time.sleep(0.02)
    return leaks(out, [secret]) == []


def sound(out: Path) -> list[str]:
    """Return what is wrong with a folder of fixtures."""
    library = load_library([out], load_dialects(()), None)
    return [str(problem) for problem in library.folders.state.problems]


def test_a_secret_that_a_later_exchange_names_leaves_the_earlier_ones(
    record: Record, service: Service, tmp_path: Path
) -> None:
    server = record(service.base, tmp_path)
    picture = base64.b64encode(png() + LATE.encode() + bytes(2000)).decode()
    service.answer(whole(json.dumps({"say": LATE, "number": 7, "b64_json": picture}).encode()))
    tell(server.port, f"what is {LATE}?")
    halves = f'data: {{"a": "{LATE[:7]}'.encode(), f'{LATE[7:]}"}}\n\n'.encode()
    service.answer(chunked(), *map(chunk, halves), chunk(b""))
    tell(server.port, "tell it slowly")
    kept(tmp_path, 2)
    assert leaks(tmp_path, [LATE])  # nobody could know
    service.answer(whole(json.dumps({"account_id": LATE}).encode()))
    tell(server.port, "who am I?")
    kept(tmp_path, 3)
    assert gone(tmp_path, LATE)
    assert sound(tmp_path) == []
    (blob,) = (tmp_path / "files").iterdir()
    assert blob.read_bytes() == png() + b"*" * len(LATE) + bytes(2000)


def test_a_secret_leaves_what_an_earlier_run_kept_and_a_person_edited(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(json.dumps({"say": f"it is {LATE}", "n": 1}).encode()))
    tell((first := record(service.base, tmp_path)).port, "hello")
    (path,) = kept(tmp_path, 1)
    first.stop()
    edited = path.read_text().replace("n: 1", "n: 2  # I say two\n    m: x")
    path.write_text(f"# {LATE} was mine\n{edited}")
    server = record(service.base, tmp_path)
    tell(server.port, "another", ("authorization", f"Bearer {LATE}"))
    kept(tmp_path, 2)
    assert gone(tmp_path, LATE)
    stars = "*" * len(LATE)
    text = path.read_text()
    assert text.startswith(f"# {stars} was mine\n")
    assert "n: 2  # I say two\n    m: x" in text
    assert yaml.safe_load(text)["reply"]["body"] == {"say": f"it is {stars}", "n": 2, "m": "x"}


NUMBER = "81726354"


def test_a_secret_that_is_learned_late_leaves_the_names_of_fixtures(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(whole(b'{"live":true}'))
    server = record(service.base, tmp_path, "--only-missing")
    body = json.dumps({"model": f"ft:gpt-6-astra:{LATE}::a1", "messages": []})
    assert chat(server, body).json() == {"live": True}
    (path,) = kept(tmp_path, 1)
    assert LATE in path.name
    tell(server.port, "something else", ("openai-organization", LATE.replace("-", ":")))
    tell(server.port, "and more", ("openai-organization", LATE))
    assert gone(tmp_path, LATE)
    assert len(service.seen) == 3
    assert chat(server, body).json() == {"live": True}  # it is known by its new name
    assert len(service.seen) == 3
    assert sound(tmp_path) == []


def test_a_number_that_is_learned_to_be_secret_stays_a_number(
    record: Record, service: Service, tmp_path: Path
) -> None:
    inner = json.dumps({"owner": int(NUMBER), "part": 0.5})
    said = {"owner": int(NUMBER), "text": NUMBER, "inner": inner, "share": float(f"0.{NUMBER}")}
    service.answer(whole(json.dumps({**said, "account_id": int(NUMBER)}).encode()))
    server = record(service.base, tmp_path)
    chat(server)
    (path,) = kept(tmp_path, 1)
    body = yaml.safe_load(path.read_text())["reply"]["body"]
    assert leaks(tmp_path, [NUMBER]) == []
    assert (body["owner"], body["account_id"], body["text"]) == (11111111, 11111111, "1" * 8)
    assert (body["share"], json.loads(body["inner"])) == (
        0.11111111,
        {"owner": 11111111, "part": 0.5},
    )


# Texts that people write


KNOWN = Known()
KNOWN.add(["Zq8-secret", "90817263"])
TEXTS = [
    ("match: {prompt: Zq8-secret}\nreply: {}\n", "**********"),
    ("match: {prompt: |\n  a\n  Zq8-secret\n}\nreply: {}\n", None),
    ("match:\n  prompt: |\n    a\n    Zq8-secret\n  nth: 2\nreply: {}\n", "a\n**********\n"),
    ("match:\n  prompt: 'it''s Zq8-secret'\nreply: {}\n", "it's **********"),
    ('match:\n  prompt: "\\u005aq8-secret"\nreply: {}\n', "**********"),
    ("match:\n  prompt: >-\n    a\n    Zq8-secret\nreply: {}\n", "a **********"),
    ("match:\r\n  prompt: x Zq8-secret\r\nreply: {}\r\n", "x **********"),
]


@pytest.mark.parametrize(("text", "prompt"), TEXTS)
def test_a_fixture_is_rewritten_whatever_its_style(text: str, prompt: str | None) -> None:
    new = rewritten(text, KNOWN.hide_folded)
    if prompt is None:
        assert new is None  # no YAML: nothing is served of it
        return
    assert new is not None
    assert yaml.safe_load(new)["match"]["prompt"] == prompt
    assert new.count("\n") <= text.count("\n")


def test_names_and_digests_of_a_fixture_are_never_rewritten() -> None:
    head = "match: {provider: 90817263, digest: 'sha256:90817263'}\n"
    text = (
        head + "reply: {status: 90817263, body: {$file: files/90817263.png}, headers: [[a, b]]}\n"
    )
    assert rewritten(text, KNOWN.hide) is None


def test_a_fixture_without_the_secret_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("match:   {prompt:  fox}   # as I like it\nreply: {text: hi}\n")
    before = path.stat().st_mtime_ns, path.read_text()
    Mender(tmp_path, KNOWN, threading.Lock()).mend()
    assert (path.stat().st_mtime_ns, path.read_text()) == before


# What lies on the disk in the meantime


def test_a_spool_gives_back_what_it_took_and_shows_nothing_of_it(tmp_path: Path) -> None:
    spool, data = Spool(tmp_path), os.urandom(1000) + b"Zq8-secret" * 30_000
    for at in range(0, len(data), 7777):
        spool.write(data[at : at + 7777])
    (path,) = tmp_path.iterdir()
    assert b"Zq8-" not in path.read_bytes()
    assert path.stat().st_size >= len(data) - 2**16
    for start, size in ((0, len(data)), (5, 10), (65_530, 12), (131_071, 70_000), (299_000, 9_999)):
        assert spool.read(start, size) == data[start : start + size]
    spool.drop()
    assert list(tmp_path.iterdir()) == []


def test_equal_bytes_are_sealed_differently_each_time(tmp_path: Path) -> None:
    spools = Spool(tmp_path), Spool(tmp_path)
    for spool in spools:
        spool.write(bytes(2**17))
    first, second = (path.read_bytes() for path in tmp_path.iterdir())
    for spool in spools:
        spool.drop()
    assert first[: 2**16] not in (second[: 2**16], first[2**16 :], bytes(2**16))


def test_a_recorder_that_is_killed_leaves_nothing_secret_and_the_next_one_cleans_up(
    service: Service, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    picture = base64.b64encode(png() + LATE.encode() * 20_000)
    begun = b'data: {"say": "' + LATE.encode() + b'", "b64_json":"' + picture
    service.answer(chunked(), chunk(begun), 20.0)
    server, port = process(service.base, out)
    threading.Thread(target=quiet, args=(port,), daemon=True).start()
    until = time.monotonic() + 20
    while not files(out) and time.monotonic() < until:
        time.sleep(0.02)
    server.kill()
    server.communicate()
    assert [path.suffix for path in files(out)] == [".part"]
    assert leaks(out, [LATE]) == []
    assert LATE.encode() * 2 not in files(out)[0].read_bytes()
    Shelf(out)
    assert files(out) == []


def process(base: str, out: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a recorder that is to be killed; return it and its port."""
    command = [sys.executable, "-m", "safelight", "record", "--port", "0", "--provider", "openai"]
    command += ["--base-url", base, "--out", str(out)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = re.search(r" on http://127\.0\.0\.1:(\d+)", server.stdout.readline())
    assert found is not None
    return server, int(found[1])


def quiet(port: int) -> None:
    """Ask, and never mind that nobody answers to the end."""
    try:
        tell(port, "hello", ("x-api-key", LATE))
    except (OSError, EOFError, AssertionError, IndexError, ValueError):
        return


# Two at once


def test_two_recorders_share_a_folder(record: Record, service: Service, tmp_path: Path) -> None:
    one, two = record(service.base, tmp_path), record(service.base, tmp_path)
    picture = base64.b64encode(png() + LATE.encode() + bytes(2000)).decode()
    service.answer(whole(json.dumps({"say": LATE, "b64_json": picture}).encode()))
    asks = [
        threading.Thread(target=tell, args=(port, f"fox {n % 4}", *key))
        for n in range(8)
        for port, key in ((one.port, ()), (two.port, (("x-api-key", LATE),)))
    ]
    for ask_ in asks:
        ask_.start()
    for ask_ in asks:
        ask_.join()
    tell(two.port, "the last one", ("x-api-key", LATE))  # it sees what the other one has kept
    assert gone(tmp_path, LATE)
    assert sound(tmp_path) == []
    one.stop()
    two.stop()
    assert [path.name for path in files(tmp_path) if path.suffix == ".part"] == []
    for path in tmp_path.glob("*.yaml"):
        assert read_file(tmp_path, path.name)[1] == []
