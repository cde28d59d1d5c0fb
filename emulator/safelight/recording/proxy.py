"""The recorder: an ASGI app that forwards to one base URL, and keeps what comes back.

Nothing waits for the recording: a byte goes on to the client when it comes. A client that leaves
does not end the exchange, for it is paid for: the answer is read to its end and kept. An answer
that breaks off is broken off for the client too, and not kept. What must not enter: which flags
there are, how an answer is written down (`taking`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from time import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from safelight.app import Limits, as_request, read_body
from safelight.messages import Headers, Reply, Request
from safelight.provider import Provider
from safelight.recording.clients import Client, dollars, own
from safelight.recording.keeping import Keeper
from safelight.recording.taking import Taking, UnreadableError
from safelight.recording.understanding import Asked, Understanding
from safelight.recording.upstream import (
    HOP,
    Exchange,
    Head,
    Origin,
    UnreachableError,
    UpstreamError,
)
from safelight.watch import Gone, Watch

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LOG = logging.getLogger("safelight")

FILES = "/_safelight/files/"
_OWN = HOP | {"host", "content-length", "accept-encoding", "expect"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a recorder does. `budget` is in US dollars, None for no limit.

    Within a budget a call without a known price is reckoned as `unpriced`, or refused. `missing`
    replays what is known and forwards only the rest.
    """

    origin: Origin
    budget: Decimal | None = None
    unpriced: Decimal | None = None
    missing: bool = False
    limits: Limits = field(default_factory=Limits)


