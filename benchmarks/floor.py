"""The floor: a Starlette app with canned bytes, the least that a server on this stack costs.

`python benchmarks/floor.py PORT CANNED.json` repeats what `serve.py` recorded: per path
the same status, type and bytes, streams event by event, and one form parsed by Starlette itself.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route


class Canned:
    """One endpoint with one answer."""

    def __init__(self, row: dict[str, str]) -> None:
        self.kind = row["type"]
        self.body = base64.b64decode(row["body"])
        self.events = [event + b"\n\n" for event in self.body.split(b"\n\n") if event]
        self.form = row["read"] == "form"

    async def __call__(self, request: Request) -> Response:
        """Read what a server has to read, and answer."""
        if self.form:
            await request.form()
        else:
            await request.body()
        if self.kind.startswith("text/event-stream"):
            return StreamingResponse(self.stream(), media_type="text/event-stream")
        return Response(self.body, media_type=self.kind)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield event by event, as a server that does not join them."""
        for event in self.events:
            yield event


async def ready(_request: Request) -> Response:
    return Response(b"{}", media_type="application/json")


def main(port: str, canned: str) -> None:
    rows = json.loads(Path(canned).read_text())
    routes = [Route(r["path"], Canned(r).__call__, methods=["GET", "POST"]) for r in rows]
    routes.append(Route("/ready", ready))
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.backlog = 2048
    config.errorlog = None
    asyncio.run(serve(Starlette(routes=routes), config, mode="asgi"))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
