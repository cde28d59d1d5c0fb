"""The gateway documents' own scripts as users run them: only address and key are exchanged."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import requests
from clients import node
from conftest import LiveServer
from kit import opened
from openai import AuthenticationError, NotFoundError, OpenAI

SCRIPTS = Path(__file__).parent / "clients" / "vercel"
HOST = "https://ai-gateway.vercel.sh"
NODES = {"openai6": 20, "openai7": 22}
STARTS = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}


def prepared(folder: Path, name: str, server: LiveServer) -> Path:
    """Return a script, its address exchanged, in a folder that has the `output` it writes to."""
    (folder / "output").mkdir()
    script = folder / name
    script.write_text((SCRIPTS / name).read_text().replace(HOST, f"{server.origin}/vercel"))
    return script


def run(folder: Path, *command: str, **env: str) -> str:
    """Run a command and return what it printed; fails when it fails or complains."""
    world = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    world |= {"AI_GATEWAY_API_KEY": "my key", "NO_COLOR": "1", "PYTHONWARNINGS": "error", **env}
    done = subprocess.run(
        command, cwd=folder, env=world, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-2000:]
    return done.stdout


def written(folder: Path) -> list[Any]:
    """Return the pictures that a script has written, decoded."""
    return [opened(file.read_bytes()) for file in sorted((folder / "output").iterdir())]


@pytest.mark.parametrize(
    "row",
    [
        ("imagen_options.py", 2, "PNG", True),
        ("flux_options.py", 1, "JPEG", True),
        ("flux.py", 1, "PNG", False),
    ],
    ids=lambda row: str(row[0]),
)
def test_a_python_script_writes_pictures(
    row: tuple[str, int, str, bool], live_server: LiveServer, tmp_path: Path
) -> None:
    script, count, form, told = row
    path = prepared(tmp_path, script, live_server)
    base = f"{live_server.origin}/vercel/v1"
    said = run(tmp_path, sys.executable, str(path), AI_GATEWAY_BASE_OPENAI_COMPAT_URL=base)
    pictures = written(tmp_path)
    assert [(p.format, p.size) for p in pictures] == [(form, (1024, 1024))] * count
    assert f"Generated {count} image(s)" in said
    assert ("Provider metadata:" in said) is told
    if told:
        metadata = json.loads(said.partition("Provider metadata:\n")[2])
        assert metadata["gateway"]["routing"]["modelAttempts"][0]["success"] is True


def project(folder: Path, package: str) -> None:
    """Link the packages of a JavaScript user into a folder."""
    node.installed()
    links = {"openai": package, "dotenv": "dotenv", "tsx": "tsx"}
    (folder / "node_modules").mkdir()
    for name, target in links.items():
        (folder / "node_modules" / name).symlink_to(node.MODULES / target)
    (folder / "package.json").write_text('{"type": "module"}')


def squared(start: bytes, form: str) -> bool:
    """Tell whether the first bytes are those of a picture of 1024x1024 (a JPEG tells it later)."""
    return form == "jpeg" or struct.unpack(">II", start[16:24]) == (1024, 1024)


def previews(said: str) -> list[bytes]:
    """Return the first bytes of each picture that a script has printed the start of."""
    found = re.findall(
        r"Generated image \(base64\): ([A-Za-z0-9+/]{48})[A-Za-z0-9+/]{2}\.\.\.", said
    )
    return [b64decode(text) for text in found]


@pytest.mark.parametrize("package", NODES)
@pytest.mark.parametrize(
    "row",
    [
        ("imagen.ts", 2, "png"),
        ("imagen-options.ts", 2, "png"),
        ("flux.ts", 1, "png"),
        ("flux-options.ts", 1, "jpeg"),
        ("rest.ts", 3, "jpeg"),
    ],
    ids=lambda row: str(row[0]),
)
def test_a_typescript_script_gets_pictures(
    row: tuple[str, int, str], package: str, live_server: LiveServer, tmp_path: Path
) -> None:
    script, count, form = row
    runner = node.node(NODES[package])
    project(tmp_path, package)
    path = prepared(tmp_path, script, live_server)
    starts = previews(
        run(tmp_path, runner, "--import", "tsx", str(path), DOTENV_CONFIG_QUIET="true")
    )
    assert [start.startswith(STARTS[form]) for start in starts] == [True] * count
    assert all(squared(start, form) for start in starts)


SAVE = """
import OpenAI from 'openai';
import fs from 'node:fs';

