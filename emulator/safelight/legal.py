"""Names that our users write, held against those that exist: a slip is told at once, with the way.

A name that nothing has would else match nothing, and a test that waits for it would wait in vain.
What must not enter: what is done with a name once it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase

from safelight.dialects import REGISTRY, load_dialects
from safelight.faults import FAULTS
from safelight.messages import Json
from safelight.refusals import UsageError

BESIDE = ("files.get", "preflight")
"""Operations that no dialect has a route for: a picture's download, a browser's question."""


def operations() -> Iterator[str]:
    """Yield every operation, those of the first provider first: the others' are loaded if asked."""
    dialects = load_dialects()
    for name in dialects:
        for speaker in (dialects[name], *dialects[name].annexes().values()):
            yield from (route.operation for route in speaker.routes)
    yield from BESIDE


def check_names(match: Mapping[str, Json], where: str) -> None:
    """Check the globs of `operation`, `provider` and `fault` in a match. Raises UsageError.

    Models are not checked: some providers take any name.
    """
    for key, known in (("operation", operations()), ("provider", REGISTRY), ("fault", FAULTS)):
        if match.get(key) is not None:
            fitting(match[key], known, f"{where}: {key}")


def fitting(pattern: Json, known: Iterable[str], where: str) -> None:
    """Raise UsageError unless a glob fits at least one of the known names; none is read in vain."""
    if not isinstance(pattern, str):
        raise UsageError(f"{where} is a name or a glob, got {pattern!r}")
    seen: dict[str, None] = {}
    for name in known:
        if fnmatchcase(name, pattern):
            return
        seen[name] = None
    near = get_close_matches(pattern, seen, n=4, cutoff=0.6)
    more = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(sorted(seen))}"
    raise UsageError(f"{where} {pattern!r} fits none; {more}")
