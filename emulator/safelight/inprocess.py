"""The emulator in this process: `with safelight.Emulator() as emulator: …`, and what pytest uses.

Puts the world, the guard, the interception and the keys in the environment together. What must not
enter: test frameworks, servers.
"""

from __future__ import annotations

import datetime
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from safelight import core
from safelight.addresses import Addresses
from safelight.began import BEGAN
from safelight.guard import Guard, is_local
from safelight.late import once_loaded
from safelight.options import Options, read_options
from safelight.sentries import standing
from safelight.store import Bounds, Canned
from safelight.world import KEY, World

if TYPE_CHECKING:
    from safelight.fixtures.serving import Library


_BOUNDS = Bounds(exchanges=100_000, bytes=512 * 1024 * 1024, idle=math.inf)
"""Of a test nothing is to be forgotten: a refusal would not fail it. Its session ends with it."""


def _now() -> float:
    return time.time()  # looked up each time: a test may have frozen it


@lru_cache(maxsize=1)
def shared() -> core.Emulator:
    """Return the one emulator of this process: worlds are sessions of it, pictures are kept.

    A frozen clock is that of replies, links and the journal. The contract stays today's, moved by
    the session's own clock alone: to a test that freezes 2012 no model would exist.
    """
    return core.Emulator(core.Settings(bounds=_BOUNDS), clock=_now, calendar=lambda: BEGAN)


class _Clock:
    """A world's clock as replies spend it: on the session's clock at once, or for real."""

    def __init__(self, world: World) -> None:
        self._world = world

    def spend(self, seconds: float) -> None:
        """Let so much time pass, in the calling thread."""
        if self._world.clock.real:
            time.sleep(seconds)
        else:
            self._world.clock.pass_by(seconds)

    async def spend_async(self, seconds: float) -> None:
        """Let so much time pass, without blocking a loop."""
        import anyio  # httpx has it loaded

        if not self._world.clock.real:
            self._world.clock.pass_by(seconds)
        await anyio.sleep(seconds if self._world.clock.real else 0)


def make_world(options: Options, name: str, folder: Callable[[], Path] | None = None) -> World:
    """Return a world of the shared emulator. Raises UsageError for an unknown provider."""
    emulator = shared()
    addresses = Addresses(
        emulator.providers(), provider=options.provider, base_urls=options.base_urls
    )
    library = library_of(options) if options.fixtures else None
    return World(
        emulator, addresses, options, name=name, clock=_now, folder=folder, library=library
    )


def library_of(options: Options) -> Canned:
    """Return the fixtures of a test, as their files are now. Raises UsageError for a bad one."""
    day = options.as_of or datetime.datetime.fromtimestamp(BEGAN, datetime.UTC).date()
    library = _library(options.fixtures, day, options.unmatched, lenient=options.lenient)
    library.folders.start()
    return library


@lru_cache(maxsize=32)
def _library(
    paths: tuple[str, ...], day: datetime.date, unmatched: str, *, lenient: bool
) -> Library:
    """Return the fixtures of some folders: kept, so that the next test reads what has changed."""
    from safelight.dialects import load_dialects
    from safelight.fixtures.loading import folders_of  # only who has fixtures needs them
    from safelight.fixtures.serving import Library

    places = [Path(path) for path in paths]
    return Library(folders_of(places, load_dialects(), day, lenient=lenient), unmatched)