const openai = new OpenAI({ apiKey: 'k', baseURL: process.env.BASE });
const shown = [];
const messages = [{ role: 'user', content: 'Draw a lighthouse' }];
const stream = await openai.chat.completions.create({
  model: 'google/gemini-3-pro-image', messages, stream: true,
});
for await (const chunk of stream) shown.push(...(chunk.choices[0].delta.images ?? []));
messages.push({ role: 'assistant', content: 'Here.', images: shown });
messages.push({ role: 'user', content: 'Now make it night' });
const second = await openai.chat.completions.create({
  model: 'google/gemini-3-pro-image', messages,
});
shown.push(...second.choices[0].message.images);
for (const [i, part] of shown.entries()) {
  fs.writeFileSync(`output/${i}.png`, Buffer.from(part.image_url.url.split(',')[1], 'base64'));
}
const entry = await openai.models.retrieve('google/imagen-4.0-generate-001');
console.log(JSON.stringify([entry.id, second.usage.cost, shown.length]));
"""


@pytest.mark.parametrize("package", NODES)
def test_a_conversation_of_openai_node_shows_a_changing_picture(
    package: str, live_server: LiveServer, tmp_path: Path
) -> None:
    runner = node.node(NODES[package])
    project(tmp_path, package)
    (tmp_path / "output").mkdir()
    (tmp_path / "save.mjs").write_text(SAVE)
    said = run(tmp_path, runner, "save.mjs", BASE=f"{live_server.origin}/vercel/v1")
    entry, cost, count = json.loads(said)
    first, second = written(tmp_path)
    assert (entry, count) == ("google/imagen-4.0-generate-001", 2)
    assert cost > 0
    assert first.size == second.size == (1024, 1024)
    assert first.tobytes() != second.tobytes()


def client(server: LiveServer, **options: Any) -> OpenAI:
    return OpenAI(api_key="k", base_url=f"{server.origin}/vercel/v1", **options)


def test_openai_python_streams_a_chat_with_pictures(live_server: LiveServer) -> None:
    with client(live_server) as openai:
        stream = openai.chat.completions.create(
            model="openai/gpt-5",
            messages=[{"role": "user", "content": "Draw two versions of a fox"}],
            stream=True,
        )
        chunks = list(stream)
    shown = [p for c in chunks for p in getattr(c.choices[0].delta, "images", None) or []]
    pictures = [opened(b64decode(p["image_url"]["url"].partition(",")[2])) for p in shown]
    assert [picture.size for picture in pictures] == [(1024, 1024)] * 2
    assert chunks[-1].usage is not None
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_openai_python_edits_lists_and_embeds(live_server: LiveServer, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    with client(live_server) as openai:
        made = openai.images.generate(model="bfl/flux-2-pro", prompt="A fox", size="640x480")
        assert made.data is not None
        photo.write_bytes(b64decode(made.data[0].b64_json or ""))
        with photo.open("rb") as file:
            edited = openai.images.edit(
                model="openai/gpt-image-2",
                image=file,
                prompt="At night",
                extra_body={"providerOptions": {"openai": {"outputFormat": "webp"}}},
            )
        models = [model.id for model in openai.models.list()]
        entry = openai.models.retrieve("google/gemini-3-pro-image")
        vectors = openai.embeddings.create(
            model="openai/text-embedding-3-small", input=["fox", "foxes"]
        )
    assert edited.data is not None
    assert opened(b64decode(edited.data[0].b64_json or "")).format == "WEBP"
    assert entry.id in models
    assert [len(item.embedding) for item in vectors.data] == [1536, 1536]


def test_requests_asks_who_serves_a_model(live_server: LiveServer) -> None:
    path = "models/google/imagen-4.0-generate-001/endpoints"
    found = requests.get(f"{live_server.origin}/vercel/v1/{path}", timeout=10).json()["data"]
    assert found["id"] == "google/imagen-4.0-generate-001"
    assert [offer["provider_name"] for offer in found["endpoints"]] == ["vertex"]


def test_requests_is_told_what_the_protocol_lacks_here(live_server: LiveServer) -> None:
    url = f"{live_server.origin}/vercel/v4/ai/speech-model"
    reply = requests.post(url, json={}, headers={"Authorization": "Bearer k"}, timeout=10)
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "not_found")


def test_openai_python_raises_the_errors_of_its_own(live_server: LiveServer) -> None:
    with client(live_server, max_retries=0) as openai:
        with pytest.raises(NotFoundError) as caught:
            openai.images.generate(model="acme/none", prompt="A fox")
        assert caught.value.type == "model_not_found"
        with pytest.raises(AuthenticationError):
            openai.with_options(api_key="sk-invalid").images.generate(
                model="bfl/flux-2-pro", prompt="A fox"
            )
