"""Recorders and services as fixtures: `pytest_plugins = ["recording_fixtures"]` in a module."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from conftest import LiveServer, end
from hypercorn.asyncio import serve as hypercorn
from recording_kit import Recorder, Service
from safelight import server
from safelight.app import application
from safelight.commands.record import record as command
from safelight.commands.record import recorder_of


@pytest.fixture
def record() -> Iterator[Callable[..., Recorder]]:
    """Return a function that starts a recorder in a thread: (base URL, folder, flags...)."""
    ends: list[Callable[[], None]] = []

    def start(base: str, out: Path, *flags: str, provider: str = "openai") -> Recorder:
        given = ["--provider", provider, "--base-url", base, "--out", str(out), *flags]
        options = command.make_context("record", given).params
        recorder, grace = recorder_of(options), options["grace"]
        sock = server.listen("127.0.0.1", 0)
        port = sock.getsockname()[1]
        ends.append(_run(recorder, sock, grace))
        return Recorder(f"http://127.0.0.1:{port}", port, ends[-1])

    yield start
    for stop in ends:
        stop()


async def _rest(loop: asyncio.AbstractEventLoop) -> None:
    """End what is left of a loop, as `asyncio.run` does."""
    left = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _run(recorder: Any, sock: Any, grace: float) -> Callable[[], None]:
    """Serve in a thread, and return what stops it. Called again it waits no more, as a signal."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    app: Any = application(recorder)
    config = server.hypercorn_config(sock)
    config.graceful_timeout = grace + server.GRACE
    serving = hypercorn(app, config, shutdown_trigger=stop.wait, mode="asgi")

    def run() -> None:
        loop.run_until_complete(serving)
        loop.run_until_complete(_rest(loop))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def leave() -> None:
        with suppress(RuntimeError):  # it is over
            loop.call_soon_threadsafe(recorder.stop)
            loop.call_soon_threadsafe(stop.set)
        thread.join(10)

    return leave


@pytest.fixture(scope="module")
def record_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LiveServer]]:
    """Return a function that starts `safelight record` itself.

    Every recorder has to end well: code 0 and no traceback.
    """
    started: list[LiveServer] = []

    def start(base: str, out: Path, *flags: str, provider: str = "openai") -> LiveServer:
        stderr = tmp_path_factory.mktemp("recorder") / "stderr"
        command = [sys.executable, "-m", "safelight", "record", "--port", "0"]
        command += ["--provider", provider, "--base-url", base, "--out", str(out), *flags]
        with stderr.open("w") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        banner = "".join(takewhile(lambda line: line != "Ctrl-C stops it.\n", said))
        found = re.search(r" on (http://127\.0\.0\.1:(\d+))", banner)
        if found is None:
            end(process)
            pytest.fail(f"{' '.join(command)} said {banner!r} and {stderr.read_text()!r}")
        started.append(LiveServer(found[1], int(found[2]), banner, stderr, process))
        return started[-1]

    yield start
    ends = [(one.stop(), one.stderr.read_text()) for one in started]
    assert [found for found in ends if found[0] != 0 or "Traceback" in found[1]] == []


@pytest.fixture
def service() -> Iterator[Service]:
    """Return a service that misbehaves as it is told."""
    one = Service()
    yield one
    one.close()
