"""Eden AI's guide, run as it stands but for URL and key, and real clients on a real socket."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kit
import openai
import pytest
import requests
from conftest import LiveServer
from openai import OpenAI

EXAMPLES = Path(__file__).parent / "clients" / "edenai"
CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
PICTURE = kit.png(120, 80, color=(200, 40, 40))
GPT, GEMINI = "openai/gpt-image-1", "google/gemini-2.5-flash-image"
HEADERS = {"Authorization": "Bearer sk-eden-test"}


@pytest.fixture
def base(live_server: LiveServer) -> str:
    """Return the base URL."""
    return f"{live_server.origin}/edenai/v3"


@pytest.fixture
def client(base: str) -> OpenAI:
    """Return a client that believes every type and never retries."""
    return OpenAI(
        base_url=base, api_key="sk-eden-test", max_retries=0, _strict_response_validation=True
    )


@pytest.fixture
def run(base: str, tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs examples in a fresh folder and returns what they print."""

    def start(*names: str) -> str:
        text = "\n".join((EXAMPLES / name).read_text() for name in names)
        assert "https://api.edenai.run/v3" in text
        text = text.replace("https://api.edenai.run/v3", base)
        text = text.replace("YOUR_API_KEY", "sk-eden-test")
        shell = ["sh", "-c", text.replace("curl ", "curl -s ", 1)]
        command = shell if names[0].endswith(".curl.txt") else [sys.executable, "-c", text]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return start


@pytest.mark.parametrize(
    "name", ["generate.requests.txt", "generate.openai.txt", "edit.requests.txt"]
)
def test_the_guides_python_prints_the_start_of_a_png(run: Callable[..., str], name: str) -> None:
    printed = run(name).strip()
    assert len(printed) == 60
    assert base64.b64decode(printed).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["generate.requests.txt", "edit.requests.txt"])
def test_the_guides_way_to_save_puts_a_picture_on_disk(
    run: Callable[..., str], name: str, tmp_path: Path
) -> None:
    run(name, "save.requests.txt")
    assert kit.opened((tmp_path / "output.png").read_bytes()).size == (1024, 1024)


@CURL
def test_the_guides_curl_gets_a_picture(run: Callable[..., str]) -> None:
    told = json.loads(run("generate.curl.txt"))
    picture = kit.opened(base64.b64decode(told["data"][0]["b64_json"]))
    assert (picture.size, picture.format) == ((1024, 1024), "PNG")


@CURL
def test_the_guides_curl_lists_image_models(run: Callable[..., str]) -> None:
    ids = {row["id"] for row in json.loads(run("models.curl.txt"))["data"]}
    assert {GEMINI, GPT, "amazon/amazon.nova-canvas-v1:0"} <= ids


def test_openai_keeps_cost_and_provider(client: OpenAI) -> None:
    made = client.images.generate(model=GPT, prompt="a barn", size="1024x1024")
    assert made.model_extra is not None
    assert made.model_extra["cost"] > 0
    assert made.model_extra["provider"] == "openai"
    assert made.data is not None
    assert made.data[0].b64_json is not None
    assert kit.opened(base64.b64decode(made.data[0].b64_json)).size == (1024, 1024)


@pytest.mark.parametrize("amount", [1, 3])
def test_openai_edits_one_file_or_several(client: OpenAI, amount: int) -> None:
    files = [(f"{i}.png", PICTURE, "image/png") for i in range(amount)]
    mask = ("m.png", kit.mask(120, 80, (0, 0, 60, 80)), "image/png")
    image: Any = files[0] if amount == 1 else files
    made = client.images.edit(model=GPT, prompt="a hat", image=image, mask=mask, n=2)
    assert made.data is not None
    assert len(made.data) == 2


def test_openai_lists_models_with_image_models_among_them(client: OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert GEMINI in ids
    assert "google/gemini-flash-latest" in ids


def test_openai_chats_and_streams(client: OpenAI) -> None:
    ask: Any = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "Hello!"}]}
    whole = client.chat.completions.create(**ask)
    parts = list(client.chat.completions.create(**ask, stream=True))
    text = "".join(part.choices[0].delta.content or "" for part in parts)
    assert text == whole.choices[0].message.content
    assert parts[-1].usage == whole.usage


