"""Safelight with every stream slowed to an event in two seconds: `python benchmarks/paced.py PORT`.

A thousand clients of it hold a thousand open streams, which is what a stop has to cope with.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import replace
from time import time

from safelight.app import Shell, application
from safelight.core import Emulator, Settings
from safelight.messages import Chunk, Reply, Request, Work
from safelight.server import listen, run


class Paced(Emulator):
    """The emulator, patient."""

    def walk(self, request: Request) -> Generator[Work, object, Reply]:
        """Answer as ever, but let each later event of a stream wait."""
        reply = yield from super().walk(request)
        if reply.chunks is None:
            return reply
        paced = tuple(Chunk(c.data, 2.0 if n else 0.0) for n, c in enumerate(reply.chunks))
        return replace(reply, chunks=paced)


if __name__ == "__main__":
    shell = Shell(Paced(Settings(), clock=time))
    run(application(shell), shell, listen("127.0.0.1", int(sys.argv[1])), ready=lambda: None)
