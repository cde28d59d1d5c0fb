"""Bad requests to the image endpoints: row, day, request, and what the wire facts say is answered.

A None instead of an answer means that no source has the exact words. Read by test_openai_errors.py.
"""

from __future__ import annotations

import datetime
from typing import Any

from kit import ERA, mask, png
from openai_asks import (
    ABSENT,
    IGUE,
    IRE,
    PHOTO,
    RGBA,
    TEXT,
    Ask,
    edit,
    edit_json,
    generate,
    large,
    said,
    sized,
    vary,
)

Case = tuple[str, datetime.date | None, Ask, dict[str, Any] | str | None]
FLARE, GRID = {"model": "gpt-image-2.5-flare"}, {"model": "gpt-image-2"}
DALL_E_2, DALL_E_3 = {"model": "dall-e-2"}, {"model": "dall-e-3"}
GIF = {**FLARE, "output_format": "gif"}
SVG = {"output_format": "svg", "svg": {"model": "x"}}
DALL_E_PNG = said("Uploaded image must be a PNG and less than 4 MB.", IRE, None, None)
IMAGE_CASES: list[Case] = [
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
        datetime.date(2026, 7, 1),
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
    ("E-RULE-GIF-OUTPUT-CANNOT-STREAM", None, generate(**GIF, stream=True), None),
    ("E-RULE-GIF-OUTPUT-HAS-NO-COMPRESSION", None, generate(**GIF, output_compression=9), None),
    ("E-RULE-GIF-OUTPUT-TAKES-NO-MASK", None, edit(("image", RGBA), ("mask", RGBA), **GIF), None),
    ("E-IMG-URL-FORM", None, edit_json(images=[{"image_url": "iVBORw0KGgo="}]), None),
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
]
