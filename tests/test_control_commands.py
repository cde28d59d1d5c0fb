"""The commands that speak with the control plane, and the flags that set it up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from safelight.cli import main
from safelight.faults import FAULTS

PATH = "/openai/v1/chat/completions"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def test_the_faults_are_listed() -> None:
    out = CliRunner().invoke(main, ["faults"]).output
    assert [name for name in FAULTS if f"  {name} " not in out] == []


def test_the_faults_are_listed_as_json() -> None:
    told = json.loads(CliRunner().invoke(main, ["faults", "--json"]).output)
    assert [row["name"] for row in told["faults"]] == list(FAULTS)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--fault", "rate_limitd"], "did you mean rate_limited"),
        (["--rate-limit", "pictures=5"], "is no limit; write requests=60"),
        (["--speed", "fast"], "'fast' is no speed; write 10x"),
        (["--journal-size", "lots"], "'lots' is neither a number of exchanges nor a size"),
    ],
)
def test_a_wrong_flag_says_what_would_be_right(flags: list[str], problem: str) -> None:
    command = [sys.executable, "-m", "safelight", "serve", "--port", "0", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert problem in done.stderr


def test_where_others_can_reach_it_the_control_plane_asks_for_a_token(
    serve: Callable[..., Any],
) -> None:
    server = serve("--host", "0.0.0.0")
    token = server.banner.partition("asks for: ")[2].split()[0]
    assert token
    shut, opened = (journal(server.origin, *more) for more in ((), ("--admin-token", token)))
    assert (shut.returncode, opened.returncode) == (2, 0)
    assert "--admin-token" in shut.stderr


def journal(origin: str, *flags: str) -> Any:
    command = [sys.executable, "-m", "safelight", "journal", "--url", origin, *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def send(origin: str, *headers: str) -> None:
    sent = [part for header in (*headers, "authorization: Bearer sk-t") for part in ("-H", header)]
    body = ["-H", "content-type: application/json", "-d", json.dumps(CHAT)]
    subprocess.run(["curl", "-s", f"{origin}/s/cli{PATH}", *sent, *body], check=False, timeout=30)


def test_the_journal_is_printed_a_line_each(live_server: Any) -> None:
    send(live_server.origin)
    send(live_server.origin, "x-safelight-fault: server_error")
    lines = journal(live_server.origin, "--session", "cli").stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].split()[1:6] == ["#1", "200", "openai", "chat.create", "gpt-4o"]
    assert "fault=server_error" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_the_journal_is_followed_as_it_happens(live_server: Any) -> None:
    flags = ["--url", live_server.origin, "--session", "live", "--follow"]
    command = [sys.executable, "-m", "safelight", "journal", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        origin = live_server.origin.replace("/s/cli", "")
        body = ["-H", "content-type: application/json", "-d", json.dumps(CHAT)]
        ask = ["curl", "-s", f"{origin}/s/live{PATH}", "-H", "authorization: Bearer k", *body]
        for _ in range(2):
            subprocess.run(ask, check=True, timeout=30, stdout=subprocess.DEVNULL)
            assert "chat.create gpt-4o" in following.stdout.readline()
        following.terminate()


def test_no_server_is_said_so_in_a_line() -> None:
    done = journal("http://127.0.0.1:9")
    assert done.returncode == 2
    assert "no Safelight answers at http://127.0.0.1:9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_chances_on_the_command_line_tell_the_seed(serve: Callable[..., Any]) -> None:
    server = serve("--fault", "server_error@0.5", "--seed", "41")
    assert "Faults strike: server_error@0.5; --seed 41 repeats them." in server.banner
