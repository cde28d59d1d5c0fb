"""What a test author holds: one session of the emulator, asked and told in a test's own words.

The same object in process and behind a server, with pytest and without. What must not enter:
sockets, patching, test frameworks.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safelight import answers
from safelight.addresses import Addresses
from safelight.core import Emulator
from safelight.journal import Exchange
from safelight.messages import Json, Reply, Request
from safelight.options import Options
from safelight.refusals import UsageError
from safelight.scenario import read_step
from safelight.store import Session
from safelight.verdict import Finding, verdict
from safelight.verify import line, read_expectation, verify

if TYPE_CHECKING:
    from safelight.assertions import Picture

KEY = "sk-safelight"
"""The key that clients find in their environment where there is none."""

_MATCH = ("operation", "model", "prompt", "provider")
_DOWNLOAD = "files.get"
_COUNTS = ("times", "at_least", "at_most")
_EXPECTED = ("provider", "operation", "model", "prompt", "status", "with_mask", "fault", "row")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request that the application made, and what became of it: the journal's entry, typed.

    Everything that `Exchange` has is an attribute here as well.
    """

    exchange: Exchange

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the journal knows
        """Return an attribute of the exchange: `model`, `status`, `params`, `fault`, `retry` …."""
        return getattr(self.exchange, name)

    @property
    def operation(self) -> str:
        """Return what was asked: `images.generate`, `images.edit`, `chat.create` …."""
        return self.exchange.operation

    @property
    def prompt(self) -> str:
        """Return the prompt, or the text of the last message."""
        return self.exchange.prompt

    @property
    def size(self) -> str | None:
        """Return the size that was asked for, `1024x1536`, or None."""
        return self.exchange.params.get("size")

    @property
    def images(self) -> tuple[bytes, ...]:
        """Return the pictures that were uploaded, in order, without the mask."""
        files = self.exchange.files.items()
        return tuple(data for name, data in files if name.partition("[")[0] == "image")

    @property
    def image(self) -> bytes | None:
        """Return the first picture that was uploaded, or None."""
        return next(iter(self.images), None)

    @property
    def mask(self) -> bytes | None:
        """Return the mask that was uploaded, or None."""
        return self.exchange.files.get("mask")

    @property
    def cost(self) -> Decimal | None:
        """Return what it would have cost live, in US dollars; None without a known price."""
        return None if self.exchange.cost is None else Decimal(self.exchange.cost)

    @property
    def refused(self) -> bool:
        """Tell whether the live service would have refused it.

        No refusal in this sense is what the test asked for, a fault or an exchange of its own, and
        the download of a picture that has expired.
        """
        exchange = self.exchange
        return (
            exchange.row is not None
            and exchange.status >= 400
            and exchange.fault is None
            and exchange.operation != _DOWNLOAD
        )

    def __str__(self) -> str:
        """Return the request in one line."""
        return line(self.exchange)


@dataclass(frozen=True, slots=True)
class Spend:
    """What the test would have cost live: US dollars, requests billed, those without a price."""

    usd: Decimal
    billed: int
    unpriced: int
    by_model: Mapping[tuple[str, str], Decimal]


class Clock:
    """The session's time. Waits of replies pass on it at once; with `real` they are waited out."""

    __slots__ = ("_clock", "_session", "real")

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self.real = False
        self._session = session
        self._clock = clock

    def advance(self, **amount: float) -> None:
        """Move on by `minutes=61`, `hours=1`, `seconds=3`: what `datetime.timedelta` takes."""
        self._session.offset += datetime.timedelta(**amount).total_seconds()

    @property
    def now(self) -> datetime.datetime:
        """Return the session's time, in UTC."""
        return datetime.datetime.fromtimestamp(self._session.moment(self._clock()), datetime.UTC)


