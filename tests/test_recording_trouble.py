"""The recorder in trouble: many clients at once, a full disk, strange bodies, a sudden end."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from clients.packages import missing
from conftest import DAY, LiveServer
from rawclient import Seen, ask
from recording_kit import Record, Service, chunk, chunked, kept, whole

pytest_plugins = ["recording_fixtures"]

JSON = (("content-type", "application/json"),)
PATH = "/openai/v1/chat/completions"


def said(text: str) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}).encode()


def at_once(port: int, *bodies: bytes) -> list[Seen]:
    """Return the answers to questions that are asked at the same time."""

    async def everyone() -> list[Seen]:
        return await asyncio.gather(*(ask(port, "POST", PATH, JSON, body) for body in bodies))

    return asyncio.run(everyone())


def test_many_streams_at_once_are_kept_apart(
    record: Record, service: Service, tmp_path: Path
) -> None:
    steps = [step for n in range(4) for step in (chunk(b"data: %d\n\n" % n), 0.05)]
    service.answer(chunked(), *steps, chunk(b""))
    recorder = record(service.base, tmp_path)
    seen = at_once(recorder.port, *(said(f"fox {n}") for n in range(24)))
    assert {answer.body for answer in seen} == {b"data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n"}
    found = [yaml.safe_load(path.read_text()) for path in kept(tmp_path, 24)]
    assert {one["match"]["prompt"] for one in found} == {f"fox {n}" for n in range(24)}
    assert {len(one["reply"]["chunks"]) for one in found} == {4}


def test_one_question_asked_at_once_is_as_many_turns(
    record: Record, service: Service, tmp_path: Path
) -> None:
    service.answer(0.2, whole(b"{}"))
    recorder = record(service.base, tmp_path)
    at_once(recorder.port, *([said("fox")] * 8))
    found = [yaml.safe_load(path.read_text()) for path in kept(tmp_path, 8)]
    assert sorted(one["match"].get("nth", 99) for one in found) == [1, 2, 3, 4, 5, 6, 7, 99]


def test_a_disk_that_takes_nothing_does_not_hurt_the_client(
    record: Record, service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = record(service.base, tmp_path)
    (tmp_path / "files").write_text("in the way")
    service.answer(whole(b"\x00" * 1000, "image/png"))
    (seen,) = at_once(recorder.port, said("fox"))
    assert (seen.status, len(seen.body), seen.whole) == (200, 1000, True)
    time.sleep(0.2)
    assert "not kept" in caplog.text
    assert list(tmp_path.glob("*.yaml")) == []


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    from click.testing import CliRunner
    from safelight.cli import main

    (tmp_path / "file").touch()
    out = tmp_path / "file" / "kept"
    flags = ["--provider", "openai", "--base-url", "http://x/v1", "--out", str(out)]
    done = CliRunner().invoke(main, ["record", *flags])
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)
    assert f"--out {out}: cannot be made" in done.output


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"model": "gpt-4o", "messages": 5}',
        b'{"model": {"a": []}, "messages": [{"role": 7}]}',
        b"\xff\xfe",
        b'{"n": 1e400, "m": 123456789012345678901234567890}',
        b'"\\ud800"',
        b"",
    ],
)
def test_any_request_is_forwarded_and_any_answer_kept(
    record: Record, service: Service, tmp_path: Path, body: bytes
) -> None:
    service.answer(whole(body))
    recorder = record(service.base, tmp_path)
    (first,) = at_once(recorder.port, body)
    assert (first.status, first.body) == (200, body)
    kept(tmp_path, 1)
    service.close()
    (again,) = at_once(record(service.base, tmp_path, "--only-missing").port, body)
    assert (again.status, again.body) == (200, body)


def test_a_service_that_was_not_reached_costs_nothing(
    record: Record, service: Service, tmp_path: Path
) -> None:
    budget = ("--budget", "0.05", "--as-of", DAY)  # enough for one answer, not for two
    recorder = record(service.base, tmp_path, *budget)
    port = service.port
    service.close()
    assert [at_once(recorder.port, said("a"))[0].status for _ in range(3)] == [502, 502, 502]
    assert port == service.port


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Return a certificate that vouches for itself, and a service's side of it."""
    tool = shutil.which("openssl")
    if tool is None:
        missing("TLS", "no openssl on this machine")
    pem, key = folder / "cert.pem", folder / "key.pem"
    command = [tool, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    command += ["-out", str(pem), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return pem, context


@pytest.mark.parametrize("name", ["localhost", "elsewhere.invalid"])
def test_a_service_behind_tls_has_to_be_who_it_says(
    record: Record,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    pem, service.tls = certificate(tmp_path, name)
    service.answer(whole(b'{"safe":true}'))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    recorder = record(f"https://localhost:{service.port}/v1", tmp_path / "kept")
    (seen,) = at_once(recorder.port, said("fox"))
    assert seen.status == (200 if name == "localhost" else 502)
    if seen.status == 200:
        assert seen.json() == {"safe": True}
        kept(tmp_path / "kept", 1)
    else:
        message = seen.json()["error"]["message"]
        assert "its certificate is not trusted: Hostname mismatch" in message
        assert "SSL_CERT_FILE names your own" in message
        assert service.seen == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_in_the_middle_of_an_answer_ends_well(
    record_process: Callable[..., LiveServer],
    service: Service,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    service.answer(chunked(), chunk(b"data: 1\n\n"), 60.0, chunk(b""))
    server = record_process(service.base, tmp_path, "--grace", "0.3")
    with server.connect() as line:
        body = said("fox")
        line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n")
        line.sendall(b"content-type: application/json\r\n")
        line.sendall(b"content-length: %d\r\n\r\n" % len(body) + body)
        assert line.recv(100)
        time.sleep(0.2)
        assert server.stop(number) == 0
    assert list(tmp_path.rglob("*.*")) == []
    assert "Traceback" not in server.stderr.read_text()


def test_a_banner_says_where_to_point_a_client(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path
) -> None:
    server = record_process(service.base, tmp_path)
    assert f"export OPENAI_BASE_URL={server.origin}/openai/v1\n" in server.banner
    assert f"records {service.base} on {server.origin}" in server.banner
    assert "There is no budget" in server.banner