@pytest.mark.parametrize(
    ("ask", "kind", "code"),
    [
        ({"model": "acme/none"}, openai.BadRequestError, "invalid_parameter"),
        ({"n": 11}, openai.UnprocessableEntityError, None),
    ],
)
def test_openai_raises_what_the_facts_say(
    client: OpenAI, ask: Any, kind: type[openai.APIStatusError], code: str | None
) -> None:
    with pytest.raises(kind) as caught:
        client.images.generate(**{"model": GEMINI, "prompt": "a barn", **ask})
    assert caught.value.code == code


def test_openai_on_the_eu_host_raises_a_plain_status_error(live_server: LiveServer) -> None:
    base = f"{live_server.origin}/edenai-eu/v3"
    client = OpenAI(base_url=base, api_key="sk-eden-test", max_retries=0)
    with pytest.raises(openai.APIStatusError) as caught:
        client.images.generate(model=GPT, prompt="a barn")
    assert type(caught.value) is openai.APIStatusError
    assert (caught.value.status_code, caught.value.code) == (451, "region_not_allowed")


def test_requests_without_a_header_is_forbidden(base: str) -> None:
    reply = requests.post(f"{base}/images/generations", json={}, timeout=10)
    assert (reply.status_code, reply.json()) == (403, {"detail": "Not authenticated"})


def test_requests_uploads_a_file_and_edits_it(base: str) -> None:
    files = {"file": ("photo.png", io.BytesIO(PICTURE), "image/png")}
    sent = requests.post(
        f"{base}/upload", headers=HEADERS, files=files, data={"purpose": "assistants"}, timeout=10
    )
    name = sent.json()["file_id"]
    ask = {"model": GPT, "prompt": "a hat", "size": "1024x1024", "images": [{"file_id": name}]}
    made = requests.post(f"{base}/images/edits", headers=HEADERS, json=ask, timeout=30).json()
    assert kit.opened(base64.b64decode(made["data"][0]["b64_json"])).size == (1024, 1024)
    query = {"purpose": "assistants", "limit": 1}
    listed = requests.get(f"{base}/upload", headers=HEADERS, params=query, timeout=10).json()
    assert listed["items"][0]["file_id"] == name
    body = {"file_ids": [name]}
    gone = requests.post(f"{base}/upload/delete", headers=HEADERS, json=body, timeout=10)
    assert gone.json() == {"deleted_count": 1}


def test_requests_empties_the_store_of_a_key_and_no_other(base: str) -> None:
    mine, yours = ({"Authorization": f"Bearer sk-eden-{name}"} for name in ("mine", "yours"))
    for owner in (mine, mine, yours):
        files = {"file": ("photo.png", io.BytesIO(PICTURE), "image/png")}
        requests.post(f"{base}/upload", headers=owner, files=files, timeout=10).raise_for_status()
    gone = requests.delete(f"{base}/upload", headers=mine, timeout=10)
    assert gone.json() == {"deleted_count": 2}
    left = [requests.get(f"{base}/upload", headers=owner, timeout=10) for owner in (mine, yours)]
    assert [reply.json()["total"] for reply in left] == [0, 1]


def test_requests_reads_the_features_without_a_key(base: str) -> None:
    every = requests.get(f"{base}/info", timeout=10).json()["features"]
    image = requests.get(f"{base}/info/image", timeout=10).json()
    assert image in every
    assert "generation" in [part["name"] for part in image["subfeatures"]]


def test_a_hosted_picture_is_downloaded(base: str) -> None:
    ask = {"model": "stabilityai/sd3.5-large", "prompt": "a barn", "size": "512x512"}
    made = requests.post(f"{base}/images/generations", headers=HEADERS, json=ask, timeout=30)
    shown = requests.get(made.json()["data"][0]["url"], timeout=30)
    assert kit.opened(shown.content).size == (512, 512)


def test_fetching_stays_on_the_public_network(serve: Callable[..., LiveServer]) -> None:
    server = serve("--as-of", "2026-11-20", "--fetch-remote")
    base = f"{server.origin}/edenai/v3"
    hosted = {"model": "stabilityai/sd3.5-large", "prompt": "a barn", "size": "256x256"}
    made = requests.post(f"{base}/images/generations", headers=HEADERS, json=hosted, timeout=30)
    urls = {made.json()["data"][0]["url"]: 200, "https://127.0.0.1:1/photo.png": 400}
    for url, status in urls.items():
        ask = {"model": GEMINI, "prompt": "a hat", "images": [{"image_url": url}]}
        reply = requests.post(f"{base}/images/edits", headers=HEADERS, json=ask, timeout=30)
        assert reply.status_code == status, url
