"""One module per provider: routes, auth, how a reply and a stream are written.

`REGISTRY` is the one line that a new provider adds. Modules load when their provider is served.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from safelight.refusals import UsageError

if TYPE_CHECKING:
    from safelight.dialects.base import Dialect

REGISTRY: dict[str, str] = {
    "openai": "safelight.dialects.openai:OpenAI",
    "compatible": "safelight.dialects.compatible:Compatible",
    "vercel": "safelight.dialects.vercel:Vercel",
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
