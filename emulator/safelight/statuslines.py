"""The words after the number in hypercorn's status lines: `HTTP/1.1 404 Not Found`.

Hypercorn 0.18 leaves them out. The live services send them over HTTP/1.1, and people see them: they
are all that some clients tell of an error without a message (requests, the AI SDK). What must not
enter: connections (`connections.py`), what is answered.
"""

from __future__ import annotations

from typing import Any

import h11
from hypercorn import protocol
from hypercorn.protocol.h11 import H11Protocol

from safelight.bending import PHRASES


class Worded(H11Protocol):
    """HTTP/1.1 with a reason phrase in every status line whose number has one."""

    async def _send_h11_event(self, event: Any) -> None:  # noqa: ANN401 - a union private to h11
        """Send an event; a head gets its words on the way, for it is hypercorn that makes it."""
        if isinstance(event, h11.Response | h11.InformationalResponse) and not event.reason:
            words = PHRASES.get(event.status_code, "").encode()
            object.__setattr__(event, "reason", words)  # h11's are frozen; a second costs 20 us
        await super()._send_h11_event(event)


def install() -> None:
    """Make hypercorn, in this whole process, write its status lines this way."""
    protocol.H11Protocol = Worded  # type: ignore[attr-defined]  # it offers no other way in
