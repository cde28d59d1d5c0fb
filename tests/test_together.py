"""Together.ai in process: every model draws, every rule of its data holds, every row is reached."""

from __future__ import annotations

import datetime
import json
from typing import Any

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.catalog import Model
from safelight.core import Emulator
from safelight.messages import Request
from safelight.provider import load_provider
from safelight.schemas import load

V1 = "/together/v1"
FLUX = "black-forest-labs/FLUX.1-dev"
KONTEXT = "black-forest-labs/FLUX.1-kontext-pro"
LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
PROVIDER = load_provider("together")
MODELS = {model.id: model for model in PROVIDER.catalog.alive(datetime.date(2026, 11, 20))}
IMAGE_MODELS = [model for model in MODELS.values() if model.kind == "image"]
USER = {"role": "user", "content": "Hello"}
FLAGGED = "[[safelight:flagged]] a cat"


def draw(emulator: Emulator | None = None, **fields: Any) -> Any:
    body = {"model": FLUX, "prompt": "A quetzal", "response_format": "base64", **fields}
    given = {key: value for key, value in body.items() if value is not ...}
    return kit.post(emulator or kit.emulator(), f"{V1}/images/generations", given)


def shown(**fields: Any) -> Any:
    return kit.picture(draw(width=256, height=256, **fields))


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + kit.base64.b64encode(data).decode()


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda m: m.id)
def test_every_image_model_draws(model: Model) -> None:
    sides = model.traits.get("dimensions", ["512x256"])[0].split("x")
    width, height = map(int, sides)
    reply = draw(model=model.id, width=width, height=height)
    assert kit.picture(reply).size == (width, height)
    assert load("together", "images.generate.reply").check(kit.parsed(reply)) is None
    assert kit.parsed(reply)["model"] == model.id


def test_a_reply_has_no_key_that_the_service_does_not_send() -> None:
    reply = kit.parsed(draw(width=256, height=256))
    assert list(reply) == ["id", "model", "object", "data"]
    assert "created" not in reply


def test_without_a_wish_the_picture_is_a_square_jpeg_behind_a_url() -> None:
    emulator = kit.emulator()
    item = kit.parsed(draw(emulator, response_format=...))["data"][0]
    assert (item["index"], item["type"]) == (0, "url")
    path = "/" + item["url"].split("/", 3)[3].partition("?")[0]
    file = kit.get(emulator, path)
    assert (kit.opened(file.body).format, kit.opened(file.body).size) == ("JPEG", (1024, 1024))
    assert kit.header(file, "content-type") == "image/jpeg"


@pytest.mark.parametrize("word", ["base64", "b64_json"])
def test_base64_is_told_by_the_type_of_the_item(word: str) -> None:
    item = kit.parsed(draw(response_format=word, width=256, height=256))["data"][0]
    assert item["type"] == "b64_json"
    assert "url" not in item


@pytest.mark.parametrize(("form", "name"), [("jpeg", "JPEG"), ("png", "PNG"), (..., "JPEG")])
def test_the_output_format_is_real(form: Any, name: str) -> None:
    assert shown(output_format=form).format == name


@given(width=st.integers(32, 240), height=st.integers(32, 240))
def test_every_documented_size_is_drawn(width: int, height: int) -> None:
    reply = draw(width=width * 8, height=height * 8, response_format="url")
    assert reply.status == 200


def test_a_picture_is_as_large_as_asked() -> None:
    assert kit.picture(draw(width=1792, height=1024)).size == (1792, 1024)
    assert kit.picture(draw(width=512)).size == (512, 1024)


@pytest.mark.parametrize("ratio", ["1:1", "16:9", "9:16", "4:3", "3:2"])
def test_an_aspect_ratio_gives_its_shape(ratio: str) -> None:
    width, height = kit.picture(draw(model=KONTEXT, aspect_ratio=ratio)).size
    wide, _, high = ratio.partition(":")
    assert abs(width / height - int(wide) / int(high)) < 0.06


def test_the_same_seed_is_the_same_picture_and_another_is_another() -> None:
    one, two, three = (draw(seed=s, width=256, height=256).body for s in (7, 7, 8))
    pictures = [json.loads(body)["data"][0]["b64_json"] for body in (one, two, three)]
    assert pictures[0] == pictures[1] != pictures[2]


