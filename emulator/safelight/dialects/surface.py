"""The plain OpenAI surface: what every provider here shares, each step open to be spoken otherwise.

A provider's dialect is this class with some steps replaced: `operate_*` ask an operation, `*_json`
shape a part of a reply, `headers` dress it. What must not enter: a provider's name or wording.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

import orjson

from safelight.catalog import Model
from safelight.dialects import chat_chunks, chat_wire, images_wire, results
from safelight.dialects.base import FORM, JSON, Artwork, Dialect, Route, Visit
from safelight.dialects.layouts import layout
from safelight.errors import Failure
from safelight.files import publish
from safelight.messages import Call, Chunk, Headers, Json, Reply, Work
from safelight.operations import chat, images
from safelight.operations.chat import ChatResult
from safelight.operations.images import ImagesResult, Job
from safelight.operations.lies import spoil
from safelight.operations.models import ModelsResult
from safelight.provider import Provider
from safelight.refusals import Refusal

SSE = "text/event-stream"
_BODIES = 16 * 1024 * 1024
"""Bytes of joined replies that a dialect keeps ready."""

HEAVY = 64 * 1024
"""Chat bodies above so many bytes hold pictures or long texts: answered off the event loop."""

GENERATE = Route(
    "POST", "/images/generations", "images.generate", {JSON: "images.generate.request"}
)
EDIT = Route(
    "POST",
    "/images/edits",
    "images.edit",
    {FORM: "images.edit.request.form", JSON: "images.edit.request"},
)
VARIATION = Route(
    "POST", "/images/variations", "images.variation", {FORM: "images.variation.request.form"}
)
MODELS = Route("GET", "/models", "models.list")
MODEL = Route("GET", "/models/{model}", "models.get")
CHAT = Route("POST", "/chat/completions", "chat.create", {JSON: "chat.create.request"})


class Surface(Dialect):
    """Images, models and chat as OpenAI-compatible services answer them."""

    routes: tuple[Route, ...] = (GENERATE, EDIT, MODELS, MODEL, CHAT)
    url_lifetime = 3600.0
    """Seconds that the URL of a picture works."""
    repeatable = frozenset({"images.generate", "models.list"})
    indented = True
    """Whether JSON comes in lines, two spaces deep, or without any space."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self._bodies = images_wire.Bodies(_BODIES)
        self._list: tuple[tuple[Model, ...], bytes] | None = None

    def operate(self, visit: Visit, call: Call) -> object:
        """Ask the operation of this visit: `operate_<family>`."""
        family = visit.operation.partition(".")[0]
        ask: Callable[[Visit, Call], object] = getattr(self, f"operate_{family}")
        return ask(visit, call)

    def operate_images(self, visit: Visit, call: Call) -> object:
        """Plan pictures."""
        return images.run(call)

    def operate_chat(self, visit: Visit, call: Call) -> object:
        """Answer a conversation; a large one as Work."""
        if len(visit.request.body) > HEAVY:
            return Work(partial(chat.create, call))
        return chat.create(call)

    def operate_models(self, visit: Visit, call: Call) -> object:
        """Look models up. Raises Refusal("model_not_found")."""
        if visit.operation == "models.list":
            return ModelsResult(visit.operation, tuple(self.listed(visit)))
        name = visit.model_name = visit.arguments["model"]
        model = next((m for m in self.listed(visit) if m.id == name), None)
        model = model or self.provider.stand_in(name)
        if model is None and visit.lenient:
            model = invented(name, visit)
        if model is None:
            raise Refusal("model_not_found", "model", id=name)
        return ModelsResult(visit.operation, (model,), name)

    def listed(self, visit: Visit) -> Sequence[Model]:
        """Return the models that exist for this visit."""
        return self.provider.catalog.alive(visit.day)

    def pictures(self, result: object) -> tuple[Job, ...]:
        """Return the jobs to draw now; behind a URL they are drawn when it is fetched."""
        if isinstance(result, ChatResult):
            return tuple(job for choice in result.choices for job in choice.drawings)
        if isinstance(result, ImagesResult) and not result.as_url:
            return result.jobs
        return ()

    def write(self, visit: Visit, result: object, pictures: tuple[Artwork, ...]) -> Reply:
        """Write a result as an OpenAI-compatible service does."""
        if isinstance(result, ImagesResult):
            return self.write_images(visit, result, pictures)
        if isinstance(result, ChatResult):
            return self.write_chat(visit, result, pictures)
        if isinstance(result, results.Document):
            return self.json(visit, result.content)
        assert isinstance(result, ModelsResult)
        return self.write_models(visit, result)

    # Images

    def write_images(
        self, visit: Visit, result: ImagesResult, pictures: tuple[Artwork, ...]
    ) -> Reply:
        """Write pictures as one body, or as an event stream."""
        mark, created = f"@{visit.request_id}.", int(visit.now)
        if result.stream:
            return self.stream(visit, self.image_events(result, pictures, created, mark))
        hole = images_wire.placeholder
        data = [self.item_json(visit, result, i, hole(mark, i)) for i in range(len(result.jobs))]
        document = self.images_json(visit, result, created, data)
        body = self._bodies.join(document, pictures, mark=mark, indent=self.indented)
        return Reply(200, self.headers(visit, body), body)

    def image_events(
        self, result: ImagesResult, pictures: tuple[Artwork, ...], created: int, mark: str
    ) -> tuple[Chunk, ...]:
        """Return the chunks of an image stream."""
        return images_wire.events(result, pictures, created=created, mark=mark)

    def images_json(
        self, visit: Visit, result: ImagesResult, created: int, data: list[dict[str, Json]]
    ) -> dict[str, Json]:
        """Return the body around the items."""
        return {"created": created, "data": data}

    def item_json(
        self, visit: Visit, result: ImagesResult, index: int, hole: str
    ) -> dict[str, Json]:
        """Return one item of `data`; `hole` stands where the base64 goes."""
        if result.as_url:
            return {"url": self.publish(visit, result.jobs[index], index)}
        return {"b64_json": hole}

    def publish(self, visit: Visit, job: Job, index: int) -> str:
        """Return a URL that shows the picture until it expires."""
        make = partial(_picture_bytes, job)
        form = job.label
        return publish(visit, make, form, index=index, lifetime=self.url_lifetime)

    # Models

    def write_models(self, visit: Visit, result: ModelsResult) -> Reply:
        """Write the list, or one entry."""
        if result.operation != "models.list":
            return self.json(visit, self.model_json(visit, result.models[0]))
        if self._list is None or self._list[0] is not result.models:
            entries: list[Json] = [self.model_json(visit, model) for model in result.models]
            self._list = result.models, self.dumped(self.models_json(entries))
        body = self._list[1]
        return Reply(200, self.headers(visit, body), body)

    def models_json(self, entries: list[Json]) -> Json:
        """Return the list around its entries."""
        return {"object": "list", "data": entries}

    def model_json(self, visit: Visit, model: Model) -> dict[str, Json]:
        """Return a model's entry: the four keys that everybody has, and the catalogue's own."""
        return {
            "id": model.id,
            "object": "model",
            "created": model.created,
            "owned_by": model.owned_by,
            **model.entry,
        }

    # Chat

    def write_chat(
        self, visit: Visit, result: ChatResult, pictures: tuple[Artwork, ...] = ()
    ) -> Reply:
        """Write an answer, and the pictures in it, as one body or as an event stream."""
        head, style = self.chat_head(visit, result), self.chat_style(visit, result)
        shown = [art.picture for art in pictures]
        if visit.params.get("stream"):
            frames = chat_chunks.chunks(
                result,
                head,
                visit.params,
                seed=int(visit.request_id[-8:], 16),
                style=style,
                pictures=shown,
            )
            return self.stream(visit, tuple(Chunk(frame) for frame in frames))
        document = chat_wire.body(result, head, style)
        if not shown:
            return self.json(visit, document)
        mark = chat_wire.mark_of(head)
        body = images_wire.join(document, shown, mark=mark, indent=self.indented)
        return Reply(200, self.headers(visit, body), body)

    def chat_head(self, visit: Visit, result: ChatResult) -> chat_wire.ChatHead:
        """Return what a chat reply says of itself."""
        seed = int(visit.request_id[-16:], 16)
        return chat_wire.ChatHead(
            id=chat_wire.completion_id(seed),
            created=int(visit.now),
            model=result.model,
            system_fingerprint=None if result.reasoning else f"fp_{visit.request_id[-10:]}",
            service_tier=result.service_tier,
        )

    def chat_style(self, visit: Visit, result: ChatResult) -> chat_wire.ChatStyle:
        """Return how this provider's chat differs from the canonical one."""
        return chat_wire.CANONICAL

    # Replies

    def json(self, visit: Visit, document: Json, status: int = 200) -> Reply:
        """Return a JSON reply."""
        body = self.dumped(document)
        return Reply(status, self.headers(visit, body), body)

    def dumped(self, document: Json) -> bytes:
        """Return JSON as this provider lays it out: two spaces and a last newline, or compact."""
        option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE if self.indented else None
        return orjson.dumps(document, option=option)

    def stream(self, visit: Visit, chunks: tuple[Chunk, ...]) -> Reply:
        """Return an event stream."""
        return Reply(200, self.headers(visit, None, SSE), chunks=chunks)

    def headers(self, visit: Visit, body: bytes | None, kind: str = JSON) -> Headers:
        """Return the headers of an answer; a `body` of None is streamed and has no length."""
        length = () if body is None else (("content-length", str(len(body))),)
        return (("content-type", kind), *length, *self.named("all", request_id=visit.request_id))

    def lie(self, result: object, name: str) -> object:
        """Bend the pictures of a result, wherever it holds them."""
        return results.bent(result, name)

    def prompt_of(self, visit: Visit) -> str:
        """Return the prompt, or the text of a conversation's last message."""
        return results.prompt(visit.params)

    def cost(self, visit: Visit, result: object) -> Decimal | None:
        """Reckon by the model's prices."""
        return results.cost(visit.model, result)

    def refuse(self, visit: Visit, failure: Failure) -> Reply:
        """Write an error: the envelope in its layout, or a bare text."""
        row = failure.row
        extra = tuple(failure.headers.items())
        if failure.text is not None:
            kind = (("content-type", row.content_type),) if row.content_type else ()
            body = failure.text.encode()
            return Reply(failure.status, (*extra, *kind, ("content-length", str(len(body)))), body)
        usual = "" if self.indented else "compact"
        body = layout(self.error_json(visit, failure), row.layout or usual)
        headers = self.headers(visit, body, row.content_type or JSON)
        kept = (header for header in headers if header[0] not in failure.headers)
        return Reply(failure.status, (*kept, *extra), body)

    def error_json(self, visit: Visit, failure: Failure) -> Json:
        """Return the error envelope; the four keys are always there."""
        error = failure.error or {}
        known = {key: error.get(key) for key in ("message", "type", "param", "code")}
        return {"error": {**known, **error}}


def _picture_bytes(job: Job) -> bytes:
    return spoil(job, job.render()).data


def invented(name: str, visit: Visit) -> Model:
    """Return a plausible entry for a name that nobody sells: lenient mode answers for any."""
    return Model(
        id=name, kind="chat", operations=(), narrow=(), created=int(visit.now), owned_by="system",
        since=None, until=None, shutdown=None, snapshot=None, source="lenient", checked=visit.day,
    )  # fmt: skip
