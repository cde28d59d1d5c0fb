"""What the recorder keeps and gives back: fixtures on a shelf, blobs, the files behind links.

What must not enter: sockets of clients, what may be forwarded, money.
"""

from __future__ import annotations

import datetime
import logging
import mimetypes
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from safelight.fetch import Fetcher
from safelight.fixtures.digest import digest
from safelight.fixtures.model import Exact, Fixture, Match, Text
from safelight.fixtures.serving import replayed
from safelight.links import FetchError
from safelight.messages import Headers, Json, Reply, Request
from safelight.naming import FILES
from safelight.recording.blobs import BlobStore
from safelight.recording.lifting import kind_of
from safelight.recording.locks import alone
from safelight.recording.mending import Mender
from safelight.recording.secrets import Secrets
from safelight.recording.shelf import Shelf
from safelight.recording.spool import Spool
from safelight.recording.taking import Taking
from safelight.recording.understanding import Asked
from safelight.recording.upstream import Head, Origin

LOG = logging.getLogger("safelight")

_LARGEST = 64 * 2**20
_SECONDS = 60.0
_LONG = 2000
"""Characters of a prompt that is still told, a tenth of them for other fields."""

_ELSEWHERE = frozenset({"model", "prompt", "mask"})
"""Fields of a request that a match has words of its own for."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How recordings are written and replayed: `paced` as they came, `speed` divides the waits.

    `today` gives the day of a recording, `fetch` the file behind a link (None: it is asked for);
    `made` is how they came about; `mends` hides in older recordings what is learned later.
    """

    paced: bool = False
    speed: float = 1.0
    today: Callable[[], datetime.date | None] = datetime.date.today
    fetch: Callable[[str], bytes] | None = None
    made: str = "recorded"
    mends: bool = True


@dataclass(frozen=True, slots=True)
class Behind:
    """Files behind links, on their way to the disk: where each lies in a spool."""

    spool: Spool
    places: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def add(self, link: str, data: bytes) -> None:
        """Take a file."""
        self.places[link] = self.spool.size, len(data), kind_of(data[:16]) or "bin"
        self.spool.write(data)

    def filed(self, blobs: BlobStore) -> dict[str, str]:
        """Keep the files, and return the name of each by its link."""
        found = {
            link: blobs.save(self.spool.pieces(start, size), kind)
            for link, (start, size, kind) in self.places.items()
        }
        self.spool.drop()
        return found


class Keeper:
    """Keeps exchanges with one service in a folder."""

    def __init__(
        self,
        provider: str,
        origin: Origin,
        folder: Path,
        secrets: Secrets,
        manner: Manner | None = None,
    ) -> None:
        self._provider = provider
        self._origin = origin
        self._manner = manner or Manner()
        self.secrets = secrets
        self.shelf = Shelf(folder)
        self.blobs = BlobStore(folder, secrets.hide_values, lambda: secrets.longest)
        self.kept = 0
        self.hurried = False  # nobody waits any more: links are kept as they are
        self._lock = threading.Lock()
        self._mender = Mender(folder, secrets.known, self._lock, self.shelf.renamed)

    def digest(self, request: Request, asked: Asked) -> str:
        """Return what names a request."""
        return digest(request.method, asked.path, request.query, request.headers, request.body)

    def learn(self, request: Request, headers: Headers = ()) -> None:
        """Remember the secrets of a request's head, and an answer's, before anything is said."""
        self.secrets.learn(request)
        self.secrets.learn_headers(headers)

    def begin(self, head: Head, method: str) -> Taking:
        """Begin to keep an answer. Raises UnreadableError."""
        return Taking(head, self.blobs, self.secrets, method=method)

    def keep(self, request: Request, asked: Asked, name: str, taking: Taking, delay: float) -> Path:
        """Keep an answer that has ended, and return its file."""
        self.secrets.learn(request)
        self.secrets.learn_body(request)
        behind = self._fetched(taking.end())
        hide = self.secrets.hide_text
        with self._lock, alone(self.shelf.folder):  # what is learned meanwhile is mended after it
            reply = taking.finish(lambda _: behind.filed(self.blobs), paced=self._manner.paced)
            fixture = Fixture(
                match=self._match(asked, name),
                reply=replace(reply, delay=round(delay, 4)),
                source=hide(f"{self._manner.made} from {self._origin.authority}"),
                recorded=self._manner.today(),
                note=f"{request.method} {self.secrets.hide_path(asked.path)}",
            )
            words = (asked.operation or request.method.lower(), fixture.match.model or "")
            path = self.shelf.add(fixture, words)
            self.kept += 1
        if self._manner.mends:
            self._mender.wake()
        LOG.info("kept %s in %s, %.1f s", fixture.note, path.name, delay)
        return path

    def mend(self) -> None:
        """Hide in all that lies in the folder what is known by now."""
        self._mender.mend()

    def _match(self, asked: Asked, name: str) -> Match:
        """Return what names a request; all but provider and digest is there to be read."""
        hide = self.secrets.hide_text
        fields = {
            hide(key): self.secrets.hide_value(value)
            for key, value in asked.params.items()
            if _telling(key, value) and not self.secrets.named(key)
        }
        return Match(
            provider=self._provider,
            operation=asked.operation,
            model=hide(asked.model) if asked.model else None,
            prompt=Text("equal", hide(asked.prompt)) if 0 < len(asked.prompt) < _LONG else None,
            fields=fields,
            mask=True if asked.params.get("mask") is not None else None,
            digest=name,
        )

    def replay(self, name: str, request: Request) -> Reply | None:
        """Return the recording that answers a request, or None."""
        fixture = self.shelf.find(name)
        if fixture is None or not isinstance(fixture.reply, Exact):
            return None
        base = request.base_url + FILES
        return replayed(fixture, lambda file: base + Path(file).name, self._manner.speed)

    def file(self, name: str) -> Reply:
        """Return one of the files that links were replaced by."""
        path = self.blobs.folder / Path(name).name
        if not path.is_file() or path.name.startswith("."):
            return Reply(404, (("content-type", "text/plain"),), b"no such file was recorded")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return Reply(200, (("content-type", kind),), path.read_bytes())

    def _fetched(self, links: Sequence[str]) -> Behind:
        """Return the files behind links, which are fetched while the links live."""
        found = Behind(self.blobs.spool())
        for link in links:
            if self.hurried:
                break
            try:
                data = (self._manner.fetch or self._fetch)(link)
            except FetchError as error:
                if self._manner.fetch:
                    continue  # who gives a way to fetch tells what it lacks
                host = link.partition("://")[2].partition("/")[0].rpartition("@")[2]
                LOG.warning("a link to %s was not followed: %s", host, error)
                continue
            found.add(link, data)
        return found

    def _fetch(self, link: str) -> bytes:
        """Return what a link holds: the service's own, or one on the public network."""
        if self._origin.same(link):
            own = Fetcher(_LARGEST, _SECONDS, redirects=0, allowed=lambda _: True)
            return own(link)
        return Fetcher(_LARGEST, _SECONDS)(link)


def _telling(key: str, value: Json) -> bool:
    """Tell whether a field of a request is short enough to be read in a match."""
    short = isinstance(value, str) and len(value) <= _LONG // 10
    return key not in _ELSEWHERE and (short or isinstance(value, (bool, int, float)))
