"""One module per provider: routes, auth, how a reply and a stream are written.

`REGISTRY` is the one line that a new provider adds; one that lives outside the package is named by
its folder instead (docs/adding-a-provider.md). What must not enter: what any of them says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from safelight.refusals import UsageError

if TYPE_CHECKING:
    from safelight.dialects.base import Dialect
    from safelight.provider import Provider

REGISTRY: dict[str, str] = {
    "openai": "safelight.dialects.openai:OpenAI",
    "compatible": "safelight.dialects.compatible:Compatible",
    "vercel": "safelight.dialects.vercel:Vercel",
    "edenai": "safelight.dialects.edenai:EdenAI",
    "together": "safelight.dialects.together:Together",
}
"""Provider name to `module:class`."""


def load_dialect(name: str) -> Dialect:
    """Return the dialect of a provider. Raises UsageError naming the known ones."""
    from safelight.provider import load_provider

    if name not in REGISTRY:
        raise UsageError(f"unknown provider {name!r}; known are {', '.join(sorted(REGISTRY))}")
    module, _, cls = REGISTRY[name].partition(":")
    dialect: Dialect = getattr(import_module(module), cls)(load_provider(name))
    return dialect


class Dialects(Mapping[str, "Dialect"]):
    """Every provider's dialect by name: those of the package, then those of folders outside it.

    A dialect of the package is made when it is first asked for: most servers speak to one client,
    of one provider. Raises UsageError for a folder that cannot be one, or whose name is taken.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self._made: dict[str, Dialect] = {}
        for folder in folders:
            dialect = _from_folder(folder.resolve())
            name = dialect.provider.name
            if name in self:
                raise UsageError(f"{folder}: a provider called {name!r} is served already")
            self._made[name] = dialect

    def __getitem__(self, name: str) -> Dialect:
        """Return a dialect, made at the first call. Raises KeyError."""
        if name not in self._made:
            if name not in REGISTRY:
                raise KeyError(name)
            self._made[name] = load_dialect(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, those of the package first."""
        return iter(dict.fromkeys((*REGISTRY, *self._made)))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(REGISTRY.keys() | self._made.keys())

    def __contains__(self, name: object) -> bool:
        """Tell whether there is one of that name, without making it."""
        return name in REGISTRY or name in self._made

    def provider(self, name: str) -> Provider:
        """Return the data of a provider, without making its dialect."""
        from safelight.provider import load_provider

        return self._made[name].provider if name in self._made else load_provider(name)


def load_dialects(folders: Iterable[Path] = ()) -> Dialects:
    """Return every provider's dialect by name. Raises UsageError for a folder that is none."""
    return Dialects(folders)


def _from_folder(folder: Path) -> Dialect:
    """Return the dialect in a folder of data: the one of its `dialect.py`, or the plain surface."""
    from safelight.dialects.surface import Surface
    from safelight.provider import load_provider

    module = folder / "dialect.py"
    dialect = _class_in(module) if module.is_file() else Surface
    return dialect(load_provider(folder.name, folder.parent))


def _class_in(path: Path) -> type[Dialect]:
    """Return the one dialect that a Python file defines. Raises UsageError for none, or several."""
    from importlib.util import module_from_spec, spec_from_file_location

    from safelight.dialects.base import Dialect

    spec = spec_from_file_location(f"safelight_dialect_{path.parent.name}", path)
    assert spec is not None, "a file that ends in .py always has a loader"
    assert spec.loader is not None, "the same"
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    own = [kind for kind in vars(module).values() if isinstance(kind, type)]
    own = [kind for kind in own if kind.__module__ == spec.name and issubclass(kind, Dialect)]
    if len(own) != 1:
        raise UsageError(f"{path}: defines {len(own)} dialects; one class has to be a Surface")
    return own[0]