class Recorder:
    """The ASGI endpoint of `safelight record`."""

    def __init__(
        self,
        plan: Plan,
        understanding: Understanding,
        keeper: Keeper,
        *,
        clock: Callable[[], float] = time,
    ) -> None:
        self._plan = plan
        self._understanding = understanding
        self.keeper = keeper
        self._clock = clock
        self._watches: set[Watch] = set()
        self._running: set[asyncio.Task[None]] = set()
        self.spent = Decimal(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange, as ASGI asks."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        watch = Watch(receive, self._watches)
        client = Client(scope, send, watch)
        try:
            body = await read_body(receive, self._plan.limits)
            watch.start()
            await self._serve(as_request(scope, body, self._plan.limits.max_body), client)
        except TimeoutError:
            seconds = self._plan.limits.read_timeout
            await client.reply(own(408, "too_slow", f"no byte of the body came for {seconds:g} s"))
        except Gone:
            pass
        finally:
            watch.end()

    @property
    def provider(self) -> Provider:
        """Whose language the service speaks."""
        return self._understanding.provider

    def stop(self) -> None:
        """Let go of every client, and of every exchange that is not over."""
        for watch in tuple(self._watches):
            watch.stop()
        for task in tuple(self._running):
            task.cancel()

    async def _serve(self, request: Request, client: Client) -> None:
        if FILES in request.path:
            await client.reply(self.keeper.file(request.path.rpartition(FILES)[2]))
            return
        path = self._understanding.below(request.path)
        refused = self._refused(request, path)
        if refused or path is None:
            await client.reply(refused or own(404, "not_forwarded", "no such path"))
            return
        asked = self._understanding.read(request, path, self._clock())
        digest = self.keeper.digest(request, asked)
        if self._plan.missing:
            reply = self.keeper.replay(digest, request)
            if reply is not None:
                await client.reply(reply)
                return
        broke = self._pay(asked)
        if broke:
            await client.reply(broke)
            return
        job = asyncio.create_task(self._forward(request, asked, digest, client))
        self._running.add(job)
        job.add_done_callback(self._running.discard)
        await asyncio.shield(job)

    def _refused(self, request: Request, path: str | None) -> Reply | None:
        """Return why a request is not forwarded, or None."""
        base = self._plan.origin.base
        if path is None:
            bases = " or ".join(b or "/" for b in self._understanding.provider.bases)
            why = f"{request.path} is not below {bases}: only {base} is forwarded to"
            return own(404, "not_forwarded", why)
        if any(unquote(step) in (".", "..") for step in path.split("/")) or "\\" in path:
            return own(400, "not_forwarded", f"{request.path} leads out of {base}")
        if request.body_limit is not None:
            why = f"the request is larger than {request.body_limit} bytes; --max-body sets that"
            return own(413, "body_too_large", why)
        return None

    def _pay(self, asked: Asked) -> Reply | None:
        """Reserve what a request costs; return the refusal where that would break the budget."""
        budget = self._plan.budget
        cost = self._price(asked)
        if budget is None:
            self.spent += cost or Decimal(0)
            return None
        if cost is None:
            why = (
                f"not forwarded: its price is not known ({asked.why}), so the budget could not be "
                "kept; --unpriced says what to reckon such a call as"
            )
            return own(402, "budget_unknown_price", why)
        if self.spent + cost > budget:
            why = (
                f"not forwarded: it may cost ${dollars(cost)}, and of the budget of "
                f"${dollars(budget)} there is ${dollars(budget - self.spent)} left; "
                "--budget sets it"
            )
            return own(402, "budget_exceeded", why)
        self.spent += cost
        return None

    def _price(self, asked: Asked) -> Decimal | None:
        return self._plan.unpriced if asked.cost is None else asked.cost

    async def _forward(self, request: Request, asked: Asked, digest: str, client: Client) -> None:
        """Ask the service, pass on what comes, and keep it once it is whole."""
        exchange, now = Exchange(self._plan.origin), asyncio.get_running_loop().time
        began = first = now()
        taking: Taking | None = None
        got, declared = 0, ""
        try:
            head = await exchange.begin(
                request.method, self._target(request, asked.path), _sent(request), request.body
            )
            first = now()
            self.keeper.learn(request, head.headers)
            taking = self._take(request, head)
            declared = dict(head.headers).get("content-length", "")
            await client.begin(head)
            async for part in exchange.parts():
                came = now() - first
                try:
                    await client.send(part.data)
                finally:
                    taking = _add(taking, part.data, came, ends=part.ends)
                    got += len(part.data)
            declared = str(got)
            await client.end()
        except UpstreamError as error:
            declared = ""
            if isinstance(error, UnreachableError):
                self.spent -= self._price(asked) or Decimal(0)
            LOG.warning("%s %s: %s; nothing was kept", request.method, request.path, error)
            await client.fail(error)
        finally:
            # Who has all of an answer may stop the recorder at once: it is kept all the same, in a
            # thread that the end of the loop waits for.
            whole = declared == str(got) and request.method != "OPTIONS"
            kept: asyncio.Future[None] | None = None
            if taking is not None and whole:
                keep = partial(self._keep, request, asked, digest, taking, first - began)
                kept = asyncio.get_running_loop().run_in_executor(None, keep)
            elif taking is not None:
                taking.drop()
            await exchange.close()
            if kept is not None:
                await asyncio.shield(kept)  # a write that waits for its thread is not called off

    def _keep(
        self, request: Request, asked: Asked, digest: str, taking: Taking, delay: float
    ) -> None:
        """Write down what was taken; what cannot be is told, and nobody is hurt."""
        try:
            self.keeper.keep(request, asked, digest, taking, delay)
        except (OSError, UnreadableError) as error:
            taking.drop()
            LOG.warning("%s %s: not kept: %s", request.method, request.path, error)

    def _take(self, request: Request, head: Head) -> Taking | None:
        try:
            return self.keeper.begin(head, request.method)
        except UnreadableError as error:
            LOG.warning("%s %s: not kept: %s", request.method, request.path, error)
            return None

    def _target(self, request: Request, path: str) -> str:
        """Return what to ask the service for: below its base, whatever the request says."""
        base = self._plan.origin.path
        doubled = path == base or path.startswith(f"{base}/")
        target = (path if base and doubled else base + path) or "/"
        return f"{target}?{request.query}" if request.query else target


def _add(taking: Taking | None, data: bytes, at: float, *, ends: bool) -> Taking | None:
    """Take a part; an answer that cannot be read is no longer taken."""
    if taking is None:
        return None
    try:
        taking.part(data, at, ends=ends)
    except (UnreadableError, OSError) as error:
        LOG.warning("not kept: %s", error)
        taking.drop()
        return None
    return taking


def _sent(request: Request) -> Headers:
    """Return the headers that go on: all but those of the connection; nothing compressed back."""
    kept = tuple(pair for pair in request.headers if pair[0] not in _OWN)
    length: Headers = ()
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        length = (("content-length", str(len(request.body))),)
    return (*kept, ("accept-encoding", "identity"), *length)
