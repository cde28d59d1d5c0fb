"""A recorder that is stopped: what its clients have whole is kept whole, and nothing is kept half.

Stopped in a thread as tests do it, and as a process by signals, once and twice, on busy cores.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import LiveServer
from kit import png
from rawclient import ask
from recording_kit import CHAT, JSON, Record, Service, Step, chunk, chunked, files, whole
from safelight.fixtures.reading import read_file
from safelight.recording.keeping import Keeper

pytest_plugins = ["recording_fixtures"]

PATH = "/openai/v1/chat/completions"
LARGE = json.dumps({"b64_json": base64.b64encode(png(9, 9) + os.urandom(3_000_000)).decode()})
EVENTS = [b'data: {"n": %d}\n\n' % n for n in range(6)]
DONE = b"data: [DONE]\n\n"

ANSWERS: dict[str, tuple[Step, ...]] = {
    "small": (whole(b'{"a": 1}'),),
    "large": (whole(LARGE.encode()),),
    "stream": (chunked(), *(chunk(event) for event in EVENTS), chunk(b"")),
    "chunked": (chunked(kind="application/json"), chunk(b'{"a": '), chunk(b"1}"), chunk(b"")),
    "large chunks": (chunked(kind="application/json"), chunk(LARGE.encode()), chunk(b"")),
    "refused": (whole(b'{"error": {}}', status="400 Bad Request"),),
    "failed": (whole(b"oops", "text/html", status="503 Service Unavailable"),),
    "empty": (b"HTTP/1.1 204 No Content\r\n\r\n",),
    "until closed": (b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n", b"whole"),
}


@pytest.fixture(scope="module", autouse=True)
def busy() -> Iterator[None]:
    """Keep every core busy: races are lost where there is no time."""
    count = min(4, os.cpu_count() or 2)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    yield
    for one in busy:
        one.kill()
        one.wait()


def said(text: str) -> bytes:
    """Return a question of its own."""
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}).encode()


def at_once(port: int, count: int, method: str = "POST") -> list[int]:
    """Ask so many questions at the same time; return the status of each whole answer."""

    async def everyone() -> list[int]:
        asked = (ask(port, method, PATH, JSON, said(f"fox {n}")) for n in range(count))
        found = await asyncio.gather(*asked)
        assert all(one.end == "close" for one in found)
        assert method == "HEAD" or all(one.whole for one in found)
        return [one.status for one in found]

    return asyncio.run(everyone())


def sound(out: Path, count: int) -> None:
    """Check that so many recordings lie there now, each one whole, and nothing else."""
    found = sorted(out.glob("*.yaml"))
    assert len(found) == count
    for path in found:
        fixture, problems = read_file(out, path.name)
        assert (fixture is None, problems) == (False, [])
    assert [path for path in files(out) if path.suffix == ".part"] == []


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_clients_have_is_kept_though_the_recorder_stops_at_once(
    record: Record, service: Service, tmp_path: Path, answer: str
) -> None:
    service.answer(*ANSWERS[answer])
    for turn in range(2):
        out = tmp_path / str(turn)
        recorder = record(service.base, out)
        at_once(recorder.port, 8)
        recorder.stop()
        sound(out, 8)


def test_what_a_head_asked_is_kept_too(record: Record, service: Service, tmp_path: Path) -> None:
    service.answer(b"HTTP/1.1 200 OK\r\ncontent-length: 4711\r\n\r\n")
    recorder = record(service.base, tmp_path)
    assert at_once(recorder.port, 8, "HEAD") == [200] * 8
    recorder.stop()
    sound(tmp_path, 8)


@pytest.mark.parametrize(
    ("answer", "number", "again"),
    [
        ("small", signal.SIGINT, True),
        ("large", signal.SIGTERM, False),
        ("large", signal.SIGINT, True),
        ("stream", signal.SIGTERM, True),
        ("large chunks", signal.SIGINT, False),
    ],
)
def test_a_process_that_is_told_to_stop_keeps_what_clients_have(  # noqa: PLR0913 - fixtures
    record_process: Callable[..., LiveServer],
    service: Service,
    tmp_path: Path,
    answer: str,
    number: signal.Signals,
    *,
    again: bool,
) -> None:
    service.answer(*ANSWERS[answer])
    server = record_process(service.base, tmp_path)
    at_once(server.port, 12)
    server.process.send_signal(number)
    if again:
        time.sleep(0.002)
        server.process.send_signal(number)
    assert server.process.wait(20) == 0
    sound(tmp_path, 12)
    assert server.process.stdout is not None
    assert "Kept 12 exchanges" in server.process.stdout.read()


@pytest.mark.parametrize("stops", [1, 2])
def test_no_write_that_waits_for_its_turn_is_called_off(
    record: Record,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stops: int,
) -> None:
    go, keep = threading.Event(), Keeper.keep

    def slowly(*given: object) -> Path:
        assert go.wait(20)
        return keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Keeper, "keep", slowly)
    service.answer(whole(b"{}"))
    recorder = record(service.base, tmp_path, "--grace", "0.1")
    many = 40  # more than threads are there to write
    assert at_once(recorder.port, many) == [200] * many
    leaving = [threading.Thread(target=recorder.stop) for _ in range(stops)]
    for one in leaving:
        one.start()
    time.sleep(1)
    assert list(tmp_path.glob("*.yaml")) == []
    go.set()
    for one in leaving:
        one.join(20)
    sound(tmp_path, many)


def test_a_stream_that_says_it_is_done_is_kept(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(chunked(), chunk(EVENTS[0]), chunk(DONE), 0.4, chunk(b""))
    recorder = record(service.base, tmp_path)
    with socket.create_connection(("127.0.0.1", recorder.port), 10) as line:
        line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n")
        line.sendall(b"content-type: application/json\r\n")
        line.sendall(b"content-length: %d\r\n\r\n%s" % (len(CHAT), CHAT.encode()))
        data = b""
        while DONE not in data:
            data += line.recv(65536)
    recorder.stop()  # clients read no further than that
    sound(tmp_path, 1)


@pytest.mark.parametrize("leaves", [False, True])
def test_an_answer_on_its_way_is_waited_for(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path, *, leaves: bool
) -> None:
    service.answer(chunked(), chunk(EVENTS[0]), 1.5, chunk(EVENTS[1]), chunk(b""))
    server = record_process(service.base, tmp_path)
    with server.connect() as line:
        _begun(line)
        if leaves:
            line.close()
        assert server.stop(signal.SIGINT) == 0
        if not leaves:
            rest = b"".join(iter(lambda: line.recv(65536), b""))
            assert rest.endswith(chunk(EVENTS[1]) + chunk(b""))
    sound(tmp_path, 1)
    assert "waiting for answers: 1; a second Ctrl-C drops them" in server.stderr.read_text()


def _begun(line: socket.socket) -> None:
    """Ask, and wait for the first event."""
    line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n")
    line.sendall(b"content-type: application/json\r\n")
    line.sendall(b"content-length: %d\r\n\r\n%s" % (len(CHAT), CHAT.encode()))
    data = b""
    while EVENTS[0] not in data:
        data += line.recv(65536)


@pytest.mark.parametrize("grace", [None, "0", "0.5"])
def test_nobody_waits_longer_than_the_grace_or_after_a_second_signal(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path, grace: str | None
) -> None:
    service.answer(chunked(), chunk(EVENTS[0]), 60.0, chunk(b""))
    server = record_process(service.base, tmp_path, *(("--grace", grace) if grace else ()))
    with server.connect() as line:
        _begun(line)
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        if grace is None:
            time.sleep(0.5)
            assert server.process.poll() is None
            server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 4
        assert b"0\r\n\r\n" not in line.recv(65536)  # broken off, and seen to be
    assert files(tmp_path) == []
    assert "POST /v1/chat/completions: stopped; nothing was kept" in server.stderr.read_text()


class Hanging(Service):
    """A service that never answers a second request."""

    def _serve(self, line: socket.socket) -> None:
        self.steps = [60.0] if self.seen else self.steps
        super()._serve(line)


def test_a_third_signal_ends_a_process_that_waits_for_a_link(tmp_path: Path) -> None:
    service = Hanging()
    service.answer(whole(json.dumps({"url": f"http://127.0.0.1:{service.port}/a.png"}).encode()))
    command = [sys.executable, "-m", "safelight", "record", "--provider", "openai", "--port", "0"]
    command += ["--base-url", service.base, "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(",")[0].rpartition(":")[2])
        assert at_once(port, 1) == [200]
        for _ in range(3):
            assert process.poll() is None  # it is written as soon as the link has been followed
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        assert process.wait(5) == -signal.SIGINT
    service.close()
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "sent", [b"POST /v1/x HT", b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"]
)
def test_nobody_waits_for_a_request_that_is_still_being_sent(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path, sent: bytes
) -> None:
    server = record_process(service.base, tmp_path)
    with server.connect() as line:
        line.sendall(sent)
        time.sleep(0.3)
        began = time.monotonic()
        assert server.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < 4  # the time of grace is 5 s
    assert service.seen == []