@contextmanager
def guarded(world: World) -> Iterator[Guard]:
    """Let nothing escape, and let clients find a key, until the end of the block."""
    addresses = world.addresses
    own = {*addresses.hosts(), *(url.partition("://")[2] for url in addresses.named_urls)}

    def hint(url: str) -> str:
        if sent := addresses.set_by(url, os.environ):
            base = os.environ[sent[0]]
            return f" {sent[0]} sends clients there; base_urls=[{base!r}] answers it here."
        if not any(host.partition("/")[0].partition(":")[0] in url for host in own):
            return ""
        if world.answering:
            return (
                " The fixture `safelight` answers httpx, httpx2 and aiohttp; a client on another"
                " stack needs the base URL of `safelight_server`."
            )
        return " Give the client `safelight_server.base_url()`, or use the fixture `safelight`."

    guard = Guard(world.options.allow, hint)
    world.escapes = guard.escapes
    names = addresses.key_names()
    missing = [name for name in names if not os.environ.get(name)]  # CI makes "" of no secret
    empty = [name for name in missing if name in os.environ]
    os.environ.update(dict.fromkeys(missing, KEY))
    try:
        with standing(guard):
            yield guard
    finally:
        for name in missing:
            os.environ.pop(name, None)
        os.environ.update(dict.fromkeys(empty, ""))


@contextmanager
def intercepted(world: World, guard: Guard) -> Iterator[None]:
    """Answer httpx, httpx2 and aiohttp for the emulated hosts until the end of the block."""
    from safelight.intercept import HERE, Desk, answering  # respx and httpx, when they are used

    def find(url: str) -> str | None:
        if url.startswith(HERE + "/"):
            return url.removeprefix(HERE)
        return world.addresses.find(url) or _dialled(world, guard, url)

    world.answering = True
    try:
        desk = Desk(find, world.answer, _Clock(world), guard)
        with answering(desk), once_loaded("aiohttp", partial(_answer_aiohttp, desk)):
            yield
    finally:
        world.answering = False


def _dialled(world: World, guard: Guard, url: str) -> str | None:
    """Return the emulator's path for a URL of this machine that a variable sends clients to.

    Who works with `safelight serve` has such a variable; in a test nobody listens there, or a
    server whose journal no test sees. One that the test allows by its name is meant.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not is_local(host) or guard.names(host, parts.port):
        return None
    sent = world.addresses.set_by(url, os.environ)
    return sent and sent[1]


def _answer_aiohttp(desk: Any, stack: ExitStack) -> None:  # noqa: ANN401 - its type is heavy
    from safelight import aiohttp_shell

    stack.enter_context(aiohttp_shell.answering(desk))


@lru_cache(maxsize=1)
def _blocks() -> set[str]:
    """Return the names of the blocks that are open, which the next one's differs from."""
    return set()


def _free_name() -> str:
    """Return a name that no open block has: the same in every run, and so is every id."""
    return next(name for n in count(1) if (name := f"block-{n}") not in _blocks())


class Emulator:
    """Every provider, in this process, for the length of a `with` block, which gives a `World`.

    Takes the options of the pytest marker: `provider`, `base_urls`, `as_of`, `lenient`, `seed`,
    `scenario`, `allow`, `strict`, `leftovers`, `fixtures`, `unmatched`. Raises UsageError for a
    wrong one, naming the legal ones. Clients on httpx, httpx2 and aiohttp need no other base URL;
    nothing escapes. Leaving the block raises AssertionError for what escaped, or would have been
    refused live, and warns (`Leftover`) of faults and replies that were called for and not used.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - read_options judges them
        self._options = read_options(("safelight.Emulator", options))
        self._stack = ExitStack()
        self._world: World | None = None

    def __enter__(self) -> World:
        """Begin, with a session of its own."""
        name = _free_name()
        world = self._world = make_world(self._options, name)
        with ExitStack() as stack:
            _blocks().add(name)
            stack.callback(_blocks().discard, name)
            stack.callback(world.close)
            guard = stack.enter_context(guarded(world))
            stack.enter_context(intercepted(world, guard))
            self._stack = stack.pop_all()
        return world

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and tell what was wrong if nothing else is being told."""
        world = self._world
        problem, left = (world.problem(), world.warning()) if world else (None, None)
        self._stack.close()
        if kind is None and problem:
            raise AssertionError(problem)
        if kind is None and left:
            warnings.warn(left, stacklevel=2)
