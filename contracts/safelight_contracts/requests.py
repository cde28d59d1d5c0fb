"""Requests that a provider has to accept: valid by its schema, and meaning something.

A schema says what a field may hold; what a prompt, a picture or a mask has to be, no schema says.
Prompts are neutral, pictures real and small, masks of their picture's size. What must not enter:
providers' names, sending, money.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from orjson import dumps
from safelight.catalog import Model
from safelight.messages import Json, Upload
from safelight.provider import Provider
from safelight.refusals import UsageError

from safelight_contracts.cases import Body, Case
from safelight_contracts.promises import Promise, Promises
from safelight_contracts.strategies import fits, plainest, valid
from safelight_contracts.strategies.merging import impossible, merged
from safelight_contracts.strategies.pictures import data_url, mask, picture, upload

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Params: TypeAlias = dict[str, Json]
"""A request's fields under their wire names; files are `Upload`s."""

PROMPTS = (
    "a red circle on white",
    "a blue square on a plain background",
    "a green leaf on grey paper",
    "three yellow stars in a row",
)
WORDS = ("Say the word apple.", "Name one colour of the rainbow.")
SIDE = 256
"""Pixels: the edge of the pictures that are sent."""
MASKED_SIDE = 1024
"""Pixels: the edge of a picture with a mask: a size that every model makes, to compare them by."""

_CHEAP: dict[str, tuple[Json, ...]] = {
    "quality": ("low", "standard", "medium"),
    "size": ("256x256", "512x512", "1024x1024"),
    "width": (256, 512, 1024),
    "height": (256, 512, 1024),
    "steps": (1, 4),
    "max_tokens": (16,),
    "max_completion_tokens": (16,),
    "maxOutputTokens": (16,),
}
"""What makes a call cheap, the cheapest first: taken where a model has the field and the value."""


def valid_requests(
    provider: str | Provider, operation: str, model: str, day: datetime.date
) -> SearchStrategy[Params]:
    """Return a strategy of requests that the contract accepts.

    Raises UsageError for an operation or a model that is not there on that day.
    """
    promises = Promises(provider, day)
    return requests(promises, promises.of(operation), model)


def requests(
    promises: Promises, row: Promise, model: str, *, body: Body = "none"
) -> SearchStrategy[Params]:
    """Return a strategy of requests to one operation: the schema, with meaning laid over it.

    `body` is "json" or "form" where an operation takes both; "none" takes the form there.
    """
    found = _model(promises, row, model)
    document = _meant(promises, row, found, _body(row, body))
    return valid(document).map(lambda params: _illustrated(params, found))


def cheapest(provider: str | Provider, operation: str, model: str, day: datetime.date) -> Params:
    """Return the cheapest request that the contract accepts: one small picture, few tokens."""
    promises = Promises(provider, day)
    return least(promises, promises.of(operation), model)


def least(promises: Promises, row: Promise, model: str, *, body: Body = "none") -> Params:
    """Return the cheapest request to one operation."""
    found = _model(promises, row, model)
    kind = _body(row, body)
    document = _meant(promises, row, found, kind)
    judge = fits(promises.request(row, found, kind).document)
    params: Params = _illustrated(plainest(document), found)
    for name, values in _CHEAP.items():
        for value in values if name in document["properties"] or name in ("size", "width") else ():
            if _knows(document, name, value) and judge({**params, name: value}):
                params[name] = value
                break
    return params


def case_of(
    promises: Promises,
    row: Promise,
    params: Params | Json,
    *,
    purpose: str,
    body: Body = "none",
    **more: Json,
) -> Case:
    """Return the case of a request: its path, its headers, and its body.

    What a protocol carries in headers is taken out of the body. A body that is no object is sent as
    it is. `more` are other fields of a Case.
    """
    kind: Body = _body(row, body) if row.bodies else "none"
    schema = row.bodies.get(kind, "")
    headers = list(more.pop("headers", ()))
    sent = dict(params) if isinstance(params, dict) else {}
    model = sent.get("model")
    if not isinstance(params, dict):
        more |= {"raw": dumps(params), "content_type": "application/json"}
        kind = "raw"
    if row.model_header:
        headers.append((row.model_header, str(sent.pop("model", "") or "")))
    if row.stream_header:
        headers.append((row.stream_header, "true" if sent.pop("stream", False) else "false"))
    return Case(
        provider=promises.provider.name,
        operation=row.operation,
        method=row.method,
        path=row.path.replace("{model}", quote(str(model or ""), safe="/")),
        purpose=purpose,
        model=model if isinstance(model, str) else "",
        body=kind,
        params=sent if row.bodies else {},
        headers=tuple(headers),
        schema=schema,
        **more,
    )


