"""A client that is a Python function, run in this process: what it returns, raises, prints, writes.

What must not enter: test frameworks, worlds, what is right.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

from safelight_contracts.client_door import Door
from safelight_contracts.client_plans import Ended, Ending, Plan

_OUTPUT = 16 * 1024 * 1024
"""Bytes of output that are looked at."""

_DEEP = 6
_AGAIN = 0.2
"""Seconds after which a client that swallows the end of its time is told again."""


class OverdueError(BaseException):
    """The function's time is over. No `except Exception` swallows it."""


@dataclass(slots=True)
class Function:
    """A function with its arguments, to be called once for each example.

    `patience` is in seconds of real time, and of the session's: a wait that was passed over counts.
    `holds` tells whether a result is a good one; `folders` are where it writes files.
    """

    call: Callable[..., Any]
    arguments: Mapping[str, Any]
    patience: float = 10.0
    holds: Callable[[Any], object] | None = None
    folders: tuple[Path, ...] = ()
    plain: object = field(default=None, init=False)

    def run(self, plan: Plan, door: Door) -> Ending:
        """Call it once."""
        before = {path: _stamp(path) for path in self._files()}
        said = io.StringIO()
        began = time.monotonic()
        result: Any = None
        ended: Ended = "success"
        how = ""
        try:
            with _listening(said), _alarm(self.patience):
                result = self._called()
        except OverdueError:
            ended, how = "hang", f"still running after {self.patience:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a client raises is how it ends
            ended, how = "failure", _error(error)
        took = time.monotonic() - began
        if ended == "success" and plan.steps and (waited := _waited(door)) > self.patience:
            ended, how = (
                "hang",
                f"it waited {waited:.0f} s for an answer; {self.patience:g} s is all",
            )
        told = b"\n".join((_flat(result), said.getvalue().encode(), *self._written(before)))
        if ended == "success":
            ended, how = self._judged(plan, result)
        declared = self._declared(result) if ended == "success" else ""
        return Ending(ended, how, told[:_OUTPUT], took, declared)

    def _called(self) -> Any:  # noqa: ANN401 - whatever the user's function returns
        result = self.call(**self.arguments)
        return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result

    def _judged(self, plan: Plan, result: object) -> tuple[Ended, str]:
        """Return how a call ended that raised nothing: None or False may mean that it failed."""
        if plan.lens == "plain":
            self.plain = result
        nothing = result is None or result is False
        if nothing and not (self.plain is None or self.plain is False):
            return "failure", f"it returned {result!r}"
        return "success", f"it returned {_short(result)}"

    def _declared(self, result: object) -> str:
        if self.holds is None or self.holds(result):
            return ""
        return f"the result {_short(result)} does not hold"

    def _files(self) -> Iterator[Path]:
        for folder in self.folders:
            yield from (path for path in folder.rglob("*") if path.is_file())

    def _written(self, before: Mapping[Path, object]) -> Iterator[bytes]:
        for path in self._files():
            if before.get(path) != _stamp(path):
                yield path.read_bytes()


def _waited(door: Door) -> float:
    """Return how long a client would have waited for answers whose waits were passed over."""
    return float(sum(e["takes"] for e in door.exchanges() if e["fate"] == "delivered"))


def _stamp(path: Path) -> object:
    told = path.stat()
    return told.st_mtime_ns, told.st_size


async def _awaited(result: Any) -> Any:  # noqa: ANN401 - whatever the user's function returns
    return await result


@contextlib.contextmanager
def _listening(said: io.StringIO) -> Iterator[None]:
    """Keep what is printed and logged, and let it go on to where it went before."""
    handler = logging.StreamHandler(said)
    root = logging.getLogger()
    root.addHandler(handler)
    out, err = _Both(sys.stdout, said), _Both(sys.stderr, said)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        root.removeHandler(handler)


class _Both(io.TextIOBase):
    """Writes to two places; all else is the first one's."""

    def __init__(self, first: Any, second: io.StringIO) -> None:  # noqa: ANN401 - any text stream
        self._first = first
        self._second = second

    def write(self, text: str) -> int:
        self._second.write(text)
        return int(self._first.write(text))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a stream has
        return getattr(self._first, name)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise OverdueError in the main thread after so long; elsewhere nobody can be interrupted."""
    here = threading.current_thread() is threading.main_thread()
    if not (here and hasattr(signal, "setitimer")):
        yield
        return

    def over(*_: object) -> None:
        raise OverdueError

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _error(error: BaseException) -> str:
    return _short(f"{type(error).__name__}: {error}".strip().removesuffix(":"), quoted=False)


def _short(value: object, *, quoted: bool = True) -> str:
    if isinstance(value, (str, bytes)) and len(value) > 500:
        value = value[:500]
    text = repr(value) if quoted else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:119]}…"


def _flat(value: Any, depth: int = 0) -> bytes:  # noqa: ANN401, PLR0911 - by type, one line each
    """Return everything in a result as bytes; a path is the file that it names."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (str, os.PathLike)):
        return _text(value)
    if depth > _DEEP:
        return b""
    if hasattr(value, "model_dump"):
        return _flat(value.model_dump(), depth + 1)
    if is_dataclass(value) and not isinstance(value, type):
        return _flat(asdict(value), depth + 1)
    if isinstance(value, Mapping):
        return b"\n".join(_flat(part, depth + 1) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return b"\n".join(_flat(part, depth + 1) for part in value)
    if hasattr(value, "getvalue"):
        return _flat(value.getvalue(), depth + 1)
    return repr(value).encode()


def _text(value: str | os.PathLike[str]) -> bytes:
    text = os.fspath(value)
    if len(text) < 1000 and "\0" not in text and "\n" not in text:
        with contextlib.suppress(OSError):
            return Path(text).read_bytes() + b"\n" + text.encode()
    return text.encode()
