"""`images.generate`, `images.edit`, `images.variation`: what to draw, and what it costs in tokens.

An operation only plans (microseconds); drawing and decoding are in `Job.render`, which the walk
runs as `Work`. What must not enter: wire shapes, status codes, providers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

from safelight.messages import Call, Json
from safelight.operations.image_inputs import Inputs, open_inputs
from safelight.operations.image_sizes import resolve_size
from safelight.operations.image_usage import ImageUsage, count, output_tokens
from safelight.pixels import Brief, Encoding, Rendered, create, edit

_DETAIL = {"low": 0, "standard": 1, "medium": 1, "high": 2, "hd": 2, "xhigh": 3, "max": 4}


@dataclass(frozen=True)
class Job:
    """One picture to make. `key` names its content: same key, same bytes.

    `spoilt` names the fault that the finished file is to show (see `lies`), `called` the format
    that a reply is to call it, where that is a lie.
    """

    brief: Brief
    encoding: Encoding
    inputs: Inputs = field(default_factory=Inputs)
    previews: int = 0
    spoilt: str = ""
    called: str = ""

    @property
    def label(self) -> str:
        """Return the format that replies say the file has."""
        return self.called or self.encoding.format

    @cached_property
    def key(self) -> bytes:
        """Return 16 bytes that follow from everything the picture follows from."""
        told = repr((self.brief, self.encoding, self.previews, self.spoilt)).encode()
        return blake2b(told + self.inputs.digest, digest_size=16).digest()

    def render(self) -> Rendered:
        """Draw and encode (milliseconds). Raises Refusal for an input that cannot be decoded."""
        if not self.inputs.pictures:
            return create(self.brief, self.encoding, previews=self.previews)
        self.inputs.verify()
        return edit(
            self.brief,
            self.encoding,
            self.inputs.pictures,
            mask=self.inputs.mask,
            markup=self.inputs.markup,
            previews=self.previews,
        )


@dataclass(frozen=True, slots=True)
class ImagesResult:
    """Pictures planned, with everything that a reply says about them (resolved, never `auto`)."""

    operation: str
    jobs: tuple[Job, ...]
    size: str
    quality: str
    background: str
    output_format: str
    usage: ImageUsage
    stream: bool = False
    as_url: bool = False
    family: str = ""
    revised_prompts: tuple[str, ...] = ()
    safety_identifier: str | None = None
    svg: Json = None


def run(call: Call) -> ImagesResult:
    """Plan any of the three operations. Raises Refusal for what no schema can say."""
    params, traits = call.params, call.traits
    inputs = open_inputs(call)
    width, height = resolve_size(params.get("size"), traits, inputs, lenient=call.lenient)
    quality = _resolved(params.get("quality"), str(traits.get("auto_quality", "medium")))
    form = params.get("output_format") or "png"
    prompt = params.get("prompt") or "a variation of the picture"
    background = _background(params.get("background"), prompt, form)
    amount = params.get("n") or 1
    stream = bool(params.get("stream"))
    previews = (params.get("partial_images") or 0) if stream else 0
    compression = params.get("output_compression")
    encoding = Encoding(
        format=form,
        compression=100 if compression is None else compression,
        frames=params.get("frame_count") or 9,
        frame_ms=_frame_ms(params.get("frame_duration_ms")),
    )
    note = {"images.edit": "edit", "images.variation": "variation"}.get(call.operation, "")
    briefs = (
        Brief(
            prompt=prompt,
            model=call.model,
            width=width,
            height=height,
            seed=_seed(call),
            index=index,
            of=amount,
            detail=_detail(quality, params.get("complexity")),
            transparent=background == "transparent",
            style=params.get("style") or "",
            note=note,
        )
        for index in range(amount)
    )
    each = int(traits.get("drawn_tokens", output_tokens((width, height), quality)))
    jobs = tuple(Job(brief, encoding, inputs, previews) for brief in briefs)
    return ImagesResult(
        operation=call.operation,
        jobs=jobs,
        size=f"{width}x{height}",
        quality=quality,
        background=background,
        output_format=form,
        usage=count(prompt, inputs, each, amount=amount, previews=previews),
        stream=stream,
        as_url=bool(traits.get("url_replies")) and params.get("response_format") != "b64_json",
        family=str(traits.get("family", "")),
        revised_prompts=_revised(prompt, params, amount) if traits.get("revised_prompt") else (),
        safety_identifier=params.get("safety_identifier") or params.get("user") or None,
        svg=params.get("svg"),
    )


def _resolved(value: str | None, default: str) -> str:
    return default if value in (None, "auto") else str(value)


def _background(asked: str | None, prompt: str, form: str) -> str:
    """Return the resolved background: `auto` is opaque unless the prompt plainly asks otherwise."""
    if asked in ("transparent", "opaque"):
        return str(asked)
    plainly = "transparent background" in prompt.lower() and form != "jpeg"
    return "transparent" if plainly else "opaque"


def _frame_ms(asked: int | None) -> int:
    """Return milliseconds a frame: rounded to 10, at most 655350 (openai-python 3.52.0's docs)."""
    return min(655350, max(10, round((asked or 200) / 10) * 10))


def _detail(quality: str, complexity: str | None) -> int:
    shift = {"low": -1, "high": 1}.get(complexity or "", 0)
    return min(4, max(0, _DETAIL.get(quality, 1) + shift))


def _seed(call: Call) -> int:
    """Mix the server's seed with a request's own, if the provider has such a field."""
    own = call.params.get("seed")
    return call.seed if own is None else (call.seed * 1_000_003 + int(own)) & (2**63 - 1)


def _revised(prompt: str, params: Json, amount: int) -> tuple[str, ...]:
    """Return a richer wording of the prompt for each picture, for models that report one."""
    manner = "vivid, dramatic" if params.get("style", "vivid") != "natural" else "natural, muted"
    text = prompt.strip().rstrip(".") or "An image"
    return tuple(
        f"{text[0].upper()}{text[1:]}. The scene is rendered in a {manner} manner, "
        f"with careful light and a clear composition."
        for _ in range(amount)
    )