def _model(promises: Promises, row: Promise, name: str) -> Model:
    found = promises.model(name)
    if found is None or row.operation not in found.operations:
        able = ", ".join(model.id for model in promises.models(row.operation)[:8])
        raise UsageError(f"{name!r} does no {row.operation} on {promises.day}; models are {able}")
    return found


def _body(row: Promise, body: Body) -> Body:
    if body in row.bodies:
        return body
    return "form" if "form" in row.bodies else "json"


def _meant(promises: Promises, row: Promise, model: Model, body: Body) -> dict[str, Json]:
    """Return the schema of requests that mean something: fewer fields, and known values in them."""
    whole = promises.request(row, model, body).document
    parts: dict[str, Json] = {}
    for name, part in whole.get("properties", {}).items():
        needed = name in whole.get("required", ()) or name in _ALWAYS
        if impossible(part) or not (needed or name in row.vary):
            continue
        given = merged(part, {"not": {"type": "null"}})
        pool = _pool(row, model, name, part)
        parts[name] = merged(given, {"enum": pool}) if pool else given
    if row.stream_header:
        parts["stream"] = {"enum": [False, True]}
    always = [name for name in _ALWAYS if name in parts]
    required = list(dict.fromkeys((*whole.get("required", ()), *always)))
    return {**whole, "properties": parts, "required": required, "additionalProperties": False}


_ALWAYS = ("prompt", "model")


def _pool(row: Promise, model: Model, name: str, part: Json) -> list[Json]:
    """Return the values that a field may take, as far as its schema allows them."""
    if name == "model":
        return [model.id]
    known = row.values.get(name)
    if "dimensions" in model.traits and name in row.size:
        size = str(model.traits["dimensions"][0]).split("x")
        known = [int(size[row.size.index(name)])]
    if known is None:
        known = _POOLS[name](model) if name in _POOLS else []
    judge = fits(part)
    return [value for value in known if judge(value)]


def _messages() -> list[Json]:
    asked: list[Json] = [[{"role": "user", "content": text}] for text in WORDS]
    system = {"role": "system", "content": "You answer in one word."}
    return [*asked, [system, *asked[0]]]


def _prompts() -> list[Json]:
    parts = [[{"role": "user", "content": [{"type": "text", "text": text}]}] for text in WORDS]
    return [*PROMPTS, *parts]


def _images(model: Model) -> list[Json]:
    if model.traits.get("square_png"):
        return [[{"image_url": data_url(mask(SIDE, SIDE))}]]
    one = data_url(picture(width=MASKED_SIDE, height=MASKED_SIDE))
    two = data_url(picture(width=192, height=SIDE))
    return [[{"image_url": one}], [{"image_url": one}, {"image_url": two}]]


_POOLS: dict[str, Callable[[Model], list[Json]]] = {
    "prompt": lambda _: _prompts(),
    "messages": lambda _: _messages(),
    "images": _images,
    "mask": lambda _: [{"image_url": data_url(mask(MASKED_SIDE, MASKED_SIDE))}],
    "input": lambda _: [WORDS[0], list(WORDS)],
    "values": lambda _: [list(WORDS)],
}


def _illustrated(params: Params, model: Model) -> Params:
    """Return a request whose files are pictures of one size, and whose mask has it too."""
    out: Params = {}
    side = MASKED_SIDE if "mask" in params else SIDE
    for name, value in params.items():
        many = isinstance(value, list) and any(isinstance(item, Upload) for item in value)
        if isinstance(value, Upload):
            out[name] = _file(name, value, model, side)
        elif many:
            out[name] = [_file(name, item, model, side) for item in value[:2]]
        else:
            out[name] = value
    return out


def _file(name: str, given: Upload, model: Model, side: int) -> Upload:
    if name in ("mask", "markup") or model.traits.get("square_png"):
        return upload("image/png", mask(side, side), f"{name}.png")
    kind = given.content_type or "image/png"
    return upload(kind, picture(kind, side, side))


def _knows(document: dict[str, Json], name: str, value: Json) -> bool:
    part = document["properties"].get(name)
    return part is not None and fits(part)(value)
