"""The control plane: its pages, its description, its guard."""

from __future__ import annotations

from typing import Any

import httpx
import kit
import pytest
from safelight.control import PAGES, PREFIX
from safelight.faults import FAULTS
from safelight.messages import Request

PATH = "/openai/v1/chat/completions"
TOKEN = (("authorization", "Bearer t0ken"),)
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def respond(emu: Any, method: str, page: str, token: str = "") -> Any:
    headers = (("authorization", f"Bearer {token}"),) if token else ()
    path, _, query = page.partition("?")
    return emu.respond(Request(method, PREFIX + path, query, headers=headers))


def test_every_page_is_described_and_answers_json() -> None:
    emu = kit.emulator()
    document = kit.control(emu, "GET", "openapi.json")
    described = {(m.upper(), path) for path, item in document["paths"].items() for m in item}
    assert described == {(page.method, PREFIX + page.path) for page in PAGES}
    for page in PAGES:
        reply = respond(emu, page.method, page.path)
        assert reply.status in (200, 400), page
        assert kit.parsed(reply) is not None


def test_the_description_is_openapi() -> None:
    document = kit.control(kit.emulator(), "GET", "openapi.json")
    assert document["openapi"] == "3.1.0"
    operations = [o for item in document["paths"].values() for o in item.values()]
    assert len({o["operationId"] for o in operations}) == len(operations)
    assert all(o["summary"].endswith(".") and o["responses"]["200"] for o in operations)


def test_what_is_described_is_what_is_read() -> None:
    emu = kit.emulator()
    for page in PAGES:
        for name in page.query:
            reply = respond(emu, page.method, f"{page.path}?{name}=1")
            assert b"unknown parameter" not in reply.body, (page, name)
        if page.body:
            wrong = kit.control(emu, page.method, page.path, {"nonsense": 1})["error"]["message"]
            assert "nonsense" in wrong or "steps" in wrong


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("spend?model=x", "unknown parameter 'model'; this page takes none"),
        ("journal?limt=1", "unknown parameter 'limt'; known are operation, status"),
        ("journal?operation=image.edit", "journal: no operation fits 'image.edit'; did you mean"),
        ("journal?provider=opena", "journal: no provider fits 'opena'; did you mean openai"),
    ],
)
def test_a_question_that_nobody_answers_is_refused(page: str, problem: str) -> None:
    reply = respond(kit.emulator(), "GET", page)
    assert (reply.status, problem in kit.error(reply)["message"]) == (400, True)
    assert respond(kit.emulator(), "GET", "health?probe=1").status == 200


def test_a_page_that_is_none_lists_those_that_are() -> None:
    emu = kit.emulator()
    missing, wrong = respond(emu, "GET", "scenarios"), respond(emu, "PATCH", "clock")
    assert (missing.status, wrong.status) == (404, 405)
    assert "GET /_safelight/scenario" in kit.error(missing)["message"]
    assert "GET /_safelight/clock, POST /_safelight/clock" in kit.error(wrong)["message"]


@pytest.mark.parametrize("world", ["", "/s/mine"])
def test_the_bare_path_lists_the_pages_of_its_session_over_the_socket(
    live_server: Any, world: str
) -> None:
    bare, slash = (httpx.get(f"{live_server.origin}{world}/_safelight{end}") for end in ("", "/"))
    assert bare.status_code == 200
    assert bare.content == slash.content
    listed = bare.json()["pages"]
    assert [(page["method"], page["path"]) for page in listed] == [
        (page.method, f"{world}{PREFIX}{page.path}") for page in PAGES
    ]
    health = next(page["path"] for page in listed if page["path"].endswith("/health"))
    assert httpx.get(live_server.origin + health).json()["status"] == "ok"


def test_the_bare_path_is_no_request_of_the_api() -> None:
    emu = kit.emulator(admin_token="t0ken")
    assert emu.respond(Request("GET", "/_safelight")).status == 401
    assert emu.respond(Request("POST", "/_safelight")).status == 401
    assert emu.respond(Request("GET", "/_safelightly")).status == 404
    told = kit.control(emu, "GET", "health")
    assert told["status"] == "ok"
    assert emu.respond(Request("DELETE", "/_safelight", headers=TOKEN)).status == 405
    journal = Request("GET", "/_safelight/journal", headers=TOKEN)
    paths = [e["path"] for e in kit.parsed(emu.respond(journal))["exchanges"]]
    assert paths == ["/_safelightly"]


def test_a_token_guards_all_but_the_probes() -> None:
    emu = kit.emulator(admin_token="let-me-in")
    told = {
        (page.path, token): respond(emu, page.method, page.path, token).status
        for page in PAGES
        for token in ("", "wrong", "let-me-in")
    }
    shut = {path for (path, token), status in told.items() if status == 401 and token == ""}
    assert shut == {page.path for page in PAGES} - {"health", "ready"}
    assert {path for (path, token), status in told.items() if status == 401} == shut
    assert all(status != 401 for (_, token), status in told.items() if token == "let-me-in")


@pytest.mark.parametrize(
    ("said", "status"),
    [("Bearer tok", 200), ("bearer  tok", 200), ("tok", 401), ("Basic tok", 401), ("Bearer", 401)],
)
def test_the_token_comes_as_a_bearer_in_any_case(said: str, status: int) -> None:
    emu = kit.emulator(admin_token="tok")
    headers = (("authorization", said),)
    assert emu.respond(Request("GET", f"{PREFIX}journal", headers=headers)).status == status


