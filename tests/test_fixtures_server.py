"""Fixtures behind a real socket: flags, real clients, reload, the command line."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kit
import openai
import pytest
from click.testing import CliRunner
from conftest import DAY, LiveServer
from fixtures_kit import write
from safelight.cli import main

Serve = Callable[..., LiveServer]
HELLO = "match: {operation: chat.create, prompt: hello}\nreply: {text: TEXT}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cat.png").write_bytes(kit.png(300, 200, color=(255, 0, 0)))
    write(
        tmp_path,
        {
            "hello": HELLO.replace("TEXT", "first"),
            "deep/cat": "match: {operation: 'images.*', prompt: {contains: cat}}\n"
            "reply: {picture: ../cat.png}\n",
            "slow": "match: {operation: chat.create, prompt: slow}\n"
            "reply: {text: a b c d, timing: {first: 0.3, each: 0.1}}\n",
            "denied": "match: {provider: openai, operation: images.edit}\n"
            "reply: {fault: quota_exceeded}\n",
        },
    )
    return tmp_path


def client(server: LiveServer, session: str = "") -> openai.OpenAI:
    world = f"/s/{session}" if session else ""
    return openai.OpenAI(base_url=f"{server.origin}{world}/v1", api_key="sk-x", max_retries=0)


def say(api: openai.OpenAI, text: str) -> str | None:
    reply = api.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": text}]
    )
    return reply.choices[0].message.content


def page(server: LiveServer, session: str = "") -> Any:
    world = f"/s/{session}" if session else ""
    with urllib.request.urlopen(f"{server.origin}{world}/_safelight/fixtures") as reply:
        return json.load(reply)


def soon(what: Callable[[], bool], seconds: float) -> float:
    """Wait until something is so, and return how long it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it never came"
        time.sleep(0.02)
    return time.monotonic() - began


def test_openai_python_gets_what_the_files_say(serve: Serve, folder: Path) -> None:
    server = serve("--as-of", DAY, "--fixtures", str(folder))
    with client(server, "a") as api:
        assert say(api, "hello") == "first"
        picture = api.images.generate(model="gpt-image-2", prompt="my cat", size="1024x1024")
        data = kit.base64.b64decode((picture.data or [])[0].b64_json or "")
        image = kit.opened(data)
        assert (image.size, image.getpixel((0, 0))) == ((1024, 1024), (255, 0, 0))
        with pytest.raises(openai.RateLimitError, match="quota"):
            api.images.edit(model="gpt-image-2", prompt="x", image=("a.png", kit.png()))
        began = time.monotonic()
        stream = api.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "slow"}], stream=True
        )
        texts = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
        assert "".join(texts) == "a b c d"
        assert time.monotonic() - began > 0.3 + 0.1 * 4
    used = {one["name"]: one["used"] for one in page(server, "a")["fixtures"]}
    assert used == {"hello.yaml": 1, "slow.yaml": 1, "denied.yaml": 1, "deep/cat.yaml": 1}
    assert {one["used"] for one in page(server, "b")["fixtures"]} == {0}


def test_files_that_change_are_served_soon_and_bad_ones_are_not(serve: Serve, folder: Path) -> None:
    server = serve("--as-of", DAY, "--fixtures", str(folder))
    with client(server) as api:
        assert say(api, "hello") == "first"
        write(folder, {"hello": HELLO.replace("TEXT", "second")})
        assert soon(lambda: say(api, "hello") == "second", 5) < 2.0  # half a second, on a busy day
        write(folder, {"hello": HELLO.replace("text", "txt")})
        soon(lambda: bool(page(server)["problems"]), 5)
        (problem,) = page(server)["problems"]
        assert (problem["file"], problem["line"]) == (str(folder / "hello.yaml"), 2)
        assert problem["reason"] == "reply.txt: unknown key; did you mean 'text'?"
        assert say(api, "hello") == "second"
        write(folder, {"new": "match: {prompt: brand new}\nreply: {text: here}\n"})
        soon(lambda: say(api, "brand new") == "here", 5)
        (folder / "hello.yaml").unlink()
        soon(lambda: say(api, "hello") != "second", 5)
    told = server.stderr.read_text()
    assert f"{folder / 'hello.yaml'}:2: reply.txt: unknown key" in told
    assert "what it said before is still served" in told


def test_a_folder_that_is_taken_away_and_put_back_is_watched_again(
    serve: Serve, folder: Path
) -> None:
    server = serve("--as-of", DAY, "--fixtures", str(folder))
    with client(server) as api:
        assert say(api, "hello") == "first"
        folder.rename(folder.with_name("away"))
        soon(lambda: say(api, "hello") != "first", 5)
        folder.mkdir()
        write(folder, {"hello": HELLO.replace("TEXT", "second")})
        soon(lambda: say(api, "hello") == "second", 5)
        write(folder, {"hello": HELLO.replace("TEXT", "third")})
        soon(lambda: say(api, "hello") == "third", 5)


