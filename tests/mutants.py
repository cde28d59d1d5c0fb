"""Deliberately broken emulators: the panel of questions they are asked, and how they are asked.

A mutant is the real emulator with one thing about some answers changed (`mutant_table.py` has all
of them). The panel is asked of every mutant; the healthy emulator answers it without a finding.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import kit
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
