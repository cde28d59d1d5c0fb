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
from functools import partial
from time import time
from typing import TYPE_CHECKING

from safelight.arriving import Body, Limits, as_request, read_body
from safelight.messages import Request
from safelight.naming import FILES
from safelight.provider import Provider
from safelight.recording.clients import Client, own
from safelight.recording.door import misdirected, onward, refusal, target
from safelight.recording.keeping import Keeper
from safelight.recording.purse import Purse
from safelight.recording.taking import Taking, UnreadableError
from safelight.recording.understanding import Asked, Understanding
from safelight.recording.upstream import (
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

_PATIENCE = 0.5
"""Seconds after which a stop that still waits says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a recorder does.

    `missing` replays what is known and forwards only the rest. `grace` is how many seconds a stop
    waits for answers that are on their way.
    """

    origin: Origin
    missing: bool = False
    grace: float = 5.0
    limits: Limits = field(default_factory=Limits)


class Recorder:
    """The ASGI endpoint of `safelight record`."""

    def __init__(
        self,
        plan: Plan,
        understanding: Understanding,
        keeper: Keeper,
        purse: Purse | None = None,
        *,
        clock: Callable[[], float] = time,
    ) -> None:
        self._plan = plan
        self._understanding = understanding
        self.keeper = keeper
        self._clock = clock
        self._watches: set[Watch] = set()
        self._hearing: set[asyncio.Task[Body]] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.purse = purse or Purse()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange, as ASGI asks."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        watch = Watch(receive, self._watches)
        client = Client(scope, send, watch)
        try:
            body = await self._heard(receive)
            watch.start()
            strayed = misdirected(scope, self._plan.origin)
            if strayed:
                await client.reply(strayed)
            else:
                await self._serve(as_request(scope, body, self._plan.limits.max_body), client)
        except TimeoutError:
            seconds = self._plan.limits.read_timeout
            await client.reply(own(408, "too_slow", f"no byte of the body came for {seconds:g} s"))
        except Gone:
            pass
        finally:
            watch.end()

    async def _heard(self, receive: Receive) -> Body:
        """Return a request's body. Raises Gone also when a stop comes first."""
        hearing = asyncio.ensure_future(read_body(receive, self._plan.limits))
        self._hearing.add(hearing)
        hearing.add_done_callback(self._hearing.discard)
        try:
            await asyncio.wait((hearing,))
        finally:
            hearing.cancel()  # unless it is done
        if hearing.cancelled():
            raise Gone
        return hearing.result()

    @property
    def provider(self) -> Provider:
        """Whose language the service speaks."""
        return self._understanding.provider

    def stop(self) -> None:
        """Let go of clients that wait for a replay or have not said all; what is forwarded goes on.

        It has the time of grace to come to its end; called again, no more is waited for. Call it in
        the loop's own thread.
        """
        for watch in tuple(self._watches):
            watch.stop()
        for hearing in tuple(self._hearing):
            hearing.cancel()
        if self._stopping:
            self.keeper.hurried = True
            self._drop()
        else:
            self._stopping = True
            loop = asyncio.get_running_loop()
            loop.call_later(min(_PATIENCE, self._plan.grace), self._tell)
            loop.call_later(self._plan.grace, self._drop)

    def _tell(self) -> None:
        """Tell what the stop waits for."""
        if self._running:
            LOG.warning("waiting for answers: %d; a second Ctrl-C drops them", len(self._running))

    def _drop(self) -> None:
        for task in tuple(self._running):
            task.cancel()

    async def _serve(self, request: Request, client: Client) -> None:
        if FILES in request.path:
            await client.reply(self.keeper.file(request.path.rpartition(FILES)[2]))
            return
        path = self._understanding.below(request.path)
        refused = refusal(request, path, self.provider, self._plan.origin)
        if refused or path is None:
            await client.reply(refused or own(404, "not_forwarded", "no such path"))
            return
        self.keeper.learn(request)  # before anything is said of it
        asked = self._understanding.read(request, path, self._clock())
        digest = self.keeper.digest(request, asked)
        if self._plan.missing:
            reply = self.keeper.replay(digest, request)
            if reply is not None:
                await client.reply(reply)
                return
        broke = self.purse.pay(asked)
        if broke:
            await client.reply(broke)
            return
        self._watches.discard(client.watch)  # a stop lets a running answer end
        job = asyncio.create_task(self._forward(request, asked, digest, client))
        self._running.add(job)
        job.add_done_callback(self._running.discard)
        await asyncio.shield(job)

    async def _forward(self, request: Request, asked: Asked, digest: str, client: Client) -> None:
        """Ask the service, pass on what comes, and keep it once it is whole."""
        exchange, now = Exchange(self._plan.origin), asyncio.get_running_loop().time
        began = first = now()
        taking: Taking | None = None
        got, declared = 0, ""
        try:
            head = await exchange.begin(
                request.method,
                target(request, asked.path, self._plan.origin),
                onward(request),
                request.body,
            )
            first = now()
            self.keeper.learn(request, head.headers)
            taking = self._take(request, head)
            declared = dict(head.headers).get("content-length", "")
            if 400 <= head.status < 500:
                self.purse.give_back(asked)
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
                self.purse.give_back(asked)
            LOG.warning("%s %s: %s; nothing was kept", request.method, request.path, error)
            await client.fail(error)
        except asyncio.CancelledError:
            if declared != str(got):
                LOG.warning("%s %s: stopped; nothing was kept", request.method, request.path)
            raise
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
        except Exception:
            taking.drop()
            LOG.exception("A bug of Safelight: %s %s is not kept", request.method, request.path)

    def _take(self, request: Request, head: Head) -> Taking | None:
        try:
            return self.keeper.begin(head, request.method)
        except UnreadableError as error:
            LOG.warning("%s %s: not kept: %s", request.method, request.path, error)
            return None


def _add(taking: Taking | None, data: bytes, at: float, *, ends: bool) -> Taking | None:
    """Take a part; an answer that cannot be read is no longer taken."""
    if taking is None:
        return None
    try:
        taking.part(data, at, ends=ends)
    except (UnreadableError, OSError) as error:
        LOG.warning("not kept: %s", error)
    except Exception:  # the client is not to suffer for it
        LOG.exception("A bug of Safelight: an answer is not kept")
    else:
        return taking
    taking.drop()
    return None