def test_unmatched_requests_may_be_errors(serve: Serve, folder: Path) -> None:
    server = serve("--as-of", DAY, "--fixtures", str(folder), "--unmatched", "error")
    told = f"Fixtures: 4 from {folder}; what none fits gets an error.\n"
    assert told in server.banner
    with client(server) as api:
        assert say(api, "hello") == "first"
        with pytest.raises(openai.BadRequestError, match="no fixture fits this chat"):
            say(api, "goodbye")


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_a_bad_file_stops_the_start_with_its_line(folder: Path) -> None:
    write(folder, {"bad": "match: {}\nreply: {txt: x}\n"})
    code, said = run("serve", "--port", "0", "--fixtures", str(folder))
    why = f"{folder / 'bad.yaml'}:2: reply.txt: unknown key; did you mean 'text'?"
    assert (code, said) == (2, f"Error: {why}\n")


def test_check_is_for_ci(folder: Path) -> None:
    assert run("fixtures", "check", "--as-of", DAY, str(folder)) == (
        0,
        "4 fixtures good, 0 bad, 0 out of date\n",
    )
    write(folder, {"bad": "match: {}\nreply: {txt: x}\n"})
    code, said = run("fixtures", "check", "--as-of", DAY, str(folder))
    assert code == 1
    assert said.splitlines() == [
        f"{folder / 'bad.yaml'}:2: reply.txt: unknown key; did you mean 'text'?",
        "4 fixtures good, 1 bad, 0 out of date",
    ]


OLD = """
recorded: "2026-05-01"
match:
  provider: openai
  operation: images.generate
  model: dall-e-3
  digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
reply:
  body: {created: 1, data: [{b64_json: aGk=}]}
"""


def test_check_tells_recordings_that_could_not_happen_any_more(tmp_path: Path) -> None:
    write(tmp_path, {"old": OLD})
    why = "match.model: 'dall-e-3' is gone since 2026-05-12"
    wanted = (
        f"{tmp_path / 'old.yaml'}:6: out of date on {DAY}: {why}\n"
        "1 fixture good, 0 bad, 1 out of date\n"
    )
    assert run("fixtures", "check", "--as-of", DAY, str(tmp_path)) == (0, wanted)
    assert run("fixtures", "check", "--as-of", DAY, "--strict", str(tmp_path)) == (1, wanted)
    early = run("fixtures", "check", "--as-of", "2026-05-02", str(tmp_path))
    assert early == (0, "1 fixture good, 0 bad, 0 out of date\n")


def test_the_list_shows_the_most_specific_first_and_their_use(serve: Serve, folder: Path) -> None:
    code, said = run("fixtures", "list", str(folder))
    assert (code, said.splitlines()[0].split()) == (0, ["FILE", "REPLY", "MATCH"])
    assert [line.split()[0] for line in said.splitlines()[1:]] == [
        "denied.yaml",
        "hello.yaml",
        "slow.yaml",
        "deep/cat.yaml",
    ]
    server = serve("--as-of", DAY, "--fixtures", str(folder))
    with client(server, "mine") as api:
        say(api, "hello")
    code, said = run("fixtures", "list", "--url", server.origin, "--session", "mine", "--json")
    assert {one["name"]: one["used"] for one in json.loads(said)}["hello.yaml"] == 1
    code, said = run("fixtures", "list", "--url", server.origin, "--session", "mine")
    assert said.splitlines()[2].split()[:2] == ["1", "hello.yaml"]
    assert run("fixtures", "list")[0] == 2


def test_the_schema_is_printed_for_editors() -> None:
    code, said = run("fixtures", "schema")
    assert (code, json.loads(said)["title"]) == (0, "A fixture of Safelight: one canned exchange")


def test_a_server_without_fixtures_loads_none_of_this() -> None:
    import subprocess
    import sys

    code = (
        "import sys, safelight.commands.serve, safelight.app, safelight.core, safelight.server\n"
        "from safelight.core import Emulator\nEmulator(clock=lambda: 0.0)\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('yaml', 'watchfiles')"
        " or m.startswith('safelight.fixtures.') and not m.endswith('.page')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_list_says_that_files_are_bad(folder: Path) -> None:
    write(folder, {"bad": "match: {}\nreply: {txt: x}\n"})
    done = CliRunner().invoke(main, ["fixtures", "list", str(folder)])
    assert (done.exit_code, "bad.yaml" in done.stdout) == (0, False)
    assert done.stderr == "1 file not listed: `safelight fixtures check` says what is wrong\n"