@pytest.mark.parametrize(
    "fields",
    [
        {"negative_prompt": "clouds"},
        {"guidance_scale": 9},
        {"guidance": 2.5},
        {"steps": 50},
        {"image_loras": [{"path": "https://huggingface.co/a/b", "scale": 1}]},
    ],
    ids=lambda f: next(iter(f)),
)
def test_what_guides_the_drawing_changes_it(fields: dict[str, Any]) -> None:
    assert shown(**fields).tobytes() != shown().tobytes()


def test_n_pictures_are_numbered_and_differ() -> None:
    data = kit.parsed(draw(n=4, width=256, height=256))["data"]
    assert [item["index"] for item in data] == [0, 1, 2, 3]
    assert len({item["b64_json"] for item in data}) == 4


def test_kontext_shows_the_picture_it_was_given() -> None:
    red = kit.encoded(kit.Image.new("RGB", (256, 256), (210, 20, 20)))
    mean = shown(model=KONTEXT, image_url=data_url(red), steps=28).resize((1, 1)).getpixel((0, 0))
    assert mean[0] > mean[1] + 40


def test_kontext_draws_without_a_picture_too() -> None:
    assert shown(model=KONTEXT).size == (256, 256)


def test_a_link_is_not_fetched_but_stands_for_one_picture() -> None:
    emulator = kit.emulator()
    ask = {"model": KONTEXT, "image_url": "https://example.com/photo.png", "seed": 1}
    one, two = (draw(emulator, **ask, width=256, height=256).body for _ in range(2))
    other = draw(
        emulator, **{**ask, "image_url": "https://example.com/b.png"}, width=256, height=256
    )
    pictures = [json.loads(b)["data"][0]["b64_json"] for b in (one, two, other.body)]
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_picture_of_our_own_can_be_edited_by_its_link() -> None:
    emulator = kit.emulator()
    link = kit.parsed(draw(emulator, response_format="url"))["data"][0]["url"]
    edited = kit.picture(draw(emulator, model=KONTEXT, image_url=link, prompt="At night"))
    first = kit.opened(kit.get(emulator, "/" + link.split("/", 3)[3].partition("?")[0]).body)
    small = [p.convert("L").resize((8, 8)).tobytes() for p in (edited, first)]
    assert sum(abs(a - b) for a, b in zip(*small, strict=True)) / 64 < 60


def test_reference_images_lie_on_the_picture() -> None:
    links = [data_url(kit.png(64, 64, color=c)) for c in ("red", "blue")]
    model = "black-forest-labs/FLUX.2-pro"
    assert shown(model=model, reference_images=links).tobytes() != shown(model=model).tobytes()


def test_null_is_as_good_as_absent() -> None:
    nulls = dict.fromkeys(["steps", "seed", "image_url", "image_loras", "negative_prompt", "n"])
    assert draw(model="black-forest-labs/FLUX.1.1-pro", **nulls).status == 200


def test_unknown_keys_are_ignored() -> None:
    extra = {"size": "512x512", "quality": "hd", "stream": False, "user": "u", "mask": "m"}
    assert kit.picture(draw(**extra)).size == (1024, 1024)


@pytest.mark.parametrize(("width", "status"), [(2048, 200), (4096, 200), (1536, 400), (512, 400)])
def test_a_model_with_a_list_of_sizes_takes_those_only(width: int, status: int) -> None:
    ask = {"model": "google/gemini-3-pro-image", "response_format": "url"}
    assert draw(**ask, width=width, height=width).status == status


def test_the_safety_checker_can_be_switched_off_where_it_can() -> None:
    off = {"prompt": FLAGGED, "disable_safety_checker": True}
    assert draw(**off).status == 200
    assert draw(**off, model="black-forest-labs/FLUX.1-schnell-Free").status == 422


def test_models_are_a_bare_array() -> None:
    reply = kit.parsed(kit.get(kit.emulator(), f"{V1}/models"))
    assert [model["id"] for model in reply] == list(MODELS)
    assert load("together", "models.list.reply").check(reply) is None


