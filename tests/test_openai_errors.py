"""What images, models and the front door refuse: every row is reached; verified rows word for word.

Chat's own rows are proven in test_chat_errors.py. Texts are written out from the wire facts.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from kit import ERA, KEY, emulator, error, mask, png
from openai_asks import (
    ABSENT,
    CHAT,
    EDITS,
    GENERATIONS,
    MODELS,
    PHOTO,
    Ask,
    edit,
    edit_json,
    generate,
    row_of,
    send,
    sized,
    vary,
)
from safelight.datafiles import data_dir, read_toml
from safelight.messages import Request

ROWS = {row["id"]: row for row in read_toml(data_dir("schemas") / "openai/errors.toml")["row"]}
MARCH, JULY = datetime.date(2026, 3, 1), datetime.date(2026, 7, 1)
IRE, IGUE = "invalid_request_error", "image_generation_user_error"
FLARE, GRID = {"model": "gpt-image-2.5-flare"}, {"model": "gpt-image-2"}
DALL_E_2, DALL_E_3 = {"model": "dall-e-2"}, {"model": "dall-e-3"}
SVG = {"output_format": "svg", "svg": {"model": "x"}}
WRONG = "sk-invalid-0123456789-abcd"
TEXT: Any = ("a.txt", b"Dear Sir", "text/plain")
RGBA: Any = ("a.png", png(64, 64, "RGBA"), "image/png")


def said(message: str, kind: str, code: str | None, param: str | None) -> dict[str, Any]:
    return {"message": message, "type": kind, "param": param, "code": code}


def large(size: int) -> Any:
    return ("a.png", png() + b"\0" * size, "image/png")


def too_much(limit: int) -> Ask:
    """Send what the shell sends when it stopped to read."""
    cut = Request("POST", GENERATIONS, headers=(KEY,), body_limit=limit, body_read=limit + 1)
    return lambda emu: emu.respond(cut)


KEY_WRONG = said(
    "Incorrect API key provided: sk-inval**************abcd. You can find your API key at "
    "https://platform.openai.com/account/api-keys.",
    IRE,
    "invalid_api_key",
    None,
)
KEY_MISSING = said("Missing bearer authentication in header", IRE, None, None)
DALL_E_PNG = said("Uploaded image must be a PNG and less than 4 MB.", IRE, None, None)
CHAT_PARSE = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON. If you have trouble figuring out how to fix this, please contact us through our "
    "help center at help.openai.com.)"
)
NO_JSON = said(CHAT_PARSE, IRE, None, None)

CASES: list[tuple[str, datetime.date | None, Ask, dict[str, Any] | str | None]] = [
    ("E-KEY-WRONG-CHAT", None, send("POST", CHAT, b"{}", "application/json", WRONG), KEY_WRONG),
    ("E-KEY-WRONG-IMG", None, send("POST", EDITS, b"", None, WRONG), KEY_WRONG),
    ("E-KEY-WRONG", None, send("GET", MODELS, key=WRONG), KEY_WRONG),
    (
        "E-KEY-MISSING-CHAT",
        None,
        send("POST", CHAT, b"{}", "application/json", None),
        said(
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password "
            "field (with blank username) if you're accessing the API from your browser and are "
            "prompted for a username and password. You can obtain an API key from "
            "https://platform.openai.com/account/api-keys.",
            IRE,
            None,
            None,
        ),
    ),
    ("E-KEY-MISSING-MODELS", None, send("GET", MODELS, key=None), KEY_MISSING),
    ("E-KEY-MISSING-OTHER", None, send("POST", GENERATIONS, key=None), None),
    ("E-404-BARE", None, send("GET", "/v1/nothing"), ""),
    ("E-404-BARE", None, send("POST", MODELS), ""),
    ("E-404-BARE", None, vary(), ""),
    (
        "E-404-URL",
        ERA,
        send("GET", "/v1/nothing"),
        said("Invalid URL (GET /v1/nothing)", IRE, None, None),
    ),
    (
        "E-404-URL2",
        ERA,
        send("GET", "/images"),
        said(
            "Unknown request URL: GET /images. Please check the URL for typos, or see the docs at "
            "https://platform.openai.com/docs/api-reference/.",
            IRE,
            "unknown_url",
            None,
        ),
    ),
    (
        "E-405",
        ERA,
        send("GET", GENERATIONS),
        said(
            "Not allowed to GET on /v1/images/generations. (HINT: Perhaps you meant to use a "
            "different HTTP method?)",
            IRE,
            None,
            None,
        ),
    ),
    (
        "E-CT",
        None,
        send("POST", GENERATIONS, b"a=b", "application/x-www-form-urlencoded"),
        said(
            "Unsupported content type: 'application/x-www-form-urlencoded'. This API method only "
            "accepts 'application/json' requests, but you specified the header 'Content-Type: "
            "application/x-www-form-urlencoded'. Please try again with a supported content type.",
            IRE,
            "unsupported_content_type",
            None,
        ),
    ),
    ("E-JSON-CHAT", None, send("POST", CHAT, b"{", "application/json"), NO_JSON),
    ("E-JSON", None, send("POST", GENERATIONS, b"{", "application/json"), NO_JSON),
    ("E-FORM", None, send("POST", EDITS, b"--x", "multipart/form-data; boundary=cut"), None),
    ("E-413", None, too_much(1000), None),
    (
        "E-MODEL-404",
        None,
        send("GET", "/v1/models/some%2Fft:one"),
        said("The model 'some/ft:one' does not exist", IRE, "model_not_found", "model"),
    ),
    (
        "E-IMG-MODEL",
        None,
        generate(model=""),
        said("The model '' does not exist.", IGUE, "invalid_value", "model"),
    ),
    (
        "E-EDIT-JSON-IMAGE",
        None,
        edit_json(image="x"),
        said(
            "Unknown parameter: 'image'. For application/json on /v1/images/edits, use 'images' "
            "(array).",
            IRE,
            "invalid_value",
            "image",
        ),
    ),
    (
        "E-EDIT-FORM-IMAGES",
        None,
        edit(("image", PHOTO), images="x"),
        said(
            "Unknown parameter: 'images'. For multipart/form-data use 'image' or 'image[]'.",
            IRE,
            "invalid_value",
            "images",
        ),
    ),
    (
        "E-UNKNOWN",
        None,
        generate(response_format=None),
        said("Unknown parameter: 'response_format'.", IRE, "unknown_parameter", "response_format"),
    ),
    ("E-DUP-IMAGE", None, edit(("image", PHOTO), ("image", PHOTO)), None),
    (
        "E-INPUT-FIDELITY",
        None,
        edit(**GRID, input_fidelity="high"),
        said(
            "The model 'gpt-image-2' does not support the 'input_fidelity' parameter.",
            IGUE,
            "invalid_input_fidelity_model",
            "input_fidelity",
        ),
    ),
    (
        "E-IMG-MIME-DALLE2",
        ERA,
        edit(("image", ("a.jpg", png(), "image/jpeg")), **DALL_E_2),
        said(
            "Invalid file 'image': unsupported mimetype ('image/jpeg'). Supported file formats are "
            "'image/png'.",
            IRE,
            "unsupported_file_mimetype",
            "image",
        ),
    ),
    ("E-MASK-MIME", None, edit(("image", PHOTO), ("mask", TEXT)), None),
    (
        "E-IMG-MIME",
        None,
        edit(("image", TEXT)),
        said(
            "Invalid file 'image': unsupported mimetype ('text/plain'). Supported file formats are "
            "'image/jpeg', 'image/png', and 'image/webp'.",
            IRE,
            "unsupported_file_mimetype",
            "image",
        ),
    ),
    (
        "E-IMG-NOMIME",
        None,
        edit(("image", ("picture", png(), None))),
        said(
            "Invalid file 'image': failed to determine mimetype. Ensure you are providing the "
            "file's mimetype as part of the 'Content-Type' header.",
            IRE,
            "missing_file_mimetype",
            "image",
        ),
    ),
    ("E-IMG-DALLE2-PNG", ERA, edit(("image", large(4 * 1024 * 1024)), **DALL_E_2), DALL_E_PNG),
    ("E-IMG-DALLE2-PNG-BYTES", ERA, vary(("image", ("a.png", b"x", "image/png"))), DALL_E_PNG),
    ("E-IMG-DALLE2-SQUARE", ERA, vary(("image", sized(64, 32))), None),
    ("E-IMG-TOO-BIG", None, edit(("image", large(50 * 1024 * 1024))), None),
    (
        "E-IMG-BAD",
        None,
        edit(("image[]", PHOTO), ("image[]", ("b.png", b"Dear Sir", "image/png"))),
        said(
            "Invalid image file or mode for image 2, please check your image file. If you believe "
            "this is an error, contact us at help.openai.com and include the request ID {request}.",
            IGUE,
            "invalid_image_file",
            None,
        ),
    ),
    (
        "E-IMG-DALLE2-MODE",
        ERA,
        edit(**DALL_E_2),
        said(
            "Invalid input image - format must be in ['RGBA', 'LA', 'L'], got RGB.", IRE, None, None
        ),
    ),
    (
        "E-MASK-SIZE",
        None,
        edit(("image", PHOTO), ("mask", ("m.png", mask(8, 8, (0, 0, 4, 4)), "image/png"))),
        None,
    ),
    ("E-MASK-ALPHA", None, edit(("image", PHOTO), ("mask", PHOTO)), None),
    ("E-MASK-BAD", None, edit(("image", PHOTO), ("mask", ("m.png", b"x", "image/png"))), None),
    ("E-IMG-DATA-URL", None, edit_json(images=[{"image_url": "data:image/png;base64,?"}]), None),
    (
        "E-N-DALLE3",
        ERA,
        generate(**DALL_E_3, n=2),
        said("You must provide n=1 for this model.", IRE, None, None),
    ),
    (
        "E-SIZE-DALLE3",
        ERA,
        generate(**DALL_E_3, size="512x512"),
        said("The size is not supported by this model.", IRE, "invalid_size", None),
    ),
    (
        "E-SIZE-DALLE2",
        ERA,
        generate(**DALL_E_2, size="1792x1024"),
        said(
            "Invalid value: '1792x1024'. Supported values are: '256x256', '512x512', and "
            "'1024x1024'.",
            IRE,
            "invalid_value",
            "size",
        ),
    ),
    (
        "E-SIZE-GRAMMAR",
        None,
        generate(**GRID, size="0x0"),
        said(
            "Invalid size '0x0'. Expected WIDTHxHEIGHT, for example '1824x1024'.",
            IGUE,
            "invalid_value",
            "size",
        ),
    ),
    (
        "E-SIZE-16",
        None,
        generate(**GRID, size="1000x1000"),
        said(
            "Invalid size '1000x1000'. Width and height must both be divisible by 16.",
            IGUE,
            "invalid_value",
            "size",
        ),
    ),
    ("E-SIZE-BOUNDS", None, generate(**GRID, size="3840x3840"), None),
    ("E-SIZE-BOUNDS", None, generate(**GRID, size="3200x1024"), None),
    (
        "E-TRANSPARENT",
        JULY,
        generate(**GRID, background="transparent"),
        said(
            "Transparent background is not supported for this model.",
            IGUE,
            "invalid_value",
            "background",
        ),
    ),
    (
        "E-LONG-DALLE",
        ERA,
        generate(**DALL_E_3, prompt="x" * 4001),
        said(
            "Prompt must be length 4000 or less. Your prompt length is 4001. Please reduce your "
            "prompt length.",
            IRE,
            None,
            None,
        ),
    ),
    (
        "E-MISSING",
        None,
        edit_json(images=ABSENT),
        said("Missing required parameter: 'images'.", IRE, "missing_required_parameter", "images"),
    ),
    (
        "E-TYPE-FORM",
        None,
        edit(n="two"),
        said(
            "Invalid type for 'n': expected an integer, but got a string value that could not be "
            "converted into an integer.",
            IRE,
            "invalid_type",
            "n",
        ),
    ),
    (
        "E-TYPE",
        None,
        generate(n=1.5),
        said(
            "Invalid type for 'n': expected an integer, but got a decimal number instead.",
            IRE,
            "invalid_type",
            "n",
        ),
    ),
    (
        "E-TYPE",
        None,
        edit(("image", "a text")),
        said(
            "Invalid type for 'image': expected one of an array of files or file, but got a string "
            "instead.",
            IRE,
            "invalid_type",
            "image",
        ),
    ),
    (
        "E-TYPE",
        None,
        edit(("image[]", PHOTO), ("image[]", "a text")),
        said(
            "Invalid type for 'image[1]': expected a file, but got a string instead.",
            IRE,
            "invalid_type",
            "image[1]",
        ),
    ),
    (
        "E-TYPE",
        ERA,
        edit(("image[]", RGBA), **DALL_E_2),
        said(
            "Invalid type for 'image': expected a file, but got an array instead.",
            IRE,
            "invalid_type",
            "image",
        ),
    ),
    (
        "E-ENUM",
        None,
        generate(size="512x512"),
        said(
            "Invalid value: '512x512'. Supported values are: '1024x1024', '1024x1536', "
            "'1536x1024', and 'auto'.",
            IRE,
            "invalid_value",
            "size",
        ),
    ),
    (
        "E-ENUM",
        None,
        generate(moderation="none"),
        said(
            "Invalid value: 'none'. Supported values are: 'low' and 'auto'.",
            IRE,
            "invalid_value",
            "moderation",
        ),
    ),
    (
        "E-ENUM",
        None,
        edit(output_format=""),
        said(
            "Invalid value: ''. Supported values are: 'png', 'jpeg', and 'webp'.",
            IRE,
            "invalid_value",
            "output_format",
        ),
    ),
    (
        "E-INT-HIGH",
        None,
        generate(output_compression=101),
        said(
            "Invalid 'output_compression': integer above maximum value. Expected a value <= 100, "
            "but got 101 instead.",
            IRE,
            "integer_above_max_value",
            "output_compression",
        ),
    ),
    (
        "E-INT-LOW",
        None,
        edit(n="0"),
        said(
            "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            IRE,
            "integer_below_min_value",
            "n",
        ),
    ),
    (
        "E-EMPTY-STR",
        None,
        edit(prompt=""),
        said(
            "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an "
            "empty string instead.",
            IRE,
            "empty_string",
            "prompt",
        ),
    ),
    ("E-LONG-STR", None, generate(prompt="x" * 32001), None),
    (
        "E-EMPTY-ARRAY",
        None,
        edit_json(images=[]),
        said(
            "Invalid 'images': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead.",
            IRE,
            "empty_array",
            "images",
        ),
    ),
    ("E-IMG-TOO-MANY", None, edit(*[("image[]", PHOTO)] * 17), None),
    (
        "E-PNG-COMPRESSION",
        None,
        generate(output_compression=50),
        said(
            "Compression less than 100 is not supported for PNG output format",
            IGUE,
            "invalid_png_output_compression",
            None,
        ),
    ),
    ("E-TRANSPARENT-JPEG", None, generate(background="transparent", output_format="jpeg"), None),
    ("E-RULE-FRAME_COUNT-NEEDS-GIF", None, generate(**FLARE, frame_count=3), None),
    ("E-RULE-FRAME_DURATION_MS-NEEDS-GIF", None, generate(**FLARE, frame_duration_ms=90), None),
    ("E-RULE-SVG-NEEDS-OUTPUT_FORMAT-SVG", None, generate(**FLARE, svg={"model": "x"}), None),
    ("E-RULE-SVG-OUTPUT-NEEDS-SVG", None, generate(**FLARE, output_format="svg"), None),
    ("E-RULE-SVG-OUTPUT-IS-ONE-PICTURE", None, generate(**FLARE, **SVG, n=2), None),
    ("E-RULE-SVG-OUTPUT-CANNOT-STREAM", None, generate(**FLARE, **SVG, stream=True), None),
    (
        "E-RULE-SVG-OUTPUT-HAS-NO-COMPRESSION",
        None,
        generate(**FLARE, **SVG, output_compression=100),
        None,
    ),
    (
        "E-RULE-MARKUP-EXCLUDES-MASK",
        None,
        edit(("image", PHOTO), ("markup", RGBA), ("mask", RGBA), **FLARE),
        None,
    ),
    ("E-COMPLETION-404", None, send("GET", CHAT + "/chatcmpl-none"), None),
    ("E-FILE-EXPIRED", None, send("GET", "/_safelight/files/none.png", key=None), None),
]

ONLY_BY_FAULT = {
    *("E-ORG-VERIFY", "E-ORG-VERIFY-STREAM", "E-BILLING-HARD", "E-QUOTA", "E-SPEND"),
    *("E-RATE-CHAT", "E-RATE-IMG-DALLE", "E-RATE-IMG", "E-RATE-IMG-SLOW", "E-EDGE-1015"),
    *("E-500-IMG", "E-500", "E-503-OLD", "E-503", "E-POLICY-OUT", "E-MODERATION", "E-POLICY"),
}
"""Rows that no request earns by itself: the world's bad days."""
UNUSED = {"E-IMG-URL-DOWNLOAD"}
"""A link that cannot be had is told as an unreadable picture; see links.py."""


@pytest.mark.parametrize(
    ("row", "day", "ask", "expected"), CASES, ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)]
)
def test_a_bad_request_meets_its_row(
    row: str, day: datetime.date | None, ask: Ask, expected: dict[str, Any] | str | None
) -> None:
    emu = emulator(as_of=day)
    reply = ask(emu)
    found = reply.body.decode()
    assert (row_of(emu), reply.status) == (row, ROWS[row]["status"]), found
    if isinstance(expected, dict):
        request = dict(reply.headers)["x-request-id"]
        message = expected["message"].replace("{request}", request)
        assert error(reply) == {**expected, "message": message}
    elif "error" in ROWS[row]:
        assert list(error(reply)) == ["message", "type", "param", "code"]
    elif expected is not None:
        assert found == expected


def test_every_row_is_reached_or_needs_a_fault() -> None:
    assert {row for row, *_ in CASES} | ONLY_BY_FAULT | UNUSED == set(ROWS)


def test_every_verified_row_is_compared_word_for_word() -> None:
    compared = {row for row, _, _, expected in CASES if expected is not None}
    guessed = {row["id"] for row in ROWS.values() if row.get("unverified")}
    assert compared | guessed | ONLY_BY_FAULT == set(ROWS)
    assert compared & guessed == set()
