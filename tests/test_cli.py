"""The command line, as a user types it: flags, slips, the banner, starting and stopping."""

from __future__ import annotations

import gc
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome
from conftest import DAY, LiveServer
from safelight import __version__
from safelight.cli import main
from safelight.commands.values import seed, size
from safelight.dialects import REGISTRY


def run(*words: str) -> Outcome:
    return CliRunner().invoke(main, words)


def fetch(url: str, key: str = "any") -> int:
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_version_is_the_packages() -> None:
    assert run("--version").output == f"safelight {__version__}\n"


@pytest.mark.parametrize(
    "flag",
    ["--host", "--port", "--provider", "--lenient", "--as-of", "--seed", "--api-key", "--max-body"],
)
def test_help_names_every_flag(flag: str) -> None:
    assert flag in run("serve", "--help").output


def test_help_tells_the_size_limit() -> None:
    assert "64MiB" in run("serve", "--help").output


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--as-of", "yesterday", "write it as 2026-11-20"),
        ("--max-body", "much", "64MiB"),
        ("--max-body", "-1", "64MiB"),
        ("--seed", "x", "'random'"),
        ("--port", "99999", "65535"),
        ("--read-timeout", "0", "0"),
        ("--log-level", "loud", "warning"),
        ("--server", "apache", "uvicorn"),
        ("--provider", "nobody", "known are"),
    ],
)
def test_a_flag_that_makes_no_sense_is_one_clear_error(flag: str, value: str, said: str) -> None:
    outcome = run("serve", "--port", "0", flag, value)
    assert outcome.exit_code == 2
    assert said in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("1k", 1024),
        ("512KiB", 524288),
        ("64 MiB".replace(" ", ""), 2**26),
        ("1GB", 2**30),
    ],
)
def test_a_size_may_have_a_unit(text: str, number: int) -> None:
    assert size(text) == number


def test_a_random_seed_is_another_one_each_time() -> None:
    assert len({seed("random") for _ in range(5)}) > 1
    assert seed("-7") == -7


def test_a_port_in_use_is_one_line_and_exit_2(live_server: LiveServer) -> None:
    outcome = run("serve", "--port", str(live_server.port))
    assert outcome.exit_code == 2
    assert outcome.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1 port {live_server.port}: Address already" in outcome.stderr


def test_a_refused_start_leaves_the_process_as_it_was(live_server: LiveServer) -> None:
    assert run("serve", "--port", str(live_server.port)).exit_code == 2
    assert gc.isenabled()


def test_a_host_that_is_not_this_machine_is_one_line_and_exit_2() -> None:
    outcome = run("serve", "--host", "192.0.2.1", "--port", "0")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("Error: cannot listen on 192.0.2.1 port 0: ")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is nobody's address")
def test_only_loopback_is_bound_unless_another_host_is_named(live_server: LiveServer) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.2", live_server.port))  # free, so the server is not on every address


def test_the_banner_gives_lines_to_paste(live_server: LiveServer) -> None:
    base = f"{live_server.origin}/openai/v1"
    assert f"export OPENAI_BASE_URL={base}\n" in live_server.banner
    assert "export OPENAI_API_KEY=" in live_server.banner
    assert fetch(f"{base}/models") == 200


def test_health_is_answered(live_server: LiveServer) -> None:
    with urllib.request.urlopen(f"{live_server.origin}/_safelight/health") as reply:
        assert json.load(reply)["status"] == "ok"


def test_only_the_named_keys_are_accepted(serve: Callable[..., LiveServer]) -> None:
    server = serve("--api-key", "lamp-one", "--api-key", "lamp-two")
    keys = ("lamp-one", "lamp-two", "other")
    assert [fetch(f"{server.origin}/v1/models", key) for key in keys] == [200, 200, 401]
    assert "lamp-one" in server.banner


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quickly_and_well(
    serve: Callable[..., LiveServer], server: str, number: int
) -> None:
    live = serve("--server", server)
    with live.connect() as idle:
        assert fetch(f"{live.origin}/v1/models") == 200
        began = time.perf_counter()
        assert live.stop(number) == 0
        assert time.perf_counter() - began < 5
        assert idle.recv(1) == b""
    assert live.stderr.read_text() == ""


