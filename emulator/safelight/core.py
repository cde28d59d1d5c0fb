"""The whole walk of a request, once: every step that every request takes is called here.

Sans-I/O: nothing here opens, sleeps or looks at the time; clock and seed are given. `walk` is a
generator that yields `Work` for whatever is slow, so that a server runs it in a thread and a test
in place. What must not enter: providers, wire shapes, sockets.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Generator
from functools import partial
from hashlib import blake2b

import pybase64

from safelight import canning, faulting, handing, legal, naming, quotas
from safelight.bounded import Bounded
from safelight.dialects import load_dialects
from safelight.dialects.base import Artwork, Visit
from safelight.errors import Failure
from safelight.files import serve_file
from safelight.hints import hinted
from safelight.journal import Entry
from safelight.links import Fetch, resolve
from safelight.memo import Memo
from safelight.messages import Call, Reply, Request, Work
from safelight.mounts import Mounts, ProviderInfo, info_of
from safelight.naming import CONTROL, FILES
from safelight.operations.images import Job
from safelight.operations.lies import spoil, spoil_text
from safelight.records import amounts, exchange
from safelight.refusals import Refusal, UsageError
from safelight.settings import Settings
from safelight.store import Canned, MemoryStore, Session

__all__ = ["Emulator", "ProviderInfo", "Settings", "Walk"]

Walk = Generator[Work, object, Reply]


class Emulator:
    """Every provider behind one door. `clock` gives seconds since the epoch.

    `calendar` does too, where the day whose contract is served is not the clock's.
    `fetch` follows links to pictures; without it they are never followed (see `links`). `library`
    holds fixtures; a session may have its own.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float],
        calendar: Callable[[], float] | None = None,
        fetch: Fetch | None = None,
        library: Canned | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._clock = clock
        self._calendar = calendar or clock
        self._fetch = fetch
        self._library = library
        self.listeners: list[Callable[[], None]] = []
        self._store = MemoryStore(self.settings.seed, self.settings.bounds)
        self._art: Bounded[Artwork] = Bounded(self.settings.cache, lambda art: art.weight)
        stepping_in = self.settings.faults or self.settings.limits or library
        self._memo = Memo(0 if stepping_in else self.settings.remember)
        self._mounts = Mounts(
            load_dialects(self.settings.dialects),
            default=self.settings.provider,
            lenient=self.settings.lenient,
        )
        for limit in self.settings.limits:
            globs = {"operation": limit.operation, "provider": limit.provider}
            legal.check_names(globs, "--rate-limit", self._mounts.providers())

    def respond(self, request: Request) -> Reply:
        """Answer a request, doing slow work in place."""
        walk = self.walk(request)
        try:
            work = next(walk)
            while True:
                try:
                    done = work.run()
                except (Refusal, UsageError) as said:
                    work = walk.throw(said)
                else:
                    work = walk.send(done)
        except StopIteration as stop:
            reply: Reply = stop.value
            return reply

    def walk(self, request: Request) -> Walk:
        """Answer a request: the walk that every one takes. Yields Work, returns the Reply."""
        try:
            session, path = self._session(request.path)
        except UsageError as error:
            return _slip(error)
        if (path + "/").startswith(f"{CONTROL}/") and not path.startswith(FILES):
            return self._control(request, session, path)
        visit = self._visit(request, session, path)
        try:
            if path.startswith(FILES):
                reply = yield from self._file(visit, path.removeprefix(FILES))
            else:
                reply = yield from self._answer(visit)
        except Refusal as refusal:
            errors = visit.dialect.provider.errors
            visit.violations += [refusal.at] if refusal.at else []
            reply = self._refuse(visit, errors.refused(refusal, visit.situation()))
            reply = hinted(visit, refusal, reply, self._mounts.addresses)
            reply = faulting.bent(visit, reply)
        except UsageError as error:
            reply = _slip(error)
        except GeneratorExit:  # the client has left while a picture was drawn
            session.record(Entry(exchange(visit, faulting.NO_ANSWER, "abandoned")))
            raise
        if session.skips:
            self._store.moves += 1  # its clock moves on by what this reply takes
        return handing.handed(visit, reply, self._clock)

    def _control(self, request: Request, session: Session, path: str) -> Reply:
        """Answer a page of the control plane, which is loaded with the first of them."""
        from safelight import control
        from safelight.desk import Desk

        providers, now = self._mounts.providers(), self._clock()
        library = session.library or self._library
        desk = Desk(self._store, providers, session, request, now, library)
        return control.respond(desk, path, self.settings.admin_token)

    @property
    def clock_moves(self) -> int:
        """Return how often a session's clock was moved: who waits by one looks again."""
        return self._store.moves

    def moved(self) -> None:
        """Note that a session's clock was moved from outside of it, and tell the listeners."""
        self._store.moves += 1
        for tell in self.listeners:
            tell()

    def _file(self, visit: Visit, name: str) -> Walk:
        """Serve a picture that a reply links to; a fault may be called for here too."""
        visit.operation = "files.get"
        linked = visit.session.files.get(name)
        visit.dialect = self._mounts.named(linked.owner) if linked else visit.dialect
        gone = faulting.called(visit) or faulting.cut(faulting.strike(visit, ()))
        if gone:
            return gone
        failure = faulting.refusal(visit)
        if failure:
            return self._refuse(visit, failure)
        reply = yield from serve_file(visit, name)
        return faulting.bent(visit, reply)

    def _answer(self, visit: Visit) -> Walk:
        """Plan, draw, write; a fault on the wire steps in at the end."""
        preflight = visit.dialect.preflight(visit)
        if preflight:
            return preflight
        planned = self._memo.recall(visit) or (yield from self._plan(visit))
        if isinstance(planned, Reply):
            return planned
        visit.result = result = faulting.lied(visit, planned)
        pictures: list[Artwork] = []
        for job in visit.dialect.pictures(result):
            art = self._art.get(job.key) or (yield Work(partial(self._draw, job)))
            assert isinstance(art, Artwork)  # what _draw returns, handed back by the driver
            pictures.append(art)
        reply = quotas.told(visit, faulting.written(visit, result, tuple(pictures)))
        reply = handing.paced(visit, reply, self.settings.latency, self.settings.speed)
        return faulting.bent(visit, reply)

    def _plan(self, visit: Visit) -> Generator[Work, object, object]:
        """Understand, judge, plan: the result, or a reply instead of one.

        Whatever steps in here and is not in the request itself is for `memo` to know of.
        """
        dialect = visit.dialect
        reply = yield from canning.matched(visit, self._library)
        gone = reply or faulting.called(visit)
        if gone:
            return gone
        dialect.authorize(visit)
        dialect.read(visit)
        gone = faulting.cut(faulting.strike(visit, self.settings.faults))
        if gone:
            return gone
        limits = self.settings.limits
        failure = faulting.refusal(visit) or quotas.use(visit, limits, {"requests": 1})
        failure = failure or canning.judged(visit, self._library)
        if failure:
            return faulting.bent(visit, self._refuse(visit, failure))
        reply = yield from canning.whole(visit)
        if reply:
            return faulting.bent(visit, reply)
        yield from resolve(visit, self._fetch)
        result = dialect.operate(visit, self._call(visit))
        if isinstance(result, Work):
            result = yield result
        result = visit.answer.change(result) if visit.answer else result
        failure = quotas.use(visit, limits, amounts(result)) if limits else None
        if failure:
            return faulting.bent(visit, self._refuse(visit, failure))
        self._memo.keep(visit, result)
        return result

    def _refuse(self, visit: Visit, failure: Failure) -> Reply:
        visit.row = failure.row.id
        reply = quotas.told(visit, visit.dialect.refuse(visit, failure))
        return faulting.delayed(visit, reply, failure.row.delay)

    def _draw(self, job: Job) -> Artwork:
        """Render a job and keep it, as base64: replies join it and never encode it again."""
        rendered = spoil(job, job.render())
        picture = spoil_text(job, pybase64.b64encode(rendered.data))
        previews = tuple(pybase64.b64encode(data) for data in rendered.previews)
        art = Artwork(picture, previews, len(picture) + sum(map(len, previews)))
        self._art.put(job.key, art)
        return art

    def _call(self, visit: Visit) -> Call:
        model = visit.model
        return Call(
            operation=visit.operation,
            model=model.id if model else visit.model_name,
            params=visit.params,
            seed=visit.session.seed,
            now=visit.now,
            traits=model.traits if model else {},
            lenient=visit.lenient,
            base_url=visit.request.base_url,
        )

    def _session(self, path: str) -> tuple[Session, str]:
        """Return the session that a path names, and the path without it. Raises UsageError."""
        name, path = naming.split(path)
        return self._store.session(name, self._clock()), path

    def _visit(self, request: Request, session: Session, path: str) -> Visit:
        """Find the provider that a path names, and number the request."""
        dialect, path = self._mounts.find(path)
        number, now = session.next(), session.moment(self._clock())
        told = f"{session.seed}|{session.name}|{number}".encode()
        return Visit(
            request=request,
            session=session,
            dialect=dialect,
            path=path,
            request_id="req_" + blake2b(told, digest_size=16).hexdigest(),
            number=number,
            now=now,
            day=self.day(session),
            lenient=self.settings.lenient if session.lenient is None else session.lenient,
            keys=self.settings.api_keys,
        )

    def day(self, session: Session) -> datetime.date:
        """Return the day whose contract a session is served."""
        today = session.moment(self._calendar())
        settled = session.as_of or self.settings.as_of
        return settled or datetime.datetime.fromtimestamp(today, datetime.UTC).date()

    def session(self, name: str) -> Session:
        """Return the session of that name, made on first use: what `/s/<name>` speaks to."""
        return self._store.session(name, self._clock())

    def forget(self, name: str) -> None:
        """Drop a session and all that it holds."""
        self._store.drop(name)

    def providers(self) -> tuple[ProviderInfo, ...]:
        """Return every provider with its bases and environment lines, the default one first."""
        return tuple(info_of(provider) for provider in self._mounts.providers())

    def warm(self) -> None:
        """Load what the first request would wait for: imaging, chat, the default's schemas."""
        import PIL.Image
        import PIL.ImageDraw
        import PIL.ImageFont  # noqa: F401

        import safelight.operations.chat.creating  # noqa: F401

        dialect = self._mounts.default
        for names in dialect.request_schemas.values():
            for name in names:
                dialect.provider.catalog.schema(name).compile()


def _slip(error: UsageError) -> Reply:
    from safelight import control

    return control.slip(error)
