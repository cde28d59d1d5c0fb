"""One answer while it streams by: its pieces, where it was cut and when, the links in it.

Compressed bodies are kept as what they hold; the client gets them as they came. Nothing is written
in clear before all of an exchange is known, and with it the values that are secret. What must not
enter: sockets, the clock, which files fixtures lie in.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Protocol

import orjson

from safelight.fixtures.model import Exact
from safelight.messages import Headers
from safelight.read import media_type
from safelight.recording import spelling
from safelight.recording.blobs import BlobStore
from safelight.recording.hiding import windows
from safelight.recording.lifting import Lifted, Lifter, kind_of
from safelight.recording.secrets import Secrets
from safelight.recording.spelling import Blob, Cut, Piece
from safelight.recording.upstream import Head

STREAMS = frozenset(("text/event-stream", "application/x-ndjson", "application/jsonl"))
"""Media types whose chunks mean something."""

_SLOW = 0.05
"""Seconds between two chunks that make a stream of any body."""

_PLACES = 4
"""Decimal places of seconds that are kept."""

_LINK = re.compile(
    rb"\"(?:url|\w*_url|\w*Url|\w*URL)\"\s*:\s*\"(https?:(?:\\?/){2}[^\s\"<>]{3,4000}?)\""
)
_MANY = 32
"""Links of one answer that are followed."""

_LEFT_OUT = frozenset(
    ("content-length", "content-encoding", "set-cookie", "alt-svc", "strict-transport-security")
) | {"nel", "report-to", "reporting-endpoints", "content-md5", "etag"}
"""Headers that would not be true of the replay, or that turn a client away from it."""

Fetch = Callable[[str], tuple[bytes, str]]
"""Returns the file behind a link, and its extension. Raises FetchError."""


class UnreadableError(Exception):
    """The body is compressed in a way that cannot be undone here: secrets could hide in it."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class Taking:
    """Keeps one answer. Raises UnreadableError for one that cannot be searched for secrets."""

    def __init__(self, head: Head, blobs: BlobStore, secrets: Secrets, *, method: str) -> None:
        self._head = head
        self._blobs = blobs
        self._secrets = secrets
        self._method = method
        self._kind = media_type(_value(head.headers, "content-type"))
        self._lifter: Lifter | None = None
        self._decoder = _decoder(_value(head.headers, "content-encoding"))
        self._spool = blobs.spool()
        self._pieces: list[bytes | Lifted] | None = None
        self._cuts: list[Cut] = []
        self._held = 0
        self._last = 0.0
        self.links: list[bytes] = []

    def part(self, data: bytes, at: float, *, ends: bool) -> None:
        """Take bytes that came `at` seconds after the head; `ends` a chunk."""
        if self._decoder:
            try:
                data = self._decoder.decompress(data)
            except zlib.error as error:
                raise UnreadableError(f"a compressed body is broken: {error}") from error
        self._feed(data)
        if self._held and (ends or not self._head.chunked):
            self._cuts.append(Cut(self._held, round(max(0.0, at - self._last), _PLACES)))
            self._held, self._last = 0, at

    def _feed(self, data: bytes) -> None:
        if not data:
            return
        if self._lifter is None:
            binary = _binary(self._kind, data)
            self._lifter = Lifter(self._spool, binary=binary)
        self._lifter.feed(data)
        self._held += len(data)

    def drop(self) -> None:
        """Forget what was taken."""
        self._spool.drop()

    def end(self) -> list[str]:
        """Learn what in the answer is secret; return the links to files in it.

        Raises UnreadableError for a compressed body that lacks its end.
        """
        if self._pieces is not None:
            return self._true_links()
        if self._decoder:
            self._feed(self._decoder.flush())
            if self._lifter and not self._decoder.eof:
                raise UnreadableError("a compressed body lacks its end")
        if self._held:
            self._cuts.append(Cut(self._held, 0.0))
        self._pieces = self._lifter.close() if self._lifter else []
        self._secrets.learn_headers(self._head.headers)
        for window in windows(self._pieces, self._spool):
            text = window.text
            self._secrets.learn_text(text)
            if len(self.links) < _MANY and self._head.status < 300:
                self.links += _LINK.findall(text)[: _MANY - len(self.links)]
        return self._true_links()

    def finish(self, follow: Callable[[list[str]], dict[str, str]], *, paced: bool) -> Exact:
        """Return the answer as a fixture has it. `follow` keeps the files behind links.

        Raises UnreadableError as `end` does.
        """
        self.end()
        pieces = self._kept()
        links = self._followed(follow)
        self._spool.drop()
        headers = self._headers()
        if self._method == "HEAD" or not pieces:
            return Exact(self._head.status, headers)
        slow = len(self._cuts) > 1 and max(cut.wait for cut in self._cuts[1:]) >= _SLOW
        if self._kind in STREAMS or (slow and self._head.chunked):
            chunks = spelling.chunks(pieces, self._cuts, links)
            return Exact(self._head.status, headers, chunks=chunks, paced=paced)
        body, layout = spelling.body(pieces, links)
        return Exact(self._head.status, headers, body, layout)

    def _kept(self) -> list[Piece]:
        """Return the pieces without secrets, what was lifted in files."""
        taken = self._pieces or []
        return [
            self._piece(taken[index], text)
            for window in windows(taken, self._spool)
            for index, text in window.hidden(self._secrets.hide)
        ]

    def _piece(self, piece: bytes | Lifted, text: bytes) -> Piece:
        """Return a piece; `text` is what it says, hidden."""
        if isinstance(piece, bytes):
            return text
        if piece.form == "text":
            return Blob(self._blobs.save([text], "txt", hidden=True), "bytes", piece.told)
        data = self._spool.pieces(piece.start, piece.size)
        return Blob(self._blobs.save(data, piece.extension), piece.form, piece.told)

    def _true_links(self) -> list[str]:
        return [link for link in map(_unescaped, dict.fromkeys(self.links)) if link]

    def _followed(self, follow: Callable[[list[str]], dict[str, str]]) -> dict[str, str]:
        """Return which file stands for a link, as the link is written in the hidden text."""
        true = {link: _unescaped(link) for link in dict.fromkeys(self.links)}
        found = follow(self._true_links()) if true else {}
        out = {}
        for raw, link in true.items():
            if link in found:
                hidden = self._secrets.hide(raw)
                out[hidden.decode("utf-8", "replace")] = found[link]
                out[_unescaped(hidden)] = found[link]
        return out

    def _headers(self) -> Headers:
        kept = [pair for pair in self._head.headers if pair[0] not in _LEFT_OUT]
        length = _value(self._head.headers, "content-length")
        if self._method == "HEAD" and length and not self._decoder:
            kept.append(("content-length", length))
        return self._secrets.hide_headers(tuple(kept))


def _binary(kind: str, head: bytes) -> bool:
    """Tell whether a body is one file, and no text in which pictures may stand."""
    if "xml" in kind or "json" in kind or kind in STREAMS or kind.startswith("text/"):
        return False
    pictured = kind.startswith(("image/", "audio/", "video/", "font/"))
    return pictured or kind_of(head[:16]) is not None or b"\0" in head


def _value(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key == name), "")


def _unescaped(link: bytes) -> str:
    """Return a link as JSON means it."""
    try:
        return str(orjson.loads(b'"' + link + b'"'))
    except orjson.JSONDecodeError:
        return ""


def _decoder(encoding: str) -> _Decoder | None:
    """Return what undoes a body's compression. Raises UnreadableError for what nothing here can."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip"):
        return zlib.decompressobj(zlib.MAX_WBITS | 16)
    if encoding == "deflate":
        return zlib.decompressobj()
    raise UnreadableError(f"a body compressed as {encoding!r} cannot be searched for secrets")
