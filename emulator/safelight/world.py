"""What a test author holds: one session of the emulator, asked and told in a test's own words.

The same object in process and behind a server, with pytest and without. What must not enter:
sockets, patching, test frameworks.
"""

from __future__ import annotations

import datetime
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safelight.addresses import Addresses
from safelight.asserting import Judgement, told
from safelight.clock import Clock
from safelight.core import Emulator
from safelight.directing import counted, next_step, read_steps
from safelight.leftover import Leftover, leftover
from safelight.messages import Json, Reply, Request
from safelight.options import Options
from safelight.recorded import DOWNLOAD, Recorded, Spend, spent
from safelight.refusals import UsageError
from safelight.replying import answer_of
from safelight.store import Canned, Session
from safelight.verdict import Finding, verdict

if TYPE_CHECKING:
    from safelight.assertions import Picture

KEY = "sk-safelight"
"""The key that clients find in their environment where there is none."""


class World:
    """One session, from a test's side. `origin` is that of a real server, None in process.

    `folder` gives the folder where pictures of failed assertions are written.
    """

    __slots__ = (  # a slip such as `safelight.as_of = …` is an error, no wish that nobody reads
        "_emulator", "_judgement", "_lock", "_spared", "addresses", "answering", "clock", "escapes",
        "folder", "name", "options", "origin",
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
        library: Canned | None = None,
    ) -> None:
        self.origin: str | None = None
        self.answering = False
        self.options, self.name = options, name
        self.escapes: list[str] = []
        self.folder, self.addresses = folder, addresses
        self._emulator = emulator
        self._lock = threading.Lock()
        self._spared = 0
        emulator.forget(name)
        self.session.seed = options.seed
        self.session.clear_scenario()
        self.session.as_of, self.session.lenient = options.as_of, options.lenient
        self.clock = Clock(lambda: self.session, clock, emulator.moved)
        self._judgement = Judgement(lambda: self.session)
        self.session.library = library
        if options.scenario:
            self.scenario(options.scenario)

    @property
    def session(self) -> Session:
        """Return the session, which is another one after a reset on the control plane."""
        return self._emulator.session(self.name)

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
        return self._judgement.requests

    @property
    def downloads(self) -> tuple[Recorded, ...]:
        """Return the downloads of pictures behind URLs."""
        return tuple(Recorded(e) for e in self.session.journal if e.operation == DOWNLOAD)

    @property
    def spend(self) -> Spend:
        """Return what the requests so far would have cost live, by the price tables."""
        return spent(self.session)

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
        return self._judgement.requested(operation, wanted)

    def journal(self) -> list[str]:
        """Return the journal, a line for each exchange."""
        return self._judgement.journal()

    # What the world does

    def fail_next(self, fault: str, *, times: int | None = 1, **how: Json) -> None:
        """Let the next requests meet a fault, after the steps that are there already.

        `how` narrows which requests (`operation`, `model`, `prompt`, `provider`: globs) and sets
        the fault's options (`retry_after=0.01`, `seconds=30`). `times=None`: all of them. Raises
        UsageError.
        """
        self.session.scenario.steps.append(next_step(fault, times, how))

    def scenario(self, steps: Any) -> None:  # noqa: ANN401 - names, steps, or None to let pass
        """Replace the faults to come by these steps, in order. Raises UsageError.

        A fault's name, or None to let a request pass, is a step for one request; an object says
        `fault`, `match`, `times`, `probability`, `options`.
        """
        read = read_steps(steps)
        self.session.clear_scenario()
        self.session.scenario.steps = read
        self._spared = 0

    def reply_with(  # noqa: PLR0913 - one of four, and for whom
        self,
        *,
        picture: Picture | list[Picture] | None = None,
        text: str | None = None,
        tool_call: tuple[str, Json] | list[tuple[str, Json]] | None = None,
        exchange: Mapping[str, Json] | str | os.PathLike[str] | None = None,
        operation: str | None = None,
        times: int = 1,
    ) -> None:
        """Settle what the next request gets: one of pictures, a text, tool calls, an exchange.

        A picture is bytes, base64, a path or a Pillow image; a tool call (name, arguments); an
        exchange `{"status": 200, "headers": {…}, "body": …}`, or a fixture: its file's path, or its
        content `{"reply": {…}}`. `operation` is a glob: which requests wait for it (`images.*`,
        `chat.*`; for an exchange any, also one to an address where nothing is emulated). A refused
        request leaves it.
        Raises UsageError.
        """
        given = {"picture": picture, "text": text, "tool_call": tool_call, "exchange": exchange}
        counted(times, "reply_with: times")
        session = self.session
        day = self._emulator.day(session)
        answer = answer_of(given, operation, day, lenient=self.lenient)
        session.answers += [answer] * times

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
        """Serve the contract of that day from now on; None: of today, moved by `clock`."""
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

    def expect_refusal(self, **wanted: Json) -> AbstractContextManager[None]:
        """Expect requests of the block to be refused: by `row`, `status`, `operation`, `model` ….

        Raises AssertionError if none was; an exception of the block passes. Refusals outside such
        a block fail the test (`strict`).
        """
        return self._judgement.refusing(wanted)

    def problem(self, since: tuple[int, int] = (0, 0)) -> str | None:
        """Return what fails this test by itself: what escaped, what would be refused; or None.

        `since` is an earlier `so_far()`: what was before is left out, and so are leftovers.
        """
        escapes, number = since
        lines = [f"wanted to leave this machine: {url}" for url in self.escapes[escapes:]]
        refused = self._judgement.unexpected() if self.options.strict else []
        lines += told([r for r in refused if r.exchange.number > number])
        lines += self.leftovers() if self.options.leftovers == "fail" and not any(since) else []
        return "\n".join(lines) or None

    def so_far(self) -> tuple[int, int]:
        """Return how much has happened: escapes, and exchanges."""
        return len(self.escapes), self.session.counter

    def leftovers(self) -> list[str]:
        """Return the faults and replies that the test called for and did not use, a line each."""
        spared = tuple(f"steps[{number}] " for number in range(self._spared))
        lines = [text for text in leftover(self.session) if not text.startswith(spared)]
        return [f"called for, but not used: {text}" for text in lines]

    def spare_scenario(self) -> None:
        """Expect nothing of the steps that are there: they are not this test's own."""
        self._spared = len(self.session.scenario.steps)

    def warning(self) -> Leftover | None:
        """Return what to warn of once the test is over, if anything."""
        lines = self.leftovers() if self.options.leftovers == "warn" else []
        return Leftover("\n".join(lines)) if lines else None

    def close(self) -> None:
        """Forget the session."""
        self._emulator.forget(self.name)
