"""Vercel AI Gateway as it is registered: its OpenAI surface, and what else lives on its host.

What must not enter: what either of them says (`vercel_surface`, `vercel_sdk`).
"""

from __future__ import annotations

from collections.abc import Mapping

from safelight.dialects.base import Dialect
from safelight.dialects.vercel_sdk import generations
from safelight.dialects.vercel_surface import Gateway


class Vercel(Gateway):
    """The gateway: its OpenAI surface, with the AI SDK's protocol beside it."""

    def annexes(self) -> Mapping[str, Dialect]:
        """Return the AI SDK's own protocol, which lives on the same host."""
        return generations(self.provider)
