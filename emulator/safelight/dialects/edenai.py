"""Eden AI v3: images, models, uploads, chat and the feature lists (wire facts edenai.md).

Its own shapes stand beside it: `edenai_chat`, `edenai_errors`, `edenai_images`, `edenai_lists`,
`edenai_uploads`. What must not enter: limits, prices and wording, which are data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import parse_qsl

from safelight.catalog import Model
from safelight.costs import image_cost
from safelight.dialects import (
    edenai_chat,
    edenai_errors,
    edenai_images,
    edenai_lists,
    edenai_uploads,
    images_wire,
)
from safelight.dialects.base import FORM, JSON, Artwork, Route, Visit
from safelight.dialects.results import Document
from safelight.dialects.surface import CHAT, EDIT, GENERATE, HEAVY, MODELS, Surface
from safelight.errors import Failure
from safelight.messages import Call, Json, Reply, Work
from safelight.operations import chat, images
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult
from safelight.operations.models import ModelsResult
from safelight.refusals import Refusal

_OPEN = ("models.", "info.")
_UPLOADS: dict[str, Callable[[Visit], Json]] = {
    "uploads.list": edenai_uploads.listing,
    "uploads.clear": edenai_uploads.clear,
    "uploads.delete": edenai_uploads.delete,
}


class EdenAI(Surface):
    """One dialect for both hosts: a region is a matter of the base path or of the host's name."""

    shape_first = True
    indented = False
    routes = (
        GENERATE,
        EDIT,
        Route("GET", "/images/models", "models.images"),
        MODELS,
        CHAT,
        Route("POST", "/upload", "uploads.create", {FORM: "uploads.create.request.form"}),
        Route("GET", "/upload", "uploads.list"),
        Route("DELETE", "/upload", "uploads.clear"),
        Route("POST", "/upload/delete", "uploads.delete", {JSON: "uploads.delete.request"}),
        Route("GET", "/info", "info.list"),
        Route("GET", "/info/{feature}", "info.get"),
    )

    # Who asks, for what, from where

    def authorize(self, visit: Visit) -> None:
        """Check the key; lists are public, and a management key is good for no model (facts 1)."""
        if visit.operation.startswith(_OPEN):
            return
        super().authorize(visit)
        if edenai_uploads.owner(visit).startswith(self.provider.facts["management"]):
            raise Refusal("wrong_key")

    def read(self, visit: Visit) -> None:
        """Read the body or the query, settle who answers, and keep to the region (facts 6)."""
        if visit.operation == "uploads.list":
            visit.body = "query"
            visit.params = edenai_uploads.query(visit.request.query)
            return
        super().read(visit)
        if visit.operation == "chat.create":
            asked = visit.params.get("model")
            if isinstance(asked, str):
                visit.arguments["requested"] = asked
        self._keep_to_region(visit)
        if "requested" in visit.arguments:
            visit.params = {**visit.params, "model": self._routed(visit).model}

    def schema_name(self, visit: Visit) -> str | None:
        """Return the schema of the body, or of the one query that is judged."""
        return "uploads.list.query" if visit.body == "query" else super().schema_name(visit)

    def region(self, visit: Visit) -> str | None:
        """Return the code of the region that this host serves from, None for all of them."""
        facts, path = self.provider.facts, visit.request.path
        base = path.removesuffix(visit.path)
        for ending, code in facts["region_bases"].items():
            if base.endswith(ending):
                return str(code)
        host = (visit.request.header("host") or "").partition(":")[0]
        found = facts["region_hosts"].get(host.lower())
        return None if found is None else str(found)

    def sandboxed(self, visit: Visit) -> bool:
        """Tell whether the key is a sandbox token: canned data, free of charge."""
        return self.provider.facts["sandbox"]["word"] in edenai_uploads.owner(visit)

    def listed(self, visit: Visit) -> Sequence[Model]:
        """Return the models of the day that the region serves."""
        region = self.region(visit)
        models = super().listed(visit)
        return [m for m in models if region is None or region in edenai_lists.regions(m)]

    def _keep_to_region(self, visit: Visit) -> None:
        """Refuse models of other regions, before anything else is looked at."""
        region = self.region(visit)
        if region is None:
            return
        alive = super().listed(visit)
        here = {m.id for m in self.listed(visit)}
        here |= {edenai_lists.bare_name(m) for m in self.listed(visit)}
        known = {m.id for m in alive} | {edenai_lists.bare_name(m) for m in alive}
        named = edenai_chat.named_models(visit.params, chat=visit.operation == "chat.create")
        strangers = [name for name in named if name in known and name not in here]
        if strangers:
            raise Refusal("region_not_allowed", names=", ".join(strangers))

    def _routed(self, visit: Visit) -> edenai_chat.Routed:
        """Return who answers a chat; asked again for the reply, it says the same."""
        params = {**visit.params, "model": visit.arguments["requested"]}
        models = [m for m in self.listed(visit) if "chat.create" in m.operations]
        return edenai_chat.route(params, models, self.provider.facts["router_models"])

    # Images

    def operate_images(self, visit: Visit, call: Call) -> object:
        """Plan pictures from what the provider would have been handed."""
        facts = self.provider.facts
        params = edenai_images.canonical(visit, call, facts["ratios"])
        if self.sandboxed(visit):
            visit.notes.append("sandbox token: canned data")
            params["prompt"] = facts["sandbox"]["prompt"]
        return images.run(replace(call, params=params))

    def images_json(
        self, visit: Visit, result: ImagesResult, created: int, data: list[dict[str, Json]]
    ) -> dict[str, Json]:
        """Return the body in the guide's order (facts 2.1)."""
        assert visit.model is not None
        cost = image_cost(
            visit.model.prices,
            size=result.size,
            quality=result.quality,
            n=len(result.jobs),
            usage=result.usage,
        )
        return {
            "created": created,
            "data": data,
            "output_format": result.output_format,
            "size": result.size,
            "quality": result.quality,
            "background": result.background,
            "usage": images_wire.usage_json(result.usage),
            "cost": 0.0 if self.sandboxed(visit) else float(cost),
            "provider": visit.model.owned_by,
        }

    def item_json(
        self, visit: Visit, result: ImagesResult, index: int, hole: str
    ) -> dict[str, Json]:
        """Return an item: all three keys, the unused ones null."""
        item = super().item_json(visit, result, index, hole)
        keys = ("b64_json", "url", "revised_prompt")
        return {key: item.get(key) for key in keys}

    # Models and features

    def operate_models(self, visit: Visit, call: Call) -> object:
        """List the models of the region: all, or those of the image routes."""
        models = self.listed(visit)
        if visit.operation == "models.images":
            models = [m for m in models if m.kind == "image"]
        return ModelsResult(visit.operation, tuple(models))

    def write_models(self, visit: Visit, result: ModelsResult) -> Reply:
        """Write one row for an endpoint, or with `?view=models` one for a name."""
        grouped = dict(parse_qsl(visit.request.query)).get("view") == "models"
        rows = edenai_lists.names if grouped else edenai_lists.endpoints
        return self.json(visit, {"object": "list", "data": rows(result.models)})

    def operate_info(self, visit: Visit, call: Call) -> Document:
        """Tell the expert features. Raises Refusal("feature_not_found")."""
        told, region = self.provider.facts["features"], self.region(visit)
        path = visit.arguments.get("feature")
        if path is None:
            return Document(edenai_lists.features(told, region))
        return Document(edenai_lists.feature(told, path, region))

    # Uploads

    def operate_uploads(self, visit: Visit, call: Call) -> Document:
        """Keep, list or forget files of this key."""
        if visit.operation == "uploads.create":
            return Document(edenai_uploads.create(visit, days=self.provider.facts["upload_days"]))
        return Document(_UPLOADS[visit.operation](visit))

    # Chat

    def operate_chat(self, visit: Visit, call: Call) -> object:
        """Answer, once everybody who might have to is known to exist."""
        if not visit.lenient:
            self._check_backups(visit)
        params = edenai_chat.canonical(visit)
        if self.sandboxed(visit):
            visit.notes.append("sandbox token: canned data")
            question = self.provider.facts["sandbox"]["question"]
            params["messages"] = [{"role": "user", "content": question}]
        asked = replace(call, params=params)
        if len(visit.request.body) > HEAVY:
            return Work(partial(chat.create, asked))
        return chat.create(asked)

    def _check_backups(self, visit: Visit) -> None:
        """Refuse fallbacks that do not chat or that nobody serves; they are named like a model."""
        everyone = {m.id: m for m in self.listed(visit)}
        talking = [m for m in everyone.values() if "chat.create" in m.operations]
        unknown = []
        for name in visit.params.get("fallbacks") or ():
            found = everyone.get(edenai_chat.route({"model": name}, talking, ()).model)
            if found is None:
                unknown.append(name)
            elif found not in talking:
                paths = self.paths(found)
                raise Refusal("model_not_for_operation", "fallbacks", id=name, paths=paths)
        if unknown:
            raise Refusal("model_not_found", "fallbacks", id=", ".join(unknown))

    def write_chat(
        self, visit: Visit, result: ChatResult, pictures: tuple[Artwork, ...] = ()
    ) -> Reply:
        """Write an answer as one body, or as a stream with the cost on its last frame."""
        assert visit.model is not None
        told = edenai_chat.Told(
            model=visit.model,
            head=self.chat_head(visit, result),
            free=self.sandboxed(visit),
            metadata=self._metadata(visit),
        )
        if visit.params.get("stream"):
            return self.stream(visit, edenai_chat.chunks(result, told))
        return self.json(visit, edenai_chat.body(visit, result, told))

    def _metadata(self, visit: Visit) -> Json:
        """Return the block that `x-edenai-metadata: enabled` asks for, else None."""
        asked = (visit.request.header("x-edenai-metadata") or "").strip().lower() == "enabled"
        if not asked or visit.operation not in self.provider.facts["metadata_operations"]:
            return None
        return edenai_chat.metadata(self._routed(visit), visit, self.region(visit) or "global")

    # Replies

    def refuse(self, visit: Visit, failure: Failure) -> Reply:
        """Write an error without white space."""
        row = replace(failure.row, layout=failure.row.layout or "compact")
        return super().refuse(visit, replace(failure, row=row))

    def error_json(self, visit: Visit, failure: Failure) -> Json:
        """Return an error in the shape of the layer that failed (facts 8): A, B or C."""
        error = failure.error or {}
        if "detail" in error:
            return {"detail": error["detail"]}
        if "msg" not in error:
            return super().error_json(visit, failure)
        if failure.row.violation or failure.row.rule:
            return {"detail": edenai_errors.violations(self, visit)}
        places = [error["loc"]] if error.get("loc") else []
        return {"detail": [{**error, "loc": ["body", *places]}]}
