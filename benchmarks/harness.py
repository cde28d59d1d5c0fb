"""What the benchmarks share: servers as processes, what they cost, load on a port (Linux only).

Load comes from wrk where it is installed, else from a small asyncio client, which is slower than a
quick server; then the CPU per request is still right, the requests per second are a lower bound.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Case:
    """One request, made again and again."""

    name: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"
    connections: int = 16

    @property
    def headers(self) -> dict[str, str]:
        """The request's header fields."""
        key = {"authorization": "Bearer sk-bench"}
        return key | ({"content-type": self.content_type} if self.body else {})


@dataclass(frozen=True)
class Load:
    """What one burst of load measured."""

    requests: int
    seconds: float
    cpu_us: float
    p99_ms: float
    bad: int


@dataclass
class Server:
    """One server under test. `command` holds `{port}`; `ready` is a path that answers 200."""

    name: str
    command: list[str]
    ready: str
    base: str = ""
    env: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    first_ms: float = 0.0

    @property
    def pid(self) -> int:
        """The running process's id."""
        assert self.process is not None, "start it first"
        return self.process.pid

    def start(self) -> None:
        """Start it and wait for the first 200; `first_ms` says how long that took."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [part.replace("{port}", str(self.port)) for part in self.command]
        quiet = subprocess.DEVNULL
        began = time.perf_counter()
        env = {**os.environ, **self.env}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # users start compiled modules, not sources
        self.process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=env)
        while not self._answers():
            assert self.process.poll() is None, f"{self.name} ended: {' '.join(command)}"
            assert time.perf_counter() - began < 30, f"{self.name} does not answer {self.ready}"
        self.first_ms = (time.perf_counter() - began) * 1000

    def _answers(self) -> bool:
        request = f"GET {self.ready} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-bench\r\n\r\n"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as sock:
                sock.sendall(request.encode())
                return b" 200" in sock.recv(64).split(b"\r\n")[0]
        except OSError:
            time.sleep(0.001)
            return False

    def stop(self) -> float:
        """Send SIGTERM; return the seconds until the process was gone."""
        assert self.process is not None, "start it first"
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.perf_counter() - began

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mib(self) -> float:
        """Resident memory now, in MiB."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE / 2**20

    def peak_mib(self) -> float:
        """Most resident memory so far, in MiB."""
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def fetch(self, case: Case) -> tuple[str, bytes]:
        """Return content type and body of the case's answer. Raises HTTPError unless it is 200."""
        url = f"http://127.0.0.1:{self.port}{self.base}{case.path}"
        request = urllib.request.Request(url, data=case.body or None, headers=case.headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.headers["content-type"], reply.read()

    def load(self, case: Case, seconds: float) -> Load:
        """Put load on it and return what came of it."""
        before = self.cpu_seconds()
        drive = wrk if shutil.which("wrk") else small_client
        requests, took, p99, bad = drive(self.port, self.base + case.path, case, seconds)
        cpu = (self.cpu_seconds() - before) / max(requests, 1) * 1e6
        return Load(requests, took, cpu, p99, bad)


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Run all of them; each is stopped at the end, whatever happens."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            if server.process is not None and server.process.poll() is None:
                server.stop()


def wrk(port: int, path: str, case: Case, seconds: float) -> tuple[int, float, float, int]:
    """Return (requests, seconds, p99 in ms, bad answers) of one run of wrk."""
    with tempfile.TemporaryDirectory() as folder:
        body, script = Path(folder, "body"), Path(folder, "case.lua")
        body.write_bytes(case.body)
        lines = [f'wrk.headers["{name}"] = {json.dumps(v)}' for name, v in case.headers.items()]
        if case.body:
            lines += ['wrk.method = "POST"', f'wrk.body = io.open("{body}", "rb"):read("*a")']
        script.write_text("\n".join([*lines, _REPORT]))
        command = ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds:g}s", "--timeout", "20s"]
        url = f"http://127.0.0.1:{port}{path}"
        done = subprocess.run([*command, "-s", script, url], capture_output=True, check=True)
    requests, micros, p99, bad = (int(n) for n in done.stdout.split(b"RESULT ")[1].split())
    return requests, micros / 1e6, p99 / 1000, bad


_REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def small_client(port: int, path: str, case: Case, seconds: float) -> tuple[int, float, float, int]:
    """Return the same as `wrk`, measured by one asyncio client in this process."""
    return asyncio.run(_closed_loop(port, path, case, seconds))


async def _closed_loop(
    port: int, path: str, case: Case, seconds: float
) -> tuple[int, float, float, int]:
    method = "POST" if case.body else "GET"
    fields = case.headers | {"host": f"127.0.0.1:{port}", "content-length": str(len(case.body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + case.body
    took: list[float] = []
    bad = 0
    end = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal bad
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        while (began := time.perf_counter()) < end:
            writer.write(request)
            bad += await _read_reply(reader) != 200
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(case.connections)))
    took.sort()
    return len(took), time.perf_counter() - began, took[int(len(took) * 0.99)] * 1000, bad


async def _read_reply(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = re.search(rb"content-length: (\d+)", head)
    if length:
        await reader.readexactly(int(length[1]))
    else:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head.split(b" ", 2)[1])


def python(*arguments: str) -> list[str]:
    """Return the command that runs this interpreter with these arguments."""
    return [sys.executable, *arguments]
