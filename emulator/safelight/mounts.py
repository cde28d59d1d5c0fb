"""Where the providers stand: which dialect answers at which path.

What must not enter: what happens to a request once its dialect is known.
"""

from __future__ import annotations

from collections.abc import Mapping

from safelight.dialects.base import Dialect
from safelight.kept import kept
from safelight.provider import Provider
from safelight.refusals import UsageError


class Mounts:
    """Every dialect at its bases. `default` is the provider that also answers at the bare paths.

    Raises UsageError for an unknown default, DataError for a dialect whose data cannot be right.
    """

    def __init__(self, dialects: Mapping[str, Dialect], *, default: str, lenient: bool) -> None:
        if default not in dialects:
            known = ", ".join(dialects)
            raise UsageError(f"unknown provider {default!r}; known are {known}")
        self.default = dialects[default]
        self._origins: dict[str, Dialect] = {}
        bases: list[tuple[str, Dialect]] = []
        for name, dialect in dialects.items():
            provider = dialect.provider
            paths = [*provider.bases]
            if name == default:
                paths += provider.default_bases
                paths += provider.lenient_bases if lenient else ()
            bases += _stand(dialect, paths)
            self._origins |= dict.fromkeys(provider.origin_paths, dialect)
        self._bases = sorted(bases, key=lambda item: -len(item[0]))

    def find(self, path: str) -> tuple[Dialect, str]:
        """Return whose path this is, and the path without that provider's base."""
        if path in self._origins:
            return self._origins[path], path
        for base, dialect in self._bases:
            if path.startswith(base) and path[len(base) :][:1] in ("", "/"):
                return dialect, path[len(base) :]
        return self.default, path

    def dialects(self) -> list[Dialect]:
        """Return every dialect once."""
        return list(dict.fromkeys(dialect for _, dialect in self._bases))

    def providers(self) -> tuple[Provider, ...]:
        """Return every provider once, the default one first."""
        found = {d.provider.name: d.provider for d in self.dialects()}
        first = self.default.provider.name
        return tuple(sorted(found.values(), key=lambda provider: provider.name != first))


def _stand(dialect: Dialect, bases: list[str]) -> list[tuple[str, Dialect]]:
    """Return a dialect and its annexes at their paths, their data proven."""
    _prove(dialect)
    out = [(base, dialect) for base in bases]
    for path, annex in dialect.annexes().items():
        _prove(annex)
        out += [(base + path, annex) for base in bases]
    return out


def _prove(dialect: Dialect) -> None:
    """Check a dialect's data, unless these very files have been found good before."""
    catalog, bodies = dialect.provider.catalog, dialect.request_schemas

    def check() -> bool:
        catalog.check(bodies)
        return True

    kept(catalog.folder, f"proven-{type(dialect).__name__}", check)
