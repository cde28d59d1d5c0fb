"""Where the providers stand: which dialect answers at which path.

What must not enter: what happens to a request once its dialect is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safelight import naming
from safelight.dialects import Dialects
from safelight.dialects.base import Dialect
from safelight.kept import kept
from safelight.provider import Provider
from safelight.refusals import UsageError


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """What a shell needs of a provider; `env` values may name `{base}` and `{key}`.

    `hosts` are the live service's; `takes_any` tells whether it answers to any model's name.
    """

    name: str
    title: str
    bases: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    hosts: tuple[str, ...] = ()
    takes_any: bool = False


def info_of(provider: Provider) -> ProviderInfo:
    """Return what a shell needs of a provider."""
    return ProviderInfo(
        provider.name,
        provider.title,
        provider.bases,
        tuple(provider.env.items()),
        provider.hosts,
        provider.any_model is not None,
    )


class Mounts:
    """Every dialect at its bases. `default` is the provider that also answers at the bare paths.

    Raises UsageError for an unknown default, DataError for a dialect whose data cannot be right.
    """

    def __init__(self, dialects: Dialects, *, default: str, lenient: bool) -> None:
        if default not in dialects:
            known = ", ".join(dialects)
            raise UsageError(f"unknown provider {default!r}; known are {known}")
        self._dialects = dialects
        self._default = default
        self._annexes: dict[str, Mapping[str, Dialect]] = {}
        self._origins: dict[str, str] = {}
        bases: list[tuple[str, str]] = []
        for name in dialects:
            self._prove(name)
            provider = dialects.provider(name)
            paths = [*provider.bases]
            if name == default:
                paths += provider.default_bases
                paths += provider.lenient_bases if lenient else ()
            bases += [(path, name) for path in paths]
            self._origins |= dict.fromkeys(provider.origin_paths, name)
        self._bases = sorted(bases, key=lambda item: -len(item[0]))

    @property
    def default(self) -> Dialect:
        """The dialect of the default provider."""
        return self._dialects[self._default]

    def named(self, name: str) -> Dialect:
        """Return the dialect of a provider, the default one for a name that is none."""
        return self._dialects[name if name in self._dialects else self._default]

    def find(self, path: str) -> tuple[Dialect, str]:
        """Return whose path this is, and the path without that provider's base."""
        if path in self._origins:
            return self._dialects[self._origins[path]], path
        for base, name in self._bases:
            if naming.below(path, base):
                return self._within(name, path[len(base) :])
        return self.default, path

    def _within(self, name: str, path: str) -> tuple[Dialect, str]:
        """Return the dialect or annex of a provider that a path below its base belongs to."""
        for start, annex in self._annexes_of(name).items():
            if naming.below(path, start):
                return annex, path[len(start) :]
        return self._dialects[name], path

    def _annexes_of(self, name: str) -> Mapping[str, Dialect]:
        if name not in self._annexes:
            self._annexes[name] = self._dialects[name].annexes()
        return self._annexes[name]

    def dialects(self) -> list[Dialect]:
        """Return every dialect and annex, made if need be."""
        return [
            speaker
            for name in self._dialects
            for speaker in (self._dialects[name], *self._annexes_of(name).values())
        ]

    def addresses(self) -> list[tuple[str, str]]:
        """Return method and path of every operation, at every base of its provider."""
        return [
            (route.method, base + route.path)
            for base, name in self._bases
            for route in self._dialects[name].routes
        ]

    def providers(self) -> tuple[Provider, ...]:
        """Return every provider, the default one first."""
        names = sorted(self._dialects, key=lambda name: name != self._default)
        return tuple(self._dialects.provider(name) for name in names)

    def _prove(self, name: str) -> None:
        """Check a provider's data, unless these very files have been found good before."""

        def check() -> bool:
            for speaker in (self._dialects[name], *self._annexes_of(name).values()):
                speaker.provider.catalog.check(speaker.request_schemas)
                assert speaker.provider.errors.rows, f"{name} has no error rows"
            self._dialects[name].provider.check(self._dialects[name].request_schemas)
            return True

        kept(self._dialects.provider(name).folder, "proven", check)
