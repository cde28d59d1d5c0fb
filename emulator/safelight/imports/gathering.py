"""What an import gathers: fixtures written to a folder, and what could not be carried over.

Exchanges go the way of recordings: secrets hidden, pictures in files, requests named by their
digest. What must not enter: the formats themselves.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from safelight.fixtures.matching import key
from safelight.fixtures.model import Exact, Fixture, Match
from safelight.fixtures.reading import read_file
from safelight.imports import eligible
from safelight.imports.fitting import Fitting
from safelight.links import FetchError
from safelight.messages import Headers, Request
from safelight.read import media_type
from safelight.recording.keeping import Keeper, Manner
from safelight.recording.rewriting import rewritten
from safelight.recording.secrets import Secrets
from safelight.recording.taking import STREAMS, UnreadableError
from safelight.recording.understanding import Understanding
from safelight.recording.upstream import Head, Origin

_NOON = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP exchange as another tool kept it. `where` names it in the source, for reports.

    Header names are lower-case. `wait` is in seconds to the first byte, 0 where it is not known.
    """

    where: str
    method: str
    url: str
    headers: Headers
    body: bytes
    status: int
    reply_headers: Headers
    reply: bytes
    day: datetime.date | None = None
    wait: float = 0.0


@dataclass
class Gathered:
    """What came of an import: files written, and what was lost, each with how often."""

    out: Path
    files: list[Path] = field(default_factory=list)
    lost: dict[str, list[str]] = field(default_factory=dict)

    def lose(self, what: str, where: str) -> None:
        """Note what could not be carried over, and where it stands."""
        self.lost.setdefault(what, []).append(where)


