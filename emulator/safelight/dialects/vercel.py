"""Vercel AI Gateway: the OpenAI surface of its host (wire facts vercel-ai-gateway.md, part A)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from safelight.dialects.base import Dialect, Visit
from safelight.dialects.surface import CHAT, EDIT, GENERATE, MODEL, MODELS, Surface
from safelight.errors import Failure
from safelight.messages import Json
from safelight.refusals import Refusal

ROUTES = tuple(
    replace(route, path=f"/v1{route.path}") for route in (GENERATE, EDIT, CHAT, MODELS, MODEL)
)
OPEN = frozenset({"models.list", "models.get", "models.endpoints"})
"""What needs no key (facts A1)."""


class Vercel(Surface):
    """The gateway's OpenAI surface."""

    routes = ROUTES

    def annexes(self) -> Mapping[str, Dialect]:
        """Return the AI SDK's own protocol, which lives on the same host (`vercel_sdk`)."""
        from safelight.dialects.vercel_sdk import generations

        return generations(self.provider)

    def match(self, visit: Visit) -> None:
        """Find the operation; a POST to a path that is none is a wrong method (facts A1)."""
        try:
            super().match(visit)
        except Refusal as refusal:
            if refusal.name == "unknown_path" and visit.request.method == "POST":
                raise Refusal("unknown_path_posted") from refusal
            raise

    def authorize(self, visit: Visit) -> None:
        """Check the key, but not for the catalogue."""
        if visit.operation not in OPEN:
            super().authorize(visit)

    def error_json(self, visit: Visit, failure: Failure) -> Json:
        """Return the envelope with the row's own keys: nothing is added, not even as null."""
        error = failure.error or {}
        return {"error": {key: value for key, value in error.items() if value is not None}}