class World:
    """One session, from a test's side. `origin` is that of a real server, None in process.

    `folder` gives the folder where pictures of failed assertions are written.
    """

    __slots__ = (  # a slip such as `safelight.as_of = …` is an error, no wish that nobody reads
        "_emulator", "_lock", "_seen", "addresses", "answering", "clock", "escapes", "folder",
        "name", "options", "origin", "session",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - what a world is made of
        self,
        emulator: Emulator,
        addresses: Addresses,
        options: Options,
        *,
        name: str,
        clock: Callable[[], float],
        folder: Callable[[], Path] | None = None,
    ) -> None:
        self.origin: str | None = None
        self.answering = False
        self.options, self.name = options, name
        self.escapes: list[str] = []
        self.folder, self.addresses = folder, addresses
        self._emulator = emulator
        self._lock = threading.Lock()
        self._seen: set[int] = set()
        emulator.forget(name)
        self.session = emulator.session(name)
        self.session.seed = options.seed
        self.session.clear_scenario()
        self.session.as_of, self.session.lenient = options.as_of, options.lenient
        self.clock = Clock(self.session, clock)
        if options.scenario:
            self.scenario(options.scenario)

    def answer(self, request: Request) -> Reply:
        """Answer a request of this world, one at a time."""
        path = request.path
        if not path.startswith("/s/"):
            path = f"/s/{self.name}{path}"
        with self._lock:
            return self._emulator.respond(replace(request, path=path))

    # What the application asked

    @property
    def requests(self) -> tuple[Recorded, ...]:
        """Return what the application asked, in order. Downloads of pictures are `downloads`."""
        return tuple(Recorded(e) for e in self.session.journal if e.operation != _DOWNLOAD)

    @property
    def downloads(self) -> tuple[Recorded, ...]:
        """Return the downloads of pictures behind URLs."""
        return tuple(Recorded(e) for e in self.session.journal if e.operation == _DOWNLOAD)

    @property
    def spend(self) -> Spend:
        """Return what the requests so far would have cost live, by the price tables."""
        rows = self.session.spent
        return Spend(
            usd=sum((usd for _, _, usd in rows.values()), Decimal(0)),
            billed=sum(billed for billed, _, _ in rows.values()),
            unpriced=sum(unpriced for _, unpriced, _ in rows.values()),
            by_model={key: usd for key, (_, _, usd) in rows.items()},
        )

    def verdict(self) -> list[Finding]:
        """Return what the journal holds against the application: retries that cost, waste."""
        return verdict(tuple(self.session.journal))

    def assert_requested(self, operation: str | None = None, **wanted: Json) -> list[Recorded]:
        """Assert that something was asked, at least once or as `times`, `at_least`, `at_most` say.

        `provider`, `model`, `prompt` (part of it), `status`, `row`, `fault`, `with_mask` are those
        of the journal, any other name is a parameter of the request. Returns the requests found;
        refusals among them are expected from now on. Raises AssertionError with the journal.
        """
        __tracebackhide__ = True
        params = {k: v for k, v in wanted.items() if k not in (*_EXPECTED, *_COUNTS)}
        match = {k: v for k, v in wanted.items() if k in _EXPECTED}
        counts = {k: v for k, v in wanted.items() if k in _COUNTS} or {"at_least": 1}
        if operation is not None:
            match["operation"] = operation
        expectation = read_expectation({**match, **counts})
        asked = [r.exchange for r in self.requests]
        fitting = [e for e in asked if all(e.params.get(k) == v for k, v in params.items())]
        found = [e for e in fitting if expectation.fits(e)]
        if problems := verify(fitting, [expectation]):
            also = "".join(f", {k}={v!r}" for k, v in params.items())
            lines = [problems[0].replace(";", f"{also};", 1), "the journal:"]
            raise AssertionError("\n".join([*lines, *(self.journal() or ["  (empty)"])]))
        if "status" in match or "row" in match:
            self._seen |= {e.number for e in found}
        return [Recorded(e) for e in found]

    def journal(self) -> list[str]:
        """Return the journal, a line for each exchange."""
        return [f"  {line(exchange)}" for exchange in self.session.journal]

    # What the world does

    def fail_next(self, fault: str, *, times: int | None = 1, **how: Json) -> None:
        """Let the next requests meet a fault, after the steps that are there already.

        `how` narrows which requests (`operation`, `model`, `prompt`, `provider`: globs) and sets
        the fault's options (`retry_after=0.01`, `seconds=30`). Raises UsageError.
        """
        match = {key: how.pop(key) for key in _MATCH if key in how}
        step: dict[str, Json] = {"fault": fault, "match": match, "options": how}
        self.session.scenario.steps.append(read_step({**step, "times": times}, "fail_next"))

    def scenario(self, steps: Any) -> None:  # noqa: ANN401 - names, steps, or None to let pass
        """Replace the faults to come by these steps, in order. Raises UsageError.

        A fault's name, or None to let a request pass, is a step for one request; an object says
        `fault`, `match`, `times`, `probability`, `options`.
        """
        read = [read_step(_once(step), f"scenario[{at}]") for at, step in enumerate(steps)]
        self.session.clear_scenario()
        self.session.scenario.steps = read

    def reply_with(  # noqa: PLR0913 - one of four, and for whom
        self,
        *,
        picture: Picture | list[Picture] | None = None,
        text: str | None = None,
        tool_call: tuple[str, Json] | list[tuple[str, Json]] | None = None,
        exchange: Mapping[str, Json] | None = None,
        operation: str | None = None,
        times: int = 1,
    ) -> None:
        """Settle what the next request gets: one of pictures, a text, tool calls, an exchange.

        A picture is bytes, base64, a path or a Pillow image; a tool call (name, arguments); an
        exchange `{"status": 200, "headers": {…}, "body": …}`. `operation` is a glob: which requests
        wait for it (`images.*`, `chat.*`; any for an exchange). A refused request leaves it.
        Raises UsageError.
        """
        given = {"picture": picture, "text": text, "tool_call": tool_call, "exchange": exchange}
        named = [name for name, value in given.items() if value is not None]
        if len(named) != 1:
            got = ", ".join(named) or "none"
            raise UsageError(f"reply_with takes one of {', '.join(given)}; got {got}")
        if picture is not None:
            answer = answers.pictures(_files(picture), operation or "images.*")
        elif text is not None:
            answer = answers.text(text, operation or "chat.*")
        elif tool_call is not None:
            calls = [tool_call] if isinstance(tool_call, tuple) else tool_call
            answer = answers.tool_calls(calls, operation or "chat.*")
        else:
            answer = answers.exchange(exchange or {}, operation or "*")
        self.session.answers += [answer] * times

    @property
    def seed(self) -> int:
        """Return or set what pictures, ids and chances follow from."""
        return self.session.seed

    @seed.setter
    def seed(self, value: int) -> None:
        steps = self.session.scenario.steps
        self.session.configure({"seed": value})
        self.session.scenario.steps = steps

    @property
    def lenient(self) -> bool:
        """Return or set whether only what breaks the shape of a schema is refused."""
        return bool(self.session.lenient)

    @lenient.setter
    def lenient(self, value: bool) -> None:
        self.session.configure({"lenient": value})

    def as_of(self, day: datetime.date | str | None) -> None:
        """Serve the contract of that day from now on; None: of the session's own time."""
        text = day.isoformat() if isinstance(day, datetime.date) else day
        self.session.configure({"as_of": text})

    # Where it is

    def base_url(self, provider: str | None = None) -> str:
        """Return a provider's base URL for clients: the server's, or in process the live one."""
        info = self.addresses.named(provider)
        if self.origin is None:
            return self.addresses.live(info)
        return f"{self.origin}/s/{self.name}{self.addresses.served(info)}"

    @property
    def env(self) -> dict[str, str]:
        """Return the environment for a subprocess: keys and base URLs. Needs a server."""
        if self.origin is None:
            raise UsageError("a subprocess needs a server to talk to: use safelight_server")
        return self.addresses.environment(f"{self.origin}/s/{self.name}", KEY)

    # Whether it was right

    @contextmanager
    def expect_refusal(self, **wanted: Json) -> Iterator[None]:
        """Expect requests of the block to be refused: by `row`, `status`, `operation`, `model` ….

        Raises AssertionError if none was; an exception of the block passes. Refusals outside such
        a block fail the test (`strict`).
        """
        __tracebackhide__ = True
        before = self.session.counter
        expectation = read_expectation({**wanted, "at_least": 1})
        try:
            yield
        finally:
            later = [r.exchange for r in self.requests if r.exchange.number > before and r.refused]
            found = {e.number for e in later if expectation.fits(e)}
            self._seen |= found
        if not found:
            about = ", ".join(f"{key}={value!r}" for key, value in wanted.items())
            lines = [f"expected a refusal ({about or 'any'}); the journal:"]
            raise AssertionError("\n".join([*lines, *(self.journal() or ["  (empty)"])]))

    def unexpected(self) -> list[Recorded]:
        """Return the refusals that the test did not expect."""
        return [r for r in self.requests if r.refused and r.exchange.number not in self._seen]

    def problem(self) -> str | None:
        """Return what fails this test by itself: what escaped, what would be refused; or None."""
        lines = [f"wanted to leave this machine: {url}" for url in self.escapes]
        refused = self.unexpected() if self.options.strict else []
        lines += [f"the live service would refuse {r}{_why(r)}" for r in refused]
        if refused:
            lines.append(
                "If the test means it, say so: `with safelight.expect_refusal(row=…):`, "
                "`safelight.assert_requested(…, status=400)`, or the marker with strict=False."
            )
        return "\n".join(lines) or None

    def close(self) -> None:
        """Forget the session."""
        self._emulator.forget(self.name)


def _once(step: Any) -> Any:  # noqa: ANN401 - as a test wrote it
    """Return a step that is a bare name or None as one for a single request."""
    if step is None or (isinstance(step, str) and "times" not in step):
        return {"fault": step, "times": 1}
    return step


def _files(picture: Picture | list[Picture]) -> list[bytes]:
    """Return pictures as files."""
    from safelight.assertions import as_file  # imaging, when it is used

    return [as_file(one) for one in (picture if isinstance(picture, list) else [picture])]


def _why(recorded: Recorded) -> str:
    violations = recorded.exchange.violations
    return f" ({', '.join(violations)})" if violations else ""
