"""The whole walk of a request, once: every step that every request takes is called here.

Sans-I/O: nothing here opens, sleeps or looks at the time; clock and seed are given. `walk` is a
generator that yields `Work` for whatever is slow, so that a server runs it in a thread and a test
in place. What must not enter: providers, wire shapes, sockets.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import pybase64

from safelight.admit import admit
from safelight.dialects import REGISTRY, load_dialect
from safelight.dialects.base import Artwork, Dialect, Visit
from safelight.files import serve_file
from safelight.journal import Exchange
from safelight.links import Fetch, resolve
from safelight.messages import Call, Reply, Request, Work
from safelight.operations.images import Job
from safelight.refusals import Refusal, UsageError
from safelight.store import Bounded, MemoryStore

Walk = Generator[Work, object, Reply]
FILES = "/_safelight/files/"


@dataclass(frozen=True, slots=True)
class Settings:
    """How an emulator behaves. `as_of` freezes the contract at a day; `api_keys` empty means any.

    `cache` is the room for finished pictures, in bytes.
    """

    provider: str = next(iter(REGISTRY))
    lenient: bool = False
    as_of: datetime.date | None = None
    seed: int = 0
    api_keys: tuple[str, ...] = ()
    cache: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """What a start banner says of a provider; `env` values may name `{base}`."""

    name: str
    title: str
    bases: tuple[str, ...]
    env: tuple[tuple[str, str], ...]


class Emulator:
    """Every provider behind one door. `clock` gives seconds since the epoch.

    `fetch` follows links to pictures; without it they are never followed (see `links`).
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float],
        fetch: Fetch | None = None,
    ) -> None:
        self.settings = settings or Settings()
        if self.settings.provider not in REGISTRY:
            known = ", ".join(REGISTRY)
            raise UsageError(f"unknown provider {self.settings.provider!r}; known are {known}")
        self._clock = clock
        self._fetch = fetch
        self._store = MemoryStore(self.settings.seed)
        self._art: Bounded[Artwork] = Bounded(self.settings.cache, lambda art: art.weight)
        self._dialects: list[tuple[str, Dialect]] = self._mount()

    def respond(self, request: Request) -> Reply:
        """Answer a request, doing slow work in place."""
        walk = self.walk(request)
        try:
            work = next(walk)
            while True:
                try:
                    done = work.run()
                except Refusal as refusal:
                    work = walk.throw(refusal)
                else:
                    work = walk.send(done)
        except StopIteration as stop:
            reply: Reply = stop.value
            return reply

    def walk(self, request: Request) -> Walk:
        """Answer a request: the walk that every one takes. Yields Work, returns the Reply."""
        visit = self._open(request)
        try:
            if visit.path.startswith(FILES):
                reply = yield from serve_file(visit, visit.path.removeprefix(FILES))
            else:
                reply = yield from self._answer(visit)
        except Refusal as refusal:
            failure = visit.dialect.provider.errors.refused(refusal, visit.situation())
            visit.row = failure.row.id
            reply = visit.dialect.refuse(visit, failure)
        visit.session.journal.append(_exchange(visit, reply))
        return reply

    def _answer(self, visit: Visit) -> Walk:
        dialect = visit.dialect
        preflight = dialect.preflight(visit)
        if preflight:
            return preflight
        dialect.match(visit)
        dialect.authorize(visit)
        dialect.read(visit)
        failure = admit(visit)
        if failure:
            visit.row = failure.row.id
            return dialect.refuse(visit, failure)
        yield from resolve(visit, self._fetch)
        result = dialect.operate(visit, self._call(visit))
        if isinstance(result, Work):
            result = yield result
        pictures: list[Artwork] = []
        for job in dialect.pictures(result):
            art = self._art.get(job.key) or (yield Work(partial(self._draw, job)))
            assert isinstance(art, Artwork)  # what _draw returns, handed back by the driver
            pictures.append(art)
        return dialect.write(visit, result, tuple(pictures))

    def _draw(self, job: Job) -> Artwork:
        """Render a job and keep it, as base64: replies join it and never encode it again."""
        rendered = job.render()
        picture = pybase64.b64encode(rendered.data)
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

    def _open(self, request: Request) -> Visit:
        """Find the session and the provider that a path names, and number the request."""
        path, name = request.path, ""
        if path.startswith("/s/"):
            name, slash, rest = path[3:].partition("/")
            path = slash + rest
        session = self._store.session(name)
        dialect, path = self._provider(path)
        number, now = session.next(), self._clock()
        told = f"{session.seed}|{name}|{number}".encode()
        return Visit(
            request=request,
            session=session,
            dialect=dialect,
            path=path,
            request_id="req_" + blake2b(told, digest_size=16).hexdigest(),
            number=number,
            now=now,
            day=self.settings.as_of or datetime.datetime.fromtimestamp(now, datetime.UTC).date(),
            lenient=self.settings.lenient,
            keys=self.settings.api_keys,
        )

    def _provider(self, path: str) -> tuple[Dialect, str]:
        """Return whose path this is, and the path without that provider's base."""
        if path in self._origin:
            return self._origin[path], path
        for base, dialect in self._dialects:
            if path.startswith(base) and path[len(base) :][:1] in ("", "/"):
                return dialect, path[len(base) :]
        return self._default, path

    def _mount(self) -> list[tuple[str, Dialect]]:
        """Return base path and dialect of every provider, longest base first."""
        mounted: list[tuple[str, Dialect]] = []
        self._origin: dict[str, Dialect] = {}
        for name in REGISTRY:
            dialect = load_dialect(name)
            dialect.provider.catalog.check(_bodies(dialect, *dialect.annexes().values()))
            provider = dialect.provider
            bases = [*provider.bases]
            if name == self.settings.provider:
                self._default = dialect
                bases += provider.default_bases
                bases += provider.lenient_bases if self.settings.lenient else ()
            mounted += [(base, dialect) for base in bases]
            for path, other in dialect.annexes().items():
                mounted += [(base + path, other) for base in bases]
            self._origin |= dict.fromkeys(provider.origin_paths, dialect)
        return sorted(mounted, key=lambda item: -len(item[0]))

    def providers(self) -> tuple[ProviderInfo, ...]:
        """Return every provider with its bases and environment lines, the default one first."""
        found = []
        for provider in {d.provider.name: d.provider for _, d in self._dialects}.values():
            env = tuple(provider.env.items())
            found.append(ProviderInfo(provider.name, provider.title, provider.bases, env))
        return tuple(sorted(found, key=lambda info: info.name != self.settings.provider))

    def warm(self) -> None:
        """Load what the first request would wait for: imaging, and the schemas' validators."""
        import PIL.Image
        import PIL.ImageDraw
        import PIL.ImageFont  # noqa: F401

        for dialect in dict.fromkeys(d for _, d in self._dialects):
            for names in dialect.request_schemas.values():
                for name in names:
                    dialect.provider.catalog.schema(name).compile()


def _bodies(*dialects: Dialect) -> dict[str, tuple[str, ...]]:
    """Return the request schemas of each operation, those of all its dialects together."""
    found: dict[str, tuple[str, ...]] = {}
    for dialect in dialects:
        for operation, names in dialect.request_schemas.items():
            found[operation] = (*found.get(operation, ()), *names)
    return found


def _exchange(visit: Visit, reply: Reply) -> Exchange:
    return Exchange(
        at=visit.now,
        request_id=visit.request_id,
        provider=visit.dialect.provider.name,
        operation=visit.operation,
        model=visit.model_name,
        method=visit.request.method,
        path=visit.request.path,
        status=reply.status,
        row=visit.row,
        notes=tuple(visit.notes),
    )
