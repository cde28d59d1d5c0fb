"""`models.list`, `models.get`, `models.delete`: what the catalogue says on a given day.

What must not enter: how an entry is written, which models a session has deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

from safelight.catalog import Model


@dataclass(frozen=True, slots=True)
class ModelsResult:
    """The models to show: all of them, one, or the one that was deleted."""

    operation: str
    models: tuple[Model, ...]
    id: str = ""
