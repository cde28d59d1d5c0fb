"""Vercel AI Gateway: the OpenAI surface of its host (wire facts vercel-ai-gateway.md, part A).

What stands beside it: how options of providers are heard (`vercel_options`), where a request went
and what it cost (`vercel_routing`), chat's own shapes (`vercel_chat`), the account and the
catalogue's details (`vercel_account`, `vercel_report`), the AI SDK's protocol on the same host
(`vercel_sdk`).

What must not enter: the dialect as it is registered (`vercel`), shapes of the AI SDK's protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qs

from safelight.catalog import Model
from safelight.dialects import images_wire, vercel_account, vercel_chat, vercel_report
from safelight.dialects.base import JSON, Artwork, Route, Visit
from safelight.dialects.chat_style import ChatHead, ChatStyle
from safelight.dialects.results import Document
from safelight.dialects.surface import CHAT, EDIT, GENERATE, MODEL, MODELS, Surface
from safelight.dialects.vercel_options import bounded, translated
from safelight.dialects.vercel_routing import (
    Spent,
    gateway_metadata,
    generation_id,
    spent,
)
from safelight.errors import Failure
from safelight.messages import Call, Json, Reply, Work
from safelight.operations import embeddings
from safelight.operations.chat import ChatResult
from safelight.operations.embeddings import EmbeddingsResult
from safelight.operations.images import ImagesResult
from safelight.refusals import Refusal

ENDPOINTS = Route("GET", "/models/{model}/endpoints", "models.endpoints")
EMBED = Route("POST", "/embeddings", "embeddings.create", {JSON: "embeddings.create.request"})
CREDITS = Route("GET", "/credits", "credits.get")
GENERATION = Route("GET", "/generation", "generation.get")
REPORT = Route("GET", "/report", "report.get")

ROUTES = tuple(
    replace(route, path=f"/v1{route.path}")
    for route in (
        *(GENERATE, EDIT, CHAT, EMBED, MODELS, ENDPOINTS, MODEL),
        *(CREDITS, GENERATION, REPORT),
    )
)
OPEN = frozenset({"models.list", "models.get", "models.endpoints"})
"""What needs no key (facts A1)."""

_NOT_HEARD = frozenset({"stream", "partial_images", "response_format"})
"""Fields of other hosts' image requests: here base64 comes in one object (facts A6)."""


