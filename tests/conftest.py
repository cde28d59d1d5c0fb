"""What every test may use: a real server on a real socket, a network that ends at loopback."""

from __future__ import annotations

import ipaddress
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")  # how long one example takes is up to the machine's neighbours

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so a shell starts what runs behind it
    signal.signal(signal.SIGINT, signal.default_int_handler)  # servers here are to hear Ctrl-C

DAY = "2026-11-20"
"""The day on which live tests happen; models come and go, tests have to stay."""


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A running `safelight serve`: `origin` is http://127.0.0.1:<port>, `banner` its stdout."""

    origin: str
    port: int
    banner: str
    stderr: Path
    process: subprocess.Popen[str]

    def connect(self, timeout: float = 10) -> socket.socket:
        """Return a fresh connection to it; reads give up after `timeout` seconds."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and return the exit code. Stopping twice does no harm."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(10)
        finally:
            end(self.process)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LiveServer]]:
    """Return a function that starts `safelight serve` with the flags it is given.

    Every server is stopped at the end, and then has to have ended well: code 0 and no traceback.
    """
    servers: list[LiveServer] = []

    def start(*flags: str) -> LiveServer:
        stderr = tmp_path_factory.mktemp("server") / "stderr"
        servers.append(_start(flags, stderr))
        return servers[-1]

    yield start
    ends = [(server.stop(), server.stderr.read_text()) for server in servers]
    assert [end for end in ends if end[0] != 0 or "Traceback" in end[1]] == []


@pytest.fixture(scope="session")
def live_server(serve: Callable[..., LiveServer]) -> LiveServer:
    """Return the one server that all tests of a session share: today is always DAY."""
    return serve("--as-of", DAY)


def _start(flags: tuple[str, ...], stderr: Path) -> LiveServer:
    command = [sys.executable, "-m", "safelight", "serve", "--port", "0", *flags]
    with stderr.open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    said = iter(process.stdout.readline, "")  # which is also what a server that ended says
    banner = "".join(takewhile(lambda line: line != "Ctrl-C stops it.\n", said))
    found = re.search(r"http://127\.0\.0\.1:(\d+)", banner)
    if found is None:
        end(process)
        pytest.fail(f"{' '.join(command)} said {banner!r} and {stderr.read_text()!r}")
    return LiveServer(found[0], int(found[1]), banner, stderr, process)


def end(process: subprocess.Popen[str]) -> None:
    """Make sure that a process is gone and its pipe closed."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(how: Callable[..., Any]) -> Callable[..., Any]:
        def call(sock: socket.socket, address: Any) -> Any:
            if sock.family in {socket.AF_INET, socket.AF_INET6} and not _loopback(address[0]):
                pytest.fail(f"a test wants to reach {address}: tests stay on this machine")
            return how(sock, address)

        return call

    monkeypatch.setattr(socket.socket, "connect", guarded(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(connect_ex))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