def test_the_providers_and_faults_are_told() -> None:
    emu = kit.emulator()
    assert "openai" in [p["name"] for p in kit.control(emu, "GET", "providers")["providers"]]
    assert [f["name"] for f in kit.control(emu, "GET", "faults")["faults"]] == list(FAULTS)


def test_a_session_is_configured() -> None:
    emu = kit.emulator()
    wanted = {"name": "old", "seed": 5, "as_of": "2026-05-11", "lenient": True}
    told = kit.control(emu, "POST", "session", wanted)
    assert {key: told[key] for key in wanted} == wanted
    reply = kit.post(emu, "/s/old/openai/v1/images/generations", {"prompt": "x"})
    assert reply.status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a/b"},
        {"name": ""},
        {"name": 7},
        {"name": "new", "seed": "x"},
        {"name": "new", "as_of": "soon"},
        {"name": "new", "lenient": 1},
        {"name": "new", "mode": 1},
    ],
)
def test_a_wrong_session_is_refused_and_not_made(body: Any) -> None:
    emu = kit.emulator()
    assert "error" in kit.control(emu, "POST", "session", body)
    assert [s["name"] for s in kit.control(emu, "GET", "sessions")["sessions"]] == [""]


def test_a_scenario_is_put_appended_and_cleared() -> None:
    emu = kit.emulator()
    kit.steps(emu, {"fault": "overloaded", "times": 1})
    kit.control(emu, "POST", "scenario", {"steps": ["server_error; times=1"]})
    assert [kit.post(emu, PATH, CHAT).status for _ in range(3)] == [503, 500, 200]
    told = kit.control(emu, "GET", "scenario")
    assert [(s["fault"], s["struck"]) for s in told["steps"]] == [
        ("overloaded", 1),
        ("server_error", 1),
    ]
    kit.control(emu, "DELETE", "scenario")
    assert kit.control(emu, "GET", "scenario")["steps"] == []


def test_a_body_over_the_limit_is_said_to_be_so() -> None:
    request = Request("PUT", f"{PREFIX}scenario", body_limit=1024, body_read=2000)
    reply = kit.emulator().respond(request)
    assert kit.error(reply)["message"].startswith("the body has more than 1024 bytes; --max-body")


def test_a_page_of_no_exchanges_would_never_end() -> None:
    assert kit.error(respond(kit.emulator(), "GET", "journal?limit=0"))["message"] == (
        "limit is 1 or more, got 0"
    )


def test_a_status_that_is_no_number_is_refused() -> None:
    reply = respond(kit.emulator(), "GET", "journal?status=4xx")
    assert reply.status == 400
    assert b"status is a whole number, got '4xx'" in reply.body


@pytest.mark.parametrize(
    ("expectation", "problem"),
    [
        (
            {"operation": "images.edits"},
            "expect[1]: no operation fits 'images.edits'; did you mean images.edit",
        ),
        ({"operation": "chats.*"}, "expect[1]: no operation fits 'chats.*'; did you mean chat.*"),
        ({"provider": "opena"}, "expect[1]: no provider fits 'opena'; did you mean openai"),
        ({"fault": "drips"}, "expect[1]: no fault fits 'drips'; did you mean drip"),
        ({"status": "200"}, "expect[1]: status is a whole number, got '200'"),
        ({"with_mask": 1}, "expect[1]: with_mask is true or false, got 1"),
        ({"prompt": 3}, "expect[1]: prompt is a text, got 3"),
        ({"promt": "x"}, "expect[1]: unknown key 'promt'; did you mean prompt? known are"),
        ({"times": -1}, "expect[1]: times is a whole number, got -1"),
        ({"times": True}, "expect[1]: times is a whole number, got True"),
        ({"at_least": 3, "at_most": 2}, "expect[1]: at_least 3 is more than at_most 2"),
        ("images.edit", "expect[1] is an object, got 'images.edit'"),
    ],
)
def test_a_wrong_expectation_names_its_place_and_the_nearest(
    expectation: Any, problem: str
) -> None:
    asked = {"expect": [{"operation": "images.*"}, expectation]}
    told = kit.control(kit.emulator(), "POST", "journal/verify", asked)
    assert problem in told["error"]["message"]


def test_a_whole_verification_is_checked_too() -> None:
    emu = kit.emulator()
    for key in ("ordered", "only"):
        told = kit.control(emu, "POST", "journal/verify", {"expect": [], key: "no"})
        assert told["error"]["message"] == f"{key} is true or false, got 'no'"


def test_spending_is_told_by_model() -> None:
    emu = kit.emulator()
    for _ in range(2):
        kit.post(emu, "/vercel/v1/images/generations", {"model": "bfl/flux-2-pro", "prompt": "x"})
    told = kit.control(emu, "GET", "spend")
    (row,) = told["models"]
    assert (row["model"], row["billed"], row["unpriced"]) == ("bfl/flux-2-pro", 2, 0)
    assert float(told["usd"]) == float(row["usd"]) > 0


def test_the_control_plane_is_not_journalled_and_obeys_no_fault() -> None:
    emu = kit.emulator()
    kit.steps(emu, "server_error")
    assert respond(emu, "GET", "health").status == 200
    assert kit.control(emu, "GET", "journal")["total"] == 0
