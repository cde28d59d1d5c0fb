"""Together.ai: images, models and chat as api.together.ai speaks them (wire facts together.md).

Its own shapes stand beside it: `together_chat`, `together_hub`, `together_images`. What must not
enter: limits, prices and wording, which are data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import parse_qs

from safelight.catalog import Model
from safelight.dialects import together_chat, together_hub, together_images
from safelight.dialects.base import JSON, Artwork, Route, Visit
from safelight.dialects.results import Document
from safelight.dialects.surface import HEAVY, SSE, Surface
from safelight.errors import Failure
from safelight.messages import Call, Chunk, Headers, Json, Reply, Work
from safelight.operations import chat, images
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.refusals import Refusal

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FREE = dict.fromkeys(("hourly", "input", "output", "base", "finetune"), 0)
_LIMITED = ("images.generate", "chat.create")


class Together(Surface):
    """One address for all: most clients add /v1 to it, Together's own adds /v1 or /v2."""

    indented = False
    routes = (
        Route(
            "POST", "/v1/images/generations", "images.generate", {JSON: "images.generate.request"}
        ),
        Route("GET", "/v1/models", "models.list"),
        Route("POST", "/v1/models", "models.upload", {JSON: "models.upload.request"}),
        Route("POST", "/v1/chat/completions", "chat.create", {JSON: "chat.create.request"}),
        *together_hub.ROUTES,
    )

    def read(self, visit: Visit) -> None:
        """Read the body; a key with null is as good as absent, whatever its model takes."""
        super().read(visit)
        visit.params = {key: value for key, value in visit.params.items() if value is not None}

    def operate(self, visit: Visit, call: Call) -> object:
        """Ask the operation, if the model is served at all: some are listed that are not."""
        unserved = call.traits.get("unserved")
        if unserved and not visit.lenient:
            raise Refusal(str(unserved), "model")
        return super().operate(visit, call)

    def operate_images(self, visit: Visit, call: Call) -> object:
        """Plan pictures, by URL unless base64 is asked for. An input picture makes it an edit."""
        asked = together_images.canonical(call, self.provider.facts["aspect_ratios"])
        by_url = call.params.get("response_format", "url") == "url"
        return replace(images.run(asked), operation=call.operation, as_url=by_url)

    def operate_models(self, visit: Visit, call: Call) -> object:
        """List models, or take the order to upload one."""
        if visit.operation == "models.upload":
            return Document(together_hub.ordered(visit))
        return super().operate_models(visit, call)

    def operate_hub(self, visit: Visit, call: Call) -> object:
        """Speak of supported models, and of the models of a project."""
        return Document(together_hub.answer(visit, self.listed(visit)))

    def operate_chat(self, visit: Visit, call: Call) -> object:
        """Answer a conversation; a large one as Work."""
        asked = together_chat.canonical(call)
        if len(visit.request.body) > HEAVY:
            return Work(partial(chat.create, asked))
        return chat.create(asked)

    def listed(self, visit: Visit) -> Sequence[Model]:
        """Return the models of the day; with `?dedicated=true` those with an own endpoint."""
        wanted = parse_qs(visit.request.query).get("dedicated") == ["true"]
        models = super().listed(visit)
        return [model for model in models if model.traits.get("dedicated")] if wanted else models

    def images_json(
        self, visit: Visit, result: ImagesResult, created: int, data: list[dict[str, Json]]
    ) -> dict[str, Json]:
        """Return the ImageResponse: no time, no usage (facts 2.4)."""
        return {"id": _id(visit), "model": visit.model_name, "object": "list", "data": data}

    def item_json(
        self, visit: Visit, result: ImagesResult, index: int, hole: str
    ) -> dict[str, Json]:
        """Return an item; its `type` names the key that it holds."""
        item = super().item_json(visit, result, index, hole)
        kind = "url" if result.as_url else "b64_json"
        spent = round(0.4 + int(visit.request_id[-3:], 16) / 4096, 3)
        return {"index": index, "type": kind, **item, "timings": {"inference": spent}}

    def models_json(self, entries: list[Json]) -> Json:
        """Return the bare array."""
        return entries

    def model_json(self, visit: Visit, model: Model) -> dict[str, Json]:
        """Return an entry; what is not priced by token, such as pictures, costs zero (facts 3)."""
        head = {"id": model.id, "object": "model", "created": model.created, "type": model.kind}
        return {**head, **model.entry, "pricing": {**_FREE, **model.prices.get("token", {})}}

    def write_chat(
        self, visit: Visit, result: ChatResult, pictures: tuple[Artwork, ...] = ()
    ) -> Reply:
        """Write an answer as one body, or as an event stream."""
        head = together_chat.Head(
            _id(visit), int(visit.now), visit.model_name, visit.params, _stop_token(visit.model)
        )
        if visit.params.get("stream"):
            frames = together_chat.chunks(result, head)
            return self.stream(visit, tuple(Chunk(frame) for frame in frames))
        return self.json(visit, together_chat.body(result, head))

    def headers(self, visit: Visit, body: bytes | None, kind: str = JSON) -> Headers:
        """Return the headers of an answer, rate limits where something was drawn or said."""
        kind = "text/event-stream;charset=utf-8" if kind == SSE else kind
        length = () if body is None else (("content-length", str(len(body))),)
        limits = self.named("limits") if visit.operation in _LIMITED else ()
        told = self.named("all", id=_id(visit), ray=visit.request_id[-16:])
        return (("content-type", kind), *length, *told, *limits)

    def error_json(self, visit: Visit, failure: Failure) -> Json:
        """Return the error envelope, with the id that live bodies carry beside it (facts 5)."""
        return {"id": _id(visit), **super().error_json(visit, failure)}


def _id(visit: Visit) -> str:
    """Return an id of the form seen in 2026: seven characters, six, and the ray (facts 2.5)."""
    number, letters = int(visit.request_id[4:24], 16), ""
    for _ in range(13):
        number, digit = divmod(number, 62)
        letters += _ALPHABET[digit]
    return f"{letters[:7]}-{letters[7:]}-{visit.request_id[-16:]}"


def _stop_token(model: Model | None) -> int | None:
    return model.traits.get("stop_token") if model else None
