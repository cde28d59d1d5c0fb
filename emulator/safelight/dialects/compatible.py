"""A provider of unknown make: the plain OpenAI surface, any model's name, base64 unless asked.

What must not enter: what only one real provider does.
"""

from __future__ import annotations

from dataclasses import replace

from safelight.dialects import images_wire
from safelight.dialects.base import FORM, Route, Visit
from safelight.dialects.surface import CHAT, GENERATE, MODEL, MODELS, Surface
from safelight.messages import Call, Json
from safelight.operations import images
from safelight.operations.images import ImagesResult


class Compatible(Surface):
    """The smallest dialect: it says how pictures are handed over, and shares the rest."""

    routes = (
        GENERATE,
        Route("POST", "/images/edits", "images.edit", {FORM: "images.edit.request.form"}),
        MODELS,
        MODEL,
        CHAT,
    )

    def operate_images(self, visit: Visit, call: Call) -> object:
        """Plan pictures; a URL is for those who ask for one."""
        asked = call.params.get("response_format") or self.provider.facts["response_format"]
        return replace(images.run(call), as_url=asked == "url")

    def images_json(
        self, visit: Visit, result: ImagesResult, created: int, data: list[dict[str, Json]]
    ) -> dict[str, Json]:
        """Return the body, with the usage that newer clients read (LiteLLM also its details)."""
        usage = images_wire.usage_json(result.usage)
        return {"created": created, "data": data, "usage": usage}
