"""OpenAI: images, models and chat as api.openai.com speaks them (wire facts openai.md)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import orjson

from safelight.catalog import Model
from safelight.dialects import images_wire
from safelight.dialects.base import FORM, JSON, Artwork, Dialect, Route, Visit
from safelight.errors import Failure
from safelight.files import publish
from safelight.messages import Call, Headers, Json, Reply
from safelight.operations import images
from safelight.operations.images import ImagesResult, Job
from safelight.operations.models import ModelsResult
from safelight.refusals import Refusal

URL_LIFETIME = 3600.0
"""Seconds that a picture's URL works: signed URLs were recorded as valid for an hour (facts 3.7)."""

_GENERATE = {JSON: "images.generate.request"}
_EDIT = {FORM: "images.edit.request.form", JSON: "images.edit.request"}
_VARIATION = {FORM: "images.variation.request.form"}


class OpenAI(Dialect[object]):
    """The reference dialect: what the others vary."""

    routes = (
        Route("POST", "/images/generations", "images.generate", _GENERATE),
        Route("POST", "/images/edits", "images.edit", _EDIT),
        Route("POST", "/images/variations", "images.variation", _VARIATION),
        Route("GET", "/models", "models.list"),
        Route("GET", "/models/{model}", "models.get"),
        Route("DELETE", "/models/{model}", "models.delete"),
    )

    def operate(self, visit: Visit, call: Call) -> object:
        """Plan pictures, or look models up."""
        if visit.operation.startswith("images."):
            return images.run(call)
        return self._models(visit)

    def pictures(self, result: object) -> tuple[Job, ...]:
        """Return the jobs to draw now; behind a URL they are drawn when it is fetched."""
        drawn_now = isinstance(result, ImagesResult) and not result.as_url
        return result.jobs if drawn_now else ()

    def write(self, visit: Visit, result: object, pictures: tuple[Artwork, ...]) -> Reply:
        """Write a result as the live service does."""
        if isinstance(result, ImagesResult):
            return self._images(visit, result, pictures)
        assert isinstance(result, ModelsResult)
        return self._model_list(visit, result)

    def _models(self, visit: Visit) -> ModelsResult:
        """Look models up. A deleted one is gone for this session. Raises Refusal."""
        catalog = self.provider.catalog
        gone = visit.session.deleted
        if visit.operation == "models.list":
            found = [m for m in catalog.alive(visit.day) if not gone.get(m.id)]
            return ModelsResult(visit.operation, tuple(found))
        name = visit.model_name = visit.arguments["model"]
        model = None if gone.get(name) else catalog.get(name, visit.day)
        if visit.lenient:
            model = model or _invented(name, visit)
        if model is None:
            raise Refusal("model_not_found", "model", id=name)
        if visit.operation == "models.delete":
            gone.put(name, True)
        return ModelsResult(visit.operation, (model,), name)

    def _model_list(self, visit: Visit, result: ModelsResult) -> Reply:
        entries = [_model_json(model) for model in result.models]
        document: Json = {"object": "list", "data": entries}
        if result.operation == "models.get":
            document = entries[0]
        elif result.operation == "models.delete":
            document = {"id": result.id, "object": "model", "deleted": True}
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        return Reply(200, self._headers(visit, body), body)

    def _images(
        self, visit: Visit, result: ImagesResult, pictures: tuple[Artwork, ...]
    ) -> Reply:
        mark, created = f"@{visit.request_id}.", int(visit.now)
        if result.stream:
            chunks = images_wire.events(result, pictures, created=created, mark=mark)
            headers = self._headers(visit, None, "text/event-stream")
            return Reply(200, headers, chunks=chunks)
        data = [
            self._item(visit, result, index, images_wire.placeholder(mark, index))
            for index in range(len(result.jobs))
        ]
        document = images_json(result, created, data)
        body = images_wire.join(document, [art.picture for art in pictures], mark=mark)
        return Reply(200, self._headers(visit, body), body)

    def _item(self, visit: Visit, result: ImagesResult, index: int, hole: str) -> dict[str, Json]:
        revised = result.revised_prompts[index] if result.revised_prompts else None
        if result.as_url:
            url = self._publish(visit, result.jobs[index], index)
            return {"revised_prompt": revised, "url": url} if revised else {"url": url}
        return {"b64_json": hole, "revised_prompt": revised} if revised else {"b64_json": hole}

    def _publish(self, visit: Visit, job: Job, index: int) -> str:
        make: Callable[[], bytes] = partial(_picture_bytes, job)
        if job.inputs.pictures:
            job.inputs.verify()
        return publish(visit, make, job.encoding.format, index=index, lifetime=URL_LIFETIME)

    def refuse(self, visit: Visit, failure: Failure) -> Reply:
        """Write an error: the envelope in its recorded layout, or a bare text."""
        row = failure.row
        extra = tuple(failure.headers.items())
        if failure.text is not None:
            kind = (("content-type", row.content_type),) if row.content_type else ()
            body = failure.text.encode()
            return Reply(failure.status, (*extra, *kind, ("content-length", str(len(body)))), body)
        error = failure.error or {}
        known = {key: error.get(key) for key in ("message", "type", "param", "code")}
        body = _layout({"error": {**known, **error}}, row.layout)
        headers = self._headers(visit, body, row.content_type or JSON)
        taken = {key for key, _ in extra}
        return Reply(failure.status, (*(h for h in headers if h[0] not in taken), *extra), body)

    def _headers(self, visit: Visit, body: bytes | None, kind: str = JSON) -> Headers:
        """Return the headers of a routed answer (facts 1.2)."""
        length = () if body is None else (("content-length", str(len(body))),)
        known = self.named("authenticated", processing_ms=str(self._processing(visit)))
        return (
            ("content-type", kind),
            *length,
            *self.named("routed", request_id=visit.request_id),
            *(known if visit.authenticated else ()),
            *(() if visit.operation.startswith("chat.") else self.named("plain")),
        )

    def _processing(self, visit: Visit) -> int:
        """Return milliseconds of work. Derived from the request's id: no clock, same seed same value."""
        return 5 + int(visit.request_id[-4:], 16) % 95


