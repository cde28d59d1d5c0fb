"""Doing something once a module is there: now if it is loaded, else as soon as somebody imports it.

An application under test may import its client in the middle of a test; importing it for every
test, just in case, would make all of them slow. What must not enter: what is done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


@contextmanager
def once_loaded(name: str, enter: Callable[[ExitStack], object]) -> Iterator[None]:
    """Call `enter` once the module is loaded, within the block; what it entered ends with it."""
    with ExitStack() as stack:
        if name in sys.modules:
            enter(stack)
        else:
            finder = _Finder(name, lambda: enter(stack))
            sys.meta_path.insert(0, finder)
            stack.callback(sys.meta_path.remove, finder)
        yield


class _Finder(MetaPathFinder):
    """Finds one module as the others do, and acts when it has been executed."""

    def __init__(self, name: str, act: Callable[[], object]) -> None:
        self._name: str | None = name
        self._act = act

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the signature is importlib's
        target: ModuleType | None = None,  # noqa: ARG002 - the same
    ) -> ModuleSpec | None:
        """Return the module's own spec, with a loader that acts afterwards."""
        if fullname != self._name:
            return None
        self._name = None  # the others are asked next, and this one no more
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            _then(spec.loader, self._act)
        return spec


def _then(loader: Loader, act: Callable[[], object]) -> None:
    real = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        real(module)
        act()

    patched: Any = loader
    patched.exec_module = exec_module
