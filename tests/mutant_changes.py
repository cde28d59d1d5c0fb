"""What mutants are made of: changes of bodies, headers, errors, pictures and streams."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import kit
from mutants import Change, Endpoint
from PIL import Image, ImageDraw
from safelight.messages import Reply
from safelight_contracts.cases import Case, Fetched


def body(change: Callable[[Any], Any], *, of: str = "images.generate", status: int = 200) -> Change:
    """Return a change of the JSON body of one operation's answers of one status."""

    def run(case: Case, reply: Reply) -> Reply:
        other = case.provider != "openai" or case.operation != of
        if other or reply.status != status or reply.chunks is not None:
            return reply
        document = json.loads(reply.body)
        changed = change(document)
        return replace(reply, body=json.dumps(document if changed is None else changed).encode())

    return run


def error(change: Callable[[Any], Any]) -> Change:
    """Return a change of the error object of refusals."""

    def run(case: Case, reply: Reply) -> Reply:
        if reply.status < 400 or case.operation == "models.list":
            return reply
        document = json.loads(reply.body)
        change(document["error"])
        return replace(reply, body=json.dumps(document).encode())

    return run


def header(name: str, value: str | None, *, of: str = "images.generate") -> Change:
    """Return a change of one header of good answers; None takes it away."""

    def run(case: Case, reply: Reply) -> Reply:
        if case.operation != of or reply.status >= 400:
            return reply
        rest = tuple(pair for pair in reply.headers if pair[0].lower() != name)
        return replace(reply, headers=rest if value is None else (*rest, (name, value)))

    return run


def picture(change: Callable[[Image.Image, Case], Image.Image | bytes]) -> Change:
    """Return a change of the pictures of whole answers, encoded again as they were."""

    def run(case: Case, reply: Reply) -> Reply:
        if not case.operation.startswith("images.") or reply.status >= 400 or reply.chunks:
            return reply
        document = json.loads(reply.body)
        for item in document["data"]:
            if "b64_json" in item:
                image = kit.opened(base64.b64decode(item["b64_json"]))
                form = image.format or "PNG"
                made = change(image, case)
                data = made if isinstance(made, bytes) else kit.encoded(made, form)
                item["b64_json"] = base64.b64encode(data).decode()
        return replace(reply, body=json.dumps(document).encode())

    return run


def events(change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]], *, of: str) -> Change:
    """Return a change of a stream's events, (name, data) each, with their pauses."""

    def run(case: Case, reply: Reply) -> Reply:
        if reply.chunks is None or case.operation != of:
            return reply
        frames = b"".join(chunk.data for chunk in reply.chunks).decode().split("\n\n")[:-1]
        told = []
        for frame in frames:
            fields = dict(line.split(": ", 1) for line in frame.split("\n"))
            told.append((fields.get("event", ""), fields["data"]))
        out = [
            (f"event: {name}\n" if name else "") + f"data: {data}\n\n"
            for name, data in change(told)
        ]
        first = reply.chunks[0]
        return replace(reply, chunks=tuple(replace(first, data=text.encode()) for text in out))

    return run


def each(change: Callable[[Any], Any]) -> Callable[[list[tuple[str, str]]], list[tuple[str, str]]]:
    """Return a change of the JSON of every event."""

    def run(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
        out = []
        for name, data in told:
            part = None if data == "[DONE]" else json.loads(data)
            if part is not None:
                change(part)
            out.append((name, data if part is None else json.dumps(part)))
        return out

    return run


def instead(**asked: Any) -> Change:
    """Return a change that serves what is wrong with some fields put right, unasked."""
    emu = kit.emulator()

    def run(case: Case, reply: Reply) -> Reply:
        if not case.expects.refuses or not set(asked) & set(case.params):
            return reply
        params = {**case.params, **asked}
        return Endpoint(emu)._reply(
            replace(case, params={k: v for k, v in params.items() if v is not ...})
        )

    return run


def blank(image: Image.Image, _case: Case) -> Image.Image:
    return Image.new(image.mode, image.size, image.getpixel((0, 0)))


def all_new(image: Image.Image, case: Case) -> Image.Image:
    """Return an edit that paid its mask no heed: everything is another colour."""
    if case.operation != "images.edit":
        return image
    return image.convert("RGB").transpose(Image.Transpose.FLIP_TOP_BOTTOM).convert(image.mode)


def unchanged(image: Image.Image, case: Case) -> Image.Image:
    """Return the edit's own input."""
    if case.operation != "images.edit":
        return image
    given = Image.open(io.BytesIO(case.params["image"][0].data)).convert("RGB")
    return given.resize(image.size).convert(image.mode)


def half(image: Image.Image, _case: Case) -> bytes:
    data = kit.encoded(image, image.format or "PNG")
    return data[: len(data) // 2]


def spotted(image: Image.Image, case: Case) -> Image.Image:
    """Return an opaque picture with a hole in it, where an opaque one was asked for."""
    if case.params.get("background") != "opaque":
        return image
    holed = image.convert("RGBA")
    ImageDraw.Draw(holed).rectangle((0, 0, 400, 400), (0, 0, 0, 0))
    return holed


class Restless:
    """Gives other pixels each time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, got: Fetched) -> Fetched:
        self.times += 1
        image = kit.opened(got.body)
        ImageDraw.Draw(image).rectangle((0, 0, 99, 99), (90 * self.times % 256, 0, 0))
        return replace(got, body=kit.encoded(image, image.format or "PNG"))
