"""Whatever is asked of the image endpoints, the answer is a picture or a documented refusal."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kit import ERA, emulator, form, png
from openai_asks import BASE, EDITS, GENERATIONS, PHOTO, RGBA, VARIATIONS, data_url, of_json
from safelight.catalog import load_catalog
from safelight.messages import Reply

MODELS = [m.id for m in load_catalog("openai").models if m.kind == "image"]
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
SMALL = st.integers(-1, 101) | st.sampled_from([1.0, 2.0, 50.0, 1e30, -0.0])
WORDS = [
    *("png", "jpeg", "webp", "gif", "svg", "auto", "low", "high", "hd", "transparent", "opaque"),
    *("1024x1024", "1536x1024", "256x256", "0x0", "1e3x1", "url", "b64_json", "vivid", "", "true"),
]
JUNK = st.recursive(
    st.none() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
PICTURES = st.sampled_from(
    [data_url(png()), "data:image/png;base64,AAAA", "data:,x", "https://example.com/a.png", "x"]
)
REFERENCE = st.builds(lambda url: {"image_url": url}, PICTURES) | st.just({"file_id": "file-1"})
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "model": st.sampled_from(MODELS),
    "prompt": st.sampled_from(["a fox", " ", "{x}", "\0"]) | st.text(max_size=9),
    **dict.fromkeys(("n", "output_compression", "partial_images", "frame_count"), SMALL),
    **dict.fromkeys(
        ("size", "quality", "background", "output_format", "moderation", "style", "complexity"),
        st.sampled_from(WORDS),
    ),
    "response_format": st.sampled_from(WORDS),
    "stream": st.booleans(),
    "user": st.text(max_size=4),
    "svg": st.just({"model": "x"}),
    "images": st.lists(REFERENCE, max_size=3),
    "mask": REFERENCE,
}
FIELD = st.sampled_from([*FIELDS, "bogus", "image", "input_fidelity"])


@st.composite
def bodies(draw: st.DrawFn, *, images: bool) -> dict[str, Any]:
    """Draw a good request with a few fields laid over it: mostly plausible ones, some junk."""
    body: dict[str, Any] = {**BASE, "quality": "low"}
    if images:
        body["images"] = [{"image_url": data_url(png())}]
    for name in draw(st.lists(FIELD, max_size=4, unique=True)):
        junk = draw(st.integers(0, 5)) == 0
        body[name] = draw(JUNK if junk else FIELDS.get(name, JUNK))
    return body


def sound(reply: Reply) -> None:
    """Hold that a reply is one that the provider gives."""
    assert reply.status in {200, 400, 404}
    if reply.status == 400:
        found = json.loads(reply.body)["error"]
        assert {"message", "type", "param", "code"} <= set(found)
        assert "{" not in found["message"] or "{x}" in found["message"]
    if reply.chunks is not None:
        assert reply.body == b""


@settings(max_examples=50, deadline=None)
@given(body=bodies(images=False))
def test_any_generation_is_answered(body: dict[str, Any]) -> None:
    sound(of_json(GENERATIONS, body)(emulator()))


@settings(max_examples=50, deadline=None)
@given(body=bodies(images=False))
def test_any_generation_of_the_dall_e_era_is_answered(body: dict[str, Any]) -> None:
    sound(of_json(GENERATIONS, body)(emulator(as_of=ERA)))


@settings(max_examples=50, deadline=None)
@given(body=bodies(images=True))
def test_any_edit_by_json_is_answered(body: dict[str, Any]) -> None:
    sound(of_json(EDITS, body)(emulator()))


@settings(max_examples=50, deadline=None)
@given(body=bodies(images=True), path=st.sampled_from([GENERATIONS, EDITS]))
def test_a_lenient_emulator_never_breaks(body: dict[str, Any], path: str) -> None:
    sound(of_json(path, body)(emulator(lenient=True)))


NAMES = st.sampled_from(
    [
        *("image", "image[]", "images", "mask", "markup", "model", "prompt", "n", "size", "stream"),
        *("svg[model]", "svg", "svg[reasoning][effort]", "a[", "]", "n[]", "n[x]", "image[0]"),
        *("", "[]", "[x]", "image[][]", "image[a][]", "output_compression"),
    ]
)
FILES = st.sampled_from(
    [
        PHOTO,
        RGBA,
        ("a.png", b"", "image/png"),
        ("", b"", "application/octet-stream"),
        (None, b"x", None),
        ("a.webp", png(), None),
        ("x", b"GIF89a", "image/gif"),
        ("x.png", png()[:60], "image/png"),
    ]
)
PARTS = st.lists(st.tuples(NAMES, FILES | st.sampled_from(WORDS) | st.text(max_size=5)), max_size=5)


@settings(max_examples=50, deadline=None)
@given(
    parts=PARTS,
    good=st.booleans(),
    lenient=st.booleans(),
    endpoint=st.sampled_from([(EDITS, None), (EDITS, ERA), (VARIATIONS, ERA), (VARIATIONS, None)]),
)
def test_any_form_is_answered(
    parts: list[Any], endpoint: tuple[str, Any], *, good: bool, lenient: bool
) -> None:
    path, day = endpoint
    base = [("model", "gpt-image-1.5"), ("prompt", "a hat"), ("image[]", PHOTO)] if good else []
    sound(form(emulator(lenient=lenient, as_of=day), path, [*base, *parts]))


def test_lenient_takes_what_is_no_reference() -> None:
    body = {**BASE, "quality": "low", "images": [None, 7, {}]}
    assert of_json(EDITS, body)(emulator(lenient=True)).status == 200
