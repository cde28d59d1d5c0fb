"""Whether a session went as its test says: assertions on what was asked, refusals it expects.

What must not enter: pictures (`assertions.py`), what the world does, test frameworks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from safelight.legal import check_names
from safelight.messages import Json
from safelight.nearest import fits
from safelight.nearest import told as nearest
from safelight.recorded import DOWNLOAD, Recorded
from safelight.store import Session
from safelight.verify import line, read_expectation, verify

_COUNTS = ("times", "at_least", "at_most")
_EXPECTED = ("provider", "operation", "model", "prompt", "status", "with_mask", "fault", "row")
_MEANT = (
    "If the test means it, say so: `with safelight.expect_refusal(row=…):`, "
    "`safelight.assert_requested(…, status=400)`, or the marker with strict=False."
)


class Judgement:
    """What a test holds against its session, and which refusals it has expected so far.

    `session` gives the session as it is now: a reset makes another one, whose numbers begin anew.
    """

    __slots__ = ("_known", "_seen", "_session_now")

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session_now = session
        self._known = session()
        self._seen: set[int] = set()

    @property
    def _session(self) -> Session:
        found = self._session_now()
        if found is not self._known:
            self._known = found
            self._seen.clear()
        return found

    @property
    def requests(self) -> tuple[Recorded, ...]:
        """Return what the application asked, in order."""
        return tuple(Recorded(e) for e in self._session.journal if e.operation != DOWNLOAD)

    def journal(self) -> list[str]:
        """Return the journal, a line for each exchange."""
        return [f"  {line(exchange)}" for exchange in self._session.journal]

    def requested(self, operation: str | None, wanted: Mapping[str, Json]) -> list[Recorded]:
        """Return the requests of this kind. Raises AssertionError for another number of them."""
        __tracebackhide__ = True
        params = {k: v for k, v in wanted.items() if k not in (*_EXPECTED, *_COUNTS)}
        match = {k: v for k, v in wanted.items() if k in _EXPECTED}
        counts = {k: v for k, v in wanted.items() if k in _COUNTS} or {"at_least": 1}
        if operation is not None:
            match["operation"] = operation
        check_names(match, "assert_requested")
        expectation = read_expectation({**match, **counts})
        asked = [r.exchange for r in self.requests]
        found = [e for e in asked if fits(e, match, params)]
        if problems := verify(found, [expectation]):
            also = "".join(f", {k}={v!r}" for k, v in params.items())
            lines = [problems[0].replace(";", f"{also};", 1)]
            lines += [f"fitting: {line(e)}" for e in found]
            if len(found) < expectation.low:
                lines += nearest(asked, match, params)
            raise self._failure(*lines, "the journal:")
        if "status" in match or "row" in match:
            self._seen |= {e.number for e in found}
        return [Recorded(e) for e in found]

    @contextmanager
    def refusing(self, wanted: Mapping[str, Json]) -> Iterator[None]:
        """Expect a refusal in the block. Raises AssertionError if there was none."""
        __tracebackhide__ = True
        before = self._session.counter
        check_names(wanted, "expect_refusal")
        expectation = read_expectation({**wanted, "at_least": 1})
        try:
            yield
        finally:
            later = [r.exchange for r in self.requests if r.exchange.number > before and r.refused]
            found = {e.number for e in later if expectation.fits(e)}
            self._seen |= found
        if not found:
            about = ", ".join(f"{key}={value!r}" for key, value in wanted.items())
            raise self._failure(f"expected a refusal ({about or 'any'}); the journal:")

    def unexpected(self) -> list[Recorded]:
        """Return the refusals that the test did not expect."""
        asked = self.requests  # before `_seen`, which belongs to the session that has them
        return [r for r in asked if r.refused and r.exchange.number not in self._seen]

    def _failure(self, *lines: str) -> AssertionError:
        return AssertionError("\n".join([*lines, *(self.journal() or ["  (empty)"])]))


def told(refused: list[Recorded]) -> list[str]:
    """Return the lines that tell of refusals which fail a test, and how a test means them."""
    if not refused:
        return []
    lines = [text for r in refused for text in (_head(r), *_why(r))]
    return [*lines, _MEANT]


def _head(recorded: Recorded) -> str:
    if recorded.operation:
        return f"the live service would refuse {recorded}"
    return f"Safelight emulates nothing at this address, though the live service may: {recorded}"


def _why(recorded: Recorded) -> Iterator[str]:
    """Yield each field that is wrong with what was sent, and the provider's own sentence."""
    for violation in recorded.exchange.violations:
        field, _, keyword = violation.partition(": ")
        sent, found = _sent(recorded.params, field)
        value = f"{sent!r:.200} was sent" if found else "was not sent"
        yield f"  {field}: {value}" + (f" ({keyword})" if keyword else "")
    if recorded.says:
        yield f"  its answer: {recorded.says}"


def _sent(params: Mapping[str, Json], field: str) -> tuple[Json, bool]:
    """Return the value at a path such as `messages[0].role`, and whether there is one."""
    value: Json = params
    for name in re.findall(r"[^.\[\]]+", field):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None, False
    return value, True