def test_dedicated_models_are_a_choice_of_them() -> None:
    ask = Request("GET", f"{V1}/models", query="dedicated=true", headers=(kit.KEY,))
    found = [model["id"] for model in kit.parsed(kit.emulator().respond(ask))]
    assert found == [m.id for m in MODELS.values() if m.traits.get("dedicated")] != []


def test_a_model_can_be_ordered_for_upload() -> None:
    ask = {"model_name": "mine", "model_source": "me/mine"}
    reply = kit.parsed(kit.post(kit.emulator(), f"{V1}/models", ask))
    assert reply["data"]["model_name"] == "mine"
    assert reply["data"]["job_id"].startswith("job-")


@pytest.mark.parametrize("path", ["/images/edits", "/images/variations", "/responses", "/usage"])
def test_what_it_does_not_have_is_not_found(path: str) -> None:
    assert kit.post(kit.emulator(), V1 + path, {}).status == 404


def test_only_what_the_host_serves_is_served_without_v1() -> None:
    assert kit.get(kit.emulator(), "/together/models").status == 404
    assert kit.get(kit.emulator(provider="together"), "/v1/models").status == 200


def test_an_unsupported_parameter_is_refused_in_the_recorded_words() -> None:
    reply = draw(model="google/flash-image-2.5", image_url="https://example.com/a.png")
    text = "Unsupported use of 'image_url' parameter. This parameter is not supported for the "
    assert reply.status == 400
    assert kit.error(reply) == {
        "message": text + "selected model.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    assert list(kit.parsed(reply)) == ["id", "error"]


def test_a_wrong_key_is_refused_in_the_recorded_words() -> None:
    bad = ("authorization", "Bearer sk-invalid")
    reply = kit.emulator().respond(Request("GET", f"{V1}/models", headers=(bad,)))
    error = kit.error(reply)
    assert (reply.status, error["type"]) == (401, "invalid_request_error")
    assert (error["code"], error["message"][:26]) == (
        "invalid_api_key",
        "Invalid API key provided. ",
    )


def test_a_model_without_servers_is_refused_in_the_recorded_words() -> None:
    reply = ask(model="MiniMaxAI/MiniMax-M2.5")
    assert (reply.status, kit.error(reply)["code"]) == (400, "model_not_available")
    assert kit.error(reply)["message"].startswith(
        "Unable to access non-serverless model MiniMaxAI/MiniMax-M2.5. Please visit "
    )


def ask(emulator: Emulator | None = None, **fields: Any) -> Any:
    body = {"model": LLAMA, "messages": [USER], **fields}
    return kit.post(emulator or kit.emulator(), f"{V1}/chat/completions", body)


def test_an_answer_has_the_headers_of_the_service() -> None:
    reply = draw(response_format="url")
    ray = kit.header(reply, "cf-ray") or ""
    assert kit.parsed(reply)["id"].endswith(ray.partition("-")[0])
    assert kit.header(reply, "x-ratelimit-remaining") == "9"
    assert kit.header(reply, "x-ratelimit-limit-requests") is None


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALLED = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
NO_PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eHh4"}}
BAD = {"name": "s", "schema": {"type": "x"}}
LORA = {"path": "p", "scale": 1}
WRONG: list[tuple[str, Any]] = [
    ("T-MODEL", lambda e: draw(e, model="nobody/nothing")),
    ("T-MODEL-KIND", lambda e: draw(e, model=LLAMA)),
    ("T-MODEL-KIND", lambda e: ask(e, model=FLUX)),
    ("T-UNSUPPORTED", lambda e: draw(e, model=KONTEXT, image_loras=[LORA])),
    ("T-SIZE-STEP", lambda e: draw(e, width=513)),
    ("T-SIZE-LIST", lambda e: draw(e, model="google/flash-image-2.5", width=512, height=512)),
    ("T-IMAGE", lambda e: draw(e, model=KONTEXT, image_url="data:image/png;base64,eHh4")),
    ("T-IMAGE", lambda e: draw(e, model=KONTEXT, image_url="data:nothing")),
    ("T-UNSAFE", lambda e: draw(e, prompt=FLAGGED)),
    ("T-MISSING", lambda e: draw(e, prompt=...)),
    ("T-TYPE", lambda e: draw(e, width="512")),
    ("T-ENUM", lambda e: draw(e, output_format="webp")),
    ("T-HIGH", lambda e: draw(e, n=5)),
    ("T-HIGH", lambda e: draw(e, width=1928)),
    ("T-LOW", lambda e: draw(e, height=248)),
    ("T-LINK", lambda e: draw(e, model=KONTEXT, image_url="photo.png")),
    ("T-EMPTY", lambda e: draw(e, prompt="")),
    ("T-MANY", lambda e: draw(e, image_loras=[LORA] * 3)),
    ("T-BODY", lambda e: kit.post(e, f"{V1}/images/generations", b"[]")),
    ("T-BODY", lambda e: kit.form(e, f"{V1}/images/generations", [("prompt", "x")])),
    ("T-CONTEXT", lambda e: ask(e, messages=[{"role": "user", "content": "word " * 140_000}])),
    ("T-SCHEMA", lambda e: ask(e, response_format={"type": "json_schema", "json_schema": BAD})),
    ("T-TOOL-NAME", lambda e: ask(e, tools=[TOOL], tool_choice="g")),
    (
        "T-TOOL-TURN",
        lambda e: ask(e, messages=[USER, {"role": "tool", "tool_call_id": "x", "content": ""}]),
    ),
    (
        "T-TOOL-TURN",
        lambda e: ask(e, messages=[{"role": "assistant", "tool_calls": [CALLED]}, USER]),
    ),
    ("T-BLIND", lambda e: ask(e, messages=[{"role": "user", "content": [PICTURE]}])),
    (
        "T-PICTURE",
        lambda e: ask(
            e, model="moonshotai/Kimi-K2.5", messages=[{"role": "user", "content": [NO_PICTURE]}]
        ),
    ),
    ("T-ENDPOINT-STOPPED", lambda e: ask(e, model="google/gemma-2-9b-it")),
    ("T-NOT-SERVERLESS", lambda e: ask(e, model="MiniMaxAI/MiniMax-M2.5")),
    ("T-PATH", lambda e: kit.get(e, f"{V1}/nothing")),
    ("T-METHOD", lambda e: kit.get(e, f"{V1}/models", "PUT")),
    ("T-KEY-MISSING", lambda e: e.respond(Request("GET", f"{V1}/models"))),
    ("T-HUB-404", lambda e: kit.get(e, "/together/v2/supported-models/none")),
    ("T-HUB-404", lambda e: kit.get(e, "/together/v2/projects/p/models/none")),
    ("T-HUB-404", lambda e: kit.get(e, "/together/v2/projects/p/configs/none")),
    ("T-HUB-404", lambda e: kit.get(e, "/together/v2/projects/p/models/uploads/none")),
]
ELSEWHERE = {"T-KEY", "T-FILE-UNKNOWN", "T-FILE-EXPIRED", "T-FILE-NO-AGENT", "T-BODY-LARGE"}


@pytest.mark.parametrize(("row", "send"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_a_wrong_request_gets_its_row(row: str, send: Any) -> None:
    emulator = kit.emulator()
    reply = send(emulator)
    (exchange,) = emulator._store.session("").journal
    told = next(r for r in PROVIDER.errors.rows if r.id == row)
    assert (exchange.row, reply.status) == (row, told.status)
    if told.error is not None:
        assert load("together", "error").check(kit.parsed(reply)) is None


def test_a_file_and_a_body_are_refused_in_plain_shapes() -> None:
    clock = kit.Clock()
    emulator = kit.emulator(clock, provider="together")
    link = kit.parsed(draw(emulator, response_format="url"))["data"][0]["url"]
    path = "/" + link.split("/", 3)[3].partition("?")[0]
    clock.now += 3601
    assert [kit.get(emulator, p).status for p in (path, path + "x")] == [403, 404]
    large = Request("POST", f"{V1}/models", headers=(kit.KEY,), body_limit=9)
    assert emulator.respond(large).status == 413


def test_every_row_is_reached_here_or_only_by_a_fault() -> None:
    rows = {row.id for row in PROVIDER.errors.rows if not row.fault}
    assert rows == {row for row, _ in WRONG} | ELSEWHERE
