"""Secrets never reach the disk: keys are planted everywhere, then every file is searched."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from kit import encode_form, png
from rawclient import ask
from recording_kit import Record, Service, chunk, chunked, kept, whole
from safelight.messages import Request
from safelight.recording.secrets import Secrets

pytest_plugins = ["recording_fixtures"]

PATH = "/openai/v1/images/edits"
OWN = ("--secret", "X-Tenant-Code", "--secret", "tenant_code")


def planted(name: str) -> str:
    """Return a secret that looks like nothing: only its place gives it away."""
    return f"Zq{name}Wv{len(name)}ukRt"


def written(out: Path) -> list[Path]:
    """Return every file below a folder."""
    return [path for path in out.rglob("*") if path.is_file()]


def leaks(out: Path, secrets: list[str]) -> list[tuple[str, str]]:
    """Return which files hold which secrets, in any spelling."""
    found = []
    for path in written(out):
        try:
            data = path.read_bytes() + path.name.encode()
        except FileNotFoundError:  # a draft that was put in its place meanwhile
            continue
        for secret in secrets:
            coded = base64.b64encode(secret.encode()).decode().rstrip("=")
            ways = (secret, quote(secret, safe=""), coded, json.dumps(secret)[1:-1])
            found += [(path.name, secret) for way in ways if way.encode() in data]
    return found


SENT = {
    "authorization": f"Bearer {planted('bearer')}",
    "x-api-key": planted("xapikey"),
    "api-key": planted("apikey"),
    "cookie": f"sid={planted('cookie')}; theme=dark",
    "openai-organization": planted("organization"),
    "openai-project": planted("project"),
    "proxy-authorization": "Basic " + base64.b64encode(planted("proxy").encode()).decode(),
    "x-tenant-code": planted("tenant"),
}
QUERY = f"api_key={planted('query')}&token={planted('token')}&page=2"
FIELDS = {"api_key": planted("form"), "tenant_code": planted("formtenant"), "prompt": "a fox"}
GIVEN = {
    "openai-organization": planted("replyorg"),
    "set-cookie": f"session={planted('setcookie')}; Path=/",
    "x-amz-security-token": planted("amz"),
}
LOOK = "sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2"
SECRETS = [
    *(planted(name) for name in ("bearer", "xapikey", "apikey", "cookie", "organization")),
    *(planted(name) for name in ("project", "proxy", "tenant", "query", "token", "form")),
    *(planted(name) for name in ("formtenant", "replyorg", "setcookie", "amz", "field")),
    *(planted(name) for name in ("nested", "signature", "credential", "user", "escaped")),
    LOOK,
]
LINK = (
    f"https://{planted('user')}:pw@cdn.invalid/x.png?se=9&sig={planted('signature')}"
    f"&X-Amz-Credential={planted('credential')}"
)


def everything() -> dict[str, object]:
    """Return JSON that says every secret, in fields, in texts, in links, in JSON within JSON."""
    inner = json.dumps({"api_key": planted("escaped"), "ok": 1})
    return {
        "client_secret": planted("field"),
        "deep": [{"account_id": planted("nested"), "organization": "Black Forest Labs"}],
        "message": f"Incorrect API key provided: {LOOK}. Was {planted('bearer')} meant?",
        "echo": [value.split()[-1] for value in SENT.values()],
        "link": LINK,
        "tool": inner,
        "usage": {"input_tokens": 5, "token": " fox", "next_page_token": "abcdefgh"},
    }


def edit(port: int, picture: bytes) -> None:
    form = [*FIELDS.items(), ("image", ("a.png", picture, "image/png"))]
    body, kind = encode_form(form)
    headers = (*SENT.items(), ("content-type", kind))
    asyncio.run(ask(port, "POST", f"{PATH}?{QUERY}", headers, body))


def test_no_secret_of_a_json_exchange_reaches_the_disk(
    record: Record, service: Service, tmp_path: Path
) -> None:
    heads = [f"{name}: {value}" for name, value in GIVEN.items()]
    service.answer(whole(json.dumps(everything()).encode(), "application/json", *heads))
    server = record(service.base, tmp_path, *OWN)
    edit(server.port, png() + planted("bearer").encode())
    (path,) = kept(tmp_path, 1)
    assert leaks(tmp_path, SECRETS) == []
    assert planted("bearer").encode() in service.seen[0]  # it was there, and was sent on
    text = path.read_text()
    assert "Black Forest Labs" in text
    assert "abcdefgh" in text
    assert "' fox'" in text


def test_no_secret_of_a_stream_reaches_the_disk(
    record: Record, service: Service, tmp_path: Path
) -> None:
    text = b"data: " + json.dumps(everything()).encode() + b"\n\n"
    cuts = [text[at : at + 7] for at in range(0, len(text), 7)]  # every secret is cut in two
    service.answer(chunked(), *(chunk(piece) for piece in cuts), chunk(b""))
    server = record(service.base, tmp_path, *OWN)
    edit(server.port, png())
    kept(tmp_path, 1)
    assert leaks(tmp_path, SECRETS) == []


def test_no_secret_in_a_picture_reaches_the_disk(
    record: Record, service: Service, tmp_path: Path
) -> None:
    key = planted("bearer").encode()
    picture = png() + b"Author: " + key + bytes(100_000) + key
    coded = base64.b64encode(picture)
    service.answer(chunked(), chunk(b'data: {"b64_json":"' + coded + b'"}\n\n'), chunk(b""))
    edit(record(service.base, tmp_path, *OWN).port, png())
    kept(tmp_path, 1)
    assert leaks(tmp_path, SECRETS) == []
    (path,) = (tmp_path / "files").iterdir()
    assert path.read_bytes() == picture.replace(key, b"*" * len(key))


def test_no_secret_of_a_binary_body_reaches_the_disk(
    record: Record, service: Service, tmp_path: Path
) -> None:
    key = planted("xapikey").encode()
    body = key + bytes(65_530) + key + bytes(9) + key
    service.answer(whole(body, "application/octet-stream"))
    edit(record(service.base, tmp_path, *OWN).port, png())
    kept(tmp_path, 1)
    assert leaks(tmp_path, SECRETS) == []


@pytest.mark.parametrize("kind", ["image/svg+xml", "application/octet-stream", "x/y", "text/html"])
def test_no_secret_of_a_text_of_any_type_reaches_the_disk(
    record: Record, service: Service, tmp_path: Path, kind: str
) -> None:
    service.answer(whole(json.dumps(everything()).encode(), kind))
    edit(record(service.base, tmp_path, *OWN).port, png())
    kept(tmp_path, 1)
    assert leaks(tmp_path, SECRETS) == []


def test_no_secret_of_a_long_text_reaches_the_disk(
    record: Record, service: Service, tmp_path: Path
) -> None:
    line = (json.dumps(everything()) + "\n").encode()
    service.answer(whole(line * (3 * 2**20 // len(line)), "text/plain"))
    server = record(service.base, tmp_path, *OWN)
    edit(server.port, png())
    kept(tmp_path, 1, patience=60)
    assert leaks(tmp_path, SECRETS) == []


def test_no_secret_reaches_the_disk_while_an_answer_is_still_coming(
    record: Record, service: Service, tmp_path: Path
) -> None:
    key = planted("bearer").encode()
    picture = base64.b64encode(png() + key + bytes(10**6))
    service.answer(chunked(), chunk(b'data: {"b":"' + picture + key), 2.0, b"broken")
    server = record(service.base, tmp_path)

    async def look() -> None:
        headers = (*SENT.items(), ("content-type", "application/json"))
        asking = asyncio.create_task(ask(server.port, "POST", PATH, headers, b"{}"))
        while not written(tmp_path):  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert [path.suffix for path in written(tmp_path)] == [".part"]
        assert leaks(tmp_path, SECRETS) == []
        await asking

    asyncio.run(look())
    time.sleep(0.1)
    assert written(tmp_path) == []


def test_no_id_of_an_account_in_a_path_reaches_the_disk(
    record: Record, service: Service, tmp_path: Path
) -> None:
    org, project = planted("pathorg"), planted("pathproject")
    port = record(service.base, tmp_path, provider="together").port
    for kind, name in (("organizations", org), ("projects", project)):
        service.answer(whole(json.dumps({"owner": f"it is {name}"}).encode()))
        asyncio.run(ask(port, "GET", f"/together/v2/{kind}/{name}/models"))
    kept(tmp_path, 2)
    assert leaks(tmp_path, [org, project]) == []


# The words by themselves

HIDDEN = [
    f'{{"api_key": "{planted("a")}"}}',
    f'{{"apiKey":"{planted("a")}"}}',
    f"Authorization: Bearer {planted('a')}123",
    "sk-abcdefghijklmnop1234 and org-ABCdef123456789",
    "eyJhbGciOi12345.eyJzdWIiOiIx.sflKxwRJ",
    "AKIAIOSFODNN7EXAMPLE",
    f'{{"api_key": "x\\"{planted("a")}"}}',
    f'{{"api_keys": ["{planted("b")}", "{planted("a")}"], "ok": 1}}',
    json.dumps({"text": json.dumps({"password": f'x"{planted("a")}'})}),
    json.dumps({"pem": f"-----BEGIN PRIVATE KEY-----\n{planted('a')}\n-----END PRIVATE KEY-----"}),
    f"https://x.invalid/a.png?sv=1\\u0026sig={planted('a')}",
    f"https://x.invalid/a.png?X-Amz-Signature={planted('a')}&amp;X-Amz-Date=1",
]
SHOWN = [
    '{"prompt_tokens": 12, "token": "fox"}',
    '{"organization": "Black Forest Labs", "key": "value"}',
    "the token-efficient key-performance secret-garden of sk-learn",
    "https://example.com/a.png?width=100&height=20",
    "data:image/png;base64,iVBORw0KGgo",
    "basic colours and a bearer of news",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_what_is_hidden_keeps_its_length(text: str) -> None:
    hidden = Secrets().hide_text(text)
    assert len(hidden) == len(text)
    assert planted("a") not in hidden
    assert re.search(r"\*{6,}", hidden)


@pytest.mark.parametrize(
    "secret", ["abcdef", 'a"b', "a\\", 'a\\\\"c', "\n\u00e9", ["k1", 'k"2'], [7, 22], 123456]
)
def test_what_is_hidden_in_json_leaves_json_of_the_same_form(secret: object) -> None:
    fields = {"account_id": secret, "kept": "as it is", "number": 123456}
    inner = json.dumps(fields)
    for text in (inner, json.dumps({"message": inner})):
        hidden = Secrets().hide_text(text)
        assert len(hidden) == len(text)
        found = json.loads(hidden)
        found = json.loads(found["message"]) if "message" in found else found
        assert type(found["account_id"]) is type(secret)
        assert found["account_id"] != secret
        assert {**found, "account_id": secret} == fields


def test_plain_words_of_a_secret_header_stay_elsewhere() -> None:
    secrets = Secrets()
    sent = (("cookie", "lang=english; sid=a1b2c3d4"), ("openai-organization", "openai"))
    secrets.learn(Request("GET", "/", headers=(*sent, ("x-api-key", "verysecretindeed"))))
    text = "english, owned_by openai, a1b2c3d4, verysecretindeed"
    assert secrets.hide_text(text) == f"english, owned_by openai, {'*' * 8}, {'*' * 16}"


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Secrets().hide_text(text) == text


def test_a_key_that_the_service_repeats_in_other_letters_does_not_reach_the_disk(
    record: Record, service: Service, tmp_path: Path
) -> None:
    key = planted("bearer")
    told = {"hex": key.encode().hex(), "loud": key.upper(), "dump": key.encode().hex().upper()}
    service.answer(whole(json.dumps(told).encode(), "application/json"))
    server = record(service.base, tmp_path)
    edit(server.port, png())
    kept(tmp_path, 1)
    data = b"".join(path.read_bytes() for path in written(tmp_path))
    assert [name for name, value in told.items() if value.encode() in data] == []
