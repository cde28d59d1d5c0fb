"""The server of the pytest plugin: for subprocesses and other languages, gone when the run is."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

FLAGS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error")
FLAGS += ("-o", "asyncio_default_fixture_loop_scope=function")
ENDLESS = """
import sys, time, urllib.request

def test_app(safelight_server, capsys):
    with capsys.disabled():
        print("at", safelight_server.origin, flush=True)
    {body}
"""


def refused(origin: str) -> bool:
    """Tell whether nobody listens there any more."""
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) != 0


def start(folder: Path, body: str, *flags: str) -> tuple[subprocess.Popen[str], str]:
    """Start a run whose one test does that, and return it with its server's origin."""
    (folder / "test_endless.py").write_text(ENDLESS.format(body=body))
    command = [sys.executable, "-m", "pytest", *FLAGS, "-s", *flags, str(folder)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert run.stdout is not None
    for line in run.stdout:
        if found := re.search(r"at (http://\S+)", line):
            return run, found[1]
    pytest.fail("the inner run told no origin")


def test_a_subprocess_finds_it_by_its_environment(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os, subprocess, sys

        APP = "from openai import OpenAI; print(len(OpenAI().models.list().data))"

        def test_app(safelight_server):
            env = os.environ | safelight_server.env
            out = subprocess.check_output([sys.executable, "-c", APP], env=env, text=True)
            assert int(out) > 10
            (asked,) = safelight_server.requests
            assert (asked.operation, asked.provider) == ("models.list", "openai")

        def test_bases(safelight_server):
            names = ["openai", "vercel", "edenai", "together", "compatible"]
            bases = {safelight_server.base_url(name) for name in names}
            assert len(bases) == 5 and all("/s/test_bases-" in base for base in bases)
            assert safelight_server.base_url() == safelight_server.base_url("openai")
        """
    )
    pytester.runpytest_inprocess(*FLAGS).assert_outcomes(passed=2)


def test_both_fixtures_of_a_test_are_one_world(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import httpx2

        def test_app(safelight, safelight_server):
            key = {"authorization": "Bearer x"}
            httpx2.get("https://api.openai.com/v1/models", headers=key)
            httpx2.get(f"{safelight_server.base_url()}/models", headers=key)
            assert len(safelight.requests) == len(safelight_server.requests) == 2
        """
    )
    pytester.runpytest_inprocess(*FLAGS).assert_outcomes(passed=1)


def test_it_starts_once_and_well_under_half_a_second(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import time
        import httpx2

        ORIGINS = set()

        def test_first(request):
            began = time.perf_counter()
            server = request.getfixturevalue("safelight_server")
            httpx2.get(f"{server.base_url()}/models", headers={"authorization": "Bearer x"})
            assert time.perf_counter() - began < 2.0  # an import of everything, on any machine
            ORIGINS.add(server.origin)

        def test_second(safelight_server):
            ORIGINS.add(safelight_server.origin)
            assert len(ORIGINS) == 1
        """
    )
    pytester.runpytest_subprocess(*FLAGS).assert_outcomes(passed=2)


def test_it_ends_with_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(ENDLESS.format(body="pass"))
    result = pytester.runpytest_inprocess(*FLAGS, "-s")
    result.assert_outcomes(passed=1)
    found = re.search(r"at (http://\S+)", result.stdout.str())
    assert found is not None
    assert refused(found[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_it_leaves_nothing_behind_when_the_run_is_stopped(
    tmp_path: Path, number: signal.Signals
) -> None:
    run, origin = start(tmp_path, "time.sleep(60)")
    assert not refused(origin)
    began = time.monotonic()
    run.send_signal(number)
    out, _ = run.communicate(timeout=20)
    assert refused(origin)
    assert time.monotonic() - began < 5
    assert number == signal.SIGKILL or "KeyboardInterrupt" in out


def test_it_leaves_nothing_behind_when_a_worker_crashes(tmp_path: Path) -> None:
    told = tmp_path / "origin"
    body = f"open({str(told)!r}, 'w').write(safelight_server.origin); import os; os._exit(3)"
    (tmp_path / "test_endless.py").write_text(ENDLESS.format(body=body))
    command = [sys.executable, "-m", "pytest", *FLAGS, "-n1", "--max-worker-restart=0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "crashed" in done.stdout
    assert refused(told.read_text())


def test_a_stalled_client_does_not_hold_the_end_of_the_run(tmp_path: Path) -> None:
    body = """
    import socket
    safelight_server.fail_next("stall_before_headers", seconds=60)
    host, _, port = safelight_server.origin.removeprefix("http://").partition(":")
    sock = socket.create_connection((host, int(port)))
    path = safelight_server.base_url().removeprefix(safelight_server.origin) + "/models"
    head = f"GET {path} HTTP/1.1", "host: x", "authorization: Bearer x", "", ""
    sock.sendall("\\r\\n".join(head).encode())
    time.sleep(0.3)
    sys.stderr.write("asked")
    """
    run, origin = start(tmp_path, body.strip(), "-W", "ignore::ResourceWarning")
    began = time.monotonic()
    run.communicate(timeout=30)
    assert (run.returncode, refused(origin)) == (0, True)
    assert time.monotonic() - began < 6


def test_asynchronous_clients_meet_it_at_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio
        from openai import AsyncOpenAI

        def test_app(safelight_server):
            async def go():
                async with AsyncOpenAI(base_url=safelight_server.base_url()) as client:
                    await asyncio.gather(*(client.models.list() for _ in range(20)))
            asyncio.run(go())
            assert sorted(asked.number for asked in safelight_server.requests) == [*range(1, 21)]
        """
    )
    pytester.runpytest_inprocess(*FLAGS).assert_outcomes(passed=1)


def test_the_environment_of_the_tests_own_process_stays(pytester: pytest.Pytester) -> None:
    before = {**os.environ, "PYTEST_CURRENT_TEST": ""}
    pytester.makepyfile("def test_app(safelight_server): pass")
    pytester.runpytest_inprocess(*FLAGS).assert_outcomes(passed=1)
    assert {**os.environ, "PYTEST_CURRENT_TEST": ""} == before
