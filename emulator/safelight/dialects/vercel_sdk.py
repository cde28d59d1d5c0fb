"""The AI SDK's own protocol on the gateway's host: /v1/ai, /v3/ai and /v4/ai (wire facts, part B).

Model and stream switch come in headers and join the parameters; the path decides the generation of
the shapes. Meaning is borrowed from the host's OpenAI surface. What must not enter: shapes of
answers (`vercel_sdk_wire`), how a prompt is read (`vercel_sdk_prompt`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from safelight.catalog import Model
from safelight.dialects import images_wire, vercel_account, vercel_chat, vercel_options
from safelight.dialects import vercel_sdk_prompt as prompts
from safelight.dialects import vercel_sdk_wire as wire
from safelight.dialects.base import JSON, Artwork, Dialect, Route, Visit
from safelight.dialects.surface import SSE
from safelight.dialects.vercel_routing import generation_id
from safelight.dialects.vercel_sdk_wire import Answer, Caution, Spec
from safelight.dialects.vercel_surface import Gateway
from safelight.files import MEDIA_TYPES
from safelight.messages import Call, Json, Reply
from safelight.operations.chat import ChatResult
from safelight.operations.embeddings import EmbeddingsResult
from safelight.operations.images import ImagesResult
from safelight.operations.models import ModelsResult
from safelight.refusals import Refusal

if TYPE_CHECKING:
    from safelight.provider import Provider

LANGUAGE = Route("POST", "/language-model", "chat.create", {JSON: "sdk.language.request"})
IMAGE = Route("POST", "/image-model", "images.generate", {JSON: "sdk.image.request"})
CONFIG = Route("GET", "/config", "models.config")
ELSEWHERE = tuple(
    Route("POST", f"/{name}", "sdk.unavailable")
    for name in (
        "video-model",
        "video-model/{step}",
        "reranking-model",
        "speech-model",
        "transcription-model",
        "decision-model",
        "evaluation-model",
        "batch/{step}",
    )
)
"""What the live gateway serves too, and Safelight does not."""

_KEPT_OUT = frozenset({"model", "stream"})


def generations(provider: Provider) -> dict[str, Dialect]:
    """Return a dialect for each generation of the protocol, by its path below the host."""
    return {spec.path: VercelSdk(provider, spec) for spec in wire.SPECS}


class VercelSdk(Gateway):
    """One generation of the protocol."""

    def __init__(self, provider: Provider, spec: Spec) -> None:
        super().__init__(provider)
        self.spec = spec
        body = "sdk.embedding.values.request" if spec.nested else "sdk.embedding.request"
        embedding = Route("POST", "/embedding-model", "embeddings.create", {JSON: body})
        self.routes = (LANGUAGE, IMAGE, embedding, CONFIG, *ELSEWHERE)

    def spoken(self, visit: Visit) -> Spec:
        """Return the generation to answer in: the path's; lenient follows the header (facts B2)."""
        kind = "language" if visit.route is LANGUAGE else "image"
        asked = visit.request.header(f"ai-{kind}-model-specification-version") or ""
        if visit.lenient:
            return next((spec for spec in wire.SPECS if str(spec.number) == asked), self.spec)
        return self.spec

    def read(self, visit: Visit) -> None:
        """Read the body, and the model and stream switch from the headers (facts B4)."""
        super().read(visit)
        if visit.route is None or not visit.route.bodies:
            return
        visit.body = "sdk"
        params = {key: value for key, value in visit.params.items() if key not in _KEPT_OUT}
        language = visit.route is LANGUAGE
        model = visit.request.header("ai-language-model-id" if language else "ai-model-id")
        if model:
            params["model"] = model
        if language:
            params["stream"] = visit.request.header("ai-language-model-streaming") == "true"
        if visit.route is IMAGE and params.get("files"):
            visit.operation = "images.edit"
        visit.params = params

    def prompt_of(self, visit: Visit) -> str:
        """Return the prompt, or the text of a conversation's last user message."""
        return prompts.asked(visit.params)

    def operate(self, visit: Visit, call: Call) -> object:
        """Ask the operation. Raises Refusal("not_emulated") for what Safelight does not do."""
        if visit.operation == "sdk.unavailable":
            raise Refusal("not_emulated", kind=visit.path.strip("/").partition("/")[0])
        return super().operate(visit, call)

    # Language models

    def operate_chat(self, visit: Visit, call: Call) -> object:
        """Answer a prompt as the chat that it stands for."""
        unknown = self._unsupported(visit)
        body = {key: value for key, value in call.params.items() if key not in unknown}
        for name in prompts.foreign_tools(body):
            visit.notes.append(f"provider tool {name}: not emulated, it was never called")
        return super().operate_chat(visit, replace(call, params=prompts.chat_params(body)))

    def _unsupported(self, visit: Visit) -> tuple[str, ...]:
        """Return the settings that the model's provider does not have."""
        key = visit.model.traits.get("metadata_key") if visit.model else None
        return tuple(self.provider.facts.get("unsupported", {}).get(key, ()))

    def write_chat(
        self, visit: Visit, result: ChatResult, pictures: tuple[Artwork, ...] = ()
    ) -> Reply:
        """Write an answer as JSON, or as parts on an event stream."""
        spec, answer = self.spoken(visit), self._answer(visit, result)
        shown = [art.picture for art in pictures]
        mark = f"@{visit.request_id}."
        if visit.params.get("stream"):
            chunks = wire.events(answer, spec, shown, mark)
            return Reply(200, self.headers(visit, None, SSE), chunks=chunks)
        body = wire.body(answer, spec, shown, mark)
        return Reply(200, self.headers(visit, body), body)

    def _answer(self, visit: Visit, result: ChatResult) -> Answer:
        choice = result.choices[0]
        tool = prompts.drawing_tool(visit.params)
        cautions = [
            Caution(name) for name in self._unsupported(visit) if visit.params.get(name) is not None
        ]
        return Answer(
            id=generation_id(visit),
            model=visit.model_name,
            created=visit.now,
            choice=choice,
            usage=result.usage,
            metadata=self.metadata(visit, result),
            files=tuple(MEDIA_TYPES[job.label] for job in choice.drawings),
            tool=str(tool["name"]) if tool else "",
            reasoning=vercel_chat.thoughts(prompts.wish(visit.params), visit.model),
            cautions=tuple(cautions),
        )

    # Image models

    def image_params(self, visit: Visit, params: Mapping[str, Json]) -> dict[str, Json]:
        """Return a request in the words of the image operations; a ratio gives the size."""
        body = prompts.image_params(params)
        if ratio := params.get("aspectRatio"):
            body.update(self._with_ratio(visit, body, ratio))
        return super().image_params(visit, body)

    def _with_ratio(self, visit: Visit, body: Mapping[str, Json], ratio: str) -> dict[str, Json]:
        """Return provider options that ask for the ratio, where the model has such an option."""
        option = self._ratio_option(visit)
        if option is None or body.get("size"):
            return {}
        group, name = option
        groups = body.get("providerOptions") or {}
        return {"providerOptions": {**groups, group: {name: ratio, **groups.get(group, {})}}}

    def _ratio_option(self, visit: Visit) -> tuple[str, str] | None:
        traits = visit.model.traits if visit.model else {}
        return vercel_options.option_for("ratio", self.provider.facts, traits)

    def write_images(
        self, visit: Visit, result: ImagesResult, pictures: tuple[Artwork, ...]
    ) -> Reply:
        """Write bare base64, with warnings, metadata and usage (facts B7)."""
        mark = f"@{visit.request_id}."
        usage = result.usage
        document = {
            "images": [images_wire.placeholder(mark, i) for i in range(len(result.jobs))],
            "warnings": wire.image_warnings(self._image_cautions(visit), self.spoken(visit)),
            "providerMetadata": self.metadata(visit, result),
            "usage": {
                "inputTokens": usage.input_tokens,
                "outputTokens": usage.output_tokens,
                "totalTokens": usage.total_tokens,
            },
        }
        shown = [art.picture for art in pictures]
        body = images_wire.join(document, shown, mark=mark, indent=False)
        return Reply(200, self.headers(visit, body), body)

    def _image_cautions(self, visit: Visit) -> list[Caution]:
        """Return which settings of the request the model does not have."""
        traits = visit.model.traits if visit.model else {}
        out = []
        if visit.params.get("size") and traits.get("no_size"):
            out.append(Caution("size", "Use `aspectRatio` instead."))
        if visit.params.get("aspectRatio") and self._ratio_option(visit) is None:
            out.append(Caution("aspectRatio", "Use `size` instead."))
        if visit.params.get("mask") and not traits.get("masks"):
            out.append(Caution("mask", "The whole picture was edited."))
        return out

    # Embedding models

    def operate_embeddings(self, visit: Visit, call: Call) -> object:
        """Turn texts into vectors; the later generations call them values."""
        params = dict(call.params)
        own = prompts.provider_options(params)
        params["input"] = params.get("values", params.get("input"))
        if params.get("dimensions") is None and isinstance(own.get("dimensions"), int):
            params["dimensions"] = own["dimensions"]
        return super().operate_embeddings(visit, replace(call, params=params))

    def write_embeddings(self, visit: Visit, result: EmbeddingsResult) -> Reply:
        """Write bare vectors (facts B7)."""
        document = {
            "embeddings": result.vectors,
            "usage": {"tokens": result.tokens},
            "providerMetadata": self.metadata(visit, result),
        }
        return self.json(visit, document)

    # The list of models

    def operate_models(self, visit: Visit, call: Call) -> object:
        """Return the models of the types that every client of this generation knows."""
        known = self.spec.kinds
        models = (m for m in self.listed(visit) if m.entry.get("type") in known)
        return ModelsResult(visit.operation, tuple(models))

    def write_models(self, visit: Visit, result: ModelsResult) -> Reply:
        """Write `/config`; clients check it strictly (facts B8)."""
        return self.json(visit, {"models": [self._entry(model) for model in result.models]})

    def _entry(self, model: Model) -> dict[str, Json]:
        return {
            "id": model.id,
            "name": model.entry.get("name", model.id),
            "description": model.entry.get("description"),
            "pricing": _pricing(model),
            "specification": {
                "specificationVersion": self.spec.version,
                "provider": "gateway",
                "modelId": model.id,
            },
            "modelType": model.entry["type"],
        }


def _pricing(model: Model) -> dict[str, Json] | None:
    """Return dollars a token as texts; None for models that are not paid by tokens both ways."""
    known = {k: v for k, v in vercel_account.pricing(model).items() if isinstance(v, str)}
    return known if {"input", "output"} <= set(known) else None