def test_a_client_that_reads_nothing_does_not_hold_up_the_stop(
    serve: Callable[..., LiveServer],
) -> None:
    live = serve("--as-of", DAY)
    body = json.dumps({"model": "gpt-image-2", "prompt": "fog", "n": 10, "quality": "high"})
    head = "POST /v1/images/generations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with live.connect() as sock:
        sock.sendall((head + body).encode())
        assert sock.recv(1) == b"H"
        assert live.stop() == 0


def test_requests_are_logged_when_asked_for(serve: Callable[..., LiveServer]) -> None:
    live = serve("--log-level", "info")
    fetch(f"{live.origin}/v1/models")
    live.stop()
    assert " INFO method=GET path=/v1/models status=200 " in live.stderr.read_text()


def test_a_start_loads_nothing_that_listening_does_not_need() -> None:
    program = """
import sys
from safelight import server
def run(app, shell, sock, **rest):
    import hypercorn.asyncio
    print(*sys.modules)
server.run = run
from safelight.cli import main
main(["serve", "--port", "0"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    heavy = {
        "hypothesis",
        "pytest",
        "httpx",
        "httpx2",
        "jsonschema_rs",
        "redis",
        "respx",
        "rich",
        "watchfiles",
        "yaml",
        "jsonschema",
        "PIL",
        "openai",
        "numpy",
    }
    assert {"starlette", "hypercorn"} <= loaded
    assert loaded & heavy == set()
    assert "safelight.operations.chat.creating" not in done.stdout.split()


def test_models_are_listed_with_what_they_do() -> None:
    lines = run("models", "--as-of", DAY).output.splitlines()
    assert lines[0].split() == ["PROVIDER", "MODEL", "KIND", "UNTIL", "OPERATIONS", "PRICE"]
    assert any("gpt-image-2 " in line and "images.generate" in line for line in lines)


@pytest.mark.parametrize("provider", REGISTRY)
def test_the_table_and_the_json_of_a_provider_list_the_same_models(provider: str) -> None:
    table = run("models", "--provider", provider, "--as-of", DAY).output.splitlines()[1:]
    rows = json.loads(run("models", "--provider", provider, "--as-of", DAY, "--json").output)
    assert [line.split()[:3] for line in table] == [[provider, r["id"], r["kind"]] for r in rows]
    assert all(row["operations"] and {"traits", "prices", "entry"} <= set(row) for row in rows)
    assert rows


def test_models_are_those_of_the_day() -> None:
    then = json.loads(run("models", "--json", "--as-of", "2026-05-11").output)
    now = json.loads(run("models", "--json", "--as-of", DAY).output)
    gone = {model["id"] for model in then} - {model["id"] for model in now}
    assert "dall-e-2" in gone


def test_every_listed_model_has_its_source() -> None:
    rows = json.loads(run("models", "--json").output)
    assert {row["provider"] for row in rows} == set(REGISTRY)
    assert all(row["source"] and row["checked"] for row in rows)


def test_models_of_an_unknown_provider_are_a_clear_error() -> None:
    outcome = run("models", "--provider", "nobody")
    assert (outcome.exit_code, "known are" in outcome.stderr) == (2, True)


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "safelight", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.home())
    assert done.stdout.startswith("Usage: safelight ")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("serv", "did you mean serve?"),
        ("model", "did you mean models?"),
        ("xyzzy", "known are serve"),
    ],
)
def test_a_command_that_is_none_is_told_which_is_near(word: str, said: str) -> None:
    done = run(word)
    assert (done.exit_code, said in done.output) == (2, True), done.output


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("SL-MASK-OUTSID", "near are SL-MASK-OUTSIDE, SL-MASK-INSIDE"),
        ("mask", "near are SL-MASK-INSIDE, SL-MASK-OUTSIDE"),
        ("nope", "`safelight explain` lists them all"),
    ],
)
def test_a_code_that_is_none_is_told_which_are_near(code: str, said: str) -> None:
    done = run("explain", code)
    assert (done.exit_code, done.output) == (2, f"Error: unknown code {code!r}; {said}\n")
