"""The fixtures of a server that is being started: loaded from its flags, watched while it runs.

What must not enter: what fixtures are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safelight.fixtures.serving import Library


def library(options: dict[str, Any]) -> Library | None:
    """Return the fixtures, or None without the flag. Raises UsageError for one that is wrong."""
    if not options["fixtures"]:
        return None
    from datetime import UTC, datetime

    from safelight.dialects import load_dialects
    from safelight.fixtures.loading import load_library

    return load_library(
        options["fixtures"],
        load_dialects(options["dialects"]),
        options["as_of"] or (lambda: datetime.now(UTC).date()),
        lenient=options["lenient"],
        unmatched=options["unmatched"],
        speed=options["speed"],
    )


def told(library: Library | None) -> list[str]:
    """Return what the banner says of the fixtures."""
    if library is None:
        return []
    number, folders = len(library.names()), ", ".join(map(str, library.folders.roots))
    others = "gets an error" if library.unmatched == "error" else "is answered as usual"
    noun = "Fixture" if number == 1 else "Fixtures"
    return [f"{noun}: {number} from {folders}; what none fits {others}."]


@contextmanager
def watched(library: Library | None) -> Iterator[None]:
    """Reload fixtures when their files change, while the server runs."""
    if library is None:
        yield
        return
    from safelight.fixtures.watching import Watcher

    watcher = Watcher(library.folders)
    watcher.start()
    try:
        yield
    finally:
        watcher.stop()
