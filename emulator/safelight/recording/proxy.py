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

import orjson

from safelight.app import Limits, as_request, read_body, send_reply
from safelight.messages import Headers, Reply, Request
from safelight.provider import Provider
from safelight.recording.keeping import Keeper
from safelight.recording.taking import Taking, UnreadableError
from safelight.recording.understanding import Asked, Understanding
from safelight.recording.upstream import HOP, Exchange, Head, Origin, UpstreamError
from safelight.watch import Gone, Watch

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LOG = logging.getLogger("safelight")

FILES = "/_safelight/files/"
_OWN = HOP | {"host", "content-length", "accept-encoding", "expect"}
_ASTRAY = frozenset(("alt-svc", "strict-transport-security"))
"""Headers that would send the client past this proxy the next time."""


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
        try:
            body = await read_body(receive, self._plan.limits)
            watch.start()
            request = as_request(scope, body, self._plan.limits.max_body)
            await self._serve(request, Client(scope, send, watch))
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
            await client.reply(refused or _own(404, "not_forwarded", "no such path"))
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
            return _own(404, "not_forwarded", why)
        if any(unquote(step) in (".", "..") for step in path.split("/")) or "\\" in path:
            return _own(400, "not_forwarded", f"{request.path} leads out of {base}")
        if request.body_limit is not None:
            why = f"the request is larger than {request.body_limit} bytes; --max-body sets that"
            return _own(413, "body_too_large", why)
        return None

    def _pay(self, asked: Asked) -> Reply | None:
        """Reserve what a request costs; return the refusal where that would break the budget."""
        budget = self._plan.budget
        cost = self._plan.unpriced if asked.cost is None else asked.cost
        if budget is None:
            return None
        if cost is None:
            why = (
                f"not forwarded: its price is not known ({asked.why}), so the budget could not be "
                "kept; --unpriced says what to reckon such a call as"
            )
            return _own(402, "budget_unknown_price", why)
        if self.spent + cost > budget:
            why = (
                f"not forwarded: it may cost ${_shown(cost)}, and of the budget of "
                f"${_shown(budget)} there is ${_shown(budget - self.spent)} left; --budget sets it"
            )
            return _own(402, "budget_exceeded", why)
        self.spent += cost
        return None

    async def _forward(self, request: Request, asked: Asked, digest: str, client: Client) -> None:
        """Ask the service, pass on what comes, and keep it once it is whole."""
        exchange, now = Exchange(self._plan.origin), asyncio.get_running_loop().time
        began = now()
        taking: Taking | None = None
        try:
            head = await exchange.begin(
                request.method, self._target(request, asked.path), _sent(request), request.body
            )
            first = now()
            self.keeper.learn(request, head.headers)
            taking = self._take(request, head)
            await client.begin(head)
            async for part in exchange.parts():
                taking = _add(taking, part.data, now() - first, ends=part.ends)
                await client.send(part.data)
            await client.end()
            if taking is not None and request.method != "OPTIONS":
                kept = partial(self.keeper.keep, request, asked, digest, taking, first - began)
                taking = None
                await asyncio.to_thread(kept)
        except UpstreamError as error:
            LOG.warning("%s %s: %s; nothing was kept", request.method, request.path, error)
            await client.fail(error)
        finally:
            if taking is not None:
                taking.drop()
            await exchange.close()

    def _take(self, request: Request, head: Head) -> Taking | None:
        try:
            return self.keeper.begin(head, request.method)
        except UnreadableError as error:
            LOG.warning("%s %s: not kept: %s", request.method, request.path, error)
            return None

    def _target(self, request: Request, path: str) -> str:
        """Return what to ask the service for: below its base, whatever the request says."""
        own = self._plan.origin.path
        doubled = path == own or path.startswith(f"{own}/")
        target = (path if own and doubled else own + path) or "/"
        return f"{target}?{request.query}" if request.query else target


def _add(taking: Taking | None, data: bytes, at: float, *, ends: bool) -> Taking | None:
    """Take a part; an answer that cannot be read is no longer taken."""
    if taking is None:
        return None
    try:
        taking.part(data, at, ends=ends)
    except UnreadableError as error:
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


def _shown(amount: Decimal) -> str:
    """Return an amount of dollars; one below a hundredth of a cent is told exactly."""
    return f"{amount:.4f}" if amount >= Decimal("0.0001") else f"{amount.normalize():f}"


def _own(status: int, code: str, text: str) -> Reply:
    """Return an answer of the recorder's own, which no client can take for the service's."""
    error = {"message": f"safelight record: {text}", "type": "safelight_record", "code": code}
    headers = (("content-type", "application/json"), ("x-safelight-record", code))
    return Reply(status, (*headers, ("x-should-retry", "false")), orjson.dumps({"error": error}))


class Client:
    """The client of one exchange. Once it has left, what is sent to it is forgotten."""

    def __init__(self, scope: Scope, send: Send, watch: Watch) -> None:
        self._scope = scope
        self._send = send
        self._watch = watch
        self._begun = False

    async def begin(self, head: Head) -> None:
        """Send status and headers."""
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in head.headers
            if name not in _ASTRAY
        ]
        self._begun = True
        await self._say({"type": "http.response.start", "status": head.status, "headers": headers})

    async def send(self, data: bytes) -> None:
        """Send a part of the body."""
        await self._say({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """Send the end."""
        await self._say({"type": "http.response.body", "body": b""})

    async def reply(self, reply: Reply) -> None:
        """Send a whole answer, at its own pace."""
        await send_reply(reply, self._send, self._watch)

    async def fail(self, error: UpstreamError) -> None:
        """Tell that the service failed; once its answer has begun, break off as it did."""
        if not self._begun:
            await self.reply(_own(502, "upstream_failed", str(error)))
            return
        if not self._watch.gone:
            await self.reply(Reply(0, wire=(), end="close"))

    async def _say(self, message: dict[str, object]) -> None:
        if not self._watch.gone:
            await self._send(message)
