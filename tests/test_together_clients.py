"""Together's own client, the AI SDK and OpenAI's client against a running server.

The examples in clients/together are the user's own, changed in nothing but URL and key.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from clients import node
from clients.packages import environment
from conftest import LiveServer
from kit import opened, png
from PIL import Image

SCRIPTS = Path(__file__).parent / "clients" / "together"
IMPORT = "import { togetherai } from '@ai-sdk/togetherai';"
EXPECTED = {
    "generate": (1024, 1024),
    "options": (512, 512),
    "edit-buffer": (1024, 1024),
    "edit-url": (1024, 1024),
}
RED = (210, 20, 20)


def picture(text: str) -> Image.Image:
    return opened(base64.b64decode(text, validate=True))


# Together's own client


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory, live_server: LiveServer) -> Any:
    """Return what each call of drive.py brought."""
    folder = tmp_path_factory.mktemp("together")
    (folder / "red.png").write_bytes(png(512, 512, color=RED))
    command = [environment("together"), SCRIPTS / "drive.py", f"{live_server.origin}/together"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_it_gets_the_pictures_it_described(brought: Any) -> None:
    first, second = map(picture, brought["made"])
    assert (first.format, first.size) == ("PNG", (512, 256))
    assert first.tobytes() != second.tobytes()


def test_its_url_can_be_downloaded(brought: Any) -> None:
    reply = httpx.get(brought["url"])
    assert reply.headers["content-type"] == "image/jpeg"
    assert opened(reply.content).size == (1024, 1024)


def test_its_edit_shows_the_picture_it_sent(brought: Any) -> None:
    red, green, _ = picture(brought["edit"]).convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert red > green + 40


@pytest.mark.parametrize("call", ["styled", "mixed"])
def test_it_gets_pictures_with_loras_and_references(brought: Any, call: str) -> None:
    assert picture(brought[call]).size == (1024, 1024)


def test_it_raises_what_the_service_makes_it_raise(brought: Any) -> None:
    name, error, number = brought["refused"]
    assert (name, error["type"]) == ("BadRequestError", "invalid_request_error")
    assert error["message"].startswith("Unsupported use of 'image_url' parameter.")
    assert number.count("-") == 2
    assert brought["unknown"][0] == "NotFoundError"
    assert brought["key"] == ["AuthenticationError", "invalid_api_key"]


def test_it_chats(brought: Any) -> None:
    assert brought["answer"] == ["Hello!", "Reply with exactly: Hello!"]
    assert "".join(brought["stream"]) == "Hello!"


def test_it_lists_all_pages_of_models(brought: Any) -> None:
    assert len(brought["supported"]) == len(set(brought["supported"])) > 30
    assert brought["own"] == [True]


def test_it_asks_for_four_at_once(brought: Any) -> None:
    assert len({picture(text).tobytes() for text in brought["at_once"]}) == 4


# The AI SDK


def example(folder: Path, sdk: str, name: str, base: str) -> Path:
    """Return a project with an example that speaks to `base` and writes its picture."""
    swapped = (
        "import { createTogetherAI } from '@ai-sdk/togetherai';\n"
        f"const togetherai = createTogetherAI({{ baseURL: '{base}', apiKey: 'sk-test' }});\n"
        "globalThis.AI_SDK_LOG_WARNINGS = false; // it warns of an aspectRatio that nobody gave"
    )
    text = (SCRIPTS / f"{name}.ts").read_text().replace(IMPORT, swapped)
    saves = "import { writeFileSync } from 'fs';\nwriteFileSync('made', images[0].uint8Array);\n"
    script = node.project(folder, sdk) / f"{name}.ts"
    script.write_text(text + saves)
    (folder / "input-image.png").write_bytes(png(640, 480, color=RED))
    return script


@pytest.mark.parametrize("sdk", ["ai6", "ai7"])
@pytest.mark.parametrize("name", EXPECTED)
def test_the_examples_end_with_a_picture(
    tmp_path: Path, sdk: str, name: str, live_server: LiveServer
) -> None:
    script = example(tmp_path, sdk, name, f"{live_server.origin}/together/v1")
    node.run(tmp_path, sdk, script.name, origin=live_server.origin)
    made = opened((tmp_path / "made").read_bytes())
    assert (made.format, made.size) == ("JPEG", EXPECTED[name])


@pytest.mark.parametrize("sdk", ["ai5", "ai6", "ai7"])
def test_the_sdk_draws_chats_and_reads_errors(
    tmp_path: Path, sdk: str, live_server: LiveServer
) -> None:
    shutil.copy(SCRIPTS / "more.mjs", node.project(tmp_path, sdk))
    base = f"{live_server.origin}/together/v1"
    said = node.run(tmp_path, sdk, "more.mjs", origin=live_server.origin, BASE_URL=base)
    out = json.loads(said.splitlines()[-1])
    assert [picture(text).size for text in out["several"]] == [(256, 256)] * 3
    assert len(set(out["several"])) == 3
    assert out["error"]["status"] == 400
    assert out["error"]["message"].startswith("Unsupported use of 'image_url' parameter.")
    assert (out["text"], "".join(out["pieces"])) == ("Hello!", "Hello!")
    assert (out["reason"], out["usage"]["outputTokens"] > 0) == ("stop", True)


# OpenAI's client


def test_openai_s_client_draws_and_chats_here_too(live_server: LiveServer) -> None:
    with openai.OpenAI(base_url=f"{live_server.origin}/together/v1", api_key="sk-test") as client:
        reply = client.images.generate(
            model="black-forest-labs/FLUX.1-dev",
            prompt="A lighthouse",
            response_format="b64_json",
            extra_body={"width": 512, "height": 512},
        )
        assert reply.data is not None
        assert picture(str(reply.data[0].b64_json)).size == (512, 512)
        said = client.chat.completions.create(
            model="meta-llama/Llama-3.3-70B-Instruct-Turbo",
            messages=[{"role": "user", "content": "Reply with exactly: Hello!"}],
        )
        assert said.choices[0].message.content == "Hello!"


def test_a_plain_http_client_lists_and_orders_models(live_server: LiveServer) -> None:
    base, key = f"{live_server.origin}/together/v1", {"authorization": "Bearer sk-test"}
    listed = httpx.get(f"{base}/models", headers=key).json()
    assert {"black-forest-labs/FLUX.1-dev", "openai/gpt-oss-20b"} <= {row["id"] for row in listed}
    order = {"model_name": "mine", "model_source": "me/mine"}
    assert httpx.post(f"{base}/models", headers=key, json=order).json()["data"]["job_id"]
