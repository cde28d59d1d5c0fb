"""A real server in a thread of this process: nothing to kill, no port left behind.

The socket listens before the thread begins, so the first request waits instead of failing. What
must not enter: test frameworks, command lines; signals belong to the process's owner.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from safelight import server
from safelight.app import Shell, application
from safelight.core import Emulator

_PATIENCE = 5.0
"""Seconds that a stop may take before the thread, a daemon, is left to die with the process."""


@contextmanager
def serving(emulator: Emulator) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 until the end of the block; gives the origin."""
    sock = server.listen("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{sock.getsockname()[1]}"
    shell = Shell(emulator)
    app: Any = application(shell)  # hypercorn has ASGI types of its own
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    failed: list[BaseException] = []

    async def main() -> None:
        from hypercorn.asyncio import serve

        config = server.hypercorn_config(sock)
        await serve(app, config, shutdown_trigger=stop.wait, mode="asgi")

    def run() -> None:
        try:
            loop.run_until_complete(main())
        except BaseException as error:  # noqa: BLE001 - told by the thread that asked for it
            failed.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def moved() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(shell.look_at_clocks)

    def end() -> None:
        shell.stop()
        stop.set()

    thread = threading.Thread(target=run, name="safelight-server", daemon=True)
    thread.start()
    emulator.listeners.append(moved)
    try:
        yield origin
    finally:
        emulator.listeners.remove(moved)
        if not loop.is_closed():
            loop.call_soon_threadsafe(end)
        thread.join(_PATIENCE)
        if failed:
            raise failed[0]
