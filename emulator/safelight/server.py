"""Runs the app on a server: hypercorn in this one process, or uvicorn where it is installed.

The socket is bound before anything heavy is imported, so that a port in use is one quick line. What
must not enter: HTTP (that is `app.py`), flags and words for the terminal (`cli.py`).
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from typing import TYPE_CHECKING, Any, Protocol

from safelight.refusals import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypercorn.config import Config
    from starlette.types import ASGIApp

BACKLOG = 2048
"""Clients that may wait to be accepted: a thousand at once are in within a second."""

_KEEP_ALIVE = 75.0
"""Seconds an idle connection is kept: well above what a client's pool thinks is fresh."""

GRACE = 0.3
"""Seconds that running exchanges get to finish after a stop; waiting ones are let go at once."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stoppable(Protocol):
    """What a server needs of the shell when the time comes."""

    def stop(self) -> None:
        """Let go of every client that is being kept waiting."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket. Raises UsageError for an address that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason, _, _ = (getattr(error, "strerror", None) or str(error)).partition(" (")
        text = f"cannot listen on {host} port {port}: {reason}; choose another by --port or --host"
        raise UsageError(text) from error


def run(  # noqa: PLR0913 - each is something that a server is run with
    app: ASGIApp,
    shell: Stoppable,
    sock: socket.socket,
    *,
    server: str = "hypercorn",
    ready: Callable[[], None],
    read_timeout: float = 60.0,
    grace: float = GRACE,
) -> None:
    """Serve until SIGINT or SIGTERM; call `ready` once requests are being accepted.

    `grace` is how many seconds running exchanges get to finish. The shell is told of every signal;
    after the second the next one ends the process as it stands.
    `read_timeout` is how many seconds hypercorn waits for the head of a request that has begun;
    uvicorn has no such limit.
    """
    if server == "uvicorn":
        _uvicorn(app, shell, sock, ready)
    else:
        config = hypercorn_config(sock)
        config.read_timeout = read_timeout  # type: ignore[assignment]  # seconds need not be whole
        config.graceful_timeout = grace
        _hypercorn(app, shell, config, ready)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # the process ends: nobody needs to ask again
    gc.freeze()  # looking through it for garbage took a third of the way out


def hypercorn_config(sock: socket.socket) -> Config:
    """Return hypercorn's settings for a listening socket, which is its own from here on.

    Whoever serves with them sends whole status lines.
    """
    from hypercorn.config import Config

    from safelight import statuslines

    statuslines.install()
    config = Config()
    config.bind = [f"fd://{sock.detach()}"]
    config.backlog = BACKLOG
    config.keep_alive_timeout = _KEEP_ALIVE
    config.keep_alive_max_requests = 10**9
    config.graceful_timeout = GRACE
    config.include_date_header = False
    config.include_server_header = False
    config.errorlog = _quiet("hypercorn.error")
    return config


def _hypercorn(
    app: ASGIApp,
    shell: Stoppable,
    config: Config,
    ready: Callable[[], None],
) -> None:
    from hypercorn.asyncio import serve  # 0.1 s, once the port is ours

    from safelight import connections

    connections.install()

    async def main() -> None:
        stop = _stop_on_signals(shell)

        async def until_stopped() -> None:
            _settle(ready)
            await stop.wait()

        wrapped: Any = app  # hypercorn has ASGI types of its own
        serving = asyncio.create_task(
            serve(wrapped, config, shutdown_trigger=until_stopped, mode="asgi")
        )
        await _first(serving, stop)
        # A client that reads nothing would hold hypercorn in its last flush: leave it behind.
        await asyncio.wait((serving,), timeout=config.graceful_timeout + GRACE)
        if serving.done():
            serving.result()
        else:
            asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    asyncio.run(main())


def _uvicorn(
    app: ASGIApp, shell: Stoppable, sock: socket.socket, ready: Callable[[], None]
) -> None:
    try:
        import uvicorn  # an optional extra
    except ImportError as error:
        text = "--server uvicorn needs an extra: pip install 'safelight[uvicorn]'"
        raise UsageError(text) from error

    _quiet("uvicorn.error")
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
        backlog=BACKLOG,
        timeout_keep_alive=int(_KEEP_ALIVE),
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    async def main() -> None:
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        while not (server.started or serving.done()):  # noqa: ASYNC110 - it offers no event
            await asyncio.sleep(0.002)
        stop = _stop_on_signals(shell)  # after uvicorn's own, which end by raising the signal
        _settle(ready)
        await _first(serving, stop)
        server.should_exit = True
        await serving

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(main())


def _stop_on_signals(shell: Stoppable) -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, after the shell has let its clients go."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def begin() -> None:
        if stop.is_set():
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
        shell.stop()
        stop.set()

    for number in _SIGNALS:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(begin))
    return stop


async def _first(serving: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait for the stop, or for a server that ended by itself."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


def _settle(ready: Callable[[], None]) -> None:
    """Say that requests are accepted; what was loaded until now is not collected any more."""
    ready()
    gc.enable()
    gc.freeze()


def _quiet(name: str) -> logging.Logger:
    """Return a server's own logger, which speaks only of what went wrong."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.WARNING)
    return logger
