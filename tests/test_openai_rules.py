"""How images judge a request: which fault comes first, what null means, which bodies are taken."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from kit import ERA, KEY, Clock, emulator, encoded, error, parsed, picture, png
from openai_asks import (
    ABSENT,
    EDITS,
    GENERATIONS,
    MODELS,
    PHOTO,
    Ask,
    data_url,
    edit,
    edit_json,
    generate,
    of_json,
    row_of,
    send,
    sized,
)
from PIL import Image
from safelight.messages import Request

TEXT: Any = ("a.txt", b"Dear Sir", "text/plain")


@pytest.mark.parametrize(
    ("ask", "param"),
    [
        (generate(model=ABSENT, prompt="", bogus=1), "model"),
        (generate(model=7, prompt=7), "model"),
        (generate(model="nobody", bogus=1), "model"),
        (generate(bogus=1, prompt=ABSENT), "bogus"),
        (generate(response_format="url", prompt=""), "response_format"),
        (generate(prompt=ABSENT, n=0), "prompt"),
        (generate(prompt=7, quality="x"), "prompt"),
        (generate(n=0, size="1x1"), "n"),
        (generate(n=11, quality="x"), "n"),
        (edit_json(model="nobody", images=[]), "model"),
        (edit_json(image="x", prompt=""), "image"),
        (edit_json(prompt="", images=[]), "prompt"),
        (edit_json(images=[], n=0), "images"),
        (edit_json(images=ABSENT, n=0), "images"),
        (edit(prompt="", n="0"), "prompt"),
        (edit(("image", TEXT), n="0"), "image"),
        (edit(n="x", quality="x"), "n"),
        (edit(quality="x", output_compression="x"), "quality"),
        (edit(output_compression="x", size="x"), "output_compression"),
        (edit(size="x", quality="x"), "quality"),
    ],
)
def test_of_two_faults_the_measured_one_is_told(ask: Ask, param: str) -> None:
    assert error(ask(emulator()))["param"] == param


@pytest.mark.parametrize(
    "field",
    ["n", "size", "quality", "background", "output_compression", "partial_images", "stream"],
)
def test_null_means_absent(field: str) -> None:
    assert generate(**{field: None})(emulator()).status == 200


@pytest.mark.parametrize(
    "field", ["complexity", "frame_count", "frame_duration_ms", "svg", "safety_identifier"]
)
def test_null_means_absent_for_the_newest_fields_too(field: str) -> None:
    assert generate(model="gpt-image-2.5-flare", **{field: None})(emulator()).status == 200


def test_svg_needs_no_author_and_an_author_no_effort() -> None:
    emu, svg = emulator(), {"model": "gpt-image-2.5-flare", "output_format": "svg"}
    assert "svg_usage" not in parsed(generate(**svg)(emu))
    author = {"model": "gpt-5", "reasoning": {"effort": None}}
    assert parsed(generate(**svg, svg=author)(emu))["svg_usage"]["model"] == "gpt-5"


def test_a_long_frame_is_capped_not_refused() -> None:
    fields = {"output_format": "gif", "frame_count": 2, "frame_duration_ms": 700_000}
    drawn = picture(generate(model="gpt-image-2.5-flare", **fields)(emulator()))
    assert drawn.info["duration"] == 655_350


@pytest.mark.parametrize(
    ("told", "effective"),
    [
        ({"safety_identifier": "s", "user": "u"}, "s"),
        ({"safety_identifier": "", "user": "u"}, "u"),
        ({"safety_identifier": None, "user": "u"}, "u"),
        ({"safety_identifier": ""}, None),
    ],
)
def test_a_reply_names_the_effective_safety_identifier(told: Any, effective: str | None) -> None:
    reply = parsed(generate(quality="low", **told)(emulator()))
    assert reply.get("safety_identifier") == effective


def test_a_negative_compression_is_too_low_whatever_the_format() -> None:
    assert error(generate(output_compression=-1)(emulator()))["code"] == "integer_below_min_value"


@pytest.mark.parametrize("form", ["GIF", "BMP"])
def test_only_png_jpeg_and_webp_are_edited_whatever_they_are_called(form: str) -> None:
    data = encoded(Image.new("RGB", (64, 64), (9, 90, 200)), form)
    for ask in (edit(("image", ("a.png", data, "image/png"))), _json_edit(data_url(data))):
        assert error(ask(emulator()))["code"] == "invalid_image_file"


def _json_edit(url: str) -> Ask:
    return edit_json(images=[{"image_url": url}])


@pytest.mark.parametrize("url", ["ftp://x/a.png", "junk", base64.b64encode(png()).decode()])
def test_a_picture_by_url_has_a_known_scheme(url: str) -> None:
    reply = _json_edit(url)(emulator())
    assert (reply.status, error(reply)["param"]) == (400, "images[0].image_url")


def test_a_null_mask_is_no_mask() -> None:
    emu = emulator()
    bodies = {edit_json(mask=None)(emu).body, edit_json()(emu).body}
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            generate(model=None),
            "Invalid type for 'model': expected a string, but got null instead.",
        ),
        (
            generate(prompt=None),
            "Invalid type for 'prompt': expected a string, but got null instead.",
        ),
        (
            edit_json(images=None),
            "Invalid type for 'images': expected an array of objects, but got null instead.",
        ),
        (generate(style=None), "Unknown parameter: 'style'."),
        (generate(response_format=None), "Unknown parameter: 'response_format'."),
        (generate(mask=None), "Unknown parameter: 'mask'."),
        (
            generate(stream="true"),
            "Invalid type for 'stream': expected a boolean, but got a string instead.",
        ),
    ],
)
def test_null_and_strings_are_faults_elsewhere(ask: Ask, message: str) -> None:
    assert error(ask(emulator()))["message"] == message


@pytest.mark.parametrize("prompt", [" ", "\n", "{x} %s \\", "狐" * 32000])
def test_every_prompt_up_to_its_limit_is_taken(prompt: str) -> None:
    assert generate(prompt=prompt, quality="low")(emulator()).status == 200


@pytest.mark.parametrize(
    "parts",
    [
        [("image", PHOTO)],
        [("image[]", PHOTO)],
        [("image[]", PHOTO), ("image[]", sized(32, 64))],
        [("image", ("photo.png", png(), None))],
        [("image", ("photo.JPG", png(), None))],
        [("image", ("photo.webp", png(), None))],
    ],
    ids=["image", "image[] once", "image[] twice", "png", "JPG", "webp"],
)
def test_a_form_may_name_its_pictures_in_all_known_ways(parts: list[Any]) -> None:
    assert edit(*parts)(emulator()).status == 200


def test_a_form_may_be_written_as_the_dotnet_client_does() -> None:
    text = b"content-type: text/plain; charset=utf-8\r\ncontent-disposition: form-data; name="
    body = (
        b"--a b\r\nContent-Disposition: form-data; name=image; filename=a.png\r\n\r\n"
        + png()
        + b"\r\n--a b\r\n" + text + b"model\r\n\r\ngpt-image-1.5"
        + b"\r\n--a b\r\n" + text + b"prompt\r\n\r\nadd a hat\r\n--a b--\r\n"
    )  # fmt: skip
    reply = send("POST", EDITS, body, 'multipart/form-data; boundary="a b"')(emulator())
    assert reply.status == 200, reply.body


def test_a_form_and_json_edit_alike() -> None:
    emu = emulator(Clock())
    form, body = edit(n="2", size="1024x1536"), edit_json(n=2, size="1024x1536")
    bodies = {form(emu).body, body(emu).body}
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"image_url": data_url(png()), "file_id": "file-1"}, "images[0].file_id"),
        ({"image_url": data_url(png()), "detail": "low"}, "images[0].detail"),
        ({"image_url": 7}, "images[0].image_url"),
        ("https://example.com/a.png", "images[0]"),
    ],
)
def test_a_picture_in_json_is_one_reference(item: Any, told: str) -> None:
    reply = edit_json(images=[{"image_url": data_url(png())}, item])(emulator())
    assert reply.status == 400
    assert error(reply)["param"] == told.replace("[0]", "[1]")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", None])
@pytest.mark.parametrize(
    ("path", "taken"), [(GENERATIONS, "application/json"), (EDITS, "multipart/form-data")]
)
def test_a_wrong_content_type_is_a_400(path: str, taken: str, kind: str | None) -> None:
    reply = send("POST", path, b"{}", kind)(emulator())
    assert (reply.status, error(reply)["code"]) == (400, "unsupported_content_type")
    assert f"only accepts '{taken}' requests" in error(reply)["message"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_a_content_type_may_have_parameters_and_capitals(kind: str) -> None:
    body = json.dumps({"model": "gpt-image-2", "prompt": "a fox", "quality": "low"}).encode()
    assert send("POST", GENERATIONS, body, kind)(emulator()).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"a":1}x', b'{"a":\xff}', b"null"])
def test_what_is_no_json_object_is_told_so(body: bytes) -> None:
    reply = send("POST", GENERATIONS, body, "application/json")(emulator())
    assert (reply.status, error(reply)["code"]) == (400, None)
    assert error(reply)["message"].startswith("We could not parse the JSON body of your request.")


def test_a_key_is_asked_for_before_anything_else() -> None:
    emu = emulator()
    for path in (GENERATIONS, EDITS, MODELS + "/nobody"):
        method = "GET" if path.startswith(MODELS) else "POST"
        assert send(method, path, b"{", "text/plain", key=None)(emu).status == 401
        assert send(method, path, b"{", "text/plain", key="sk-invalid")(emu).status == 401


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("Bearer My API Key", 200),
        ("bearer sk-x", 200),
        ("Bearer ", 401),
        ("Basic c2stdGVzdDo=", 401),
        ("sk-test", 401),
        ("Bearer sk-invalid", 401),
    ],
)
def test_any_bearer_key_is_good_but_the_one_made_to_fail(sent: str, status: int) -> None:
    request = Request("GET", MODELS, headers=(("authorization", sent),))
    assert emulator().respond(request).status == status


def test_named_keys_are_the_only_good_ones() -> None:
    emu = emulator(api_keys=("sk-one", "sk-two"))
    found = [send("GET", MODELS, key=key)(emu).status for key in ("sk-one", "sk-two", "sk-test")]
    assert found == [200, 200, 401]
    assert error(send("GET", MODELS, key="sk-test")(emu))["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", GENERATIONS),
        ("PUT", EDITS),
        ("POST", MODELS),
        ("DELETE", MODELS),
        ("POST", "/v1/images"),
        ("POST", "/v1/images/foo"),
        ("POST", "/v1/images/generations/"),
        ("GET", "/"),
        ("POST", "/v1/images/variations"),
        ("GET", "/v1/images/variations"),
        ("GET", "/models"),
        ("POST", "/images/generations"),
        ("GET", "/nobody/v1/models"),
    ],
)
def test_where_nothing_is_routed_the_answer_is_bare(method: str, path: str) -> None:
    reply = send(method, path)(emulator())
    assert (reply.status, reply.body) == (404, b"")
    headers = {name: value for name, value in reply.headers if name != "x-safelight-hint"}
    assert headers == {"x-content-type-options": "nosniff", "content-length": "0"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", GENERATIONS, 405), ("POST", MODELS, 405), ("POST", "/v1/images/foo", 404)],
)
def test_until_may_2026_a_wrong_address_was_told_in_json(
    method: str, path: str, status: int
) -> None:
    reply = send(method, path)(emulator(as_of=ERA))
    assert reply.status == status
    assert error(reply)["type"] == "invalid_request_error"


def test_in_the_dall_e_era_the_model_may_be_left_out() -> None:
    emu = emulator(as_of=ERA)
    reply = generate(model=ABSENT, response_format="b64_json", size="256x256")(emu)
    assert picture(reply).size == (256, 256)
    assert edit(model=ABSENT)(emu).status == 200
    told = parsed(generate(model=ABSENT, background="opaque", quality="low")(emu))
    assert (told["background"], told["quality"]) == ("opaque", "low")
    assert row_of(emulator_after(generate(model=ABSENT))) == "E-MISSING"


def emulator_after(ask: Ask) -> Any:
    emu = emulator()
    ask(emu)
    return emu


def test_size_auto_need_not_be_on_the_grid_but_others_do() -> None:
    emu = emulator()
    good = ["auto", "1824x1024", "3840x2160", "1024x3072", "1024x640"]
    bad = ["1824X1024", "1024", "01024x1024", "1024x1024x1", " 1024x1024", "1023x1024", "3856x2160"]
    assert [s for s in good if generate(model="gpt-image-2", size=s)(emu).status != 200] == []
    assert [s for s in bad if generate(model="gpt-image-2", size=s)(emu).status != 400] == []


def test_every_reply_names_a_request_of_its_own() -> None:
    emu = emulator()
    ids = [dict(send("GET", MODELS)(emu).headers)["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3
    again = emulator()
    assert [dict(send("GET", MODELS)(again).headers)["x-request-id"] for _ in range(3)] == ids
    assert KEY[1] not in ids


def test_json_of_any_depth_is_refused_or_taken_but_never_breaks() -> None:
    deep = b'{"model":"gpt-image-2","prompt":"x","bogus":' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert send("POST", GENERATIONS, deep, "application/json")(emulator()).status == 400
    assert of_json(GENERATIONS, {"model": {"a": 1}, "prompt": "x"})(emulator()).status == 400


def test_a_whole_number_may_be_written_with_a_point() -> None:
    emu = emulator()
    pointed = send(
        "POST", GENERATIONS, b'{"model":"gpt-image-2","prompt":"x","n":2.0}', "application/json"
    )
    assert len(parsed(pointed(emu))["data"]) == 2
    assert error(generate(n=2.5)(emu))["code"] == "invalid_type"


@pytest.mark.parametrize("name", ["model", "prompt", "n"])
def test_a_file_in_the_place_of_a_text_is_a_type_fault(name: str) -> None:
    fields = {"model": "gpt-image-2.5-flare"} if name != "model" else {"model": ABSENT}
    taken = {"prompt": ABSENT} if name == "prompt" else {}
    reply = edit(("image", PHOTO), (name, PHOTO), **fields, **taken)(emulator())
    assert (reply.status, error(reply)["code"]) == (400, "invalid_type")


def test_only_some_models_look_closer_at_their_input() -> None:
    emu = emulator()
    names = ["gpt-image-1.5", "chatgpt-image-latest", "gpt-image-1-mini", "gpt-image-2"]
    replies = [edit(model=name, input_fidelity="high")(emu) for name in names]
    assert [reply.status for reply in replies] == [200, 200, 400, 400]
    one, other = (edit(model="gpt-image-1.5", input_fidelity=f)(emu) for f in ("low", "high"))
    spent = [parsed(reply)["usage"]["input_tokens"] for reply in (one, other)]
    assert spent[0] < spent[1]


@pytest.mark.parametrize("n", [0, 2])
def test_dall_e_3_draws_one_picture_at_a_time(n: int) -> None:
    reply = generate(model="dall-e-3", n=n)(emulator(as_of=ERA))
    assert error(reply)["message"] == "You must provide n=1 for this model."


@pytest.mark.parametrize(("mode", "status"), [("L", 200), ("LA", 200), ("RGBA", 200), ("RGB", 400)])
def test_dall_e_2_edits_the_modes_that_its_refusal_lists(mode: str, status: int) -> None:
    photo = ("image", ("a.png", encoded(Image.new(mode, (64, 64))), "image/png"))
    reply = edit(photo, model="dall-e-2")(emulator(as_of=ERA))
    assert reply.status == status, reply.body


def test_dall_e_2_tells_a_mask_without_alpha_its_mode() -> None:
    photo, plain = (("a.png", png(64, 64, mode=m), "image/png") for m in ("RGBA", "RGB"))
    reply = edit(("image", photo), ("mask", plain), model="dall-e-2")(emulator(as_of=ERA))
    assert error(reply)["message"].endswith("must be in ['RGBA', 'LA', 'L'], got RGB.")