def images_json(result: ImagesResult, created: int, data: list[dict[str, Json]]) -> dict[str, Json]:
    """Return the ImagesResponse in the recorded key order; the oldest family has two keys only."""
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
        spent = result.usage
        document["svg_usage"] = {
            "input_tokens": spent.text_tokens,
            "model": result.svg["model"],
            "output_tokens": spent.output_tokens,
            "reasoning_tokens": 0,
            "total_tokens": spent.text_tokens + spent.output_tokens,
        }
    return document


def _picture_bytes(job: Job) -> bytes:
    return job.render().data


def _layout(document: Json, layout: str) -> bytes:
    """Return JSON as that answer was recorded: 2 or 4 spaces, with or without a last newline."""
    if layout == "indent4":
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        return b"\n".join(_double(line) for line in text.split(b"\n")) + b"\n"
    newline = orjson.OPT_APPEND_NEWLINE if layout == "indent2nl" else 0
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | newline)


def _double(line: bytes) -> bytes:
    spaces = len(line) - len(line.lstrip(b" "))
    return b" " * spaces + line


def _model_json(model: Model) -> dict[str, Json]:
    entry: dict[str, Json] = {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
    }
    if model.shutdown:
        entry["shutdown_date"] = model.shutdown.isoformat()
    return entry


def _invented(name: str, visit: Visit) -> Model:
    """Return a plausible entry for a name that nobody sells: lenient mode answers for any."""
    return Model(
        id=name, kind="chat", operations=(), narrow=(), created=int(visit.now), owned_by="system",
        since=None, until=None, shutdown=None, snapshot=None, source="lenient", checked=visit.day,
    )  # fmt: skip
