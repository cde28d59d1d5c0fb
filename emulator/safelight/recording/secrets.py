"""Hides what must never reach the disk: keys, cookies, accounts, the queries of signed links.

A secret is hidden by as many asterisks as it has bytes, a number by ones, so that lengths, and
where a stream was cut, stay as they were. What is looked for: the values of headers, fields and
parameters with a secret name, wherever else these values occur; links that carry a signature; and
whatever looks like a key. What must not enter: files, HTTP, what the texts mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

from safelight.messages import Headers, Json, Request
from safelight.recording import events, fields, learning, looks
from safelight.recording.known import Known, painted
from safelight.recording.names import COOKIES, NAMES, PUBLIC, SIGNATURES, plain
from safelight.recording.unfolding import Span, layers


class Secrets:
    """Knows the secret names, and learns secret values. One for a whole recording.

    `names` are the user's own, beside `NAMES`. Learn a whole exchange before hiding any of it.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        own = {plain(name) for name in names}
        self._names = NAMES | own
        self._fields = NAMES - PUBLIC | own
        self.known = Known()
        self._learned: set[tuple[bytes, bool]] = set()

    @property
    def longest(self) -> int:
        """Return how many bytes the longest known value has."""
        return self.known.longest

    def named(self, name: str) -> bool:
        """Tell whether a header, field or parameter of that name holds a secret."""
        return plain(name) in self._names

    # What is learned

    def learn(self, request: Request) -> None:
        """Remember the secret values of a request's headers, parameters and path."""
        self.learn_headers(request.headers)
        for name, value in learning.query(request.query):
            if self.named(name) or plain(name) in SIGNATURES:
                self.known.add(learning.words(value))
        path = request.path.encode("utf-8", "surrogateescape")
        for start, end in looks.owned(path):
            owner = path[start:end].decode("utf-8", "replace")
            self.known.add({owner, unquote_plus(owner)})

    def learn_headers(self, headers: Headers) -> None:
        """Remember the secret values of headers, and of the links in them."""
        for name, value in headers:
            if self.named(name):
                lasting = plain(name) != "set_cookie"  # many services set another one each time
                self.known.add(learning.header(plain(name), value), lasting=lasting)
            else:
                self.learn_text(value.encode("utf-8", "surrogateescape"))

    def learn_body(self, request: Request) -> None:
        """Remember the values of a request's fields, JSON or form, that have a secret name."""
        for name, text in learning.form(request):
            if self.named(name):
                self.known.add(learning.words(text))
        for said in learning.texts(request):
            self.learn_text(said)

    def learn_fields(self, value: Json) -> None:
        """Remember the values of an object's fields, at any depth, that have a secret name."""
        self.learn_text(learning.spelled(value))

    def learn_text(self, text: bytes) -> None:
        """Remember what a text, such as a reply's body or a stream, says under secret names."""
        for layer in layers(text):
            for span in fields.values(layer.text, self._fields):
                if span[0] < span[1] and layer.sound(span):
                    self._learn(layer.text[slice(*span)])
            for span in looks.signing(layer.text):
                self._learn(layer.text[slice(*span)], lasting=False)
            for signs, span in looks.parameters(layer.text, self._fields):
                self._learn(layer.text[slice(*span)], lasting=not signs)
        for track in events.told(text):
            for span in fields.values(track.text, self._fields):
                self._learn(track.text[slice(*span)])

    def _learn(self, value: bytes, *, lasting: bool = True) -> None:
        if (value, lasting) in self._learned:
            return
        self._learned.add((value, lasting))
        for layer in layers(value):
            text = layer.text.decode("utf-8", "surrogateescape")
            self.known.add(learning.words(text), lasting=lasting)

    # What is hidden

    def hide_values(self, data: bytes) -> bytes:
        """Return bytes, such as a picture's, without the values that are known."""
        return self.known.hide(data)

    def hide(self, text: bytes) -> bytes:
        """Return a text of the same length without secrets."""
        return painted(text, self._spans(text))

    def _spans(self, text: bytes) -> Iterator[Span]:
        """Yield where secrets stand in a text: as it is, unfolded, and told in pieces."""
        yield from self._inside(text)
        for track in events.told(text):
            for span in self._inside(track.text):
                yield from track.origin(span)

    def _inside(self, text: bytes) -> Iterator[Span]:
        later = list[Span]()
        for layer in layers(text):
            spans, cut = self.known.found_whole(layer)
            suspects = (span for span in self._suspects(layer.text) if span[0] < span[1])
            spans += [span for span in suspects if layer.sound(span)]
            yield from map(layer.origin, spans)
            later += map(layer.origin, cut)
            layer.text = painted(layer.text, spans)  # once found is found
        yield from later

    def _suspects(self, text: bytes) -> Iterator[Span]:
        """Yield where a text says something under a secret name, or that looks like a secret."""
        yield from fields.values(text, self._fields)
        yield from looks.spans(text)
        yield from (span for _, span in looks.parameters(text, self._fields))

    def hide_text(self, text: str) -> str:
        """Return a text without secrets."""
        return self.hide(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def hide_value(self, value: Json) -> Json:
        """Return a text, a number or a truth without secrets; a number stays one."""
        if isinstance(value, str):
            return self.hide_text(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            text = repr(value)
            hidden = self.hide_text(text)
            return value if hidden == text else type(value)(hidden)
        return value

    def hide_path(self, path: str) -> str:
        """Return a path without the ids of organisations, accounts and projects."""
        raw = path.encode("utf-8", "surrogatepass")
        return self.hide_text(painted(raw, looks.owned(raw)).decode("utf-8", "replace"))

    def hide_headers(self, headers: Headers) -> Headers:
        """Return headers without secrets; cookies are left out."""
        kept = (pair for pair in headers if plain(pair[0]) not in COOKIES)
        return tuple(self._header(name, value) for name, value in kept)

    def _header(self, name: str, value: str) -> tuple[str, str]:
        if self.named(name):
            return name, "*" * len(value)
        return name, self.hide(value.encode("latin-1", "replace")).decode("latin-1")
