"""Names that our users write, held against those that exist: a slip is told at once, with the way.

A name that nothing has would else match nothing, and a test that waits for it would wait in vain.
What must not enter: what is done with a name once it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING

from safelight.dialects import REGISTRY, load_dialects
from safelight.faults import FAULTS
from safelight.messages import Json
from safelight.refusals import UsageError

if TYPE_CHECKING:
    from safelight.provider import Provider

BESIDE = ("files.get", "preflight")
"""Operations that no dialect has a route for: a picture's download, a browser's question."""


def operations() -> Iterator[str]:
    """Yield every operation, those of the first provider first: the others' are loaded if asked."""
    dialects = load_dialects()
    for name in dialects:
        for speaker in (dialects[name], *dialects[name].annexes().values()):
            yield from (route.operation for route in speaker.routes)
    yield from BESIDE


def check_names(match: Mapping[str, Json], where: str, more: Iterable[Provider] = ()) -> None:
    """Check the globs of `operation`, `provider` and `fault` in a match. Raises UsageError.

    `more` are providers that may be the user's own. Models are not checked: some providers take any
    name.
    """
    own = (op for each in more for model in each.catalog.models for op in model.operations)
    names = (*REGISTRY, *(each.name for each in more))
    known_by = (("operation", chain(operations(), own)), ("provider", names), ("fault", FAULTS))
    for what, known in known_by:
        if match.get(what) is not None:
            _fitting(match[what], known, f"{where}: no {what}")


def _fitting(pattern: Json, known: Iterable[str], no: str) -> None:
    """Raise UsageError unless a glob fits one of the known names, which are read up to that one."""
    if not isinstance(pattern, str):
        raise UsageError(f"{no} is called {pattern!r}: it takes a name or a glob")
    seen: dict[str, None] = {}
    for name in known:
        if fnmatchcase(name, pattern):
            return
        family, dot, _ = name.partition(".")
        seen |= dict.fromkeys([name, f"{family}.*"] if dot and "*" in pattern else [name])
    near = get_close_matches(pattern, seen, n=4, cutoff=0.6)
    more = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(sorted(seen))}"
    raise UsageError(f"{no} fits {pattern!r}; {more}")
