"""Deliberately broken emulators: the panel of questions they are asked, and what each does wrong.

A mutant is the real emulator with one thing about some answers changed. `PANEL` is asked of every
mutant; the healthy emulator answers all of it without a finding.
"""

from __future__ import annotations

import base64
import datetime
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import kit
from PIL import Image, ImageDraw
from safelight.core import Emulator
from safelight.messages import Reply, Request, Upload
from safelight_contracts.cases import Case, Fetched, Piece, Seen
from safelight_contracts.checks import judge, repeats
from safelight_contracts.findings import Finding
from safelight_contracts.promises import Promises
from safelight_contracts.requests import case_of
from safelight_contracts.samples import sample
from safelight_contracts.sending import WRONG_KEY, written

DAY = datetime.date(2026, 11, 20)
PROMPT = "a red circle on white"
TALK = [{"role": "user", "content": "Say hello."}]
TOOL = {
    "type": "function",
    "function": {
        "name": "paint",
        "parameters": {
            "type": "object",
            "properties": {"colour": {"type": "string"}, "size": {"type": "integer"}},
            "required": ["colour", "size"],
        },
    },
}


@cache
def promises(provider: str) -> Promises:
    return Promises(provider, DAY)


def good(provider: str, operation: str, body: Any = "none", **params: Any) -> Case:
    told = promises(provider)
    return case_of(told, told.of(operation), params, purpose="a panel's question", body=body)


def broken(case: Case, fault: str, **params: Any) -> Case:
    """Return a case with one fault made in it, and what the contract says of that."""
    told = promises(case.provider)
    changed = {name: value for name, value in {**case.params, **params}.items() if value is not ...}
    model = changed.get("model", case.model)
    wrong = replace(case, params=changed, broken=fault, family="panel")
    row = told.of(case.operation)
    violation = told.request(row, model, case.body).check(changed)
    assert violation is not None, fault
    return replace(wrong, expects=told.expect(wrong, violation))


def upload(name: str) -> Upload:
    """Return a sample as large as the picture that is asked for: so pixels can be compared."""
    image = kit.opened(sample(name).data).resize((1024, 1024))
    return Upload(name, "image/png", kit.encoded(image))


@cache
def panel() -> dict[str, Case]:
    """Return the questions by name."""
    image = {"model": "gpt-image-1.5", "prompt": PROMPT, "size": "1024x1024", "quality": "low"}
    plain = good("openai", "images.generate", **image)
    stream = {**image, "stream": True, "partial_images": 2}
    chat = {"model": "gpt-4o-mini", "messages": TALK}
    talk = good("openai", "chat.create", **chat)
    told = good("openai", "chat.create", **chat, stream=True)
    forced = {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "paint"}}}
    edit = {**image, "image": [upload("scene.png")], "mask": upload("mask.png")}
    edit["size"] = "1024x1024"
    free = good("openai", "models.list")
    return {
        "image": plain,
        "two": good("openai", "images.generate", **image, n=2),
        "webp": good("openai", "images.generate", **{**image, "output_format": "webp"}),
        "alpha": good("openai", "images.generate", **image, background="transparent"),
        "opaque": good("openai", "images.generate", **image, background="opaque"),
        "stream": good("openai", "images.generate", **stream),
        "edit": good("openai", "images.edit", "form", **edit),
        "talk": talk,
        "told": told,
        "counted": good(
            "openai", "chat.create", **chat, stream=True, stream_options={"include_usage": True}
        ),
        "called": good("openai", "chat.create", **chat, **forced),
        "piped": good("openai", "chat.create", **chat, **forced, stream=True),
        "models": free,
        "link": good(
            "together", "images.generate", model="black-forest-labs/FLUX.1-schnell",
            prompt=PROMPT, width=256, height=256, steps=1, seed=7, response_format="url",
        ),
        "keyless": replace(
            free, key="none", expects=promises("openai").expect(free, _refusal("missing_key"))
        ),
        "unknown": broken(plain, "surprise:additionalProperties", surprise=1),
        "size": broken(plain, "size:enum", size="13x13"),
        "n": broken(plain, "n:maximum", n=11),
        "prompt": broken(plain, "prompt:required", prompt=...),
        "long": broken(plain, "prompt:maxLength", prompt="x" * 32001),
        "quality": broken(plain, "quality:enum", quality="ultra"),
        "messages": broken(talk, "messages:required", messages=...),
    }  # fmt: skip


def _refusal(name: str) -> Any:
    from safelight.refusals import Refusal

    return Refusal(name)


Change = Callable[[Case, Reply], Reply]


@dataclass
class Endpoint:
    """An emulator that a change is made to: every answer passes through it.

    `healthy` keeps the answers before the change: every mutant breaks the same ones.
    """

    emu: Emulator
    change: Change = lambda _, reply: reply
    fetch: Callable[[Fetched], Fetched] = lambda got: got
    healthy: dict[str, Reply] | None = None

    def ask(self, case: Case) -> Seen:
        """Return the answer to a case as a sender would bring it, links followed."""
        reply = self.change(case, self._known(case))
        chunks = reply.chunks if reply.chunks is not None else ()
        pieces, at = [], 0.0
        for chunk in chunks:
            at += chunk.wait
            pieces.append(Piece(at, chunk.data))
        if reply.chunks is None:
            pieces = [Piece(0.0, reply.body)]
        headers = tuple((name.lower(), value) for name, value in reply.headers)
        seen = Seen(reply.status, headers, tuple(pieces), began=kit.NOW)
        return replace(seen, fetched=tuple(self._links(seen)))

    def _known(self, case: Case) -> Reply:
        if self.healthy is None:
            return self._reply(case)
        if case.id not in self.healthy:
            self.healthy[case.id] = self._reply(case)
        return self.healthy[case.id]

    def _reply(self, case: Case) -> Reply:
        body, kind = written(case)
        key = {"good": "sk-test", "wrong": WRONG_KEY, "none": ""}[case.key]
        headers = [("authorization", f"Bearer {key}")] if key else []
        headers += [("content-type", kind)] if kind else []
        base = promises(case.provider).provider.bases[0]
        request = Request(case.method, base + case.path, "", tuple(headers), body or b"")
        return self.emu.respond(request)

    def _links(self, seen: Seen) -> Iterator[Fetched]:
        try:
            items = json.loads(seen.body).get("data", [])
        except (ValueError, AttributeError):
            return
        for item in items if isinstance(items, list) else ():
            link = item.get("url") if isinstance(item, dict) else None
            if isinstance(link, str) and "/_safelight/" in link:
                path, _, query = link[link.index("/_safelight/") :].partition("?")
                got = self.emu.respond(Request("GET", path, query, headers=(kit.AGENT,)))
                kind = dict(got.headers).get("content-type")
                yield self.fetch(Fetched(link, got.status, kind, got.body))


def findings(endpoint: Endpoint) -> list[tuple[str, Finding]]:
    """Return every finding of the panel, with the question that brought it."""
    found = []
    for name, case in panel().items():
        told = promises(case.provider)
        seen = endpoint.ask(case)
        found += [(name, finding) for finding in judge(case, seen, told)]
        if name == "link":
            again = endpoint.ask(case)
            found += [(name, finding) for finding in repeats(case, seen, again, told)]
    return found


# Changes


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
        return replace(reply, headers=(*rest, (name, value)) if value else rest)

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
