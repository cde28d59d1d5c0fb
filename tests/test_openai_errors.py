"""What images, models and the front door refuse: every row is reached; verified rows word for word.

Chat's own rows are proven in test_chat_errors.py. Texts are written out from the wire facts.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from kit import ERA, KEY, emulator, error
from openai_asks import CHAT, EDITS, GENERATIONS, IRE, MODELS, Ask, row_of, said, send, vary
from openai_image_cases import IMAGE_CASES, Case
from safelight.datafiles import data_dir, read_toml
from safelight.messages import Request

ROWS = {row["id"]: row for row in read_toml(data_dir("schemas") / "openai/errors.toml")["row"]}
WRONG = "sk-invalid-0123456789-abcd"


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
CHAT_PARSE = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON. If you have trouble figuring out how to fix this, please contact us through our "
    "help center at help.openai.com.)"
)
NO_JSON = said(CHAT_PARSE, IRE, None, None)

CASES: list[Case] = [
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
    *IMAGE_CASES,
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
