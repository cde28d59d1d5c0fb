"""Which URL is whose: live hosts and named base URLs to the paths where the emulator serves them.

What must not enter: sockets, what happens to a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from safelight import naming
from safelight.core import ProviderInfo
from safelight.refusals import UsageError


class Addresses:
    """The providers by name, host and base URL. The first provider is the default one.

    `base_urls` are answered as `provider`, or, when none is named, as the one that takes any model.
    Raises UsageError for an unknown provider.
    """

    def __init__(
        self,
        providers: Iterable[ProviderInfo],
        *,
        provider: str | None = None,
        base_urls: Iterable[str] = (),
    ) -> None:
        self._providers = {info.name: info for info in providers}
        self.default = self.named(provider or next(iter(self._providers)))
        self.named_urls = tuple(url.rstrip("/") for url in base_urls)
        self._hosts = {
            host: prefix
            for info in self._providers.values()
            for host, prefix in zip(info.hosts, _prefixes(info), strict=True)
        }
        any_model = next((p for p in self._providers.values() if p.takes_any), self.default)
        self._urls = [
            (*_split(url), self.default if provider else any_model) for url in self.named_urls
        ]

    def named(self, name: str | None) -> ProviderInfo:
        """Return a provider, for None the default one. Raises UsageError naming the known ones."""
        if name is None:
            return self.default
        if name not in self._providers:
            known = ", ".join(self._providers)
            raise UsageError(f"unknown provider {name!r}; known are {known}")
        return self._providers[name]

    def find(self, url: str) -> str | None:
        """Return the emulator's path (and query) for a URL, or None for a stranger's."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        rest = parts.path + (f"?{parts.query}" if parts.query else "")
        for place, path, info in self._urls:
            if place == (host, parts.port) and naming.below(parts.path, path):
                return _surface(info, path) + rest[len(path) :]
        prefix = self._hosts.get(host)
        return None if prefix is None else prefix + rest

    def set_by(self, url: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
        """Return the variable that sent a client to a URL, and the emulator's path; None for none.

        Those are the variables in which clients look for a base URL: `OPENAI_BASE_URL` and the
        like. A path of Safelight's own server keeps its meaning.
        """
        for info in self._providers.values():
            for name, row in info.env:
                base = environ.get(name, "").strip().rstrip("/") if "{base}" in row else ""
                if base and naming.below(url.partition("?")[0], base):
                    path = naming.split(_split(base)[1])[1]
                    known = any(naming.below(path, own) for own in self._bases())
                    return name, (path if known else row.format(base=info.bases[0])) + url[
                        len(base) :
                    ]
        return None

    def _bases(self) -> list[str]:
        return [base for info in self._providers.values() for base in info.bases]

    def live(self, info: ProviderInfo) -> str:
        """Return the base URL of the live service, as clients know it. Raises UsageError."""
        if self.named_urls and (info is self.default or info.takes_any):
            return self.named_urls[0]
        if not info.hosts:
            text = f"{info.name} has no host of its own; name a base URL by base_urls=[…]"
            raise UsageError(text)
        base = _surface(info, "/v1")
        return f"https://{info.hosts[0]}{base.removeprefix(_prefixes(info)[0])}"

    def hosts(self) -> tuple[str, ...]:
        """Return every host of a live service."""
        return tuple(self._hosts)

    def key_names(self) -> tuple[str, ...]:
        """Return the environment variables in which clients look for a key."""
        rows = (row for info in self._providers.values() for row in info.env)
        return tuple(dict.fromkeys(name for name, value in rows if value == "{key}"))

    def environment(self, origin: str, key: str) -> dict[str, str]:
        """Return every provider's variables for a server; the default provider's win."""
        infos = [info for info in self._providers.values() if info is not self.default]
        return {
            name: value.format(base=origin + info.bases[0], key=key)
            for info in (*infos, self.default)
            for name, value in info.env
        }

    def served(self, info: ProviderInfo) -> str:
        """Return the path at which the emulator serves a provider's OpenAI surface."""
        return _surface(info, "/v1")


def _prefixes(info: ProviderInfo) -> list[str]:
    """Return, for each host, what the emulator's paths have before those of the live service."""
    bases = [base.rpartition("/")[0] or base for base in info.bases]
    return [bases[index] if index < len(bases) else bases[0] for index in range(len(info.hosts))]


def _surface(info: ProviderInfo, path: str) -> str:
    """Return the base whose clients append `/images/…`: some providers' bases are their hosts'."""
    rows = [value for _, value in info.env if value.startswith("{base}/")]
    tail = rows[0].removeprefix("{base}") if rows else ""
    return info.bases[0] + (tail if path.endswith(tail) else "")


def _split(url: str) -> tuple[tuple[str, int | None], str]:
    parts = urlsplit(url)
    return ((parts.hostname or "").lower(), parts.port), parts.path
