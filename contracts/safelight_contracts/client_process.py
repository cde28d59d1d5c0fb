"""A client that is a command of any language: run once per example, bounded in time and output.

It runs in a process group of its own, which is gone afterwards, with all that it has started. What
must not enter: what the world does, what is right.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from safelight.refusals import UsageError

from safelight_contracts.client_door import Door
from safelight_contracts.client_plans import Ended, Ending, Plan

OUTPUT = 1024 * 1024
"""Bytes of each of stdout and stderr that are kept: the first half and the last."""

_GRACE = 0.5
"""Seconds between asking a group to end and ending it."""

_TICK = 0.005
_FILES = 64 * 1024 * 1024
"""Bytes of the files that a command has written that are looked at."""


@dataclass(slots=True)
class Command:
    """A command line to be run once for each example.

    `environment` is what it gets beside ours; `{session}` in its values is the example's own. The
    examples are counted in `number`. `patience` is in seconds. `good` is the exit code of success;
    `says` a pattern that stdout must show then, `notices` one of output that tells of a failure.
    `writes` are globs below the folder it runs in.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    patience: float = 30.0
    good: int = 0
    says: str = ""
    notices: str = ""
    writes: Sequence[str] = ()
    folder: Path = field(default_factory=Path)
    session: str = ""
    number: int = 0

    def run(self, plan: Plan, door: Door) -> Ending:  # noqa: ARG002 - what a subject gets
        """Run it once. Raises UsageError for a command that cannot be started."""
        before = {path: _stamp(path) for path in self._files()}
        began = time.monotonic()
        process = self._start()
        out, err = _Reader(process.stdout), _Reader(process.stderr)
        try:
            over = _wait(process, self.patience)
        except BaseException:  # Ctrl-C reaches us alone: it has a group of its own
            _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            process.wait()
            raise
        took = time.monotonic() - began
        told = b"\n".join((out.text(), err.text(), *self._written(before)))
        if over:
            return Ending("hang", f"still running after {self.patience:g} s", told, took)
        ended: Ended = "success" if process.returncode == self.good else "failure"
        if self.notices and _shows(self.notices, out.text() + err.text()):
            ended = "failure"
        how = f"exit code {process.returncode}" + _last(err.text() if ended == "failure" else b"")
        wrong = self.says and ended == "success" and not _shows(self.says, out.text())
        declared = f"stdout has nothing like {self.says!r}" if wrong else ""
        return Ending(ended, how, told, took, declared)

    def _start(self) -> subprocess.Popen[bytes]:
        named = {
            name: text.replace("{session}", self.session) for name, text in self.environment.items()
        }
        try:
            return subprocess.Popen(  # noqa: S603 - the user's own command
                list(self.argv),
                cwd=self.folder,
                env={**os.environ, **named},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            text = f"{self.argv[0]} cannot be run: {error.strerror}; write the command behind --"
            raise UsageError(text) from error

    def _files(self) -> Iterator[Path]:
        for glob in self.writes:
            yield from (path for path in self.folder.glob(glob) if path.is_file())

    def _written(self, before: Mapping[Path, object]) -> Iterator[bytes]:
        room = _FILES
        for path in self._files():
            if before.get(path) != _stamp(path) and room > 0:
                with path.open("rb") as file:
                    data = file.read(room)
                room -= len(data)
                yield data


class _Reader:
    """Reads a pipe to its end, in a thread, and keeps a bounded part."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe is not None, "the pipes were asked for"
        self._pipe = pipe
        self._head, self._tail = bytearray(), bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        half = OUTPUT // 2
        with contextlib.suppress(OSError, ValueError):
            while piece := self._pipe.read1(65536):  # type: ignore[attr-defined]  # a BufferedReader
                room = max(0, half - len(self._head))
                self._head += piece[:room]
                self._tail += piece[room:]
                del self._tail[:-half]

    def text(self) -> bytes:
        """Return what was kept; whoever still holds the pipe open is not waited for."""
        self._thread.join(_GRACE)
        if not self._thread.is_alive():
            self._pipe.close()
        return bytes(self._head + self._tail)


def _wait(process: subprocess.Popen[bytes], patience: float) -> bool:
    """Wait until a command is over, end its group, and tell whether its time was over."""
    over = not _exited(process, patience)
    if over:
        _signal(process, signal.SIGTERM)
        _exited(process, _GRACE)
    # Its number is its group's as long as nobody has asked how it ended: no stranger is hit.
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()
    return over


def _exited(process: subprocess.Popen[bytes], patience: float) -> bool:
    """Tell whether a process has ended in time, without taking its exit code."""
    if not hasattr(os, "waitid"):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        return process.poll() is not None
    ends = time.monotonic() + patience
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, process.pid, look) is None:
        if time.monotonic() > ends:
            return False
        time.sleep(_TICK)
    return True


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        elif process.returncode is None:
            process.send_signal(number)


def _shows(pattern: str, output: bytes) -> bool:
    return re.search(pattern, output.decode(errors="replace")) is not None


def _stamp(path: Path) -> object:
    told = path.stat()
    return told.st_mtime_ns, told.st_size


def _last(stderr: bytes) -> str:
    """Return what stderr says last, for a line."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    if not lines:
        return ""
    names = [line for line in lines if re.match(r"[\w.]*(?:Error|Exception)\b", line)]
    text = (names or lines)[-1]
    return f": {text[:119]}…" if len(text) > 120 else f": {text}"