class Gatherer:
    """Writes exchanges and fixtures into a folder as those of one provider.

    `found` are files by their URL: what the same source knows of links in replies.
    """

    def __init__(
        self,
        provider: str,
        out: Path,
        secrets: tuple[str, ...] = (),
        found: Mapping[str, bytes] | None = None,
    ) -> None:
        self._provider = provider
        self.found: Mapping[str, bytes] = {} if found is None else found
        self.foreign = False  # what is asked on one's own machine may be anything
        self.named: set[str] = set()  # files that others have as parts of theirs
        self.secrets = Secrets(secrets)
        self.understanding = Understanding(provider)
        self.gathered = Gathered(out)
        self._keepers: dict[str, Keeper] = {}
        self._turns: dict[str, int] = {}
        self._matches: set[str] = set()
        self._asked: dict[str, Path] = {}

    def concerns(self, url: str, where: str) -> bool:
        """Tell whether a URL leads to the provider, or to a machine of one's own; else say so."""
        return not self._lost(eligible.elsewhere(url, self.understanding), where)

    def answered(self, method: str, status: int, where: str) -> bool:
        """Tell whether there is an answer that can be served again; else say so."""
        return not self._lost(eligible.unservable(method, status), where)

    def sent(self, method: str, headers: Headers, body: bytes, where: str) -> bool:
        """Tell whether a request has its body, if it must have had one; else say so."""
        return not self._lost(eligible.lacking(method, headers, body), where)

    def _lost(self, why: str, where: str) -> bool:
        if why:
            what, _, detail = why.partition(" @ ")
            self.gathered.lose(what, f"{where} ({detail})" if detail else where)
        return bool(why)

    def exchange(self, one: Exchange, source: Path) -> None:
        """Keep an exchange, or say why not; `source` is the file that it stands in."""
        if one.day is None:
            self.gathered.lose("the day of an exchange: its file's own stands for it", one.where)
            changed = datetime.datetime.fromtimestamp(source.stat().st_mtime, datetime.UTC)
            one = replace(one, day=changed.date())
        parts = urlsplit(one.url)
        path = self.understanding.below(parts.path)
        if path is None:
            self.gathered.lose("exchanges with paths that the provider does not have", one.where)
            return
        request = Request(one.method, parts.path, parts.query, one.headers, one.body)
        keeper = self._keeper(parts.netloc, one.day)
        asked = self.understanding.read(request, path, _moment(one.day))
        if self.foreign and asked.operation is None and eligible.near(one.url):
            self.gathered.lose("exchanges with other services", f"{one.where} ({parts.netloc})")
            return
        keeper.secrets.learn(request)
        keeper.secrets.learn_body(request)
        keeper.secrets.learn_headers(one.reply_headers)
        head = Head(one.status, one.reply_headers, chunked=_kind(one.reply_headers) in STREAMS)
        try:
            taking = keeper.begin(head, one.method)
            for piece in _pieces(one.reply_headers, one.reply):
                taking.part(piece, one.wait, ends=True)
            name = keeper.digest(request, asked)
            self._again(name, one.where, source)
            self.gathered.files.append(keeper.keep(request, asked, name, taking, one.wait))
        except UnreadableError as error:
            self.gathered.lose(f"replies that cannot be read: {error}", one.where)

    def _again(self, digest: str, where: str, source: Path) -> None:
        """Say so where two files answer the same request: each was to be replayed by itself."""
        if self._asked.setdefault(digest, source) != source:
            what = "which file a request stands in: the same one in several is answered in order"
            self.gathered.lose(what, where)

    def fixture(self, fixture: Fixture, where: str, *label: str) -> None:
        """Keep a fixture that is no recording of an exchange, as far as it could happen."""
        placed = replace(fixture, root=self.gathered.out.absolute(), name="imported.yaml")
        fitted = self._fitting.fit(placed, lambda what: self.gathered.lose(what, where))
        if fitted is None:
            return
        path = self._keeper("import", None).shelf.put(fitted, label, self._hidden)
        _, problems = read_file(self.gathered.out, path.name)
        if problems:  # what another tool lets stand as a name, say
            path.unlink()
            self.gathered.lose(f"fixtures that nobody could be served: {problems[0].reason}", where)
        else:
            self.gathered.files.append(path)

    def distinct(self, fixture: Fixture, narrower: Match | None, where: str, *label: str) -> None:
        """Keep a fixture unless an earlier one has its match; then with the narrower one, if new.

        Of two that fit the same requests the second would never be served.
        """
        for match in (fixture.match, narrower):
            if match is not None and key(match) not in self._matches:
                if match is narrower:
                    what = "`turnIndex`, taken for the user's turn where fixtures are alike"
                    self.gathered.lose(what, where)
                self._matches.add(key(match))
                self.fixture(replace(fixture, match=match), where, *label)
                return
        self.gathered.lose("fixtures that fit the same requests as an earlier one", where)

    @cached_property
    def _fitting(self) -> Fitting:
        return Fitting()

    def picture(self, data: bytes, extension: str) -> str:
        """Keep a picture that a fixture names; return its name from the fixture's folder."""
        name = self._keeper("import", None).blobs.put(data, extension)
        return f"files/{name}"

    def turn(self, operation: str, model: str, *, stream: bool) -> int:
        """Return 1, 2, 3 …: which answer of an operation and model this is."""
        name = f"{operation}|{model}|{stream}"
        self._turns[name] = self._turns.get(name, 0) + 1
        return self._turns[name]

    def answer(self, headers: Headers, body: bytes) -> Exact:
        """Return an answer to nobody knows what as a fixture has it, its pictures in files."""
        streams = _kind(headers) in STREAMS
        head = Head(200, headers, chunked=streams)
        taking = self._keeper("import", None).begin(head, "POST")
        for piece in _pieces(headers, body):
            taking.part(piece, 0.0, ends=True)
        return taking.finish(self._behind, paced=False)

    def end(self) -> None:
        """Hide in what was imported first the secrets that were learned last."""
        for keeper in [*self._keepers.values()][:1]:
            keeper.mend()

    def _hidden(self, text: str) -> str:
        """Return a fixture's text, or a word of its name, without secrets."""
        self.secrets.learn_text(text.encode())
        return rewritten(text, self.secrets.hide) or text

    def _behind(self, links: list[str]) -> dict[str, str]:
        """Say which links an answer has: nothing is known of what they lead to."""
        for link in links:
            host = urlsplit(link).netloc
            self.gathered.lose("pictures behind links: an import follows none", host)
        return {}

    def _keeper(self, host: str, day: datetime.date | None) -> Keeper:
        """Return what keeps exchanges of a host and day; all of them on one shelf."""
        name = f"{host}|{day}"
        if name not in self._keepers:
            manner = Manner(today=lambda: day, fetch=self._fetch, made="imported", mends=False)
            keeper = Keeper(self._provider, _origin(host), self.gathered.out, self.secrets, manner)
            first = next(iter(self._keepers.values()), None)
            if first is not None:
                keeper.shelf = first.shelf
            self._keepers[name] = keeper
        return self._keepers[name]

    def _fetch(self, link: str) -> bytes:
        if link not in self.found:
            host = urlsplit(link).netloc
            self.gathered.lose("pictures behind links: an import follows none", host)
            raise FetchError("an import follows no links")
        return self.found[link]


def _origin(host: str) -> Origin:
    return replace(Origin("https://import.invalid"), base=f"https://{host}")


def _moment(day: datetime.date | None) -> float:
    """Return a moment of a day, or of today, in epoch seconds."""
    found = day or datetime.datetime.now(datetime.UTC).date()
    noon = datetime.datetime(found.year, found.month, found.day, tzinfo=datetime.UTC)
    return noon.timestamp() + _NOON


def _kind(headers: Headers) -> str:
    return media_type(next((value for name, value in headers if name == "content-type"), ""))


def _pieces(headers: Headers, body: bytes) -> list[bytes]:
    """Return a body, a stream's event by event: nobody knows any more how it was cut."""
    kind = _kind(headers)
    if kind not in STREAMS or any(name == "content-encoding" for name, _ in headers):
        return [body] if body else []
    mark = b"\r\n\r\n" if b"\r\n\r\n" in body else b"\n\n"
    if "json" in kind:
        mark = b"\n"
    *events, rest = body.split(mark)
    return [event + mark for event in events] + ([rest] if rest else [])


def day_of(headers: Headers) -> datetime.date | None:
    """Return the day that a reply's date header tells, or None."""
    text = next((value for name, value in headers if name == "date"), None)
    try:
        return parsedate_to_datetime(text).date() if text else None
    except ValueError:
        return None
