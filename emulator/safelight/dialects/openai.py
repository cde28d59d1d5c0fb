"""OpenAI: images, models and chat as api.openai.com speaks them (wire facts openai.md).

What must not enter: limits, prices and wording, which are data; what other providers share with it
(`surface.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from safelight.catalog import Model
from safelight.dialects import chat_wire, images_wire
from safelight.dialects.base import JSON, Artwork, Route, Visit
from safelight.dialects.results import Document
from safelight.dialects.surface import CHAT, EDIT, GENERATE, MODEL, MODELS, VARIATION, Surface
from safelight.messages import Call, Headers, Json, Reply
from safelight.operations import chat
from safelight.operations.chat import ChatResult, ChatUsage
from safelight.operations.images import ImagesResult
from safelight.operations.models import ModelsResult
from safelight.refusals import Refusal

_STORED = "/chat/completions/{completion_id}"


def _with_writes(usage: ChatUsage) -> Json:
    """Return the usage object with the tokens written to the cache: none here (facts 6.1)."""
    document = chat_wire.usage_body(usage)
    told = document["prompt_tokens_details"]
    details = {"cached_tokens": told["cached_tokens"], "cache_write_tokens": 0, **told}
    return {**document, "prompt_tokens_details": details}


_WRITING = chat_wire.ChatStyle(usage=_with_writes)


class OpenAI(Surface):
    """The reference dialect."""

    routes = (
        GENERATE,
        EDIT,
        VARIATION,
        MODELS,
        MODEL,
        Route("DELETE", "/models/{model}", "models.delete"),
        CHAT,
        Route("GET", "/chat/completions", "chat.list"),
        Route("GET", _STORED + "/messages", "chat.messages"),
        Route("GET", _STORED, "chat.retrieve"),
        Route("POST", _STORED, "chat.update", {JSON: "chat.update.request"}),
        Route("DELETE", _STORED, "chat.delete"),
    )
    repeatable = Surface.repeatable | {"chat.create"}

    def operate_models(self, visit: Visit, call: Call) -> object:
        """Look models up; a deleted one is gone for this session."""
        result = super().operate_models(visit, call)
        if visit.operation == "models.delete":
            visit.session.deleted.put(visit.model_name, value=True)
        return result

    def chat_style(self, visit: Visit, result: ChatResult) -> chat_wire.ChatStyle:
        """Return the canonical style; the newest models tell more of their cache."""
        newest = visit.model is not None and visit.model.traits.get("cache_writes")
        return _WRITING if newest else chat_wire.CANONICAL

    def listed(self, visit: Visit) -> Sequence[Model]:
        """Return the models of the day but those that this session has deleted."""
        gone = visit.session.deleted
        if not len(gone):
            return super().listed(visit)
        return [model for model in super().listed(visit) if not gone.get(model.id)]

    def write_models(self, visit: Visit, result: ModelsResult) -> Reply:
        """Write the list, an entry, or a deletion."""
        if result.operation == "models.delete":
            return self.json(visit, {"id": result.id, "object": "model", "deleted": True})
        return super().write_models(visit, result)

    def model_json(self, visit: Visit, model: Model) -> dict[str, Json]:
        """Return an entry, with the announced day of its end if there is one (facts 2.2)."""
        entry = super().model_json(visit, model)
        if model.shutdown:
            entry["shutdown_date"] = model.shutdown.isoformat()
        return entry

    def item_json(
        self, visit: Visit, result: ImagesResult, index: int, hole: str
    ) -> dict[str, Json]:
        """Return an item; a revised prompt comes before a url and after base64 (facts 3.7)."""
        item = super().item_json(visit, result, index, hole)
        if not result.revised_prompts:
            return item
        revised = {"revised_prompt": result.revised_prompts[index]}
        return {**revised, **item} if result.as_url else {**item, **revised}

    def images_json(
        self, visit: Visit, result: ImagesResult, created: int, data: list[dict[str, Json]]
    ) -> dict[str, Json]:
        """Return the ImagesResponse in the recorded key order; DALL-E has two keys only."""
        if result.family == "dall-e":
            return {"created": created, "data": data}
        document = {
            "created": created,
            "background": result.background,
            "data": data,
            "output_format": result.output_format,
            "quality": result.quality,
            "size": result.size,
            "usage": images_wire.usage_json(result.usage),
        }
        if result.safety_identifier is not None:
            document["safety_identifier"] = result.safety_identifier
        if result.output_format == "svg" and result.svg:
            document["svg_usage"] = _svg_usage(result)
        return document

    def operate_chat(self, visit: Visit, call: Call) -> object:
        """Answer, or speak of stored answers."""
        if visit.operation == "chat.create":
            return super().operate_chat(visit, call)
        if visit.operation == "chat.list":
            return Document(self._stored_list(visit))
        name = visit.arguments["completion_id"]
        document = visit.session.completions.get(name)
        if document is None and visit.lenient:
            asked = {**visit.params, "completion_id": name}
            recalled = Call(call.operation, call.model, asked, call.seed, call.now, lenient=True)
            document = chat_wire.body(
                chat.recall(recalled), chat_wire.ChatHead(name, int(visit.now), call.model)
            )
        if document is None:
            raise Refusal("completion_not_found", "completion_id", id=name)
        return Document(self._stored(visit, name, document))

    def _stored(self, visit: Visit, name: str, document: Json) -> Json:
        kept = visit.session.completions
        if visit.operation == "chat.delete":
            kept.drop(name)
            return {"object": "chat.completion.deleted", "id": name, "deleted": True}
        if visit.operation == "chat.update":
            document = {**document, "metadata": visit.params.get("metadata")}
            kept.put(name, document)
        if visit.operation == "chat.messages":
            return {
                "object": "list",
                "data": [],
                "first_id": None,
                "last_id": None,
                "has_more": False,
            }
        return document

    def _stored_list(self, visit: Visit) -> Json:
        data = visit.session.completions.values()
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
        return {"object": "list", "data": data, **ends, "has_more": False}

    def write_chat(
        self, visit: Visit, result: ChatResult, pictures: tuple[Artwork, ...] = ()
    ) -> Reply:
        """Write an answer, and keep it when `store` asks for that."""
        if visit.params.get("store"):
            head = self.chat_head(visit, result)
            visit.session.completions.put(head.id, chat_wire.body(result, head))
        return super().write_chat(visit, result, pictures)

    def headers(self, visit: Visit, body: bytes | None, kind: str = JSON) -> Headers:
        """Return the headers of a routed answer (facts 1.2)."""
        is_chat = visit.operation.startswith("chat.")
        limited = visit.operation == "chat.create" and visit.model and visit.row is None
        if is_chat and kind == "text/event-stream":
            kind += "; charset=utf-8"
        length = () if body is None else (("content-length", str(len(body))),)
        known = self.named("authenticated", processing_ms=str(visit.processing_ms))
        return (
            ("content-type", kind),
            *length,
            *self.named("routed", request_id=visit.request_id),
            *(known if visit.authenticated else ()),
            *(() if is_chat else self.named("plain")),
            *(self._limits(visit) if limited else ()),
        )

    def _limits(self, visit: Visit) -> Headers:
        """Return the rate limit headers of a chat; input images have their own (facts 1.2)."""
        pictured = b'"image_url"' in visit.request.body
        return (*self.named("chat_limits"), *(self.named("image_limits") if pictured else ()))


def _svg_usage(result: ImagesResult) -> dict[str, Json]:
    spent = result.usage
    return {
        "input_tokens": spent.text_tokens,
        "model": result.svg["model"],
        "output_tokens": spent.output_tokens,
        "reasoning_tokens": 0,
        "total_tokens": spent.text_tokens + spent.output_tokens,
    }