class Gateway(Surface):
    """The gateway's OpenAI surface."""

    routes = ROUTES
    indented = False

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

    def write(self, visit: Visit, result: object, pictures: tuple[Artwork, ...]) -> Reply:
        """Write a result, and remember a generation so that it can be looked up."""
        if isinstance(result, (ImagesResult, ChatResult, EmbeddingsResult)):
            record = vercel_account.record(visit, result, self.spent(visit, result))
            visit.session.generations.put(record["id"], record)
        if isinstance(result, EmbeddingsResult):
            return self.write_embeddings(visit, result)
        return super().write(visit, result, pictures)

    # What it cost, and where it went

    def cost(self, visit: Visit, result: object) -> Decimal | None:
        """Reckon by the model's prices; embeddings are charged by their input alone."""
        if isinstance(result, EmbeddingsResult):
            rates = visit.model.prices.get("token", {}) if visit.model else {}
            return Decimal(str(rates.get("input", 0))) * result.tokens / 1_000_000
        return super().cost(visit, result)

    def spent(self, visit: Visit, result: object) -> Spent:
        """Return what a result cost, and what of it went for the input."""
        total = self.cost(visit, result)
        if not isinstance(result, ChatResult):
            return spent(total, total if isinstance(result, EmbeddingsResult) else None)
        choices = tuple(replace(choice, drawings=()) for choice in result.choices)
        usage = replace(result.usage, completion_tokens=0, reasoning_tokens=0, drawn_tokens=0)
        return spent(total, self.cost(visit, replace(result, choices=choices, usage=usage)))

    def metadata(self, visit: Visit, result: object) -> dict[str, Json]:
        """Return a reply's provider metadata: what the provider tells, and the gateway.

        A provider's own entry of an image reply needs `images`, or clients break (facts B7).
        """
        told = gateway_metadata(visit, self.spent(visit, result), generation_id(visit))
        key = visit.model.traits.get("metadata_key") if visit.model else None
        if not key or isinstance(result, EmbeddingsResult):
            return {"gateway": told}
        if isinstance(result, ImagesResult):
            cost = self.cost(visit, result)
            return {
                key: {"images": vercel_account.picture_notes(visit, result, cost)},
                "gateway": told,
            }
        return {key: {}, "gateway": told}

    # Models, credits, generations

    def model_json(self, visit: Visit, model: Model) -> dict[str, Json]:
        """Return a catalogue entry with its prices as decimal strings."""
        return {**super().model_json(visit, model), "pricing": vercel_account.pricing(model)}

    def operate_models(self, visit: Visit, call: Call) -> object:
        """Look a model up, or tell who serves it."""
        result = super().operate_models(visit, call)
        if visit.operation != "models.endpoints":
            return result
        name = visit.model_name
        found = next((m for m in self.listed(visit) if m.id == name), None)
        if found is None:  # lenient mode invents an entry for any name, but nobody who serves it
            raise Refusal("model_not_found", "model", id=name)
        return Document({"data": vercel_account.endpoints(found)})

    def operate_credits(self, visit: Visit, call: Call) -> object:
        """Return the balance: what the account began with less what this session has spent."""
        start = Decimal(self.provider.facts["credits"]["balance"])
        return Document(vercel_account.credit(visit, start))

    def operate_generation(self, visit: Visit, call: Call) -> object:
        """Return a generation of this session. Raises Refusal for no id, or an unknown one."""
        name = parse_qs(visit.request.query).get("id", [""])[0]
        return Document({"data": vercel_account.recalled(visit, name)})

    def operate_report(self, visit: Visit, call: Call) -> object:
        """Return what the session's generations cost. Raises Refusal for a malformed query."""
        query = {name: values[0] for name, values in parse_qs(visit.request.query).items()}
        return Document({"results": vercel_report.rows(visit.session.generations.values(), query)})

    # Images

    def operate_images(self, visit: Visit, call: Call) -> object:
        """Plan pictures; the options of the model's provider are heard."""
        params = self.image_params(visit, call.params)
        return super().operate_images(visit, replace(call, params=params))

    def image_params(self, visit: Visit, params: Mapping[str, Json]) -> dict[str, Json]:
        """Return a request in the words of the image operations. Raises Refusal for a wild size."""
        traits = visit.model.traits if visit.model else {}
        out = {key: value for key, value in params.items() if key not in _NOT_HEARD}
        if traits.get("no_size"):
            out.pop("size", None)
        if not traits.get("masks"):
            out.pop("mask", None)
        said = self.options(visit, params)
        given = "image" in out or "images" in out
        out |= {k: v for k, v in said.items() if k != "modalities" and not (k == "image" and given)}
        bounded(out.get("size"))
        return out

    def options(self, visit: Visit, params: Mapping[str, Json]) -> dict[str, Json]:
        """Return what `providerOptions` say to the model of the visit, in canonical fields."""
        traits = visit.model.traits if visit.model else {}
        return translated(params.get("providerOptions") or {}, self.provider.facts, traits)

    def images_json(
        self, visit: Visit, result: ImagesResult, created: int, data: list[dict[str, Json]]
    ) -> dict[str, Json]:
        """Return the body: both spellings of the metadata, for both kinds of readers (facts A6)."""
        told = self.metadata(visit, result)
        usage = images_wire.usage_json(result.usage)
        counts = {key: count for key, count in usage.items() if key.endswith("_tokens")}
        out: dict[str, Json] = {"created": created, "data": data, "usage": counts}
        masked = visit.params.get("mask") is not None
        if masked and visit.model and not visit.model.traits.get("masks"):
            message = f"{visit.model_name} takes no mask: the whole picture was edited."
            out["warnings"] = [{"type": "other", "message": message}]
        return {**out, "provider_metadata": told, "providerMetadata": told}

    # Chat

    def operate_chat(self, visit: Visit, call: Call) -> object:
        """Answer a conversation; pictures and thoughts come with it where they were asked for."""
        said = self.options(visit, call.params)
        bounded(said.get("size"))
        params = vercel_chat.canonical(call.params, said)
        thoughts = vercel_chat.thoughts(call.params, visit.model)
        done = super().operate_chat(visit, replace(call, params=params))
        if isinstance(done, Work):
            return Work(lambda: vercel_chat.thoughtful(done.run(), thoughts))
        return vercel_chat.thoughtful(done, thoughts)

    def chat_head(self, visit: Visit, result: ChatResult) -> ChatHead:
        """Return the generation's id and the model as it was asked for (facts A4)."""
        fingerprint = f"fp_{visit.request_id[-10:]}"
        tier = result.service_tier
        return ChatHead(generation_id(visit), int(visit.now), visit.model_name, fingerprint, tier)

    def chat_style(self, visit: Visit, result: ChatResult) -> ChatStyle:
        """Return the recorded style: usage, finish and metadata together, at the end (facts A5)."""
        told = self.metadata(visit, result)
        return vercel_chat.style(visit, told, self.spent(visit, result), result.service_tier)

    # Embeddings

    def operate_embeddings(self, visit: Visit, call: Call) -> object:
        """Turn texts into vectors."""
        return embeddings.create(call)

    def write_embeddings(self, visit: Visit, result: EmbeddingsResult) -> Reply:
        """Write vectors as numbers, or as base64 of little-endian floats (openai-python's way)."""
        packed = visit.params.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": embeddings.packed(vector) if packed else vector,
            }
            for index, vector in enumerate(result.vectors)
        ]
        document = {
            "object": "list",
            "data": data,
            "model": visit.model_name,
            "usage": {"prompt_tokens": result.tokens, "total_tokens": result.tokens},
            "providerMetadata": self.metadata(visit, result),
        }
        return self.json(visit, document)
